"""Every variant that is for sale in a currency, as a list of offers for price comparison and shopping sites wants it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.makers import Pic
from shop.catalogue.models import Craft, Family, Material, Price, Product, ProductPicture, Variant
from shop.catalogue.shown import shown
from shop.core.db import db
from shop.i18n.slugs import slugify
from shop.i18n.texts import tell, texts_of
from shop.media.queries import picture_views

_READ_AT_ONCE = 200
_TEXTS = ("title", "description")
_COLUMNS = (
    Product.id,
    Product.public_id,
    Product.kind,
    Product.sale_unit,
    Product.min_quantity,
    Product.lead_time_days,
    Product.weight_grams,
    Product.length_mm,
    Product.width_mm,
    Product.height_mm,
    Product.materials,
    Product.cover_id,
)


@dataclass(frozen=True, slots=True)
class FeedOffer:
    """One variant of a piece. `minor` is the price of one sale unit; `available` counts sale units."""

    public_id: str
    slug: str
    sku: str
    title: str
    description: str
    options: tuple[str, ...]
    has_variants: bool
    maker: str
    craft: str
    family: str
    kind: str
    sale_unit: str
    min_quantity: int
    lead_time_days: int
    weight_grams: int | None
    sides_mm: tuple[int | None, int | None, int | None]
    materials: tuple[str, ...]
    minor: int
    available: int
    pictures: tuple[Pic, ...]


def iterate_offers(language: str, currency: str) -> Iterator[FeedOffer]:
    """All offers with a title in the language and a price in the currency, oldest piece first; five statements per 200.

    A title in another language is none here: who reads a feed cannot be told that a text is shown in another one.
    """
    name = f"name_{language}"
    materials = db.session.execute(select(Material.code, getattr(Material, name)))
    names: dict[str, str] = {row[0]: row[1] for row in materials}
    last = 0
    while rows := _read(last, name):
        ids = [row.id for row in rows]
        variants, pictures, texts = _variants(ids, currency), _pictures(rows), texts_of("product", ids, _TEXTS)
        for row in rows:
            told = {field: texts.get((row.id, field), {}) for field in _TEXTS}
            yield from _offers(row, variants.get(row.id, []), pictures[row.id], told, language, names)
        last = ids[-1]


def _read(last: int, name: str) -> list[Any]:
    statement = (
        select(
            *_COLUMNS,
            getattr(Unit, name).label("maker"),
            getattr(Craft, name).label("craft_name"),
            getattr(Family, name).label("family_name"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .where(shown(), Product.id > last)
        .order_by(Product.id)
        .limit(_READ_AT_ONCE)
    )
    return list(db.session.execute(statement).all())


def _variants(ids: list[int], currency: str) -> dict[int, list[Any]]:
    """Variants with a price in the currency, by product."""
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(
        select(Variant.product_id, Variant.sku, Variant.option1, Variant.option2, Variant.available, Price.amount_minor)
        .join(Price, Price.variant_id == Variant.id)
        .where(Variant.product_id.in_(ids), Variant.archived_at.is_(None), Price.currency == currency)
        .order_by(Variant.position, Variant.id)
    ):
        found.setdefault(row.product_id, []).append(row)
    return found


def _pictures(rows: list[Any]) -> dict[int, tuple[Pic, ...]]:
    """Pictures of each product, the cover first."""
    ids: dict[int, list[int]] = {row.id: [row.cover_id] if row.cover_id else [] for row in rows}
    others = (
        select(ProductPicture.product_id, ProductPicture.picture_id)
        .where(ProductPicture.product_id.in_(ids))
        .order_by(ProductPicture.position, ProductPicture.id)
    )
    for product_id, picture_id in db.session.execute(others):
        if picture_id not in ids[product_id]:
            ids[product_id].append(picture_id)
    views = picture_views(picture_id for own in ids.values() for picture_id in own)
    return {product_id: tuple(views[picture_id] for picture_id in own) for product_id, own in ids.items()}


def _offers(
    row: Any,
    variants: list[Any],
    pictures: tuple[Pic, ...],
    told: dict[str, dict[str, str]],
    language: str,
    names: dict[str, str],
) -> Iterator[FeedOffer]:
    title = told["title"].get(language)
    if not title:
        return
    slug = slugify(title, language)
    for variant in variants:
        options = (tell(texts, language) for texts in (variant.option1, variant.option2) if texts)
        yield FeedOffer(
            public_id=row.public_id,
            slug=slug,
            sku=variant.sku,
            title=title,
            description=told["description"].get(language, ""),
            options=tuple(option.text for option in options if option),
            has_variants=len(variants) > 1,
            maker=row.maker,
            craft=row.craft_name,
            family=row.family_name,
            kind=row.kind,
            sale_unit=row.sale_unit,
            min_quantity=row.min_quantity,
            lead_time_days=row.lead_time_days,
            weight_grams=row.weight_grams,
            sides_mm=(row.length_mm, row.width_mm, row.height_mm),
            materials=tuple(names[code] for code in row.materials or [] if code in names),
            minor=variant.amount_minor,
            available=variant.available,
            pictures=pictures,
        )
