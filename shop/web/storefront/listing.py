"""What a listing was asked for, and the links that ask for something else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus

from flask import g, request
from markupsafe import Markup

from shop.catalogue.facets import FACETS, POSTED, Filters, Option, band_ends
from shop.catalogue.queries import PAGE_SIZE, Listing
from shop.catalogue.search import MAX_LENGTH
from shop.core import clock
from shop.core.errors import NotFound
from shop.core.kept import kept
from shop.core.money import exponent
from shop.core.versions import LIST, of_piece
from shop.i18n import formats
from shop.i18n.countries import list_countries
from shop.i18n.messages import current_language, ngettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import region_name
from shop.shipping.queries import MAX_PARCELS, kept_tariff
from shop.web.fragments import render_part
from shop.web.page_cache import rests_on
from shop.web.storefront import chrome
from shop.web.storefront.chrome import card_html, colour_name, form_name, kind_name, link
from shop.web.storefront.chrome import kept as kept_arguments

MAX_PAGE = 10_000
# More values of one facet than a page offers are not a choice.
MAX_VALUES = 40
# Pictures that are in view at once on most screens.
EAGER = 4
Address = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Question:
    """The filters and page of an address; `fixed` is the facet the address itself stands for, as a craft's page."""

    filters: Filters
    page: int
    fixed: str = ""

    @property
    def named(self) -> list[str]:
        """The parameters that an address of this listing may have, besides its page."""
        return [name for name in ("q", *FACETS) if name != self.fixed]

    @property
    def own(self) -> dict[str, Any]:
        """The parameters of this very page."""
        return self.arguments(page=self.page)

    def arguments(self, page: int = 1, **changes: Any) -> dict[str, Any]:
        """The parameters of this page with some changed; a facet has a tuple of values."""
        filters: Filters = replace(self.filters, **changes)
        values = {name: getattr(filters, name) for name in self.named}
        found = {name: value for name, value in values.items() if value}
        return {**found, "page": str(page)} if page > 1 else found

    def toggled(self, facet: str, value: str) -> dict[str, tuple[str, ...]]:
        """The change that takes a value away, or adds it."""
        values = getattr(self.filters, facet)
        without = tuple(other for other in values if other != value)
        return {facet: without if value in values else (*values, value)}


def read_question(craft: str | None = None) -> Question:
    """The question of the current request. Raises NotFound for a page that is no number."""
    chosen: dict[str, Any] = {
        name: tuple(dict.fromkeys(value for value in request.args.getlist(name)[:MAX_VALUES] if value))
        for name in FACETS
    }
    if craft is not None:
        chosen["craft"] = (craft,)
    if g.to:
        chosen["reach"] = _reach(g.to, g.currency)
    else:
        del chosen["posted"]
    q = " ".join(request.args.get("q", "").split())[:MAX_LENGTH]
    page = request.args.get("page", "1")
    if not (page.isascii() and page.isdigit()) or not 1 <= int(page[:9]) <= MAX_PAGE:
        raise NotFound(_("This list has no page %(page)s.", page=page[:20]))
    return Question(Filters(q=q, **chosen), int(page), "craft" if craft is not None else "")


def _reach(country: str, currency: str) -> tuple[int, int]:
    """The heaviest parcel to a country and what one order must weigh less than, in grams; nothing reaches 0."""
    zone = kept_tariff(currency).find_zone(country)
    most = zone.rates[-1][0] if zone is not None and zone.rates else 0
    return most, most * MAX_PARCELS


# As Werkzeug writes the parameters of an address.
_SAFE = "!$'()*,/:;?@"


def _parameters(name: str, value: str | tuple[str, ...]) -> str:
    """A parameter as an address has it, once for each of its values; nothing for an empty one."""
    values = (value,) if isinstance(value, str) else value
    return "&".join(f"{name}={quote_plus(one, safe=_SAFE)}" for one in values if one)


def _addresses(question: Question, path: str) -> Address:
    """Addresses of this listing with some parameters changed. A page has a hundred; what stays is written once."""
    carried = [_parameters(name, value) for name, value in kept_arguments().items()]
    named = question.named
    own = {name: _parameters(name, getattr(question.filters, name)) for name in named}

    def address(page: int = 1, **changes: Any) -> str:
        parts = [*carried, *(_parameters(name, changes[name]) if name in changes else own[name] for name in named)]
        query = "&".join(filter(None, [*parts, f"page={page}" if page > 1 else ""]))
        return f"{path}?{query}" if query else path

    return address


def context(
    question: Question, found: Listing, endpoint: str, *, heading: str = "h2", eager: int = EAGER, **view: Any
) -> dict[str, Any]:
    """What the listing template shows: cards, facets as links, what is chosen, how the question was read, pages.

    `heading` is that of a card, and the pictures of the first `eager` are in view at once.
    """
    path = chrome.address(f"storefront.{endpoint}", **view)
    address = _addresses(question, path)
    rests_on(LIST, *(of_piece(card.id) for card in found.cards))
    chosen = _chosen(question, found, address)
    q = question.filters.q
    return {
        "question": question,
        "q": q,
        "total": found.total,
        "result_text": _result_text(found.total, found.read_as or q),
        "cards": [
            card_html(card, eager=number <= eager, first=number == 1 and eager > 0, heading=heading)
            for number, card in enumerate(found.cards, 1)
        ],
        "filters": _filters(question, found, address, path),
        "chosen": chosen,
        "all_url": link(endpoint, **view),
        "pages_args": _pages(found, address),
        "first_number": (found.page - 1) * PAGE_SIZE + 1,
        "many_facets": len(chosen) > 1,
        "read_as": found.read_as,
        "read_as_url": address(q=found.read_as) if found.read_as else "",
        "left_out": found.left_out,
        "loosely": found.loosely,
        "without_choices": found.without_choices,
        "without_choices_url": link("products.index", q=q) if q else link("products.index"),
        "crafts_instead": _crafts_instead(found),
    }


def _result_text(total: int, q: str) -> str:
    if q:
        return ngettext("%(num)s piece for “%(q)s”", "%(num)s pieces for “%(q)s”", total, q=q)
    return ngettext("%(num)s piece", "%(num)s pieces", total)


def _name(facet: str, value: str, name: str) -> str | Markup:
    """What a value of a facet is called; `name` is what the database has."""
    if facet == "price":
        return _price_text(value)
    if facet == "posted":
        return _("Can be posted to %(country)s", country=formats.isolate(formats.country_name(g.to)))
    named: dict[str, Callable[[str], str]] = {
        "region": region_name,
        "kind": kind_name,
        "form": form_name,
        "colour": colour_name,
    }
    return named[facet](value) if facet in named else name


def _price_text(value: str) -> str | Markup:
    first, last = band_ends(value)
    unit = 10 ** exponent(g.currency)
    if last is None:
        return Markup(_("%(price)s and more", price=formats.money(first * unit, g.currency)))
    if first == 0:
        return Markup(_("under %(price)s", price=formats.money(last * unit, g.currency)))
    return formats.money_range(first * unit, last * unit, g.currency)


def _titles() -> dict[str, str]:
    return {
        "craft": _("Craft"),
        "family": _("Family"),
        "material": _("Material"),
        "price": _("Price"),
        "colour": _("Colour"),
        "kind": _("Ready or made to order"),
        "form": _("Made by"),
        "region": _("Region"),
        "posted": _("Ships to"),
    }


def _filters(question: Question, found: Listing, address: Address, path: str) -> Markup:
    """The choices beside the list, each a link with its count; nothing where there is nothing to choose."""

    def make() -> Markup:
        groups = _groups(question, found, address)
        posting = _posting(question) if g.to is None and found.total else None
        return render_part("storefront/filters.html", "filters", groups, posting) if groups else Markup()

    return chrome.part("filters", path, question.filters, question.fixed, found.counted_on, make=make)


def _groups(question: Question, found: Listing, address: Address) -> list[dict[str, Any]]:
    titles = _titles()
    groups = []
    for facet in FACETS:
        options, picked = found.facets[facet], getattr(question.filters, facet)
        # A family has one choice once its craft is chosen: nothing to ask.
        if facet == question.fixed or (facet == "family" and question.filters.craft):
            continue
        if facet == "posted" and question.filters.reach is None:
            continue
        if len(options) < (1 if picked or facet == "posted" else 2):
            continue
        groups.append(
            {
                "name": facet,
                "title": titles[facet],
                "open": bool(picked),
                "options": [_option_view(question, facet, option, address) for option in options],
            }
        )
    return groups


def _option_view(question: Question, facet: str, option: Option, address: Address) -> dict[str, Any]:
    return {
        "text": _name(facet, option.value, option.name),
        "count": option.count,
        "current": option.chosen,
        "url": address(**question.toggled(facet, option.value)),
    }


def _posting(question: Question) -> dict[str, Any]:
    """The form that asks where to: countries with postage, and what the address carries on."""
    carried = {**kept_arguments(), **question.arguments(posted=(POSTED,))}
    pairs = [
        (name, value)
        for name, values in carried.items()
        for value in (values if isinstance(values, tuple) else [values])
    ]
    countries = kept(
        ("destinations", current_language(), clock.today()),
        lambda: list_countries((), kept_tariff(g.currency).destinations()),
    )
    return {"title": _titles()["posted"], "carried": pairs, "countries": countries}


def _crafts_instead(found: Listing) -> list[dict[str, Any]]:
    """Where to go on when nothing was found: the crafts that have pieces."""
    return [
        {"text": craft.name, "count": craft.count, "url": link("products.index", craft=craft.value)}
        for craft in found.crafts
    ]


def _chosen(question: Question, found: Listing, address: Address) -> list[dict[str, Any]]:
    """What the list is narrowed to, each with the address without it."""
    pills: list[dict[str, Any]] = []
    if question.filters.q:
        pills.append({"text": _("“%(q)s”", q=question.filters.q), "url": address(q="")})
    for facet in FACETS:
        if facet == question.fixed:
            continue
        names = {option.value: option.name for option in found.facets[facet]}
        for value in getattr(question.filters, facet):
            text = _name(facet, value, names.get(value, value))
            pills.append({"text": text, "url": address(**question.toggled(facet, value))})
    return pills


def _pages(found: Listing, address: Address) -> dict[str, Any]:
    """Numbers around the current page, the first and the last; None stands for a gap."""
    wanted = sorted({1, found.pages, *range(max(1, found.page - 2), min(found.pages, found.page + 2) + 1)})
    numbers: list[dict[str, Any] | None] = []
    for number in wanted:
        if numbers and numbers[-1] is not None and numbers[-1]["number"] < number - 1:
            numbers.append(None)
        numbers.append({"number": number, "url": address(page=number), "current": number == found.page})
    return {
        "previous_url": address(page=found.page - 1) if found.page > 1 else "",
        "next_url": address(page=found.page + 1) if found.page < found.pages else "",
        "numbers": numbers,
    }
