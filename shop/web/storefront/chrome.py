"""What surrounds every page: its addresses in other languages and currencies, the links of the footer, labels."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import current_app, g, request, url_for
from markupsafe import Markup

from shop.catalogue.models import CURRENCIES
from shop.catalogue.queries import Card
from shop.core.errors import NotFound
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.formats import isolate
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.i18n.quantities import how_many

DEFAULT_CURRENCY = CURRENCIES[0]
# Parameters that make another page. What else an address may carry (a campaign's mark) is no part of its identity.
TELLING = frozenset({"q", "page", "craft", "family", "region", "kind"})

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
    currency = request.args.get("currency", DEFAULT_CURRENCY)
    if currency not in CURRENCIES:
        raise NotFound(_("We have no prices in this currency."))
    country = request.args.get("to") or None
    if country is not None and country not in COUNTRY_CODES:
        raise NotFound(_("There is no such country."))
    g.currency, g.to = currency, country


def kept() -> dict[str, str]:
    """The parameters that links of a public page carry on."""
    found = {}
    if g.get("currency", DEFAULT_CURRENCY) != DEFAULT_CURRENCY:
        found["currency"] = g.currency
    if g.get("to"):
        found["to"] = g.to
    return found


def address(endpoint: str, **values: Any) -> str:
    """Path of a page, in the current language unless `lang` names another."""
    return _build(request.script_root, endpoint, tuple({"lang": current_language(), **values}.items()))


# A listing has a hundred addresses, and each depends on nothing but these arguments.
@lru_cache(maxsize=4096)
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
    arguments = {name: value for name, value in request.args.items() if name in telling}
    public = request.method in {"GET", "HEAD"} and endpoint.startswith("storefront.")
    here = {code: address(endpoint, **{**view, **arguments, "lang": code}) for code in LANGUAGES} if public else {}
    currency_urls = {}
    for code in CURRENCIES:
        chosen = {"currency": code} if code != DEFAULT_CURRENCY else {}
        destination = {"to": g.to} if g.get("to") else {}
        currency_urls[code] = address(endpoint, **{**view, **arguments, **destination, **chosen}) if public else "?"
    return {
        "alternates": {code: absolute(address) for code, address in here.items()},
        "canonical": absolute(here[current_language()]) if public else "",
        "currencies": CURRENCIES,
        "currency": g.get("currency", DEFAULT_CURRENCY),
        "currency_urls": currency_urls,
        "nav_links": nav_links(endpoint),
        "footer_links": footer_links(),
        "link": link,
        "product_link": product_link,
        "maker_link": maker_link,
        "card_view": card_view,
    }


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


def unit_sign(sale_unit: str) -> str:
    """What stands behind a quantity."""
    return {"pair": _("pairs"), "set": _("sets"), "m2": _("m²"), "m": _("m")}.get(sale_unit, "")


def line_note(options: str, quantity: int, sale_unit: str) -> Markup:
    """What stands under the title of a line: its options, and how many where that is not one."""
    amount = how_many(quantity, sale_unit) if quantity > 1 or sale_unit != "piece" else ""
    return Markup(" · ").join(isolate(part) for part in (options, amount) if part)


def kind_name(kind: str) -> str:
    """A kind of piece, in words."""
    return {
        "one_of_a_kind": _("One of a kind"),
        "repeatable": _("In stock"),
        "made_to_order": _("Made to order"),
        "custom": _("Made to measure"),
    }[kind]
