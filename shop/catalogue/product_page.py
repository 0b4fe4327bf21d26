"""The page of one piece, read in three statements: the piece with its variants, the pictures, the texts."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

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

# As many as stand in a row on a desktop.
MOST_NEIGHBOURS = 4


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
class Neighbour:
    """Another piece of the same maker that can be bought; `minor` is its lowest price."""

    id: int
    public_id: str
    title: Told
    slug: str
    kind: str
    sale_unit: str
    minor: int | None
    picture: Pic | None


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything a product's page says.

    `shows_share`: its maker lets buyers see what reaches them. `maker_address` and `maker_email` are where a safety
    authority writes to, empty where unknown. `stock`: "available", "reserved", "sold", "out", "unpriced" or "withdrawn".
    """

    id: int
    public_id: str
    slugs: dict[str, str]
    title: Told
    description: Told | None
    technique: Told | None
    care: Told | None
    warnings: Told | None
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
    maker_address: str
    maker_email: str
    shows_share: bool
    more: tuple[Neighbour, ...]
    currency: str
    stock: str
    published_at: datetime | None


def get_product_page(public_id: str, language: str, currency: str) -> ProductPage:
    """A product with its variants, texts, pictures, maker and the maker's other pieces, in three statements.

    Raises NotFound.
    """
    values = {"public_id": public_id, "currency": currency}
    rows = db.session.execute(_product(language, clock.today()), values).all()
    if not rows:
        raise NotFound(_("There is no such piece."))
    row = rows[0]
    offers = tuple(_offer(line, language) for line in rows if line.variant_id is not None)
    stock = _stock(row, offers)
    if stock is None:
        raise NotFound(_("There is no such piece."))
    pictures, others = _pictures(row, currency)
    told, titles_of, materials = _texts(row, [other.product_id for other in others], language)
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
        technique=tell(told.get(("product", "technique"), {}), language),
        care=tell(told.get(("product", "care"), {}), language),
        warnings=tell(told.get(("product", "warnings"), {}), language),
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
        maker_address=row.postal_address or "",
        maker_email=row.email or "",
        shows_share=row.shows_share,
        more=tuple(_neighbour(other, titles_of.get(other.product_id, {}), language) for other in others),
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
            Unit.shows_share,
            Unit.postal_address,
            Unit.email,
            Variant.id.label("variant_id"),
            Variant.sku,
            Variant.option1,
            Variant.option2,
            Variant.available,
            Variant.reserved,
            Variant.sold,
            Price.amount_minor,
        )
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .outerjoin(Variant, and_(Variant.product_id == Product.id, Variant.archived_at.is_(None)))
        .outerjoin(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .where(Product.public_id == bindparam("public_id"), Product.state.in_(("published", "archived")))
        .order_by(Variant.position, Variant.id)
    )


def _offer(row: Any, language: str) -> Offer:
    return Offer(
        row.variant_id,
        row.sku,
        _option(row.option1, language),
        _option(row.option2, language),
        row.amount_minor,
        row.available,
        row.reserved,
        row.sold,
    )


def _neighbour(row: Any, titles: dict[str, str], language: str) -> Neighbour:
    title = tell(titles, language) or Told(row.public_id, language)
    picture = {**picture_view(row), "alt": title.text} if row.sha256 else None
    slug = slugify(title.text, language)
    return Neighbour(row.product_id, row.public_id, title, slug, row.kind, row.sale_unit, row.minor, picture)


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


def _texts(
    row: Any, others: list[int], language: str
) -> tuple[dict[tuple[str, str], dict[str, str]], dict[int, dict[str, str]], list[str]]:
    """Texts of the product and its unit in all languages, titles of other products, and the names of its materials."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    titles: dict[int, dict[str, str]] = {}
    materials: dict[str, str] = {}
    values = {"product": row.product_id, "unit": row.id, "others": others, "materials": row.materials or []}
    for entity, entity_id, name, code, text in db.session.execute(_text_statement(language), values):
        if entity == "material":
            materials[name] = text
        elif entity == "product" and entity_id != row.product_id:
            titles.setdefault(entity_id, {})[code] = text
        else:
            found.setdefault((entity, name), {})[code] = text
    return found, titles, [materials[code] for code in row.materials or [] if code in materials]


@lru_cache(maxsize=3)
def _text_statement(language: str) -> Any:
    of_product = and_(TextRow.entity == "product", TextRow.entity_id == bindparam("product"))
    of_unit = and_(TextRow.entity == "unit", TextRow.entity_id == bindparam("unit"))
    of_others = and_(
        TextRow.entity == "product",
        TextRow.entity_id.in_(bindparam("others", expanding=True)),
        TextRow.field == "title",
    )
    told = select(TextRow.entity, TextRow.entity_id, TextRow.field, TextRow.language, TextRow.text).where(
        or_(of_product, of_unit, of_others)
    )
    names = select(
        literal("material"), literal(0), Material.code, literal(language), getattr(Material, f"name_{language}")
    ).where(Material.code.in_(bindparam("materials", expanding=True)))
    return told.union_all(names)


def _pictures(row: Any, currency: str) -> tuple[list[Any], list[Any]]:
    """Pictures of the product in their order, and the maker's; and the maker's other pieces, the newest first.

    `position` is None for a picture that is not of the product.
    """
    values = {
        "product": row.product_id,
        "unit": row.id,
        "single": [i for i in (row.cover_id, row.picture_id) if i],
        "currency": currency,
        "most": MOST_NEIGHBOURS if row.admitted else 0,
    }
    rows = db.session.execute(_picture_statement(), values).all()
    others = sorted((line for line in rows if line.product_id is not None), key=lambda line: -line.product_id)
    return [line for line in rows if line.product_id is None], others


@lru_cache(maxsize=1)
def _picture_statement() -> Any:
    of_product = and_(
        ProductPicture.picture_id == Picture.id, ProductPicture.product_id == bindparam("product", type_=BigInteger)
    )
    own = (
        select(
            Picture.id,
            *VIEW_COLUMNS,
            ProductPicture.position,
            cast(null(), BigInteger).label("product_id"),
            cast(null(), String).label("public_id"),
            cast(null(), String).label("kind"),
            cast(null(), String).label("sale_unit"),
            cast(null(), BigInteger).label("minor"),
        )
        .outerjoin(ProductPicture, of_product)
        .where(or_(ProductPicture.id.is_not(None), Picture.id.in_(bindparam("single", expanding=True))))
    )
    lowest = (
        select(func.min(Price.amount_minor))
        .join(Variant, Price.variant_id == Variant.id)
        .where(
            Variant.product_id == Product.id,
            Variant.archived_at.is_(None),
            Variant.available >= Product.min_quantity,
            Price.currency == bindparam("currency"),
        )
        .correlate(Product)
        .scalar_subquery()
    )
    newest = (
        select(Product.id, Product.public_id, Product.kind, Product.sale_unit, Product.cover_id, lowest.label("minor"))
        .where(
            Product.unit_id == bindparam("unit", type_=BigInteger),
            Product.id != bindparam("product", type_=BigInteger),
            Product.state == "published",
            lowest.is_not(None),
        )
        .order_by(Product.id.desc())
        .limit(bindparam("most", type_=Integer))
        .subquery()
    )
    others = select(
        Picture.id,
        *VIEW_COLUMNS,
        cast(null(), Integer),
        newest.c.id,
        newest.c.public_id,
        newest.c.kind,
        newest.c.sale_unit,
        newest.c.minor,
    ).select_from(newest.outerjoin(Picture, Picture.id == newest.c.cover_id))
    return own.union_all(others)
