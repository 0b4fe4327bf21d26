"""The page of one piece, read in four statements; its postage is a fifth."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, literal, or_, select

from shop.artisans.models import Unit
from shop.catalogue.makers import UNIT_COLUMNS, Maker, Pic, maker_of
from shop.catalogue.models import Craft, Family, Material, Price, Product, ProductPicture, Variant
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.i18n.slugs import slugify
from shop.i18n.texts import TextRow, Told, tell
from shop.media.models import Picture
from shop.media.queries import VIEW_COLUMNS, picture_view
from shop.programme.queries import admitted_units


@dataclass(frozen=True, slots=True)
class Offer:
    """One variant: its options in words, price (None: not sold in the currency) and stock."""

    id: int
    sku: str
    option1: str
    option2: str
    minor: int | None
    available: int
    reserved: int
    sold: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything a product's page says. `stock`: "available", "reserved", "sold", "out", "unpriced" or "withdrawn"."""

    id: int
    public_id: str
    slugs: dict[str, str]
    title: Told
    description: Told | None
    care: Told | None
    kind: str
    sale_unit: str
    min_quantity: int
    quantity_step: int
    lead_time_days: int
    weight_grams: int | None
    sides_mm: tuple[int | None, int | None, int | None]
    materials: tuple[str, ...]
    hs_code: str | None
    origin_region: str
    craft: str
    craft_name: str
    craft_slugs: dict[str, str]
    family: str
    family_name: str
    option_names: tuple[str, ...]
    offers: tuple[Offer, ...]
    pictures: tuple[Pic, ...]
    maker: Maker
    currency: str
    stock: str
    published_at: datetime | None


def get_product_page(public_id: str, language: str, currency: str) -> ProductPage:
    """A product with its variants, texts, pictures and maker, in four statements. Raises NotFound."""
    row = _product_row(public_id, language)
    if row is None:
        raise NotFound(_("There is no such piece."))
    offers = _offers(row.product_id, currency, language)
    stock = _stock(row, offers)
    if stock is None:
        raise NotFound(_("There is no such piece."))
    told, materials = _texts(row, language)
    pictures = _pictures(row)
    titles = told.get(("product", "title"), {})
    title = tell(titles, language) or Told(row.product_public_id, language)
    by_id = {picture.id: picture_view(picture) for picture in pictures}
    own = [picture for picture in pictures if picture.position is not None or picture.id == row.cover_id]
    own.sort(key=lambda picture: (picture.id != row.cover_id, picture.position or 0, picture.id))
    of_unit = {name: texts for (entity, name), texts in told.items() if entity == "unit"}
    return ProductPage(
        id=row.product_id,
        public_id=row.product_public_id,
        slugs=title_slugs(titles, row.product_public_id),
        title=title,
        description=tell(told.get(("product", "description"), {}), language),
        care=tell(told.get(("product", "care"), {}), language),
        kind=row.kind,
        sale_unit=row.sale_unit,
        min_quantity=row.min_quantity,
        quantity_step=row.quantity_step,
        lead_time_days=row.lead_time_days,
        weight_grams=row.weight_grams,
        sides_mm=(row.length_mm, row.width_mm, row.height_mm),
        materials=tuple(materials),
        hs_code=row.hs_code,
        origin_region=row.origin_region.removeprefix("MA-"),
        craft=row.craft,
        craft_name=getattr(row, f"craft_{language}"),
        craft_slugs={code: slugify(getattr(row, f"craft_{code}"), code) for code in ("ar", "fr", "en")},
        family=row.family,
        family_name=row.family_name,
        option_names=tuple(_option(name, language) for name in (row.option1_name, row.option2_name) if name),
        offers=offers,
        pictures=tuple({**by_id[picture.id], "alt": title.text} for picture in own),
        maker=maker_of(row, of_unit, by_id, language, row.admitted),
        currency=currency,
        stock=stock,
        published_at=row.published_at,
    )


def title_slugs(titles: dict[str, str], public_id: str) -> dict[str, str]:
    """The slug of a product in each language, from the title a reader of that language is shown."""
    slugs = {}
    for code in ("ar", "fr", "en"):
        told = tell(titles, code)
        slugs[code] = slugify(told.text, code) if told else ""
    return slugs


def _product_row(public_id: str, language: str) -> Any:
    return db.session.execute(_product(language, clock.today()), {"public_id": public_id}).first()


@lru_cache(maxsize=8)  # one for each language and day: building it costs more than sending it
def _product(language: str, day: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *UNIT_COLUMNS,
            Product.id.label("product_id"),
            Product.public_id.label("product_public_id"),
            Product.kind,
            Product.state,
            Product.sale_unit,
            Product.min_quantity,
            Product.quantity_step,
            Product.lead_time_days,
            Product.weight_grams,
            Product.length_mm,
            Product.width_mm,
            Product.height_mm,
            Product.materials,
            Product.hs_code,
            Product.origin_region,
            Product.option1_name,
            Product.option2_name,
            Product.cover_id,
            Product.craft,
            Product.family,
            Product.published_at,
            Craft.name_ar.label("craft_ar"),
            Craft.name_fr.label("craft_fr"),
            Craft.name_en.label("craft_en"),
            getattr(Family, f"name_{language}").label("family_name"),
            admitted_units(day).label("admitted"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .where(Product.public_id == bindparam("public_id"), Product.state.in_(("published", "archived")))
    )


def _offers(product_id: int, currency: str, language: str) -> tuple[Offer, ...]:
    rows = db.session.execute(
        select(
            Variant.id,
            Variant.sku,
            Variant.option1,
            Variant.option2,
            Variant.available,
            Variant.reserved,
            Variant.sold,
            Price.amount_minor,
        )
        .outerjoin(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .where(Variant.product_id == product_id, Variant.archived_at.is_(None))
        .order_by(Variant.position, Variant.id)
    )
    return tuple(
        Offer(
            row.id,
            row.sku,
            _option(row.option1, language),
            _option(row.option2, language),
            row.amount_minor,
            row.available,
            row.reserved,
            row.sold,
        )
        for row in rows
    )


def _option(texts: dict[str, str] | None, language: str) -> str:
    told = tell(texts, language) if texts else None
    return told.text if told else ""


def _stock(row: Any, offers: tuple[Offer, ...]) -> str | None:
    """What can be said of a piece; None when it has no page."""
    if row.kind == "one_of_a_kind" and any(offer.sold for offer in offers) and not any(o.available for o in offers):
        return "reserved" if any(offer.reserved for offer in offers) else "sold"
    if row.state != "published" or not row.admitted:
        return "withdrawn" if any(offer.sold for offer in offers) else None
    if not any(offer.minor is not None for offer in offers):
        return "unpriced"
    if any(offer.available >= row.min_quantity for offer in offers if offer.minor is not None):
        return "available"
    return "reserved" if any(offer.reserved for offer in offers) else "out"


def _texts(row: Any, language: str) -> tuple[dict[tuple[str, str], dict[str, str]], list[str]]:
    """Texts of the product and its unit in all languages, and the names of its materials, in one statement."""
    of_product = and_(TextRow.entity == "product", TextRow.entity_id == row.product_id)
    of_unit = and_(TextRow.entity == "unit", TextRow.entity_id == row.id)
    told = select(TextRow.entity, TextRow.field, TextRow.language, TextRow.text).where(or_(of_product, of_unit))
    names = select(literal("material"), Material.code, literal(language), getattr(Material, f"name_{language}"))
    found: dict[tuple[str, str], dict[str, str]] = {}
    materials: dict[str, str] = {}
    for entity, name, code, text in db.session.execute(
        told.union_all(names.where(Material.code.in_(row.materials or [])))
    ):
        if entity == "material":
            materials[name] = text
        else:
            found.setdefault((entity, name), {})[code] = text
    return found, [materials[code] for code in row.materials or [] if code in materials]


def _pictures(row: Any) -> list[Any]:
    """Pictures of the product in their order, and the maker's; `position` is None for those not of the product."""
    of_product = and_(ProductPicture.picture_id == Picture.id, ProductPicture.product_id == row.product_id)
    statement = (
        select(
            Picture.id,
            *VIEW_COLUMNS,
            ProductPicture.position,
        )
        .outerjoin(ProductPicture, of_product)
        .where(or_(ProductPicture.id.is_not(None), Picture.id.in_([i for i in (row.cover_id, row.picture_id) if i])))
    )
    return list(db.session.execute(statement).all())
