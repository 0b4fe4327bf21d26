"""Product feeds for shopping sites, in the RSS 2.0 with Google's names that all of them read.

https://support.google.com/merchants/answer/7052112. A price is that of the least a buyer
can order, as that specification asks where something is sold by measure; postage is told for the countries that pay in
the currency of the feed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from urllib.parse import quote

from flask import Blueprint, Response, url_for
from markupsafe import escape

from shop.catalogue.currencies import default_currency, list_currencies
from shop.catalogue.feed import FeedOffer, iterate_offers
from shop.core.errors import NotFound
from shop.core.policies import get_policy
from shop.i18n.countries import list_countries_paying_in
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _
from shop.i18n.messages import use_language
from shop.shipping.errors import CannotShip
from shop.shipping.queries import Tariff, read_tariff
from shop.shipping.services import PREPARATION_DAYS
from shop.web.kept_files import send_kept
from shop.web.storefront.chrome import absolute, reference
from shop.web.storefront.structured import decimal_text, picture_url

blueprint = Blueprint("feeds", __name__)

LONGEST_TITLE, LONGEST_TEXT = 150, 5000
MOST_PICTURES = 10
# Google's names of our sale units, where a price is by measure.
_MEASURES = {"m2": "sqm", "m": "m"}
# What XML 1.0 cannot hold, however it is written.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@blueprint.get(f"/feeds/products-<any({', '.join(LANGUAGES)}):lang>-<currency>.xml")
def show(lang: str, currency: str) -> Response:
    """Every variant for sale, in one language and currency."""
    if currency not in list_currencies():
        raise NotFound(_("We have no prices in this currency."))
    return send_kept(f"products-{lang}-{currency}.xml", lambda: _write(lang, currency), tells_stock=True)


def _write(language: str, currency: str) -> Iterator[str]:
    with use_language(language):
        title = _("Crafts of Morocco, sold by their makers")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
    yield _element("title", title)
    yield _element("link", absolute(url_for("storefront.home.show", lang=language)))
    yield _element("description", get_policy("operator")["name"])
    tariff = read_tariff(currency)
    postage = _Postage(tariff, list_countries_paying_in(currency).intersection(tariff.destinations()))
    start = absolute(url_for("storefront.products.show", lang=language, reference="-").removesuffix("-"))
    # The page shows the price of the feed: the default currency has the address without a parameter.
    end = "" if currency == default_currency() else f"?currency={currency}"
    for offer in iterate_offers(language, currency):
        fields = _fields(offer, currency, lambda name: f"{start}{quote(name)}{end}", postage)
        yield f"<item>\n{''.join(fields)}</item>\n"
    yield "</channel>\n</rss>\n"


def _fields(offer: FeedOffer, currency: str, page: Callable[[str], str], postage: "_Postage") -> Iterator[str]:
    """The elements of one item, in the order of the specification."""
    name = " · ".join((offer.title, *offer.options))
    yield _element("g:id", offer.sku)
    if offer.has_variants:
        yield _element("g:item_group_id", offer.public_id)
    yield _element("g:title", name[:LONGEST_TITLE])
    yield _element("g:description", (offer.description or name)[:LONGEST_TEXT])
    yield _element("g:link", page(reference(offer.public_id, offer.slug)))
    for number, picture in enumerate(offer.pictures[: MOST_PICTURES + 1]):
        yield _element("g:additional_image_link" if number else "g:image_link", picture_url(picture))
    yield _element("g:availability", "in_stock" if offer.available >= offer.min_quantity else "out_of_stock")
    yield _element("g:price", f"{decimal_text(offer.minor * offer.min_quantity, currency)} {currency}")
    if offer.sale_unit in _MEASURES:
        measure = _MEASURES[offer.sale_unit]
        yield _element("g:unit_pricing_measure", f"{offer.min_quantity} {measure}")
        yield _element("g:unit_pricing_base_measure", f"1 {measure}")
    yield _element("g:condition", "new")
    yield _element("g:brand", offer.maker)
    yield _element("g:identifier_exists", "no")
    yield _element("g:product_type", f"{offer.family} > {offer.craft}")
    if offer.materials:
        yield _element("g:material", "/".join(offer.materials))
    for side, millimetres in zip(("length", "width", "height"), offer.sides_mm, strict=True):
        if millimetres:
            yield _element(f"g:product_{side}", f"{Decimal(millimetres) / 10:f} cm")
    yield _element("g:ships_from_country", "MA")
    yield _element("g:min_handling_time", 0)
    yield _element("g:max_handling_time", offer.lead_time_days + PREPARATION_DAYS)
    if offer.weight_grams:
        least = offer.weight_grams * offer.min_quantity
        yield _element("g:shipping_weight", f"{least} g")
        yield postage(least, offer.weight_grams)


class _Postage:
    """What parcels cost to each country and how long they take. Many pieces weigh the same: each weight is told once."""

    def __init__(self, tariff: Tariff, countries: Iterable[str]) -> None:
        self._tariff, self._countries = tariff, sorted(countries)
        self._told: dict[tuple[int, int], str] = {}

    def __call__(self, grams: int, heaviest: int) -> str:
        """Elements for a parcel of so many grams, whose heaviest piece weighs so much; none where it cannot be sent."""
        key = (grams, heaviest)
        if key not in self._told:
            self._told[key] = "".join(self._tell(country, *key) for country in self._countries)
        return self._told[key]

    def _tell(self, country: str, grams: int, heaviest: int) -> str:
        try:
            quote = self._tariff.quote(country, grams, heaviest)
        except CannotShip:
            return ""
        currency = self._tariff.currency
        parts = (
            ("country", country),
            ("price", f"{decimal_text(quote.amount_minor, currency)} {currency}"),
            ("min_transit_time", quote.days_min),
            ("max_transit_time", quote.days_max),
        )
        return f"<g:shipping>{''.join(_element(f'g:{name}', value).strip() for name, value in parts)}</g:shipping>\n"


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(_UNWRITABLE.sub('', str(value)))}</{name}>\n"
