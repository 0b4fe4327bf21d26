"""What a piece still lacks before it goes for review or on sale: services refuse by it, pages show it. Reads only."""

from shop.catalogue.pieces import get_product, list_variants, prices_of
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import texts_of

# What a piece needs in every language before it is sold.
PUBLISHED_TEXTS = ("title", "description")


def missing_for_review(product_id: int) -> dict[str, str]:
    """What the maker still has to say, {field: sentence}; empty when the piece can be sent."""
    product = get_product(product_id)
    variants = list_variants(product_id)
    titles = texts_of("product", [product_id], ["title"]).get((product_id, "title"), {})
    found: dict[str, str] = {}
    if product.cover_id is None:
        found["photos"] = _("Add at least one photo.")
    if not titles.get(product.source_language):
        found["title"] = _("Give the piece a name.")
    if not variants or any(variant.ask_mad_minor is None for variant in variants):
        found["ask"] = _("Say your price in dirhams.")
    if product.weight_grams is None:
        found["weight"] = _("Say how heavy the piece is.")
    if all(variant.available + variant.reserved == 0 for variant in variants):
        found["available"] = _("Say how many there are.")
    return found


def missing_for_publication(product_id: int) -> dict[str, str]:
    """What staff still have to add before a piece goes on sale, {field: sentence}."""
    product = get_product(product_id)
    variants = list_variants(product_id)
    texts = texts_of("product", [product_id], PUBLISHED_TEXTS)
    found: dict[str, str] = {}
    for code, language in LANGUAGES.items():
        for field, sentence in (
            ("title", _("The name is missing in %(language)s.", language=language.own_name)),
            ("description", _("The description is missing in %(language)s.", language=language.own_name)),
        ):
            if not texts.get((product_id, field), {}).get(code):
                found[f"{field}_{code}"] = sentence
    prices = prices_of([variant.id for variant in variants])
    if not variants or any(not prices.get(variant.id) for variant in variants):
        found["prices"] = _("A price is missing.")
    if not product.weight_grams:
        found["weight"] = _("The weight is missing; without it no postage can be told.")
    if product.cover_id is None:
        found["photos"] = _("A photo is missing.")
    if not product.hs_code:
        found["hs_code"] = _("The customs code is missing.")
    return found
