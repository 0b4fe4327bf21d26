"""What surrounds every page: its addresses in other languages and currencies, the links of the footer, labels."""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

from flask import current_app, g, request, url_for
from markupsafe import Markup, escape

from shop.catalogue.currencies import default_currency, list_currencies
from shop.catalogue.facets import FACETS
from shop.catalogue.queries import Card
from shop.core.errors import NotFound
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.formats import currency_name, isolate
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.i18n.quantities import how_many
from shop.web.fragments import fragment, render_part

# Parameters that make another page. What else an address may carry (a campaign's mark) is no part of its identity.
TELLING = frozenset({"q", "page", *FACETS})

# On the pages of a buyer's own order another language is still the same order.
OWN, OWN_PAGES = frozenset({"t", "intent"}), ("storefront.orders.", "storefront.withdrawals.")

# A family of crafts lends its pages one quiet tint.
TINTS = {
    "TAP": "wool",
    "COU": "wool",
    "POT": "cobalt",
    "DIN": "copper",
    "BIJ": "copper",
    "MAR": "leather",
    "CHA": "leather",
    "VAN": "palm",
    "BOI": "clay",
}


def read_choice() -> None:
    """The currency and destination of a page, from its address; both are closed sets."""
    standard = default_currency()
    currency = request.args.get("currency", standard)
    if currency not in list_currencies():
        raise NotFound(_("We have no prices in this currency."))
    country = request.args.get("to") or None
    if country is not None and country not in COUNTRY_CODES:
        raise NotFound(_("There is no such country."))
    g.currency, g.to = currency, country
    g.carried = {**({"currency": currency} if currency != standard else {}), **({"to": country} if country else {})}


def kept() -> dict[str, str]:
    """The parameters that links of a public page carry on."""
    found: dict[str, str] = g.get("carried") or {}
    return found


def address(endpoint: str, **values: Any) -> str:
    """Path of a page, in the current language unless `lang` names another."""
    return _build(request.script_root, endpoint, tuple({"lang": current_language(), **values}.items()))


# A listing has a hundred addresses, and each depends on nothing but these arguments.
@lru_cache(maxsize=2048)
def _build(root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


def link(endpoint: str, **values: Any) -> str:
    """Address of a public page in the current language, keeping currency and destination."""
    return address(f"storefront.{endpoint}", **{**kept(), **values})


def absolute(path: str) -> str:
    """A path of the shop as others must write it."""
    return f"{current_app.config['SETTINGS'].base_url}{path}"


def reference(public_id: str, slug: str) -> str:
    """The last part of an address: the id, and the slug where there is one."""
    return f"{public_id}-{slug}" if slug else public_id


def product_link(public_id: str, slug: str) -> str:
    return link("products.show", reference=reference(public_id, slug))


def maker_link(public_id: str, slug: str) -> str:
    return link("artisans.show", reference=reference(public_id, slug))


def alternates(
    endpoint: str, by_language: Mapping[str, Mapping[str, Any]] | None = None, **values: Any
) -> dict[str, str]:
    """Absolute addresses of a page in every language, without currency and destination."""
    return {
        code: absolute(address(f"storefront.{endpoint}", lang=code, **values, **(by_language or {}).get(code, {})))
        for code in LANGUAGES
    }


def slugged(public_id: str, slugs: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What differs between the languages of a page with a slug."""
    return {code: {"reference": reference(public_id, slugs.get(code, ""))} for code in LANGUAGES}


def context() -> dict[str, Any]:
    """What the layout needs on every page, without asking the database. Pages override what they know better."""
    endpoint, view = request.endpoint or "", request.view_args or {}
    telling = TELLING | OWN if endpoint.startswith(OWN_PAGES) else TELLING
    # A facet may be named several times, once for each of its values.
    arguments = {name: values[0] if len(values) == 1 else tuple(values) for name, values in request.args.lists()}
    arguments = {name: value for name, value in arguments.items() if name in telling}
    public = request.method in {"GET", "HEAD"} and endpoint.startswith("storefront.")
    here = {code: address(endpoint, **{**view, **arguments, "lang": code}) for code in LANGUAGES} if public else {}
    currencies, destination = list_currencies(), {"to": g.to} if g.get("to") else {}
    currency_urls = {}
    for code in currencies:
        chosen = {"currency": code} if code != currencies[0] else {}
        currency_urls[code] = address(endpoint, **{**view, **arguments, **destination, **chosen}) if public else "?"
    return {
        "alternates": {code: absolute(address) for code, address in here.items()},
        "canonical": absolute(here[current_language()]) if public else "",
        "currencies": currencies,
        "currency": g.get("currency", currencies[0]),
        "currency_urls": currency_urls,
        "footer_links": footer_links,
        "site_nav": _site_nav(endpoint),
        "site_header": _site_header,
        "site_footer": _site_footer,
        "link": link,
        "product_link": product_link,
        "maker_link": maker_link,
        "card_html": card_html,
    }


_SECTIONS = frozenset(f"storefront.{name}.index" for name in ("products", "crafts", "artisans"))


def nav_links(endpoint: str) -> list[dict[str, Any]]:
    """The sections; the current one is marked."""
    sections = (("products.index", _("All pieces")), ("crafts.index", _("Crafts")), ("artisans.index", _("Makers")))
    return [
        {"text": text, "url": link(target), "current": endpoint == f"storefront.{target}"} for target, text in sections
    ]


def footer_links() -> list[dict[str, str]]:
    """What a careful buyer looks for."""
    targets = (
        ("pages.shipping", _("Shipping and customs")),
        ("pages.returns", _("Returns")),
        ("orders.find", _("Find my order")),
        ("account.show", _("My orders")),
        ("pages.about", _("About the programme")),
        ("pages.privacy", _("Privacy")),
    )
    links = [{"text": text, "url": link(target)} for target, text in targets]
    # The law wants it in sight on every page (Directive 2011/83/EU, article 11a).
    return [*links, {"text": _("Withdraw from contract here"), "url": link("orders.find", intent="withdraw")}]


def part(*key: Hashable, make: Callable[[], Markup]) -> Markup:
    """A fragment that has links of public pages: kept for the language and for what those links carry on."""
    return fragment((current_language(), tuple(kept().items()), *key), make)


def _site_nav(endpoint: str) -> Markup:
    """The sections as they stand under the header of every page."""
    here = endpoint if endpoint in _SECTIONS else ""
    return part("nav", here, make=lambda: render_part("storefront/chrome.html", "sections", nav_links(here)))


def _site_header(alternates: Mapping[str, str], currency_urls: Mapping[str, str], q: str = "") -> Markup:
    """The header of a page: the same for all but for a few addresses and what was searched, which are put into it."""
    code, currencies = current_language(), tuple(currency_urls)
    currency = g.get("currency") or currencies[0]

    def make() -> Markup:
        menu, choice = ({name: hole(name) for name in names} for names in (LANGUAGES, currencies))
        return render_part("storefront/chrome.html", "header", LANGUAGES[code], menu, currency, choice, hole("q"))

    made = fragment(("header", code, currency, currencies), make)
    return put({**_languages(alternates), **currency_urls, "q": q}, made)


def _site_footer(alternates: Mapping[str, str]) -> Markup:
    """The foot of a page, with the same page in other languages put into it."""

    def make() -> Markup:
        menu = {name: hole(name) for name in LANGUAGES}
        return render_part("storefront/chrome.html", "footer", footer_links(), LANGUAGES[current_language()], menu)

    return put(_languages(alternates), part("footer", make=make))


def _languages(alternates: Mapping[str, str]) -> dict[str, str]:
    """Where a page stands in each language; at home where it has none."""
    return {name: alternates.get(name) or f"/{name}/" for name in LANGUAGES}


def hole(name: str) -> str:
    """What stands in a kept fragment where `put` puts something in; of characters that no text has (Unicode, private use)."""
    return f"\ue000{name}\ue001"


def put(values: Mapping[str, str], made: Markup) -> Markup:
    """A fragment with its holes filled, each with the value of its name."""
    text = str(made)
    for name, value in values.items():
        text = text.replace(hole(name), escape(value))
    return Markup(text)


def card_view(card: Card) -> dict[str, Any]:
    """A card as the component shows it."""
    mark, kind = _mark(card)
    return {
        "url": product_link(card.public_id, card.slug),
        "title": card.title.text,
        "title_lang": card.title.language if card.title.language != current_language() else "",
        "maker": card.maker,
        "place": card.place,
        "minor": card.minor,
        "currency": card.currency,
        "picture": card.picture,
        "mark": mark,
        "mark_kind": kind,
        "price_note": price_note(card.sale_unit),
    }


def card_html(card: Card, *, eager: bool = False, first: bool = False, heading: str = "h3") -> Markup:
    """A card of a list. `eager`: its picture is in view at once; `first`: it matters most of all."""
    options: dict[str, Any] = {"eager": eager, "first": first, "heading": heading}
    return part(
        card,
        *options.values(),
        make=lambda: render_part("components/product_card.html", "product_card", card_view(card), **options),
    )


def _mark(card: Card) -> tuple[str, str]:
    if card.stock == "reserved":
        return _("Reserved"), "quiet"
    if card.stock == "out":
        return _("Sold out"), "sold"
    if card.kind == "one_of_a_kind":
        return _("One of a kind"), "warm"
    if card.kind in {"made_to_order", "custom"}:
        return _("Made to order"), "quiet"
    return "", ""


def price_note(sale_unit: str) -> str:
    """What a price is for, where it is not one piece."""
    return {
        "pair": _("per pair"),
        "set": _("per set"),
        "m2": _("per square metre"),
        "m": _("per metre"),
    }.get(sale_unit, "")


def charged_text(currency: str) -> str:
    """In which currency the buyer's bank is asked for the money."""
    return _("Charged in: %(currency)s.", currency=currency_name(currency))


def unit_sign(sale_unit: str) -> str:
    """What stands behind a quantity."""
    return {"pair": _("pairs"), "set": _("sets"), "m2": _("m²"), "m": _("m")}.get(sale_unit, "")


def line_note(options: str, quantity: int, sale_unit: str) -> Markup:
    """What stands under the title of a line: its options, and how many where that is not one."""
    amount = how_many(quantity, sale_unit) if quantity > 1 or sale_unit != "piece" else ""
    return Markup(" · ").join(isolate(part) for part in (options, amount) if part)


def form_name(legal_form: str) -> str:
    """What kind of maker a unit is, in words."""
    return {
        "artisan": _("Artisan"),
        "maitre_artisan": _("Master artisan"),
        "cooperative": _("Co-operative"),
        "enterprise": _("Workshop"),
        "association": _("Association"),
        "aggregator": _("Workshop that carries other makers"),
    }.get(legal_form, "")


def colour_name(colour: str) -> str:
    """A colour, in words."""
    return {
        "white": _("White"),
        "black": _("Black"),
        "grey": _("Grey"),
        "brown": _("Brown"),
        "red": _("Red"),
        "pink": _("Pink"),
        "orange": _("Orange"),
        "yellow": _("Yellow"),
        "green": _("Green"),
        "blue": _("Blue"),
        "purple": _("Purple"),
    }[colour]


def kind_name(kind: str) -> str:
    """A kind of piece, in words."""
    return {
        "one_of_a_kind": _("One of a kind"),
        "repeatable": _("In stock"),
        "made_to_order": _("Made to order"),
        "custom": _("Made to measure"),
    }[kind]
