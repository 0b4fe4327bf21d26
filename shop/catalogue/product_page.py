"""The page of one piece, read in three statements: the piece with its variants, the pictures, the texts."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    null,
    or_,
    select,
)

from shop.artisans.models import Unit
from shop.catalogue.makers import UNIT_COLUMNS, Maker, Pic, maker_of
from shop.catalogue.models import Craft, Family, Material, Price, Product, ProductPicture, Variant
from shop.core import clock
from shop.core.db import UTCDateTime, reading
from shop.core.errors import NotFound
from shop.core.kept import Keep, heard, kept
from shop.core.tables import PublicState
from shop.core.versions import of_piece, of_unit
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _
from shop.i18n.slugs import slugify
from shop.i18n.texts import TextRow, Told, tell, text_column
from shop.media.models import Picture
from shop.media.queries import VIEW_COLUMNS, picture_view
from shop.programme.queries import admitted_units

# As many as stand in a row on a desktop.
MOST_NEIGHBOURS = 4

_OFFER_COLUMNS = (
    Variant.id.label("variant_id"),
    Variant.sku,
    Variant.option1,
    Variant.option2,
    Variant.available,
    Variant.reserved,
    Variant.sold,
    Price.amount_minor,
)


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


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """Another piece of the same maker that can be bought; `minor` is its lowest price. As long as nothing of it changes
    the same object stands for it."""

    id: int
    public_id: str
    title: Told
    slug: str
    kind: str
    sale_unit: str
    minor: int | None
    picture: Pic | None


@dataclass(frozen=True, slots=True, eq=False)
class ProductPage:
    """Everything a product's page says. `portrait` is the part that no price and no stock changes: the same object for
    the same words, pictures and maker, so that what is made of it can be kept beside it.

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
    portrait: "ProductPage | None" = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a page only a change of the piece, of its maker or of one of the neighbours makes another."""

    state: str
    portrait: ProductPage
    more: tuple[Neighbour, ...]


# Some fifteen kilobytes each.
_known: Keep[_Known] = Keep(256)


def get_product_page(public_id: str, language: str, currency: str) -> ProductPage:
    """A product with its variants, texts, pictures, maker and the maker's other pieces, in three statements; in one, for the
    prices and the stock, if the rest is known.

    Raises NotFound.
    """
    day = clock.today()
    key = (public_id, language, currency, day)
    known, newest = _known.find(key, None), heard()
    with reading() as connection:
        if known is None:
            rows = connection.execute(_product(language, day), {"public_id": public_id, "currency": currency}).all()
            if not rows:
                raise NotFound(_("There is no such piece."))
            known = _read(connection, rows[0], language, currency)
            others = (of_piece(other.id) for other in known.more)
            number = min(rows[0].number or 0, newest)
            _known.put(key, known, number, of_unit(rows[0].id), of_piece(known.portrait.id), *others)
        else:
            asked = {"product": known.portrait.id, "currency": currency}
            rows = connection.execute(_stock_statement(), asked).all()
    portrait = known.portrait
    offers = tuple(_offer(row, language) for row in rows if row.variant_id is not None)
    stock = _stock(portrait, known.state, offers)
    if stock is None:
        raise NotFound(_("There is no such piece."))
    return replace(portrait, offers=offers, more=known.more, currency=currency, stock=stock, portrait=portrait)


def _read(connection: Connection, row: Row[Any], language: str, currency: str) -> _Known:
    """The rest of a page, from the first row of `_product`. Two statements."""
    pictures, others = _pictures(connection, row, currency)
    told = _texts(connection, row)
    names, columns = row._fields, row._fields.index("variant_id")
    known = kept(("materials", language), lambda: _materials(language))
    materials = tuple(known[code] for code in row.materials or () if code in known)
    values = tuple(map(_frozen, row[:columns]))
    portrait = _portrait(language, names[:columns], values, materials, told, tuple(pictures))
    return _Known(row.state, portrait, tuple(_neighbour(language, other) for other in others))


def _frozen(value: Any) -> Any:
    """A value of a column as something that can be looked up."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


# Some ten kilobytes each.
@lru_cache(maxsize=256)
def _portrait(
    language: str,
    names: tuple[str, ...],
    values: tuple[Any, ...],
    materials: tuple[str, ...],
    texts: tuple[tuple[str, str, str, str], ...],
    pictures: tuple[Row[Any], ...],
) -> ProductPage:
    """What of a page no price and no stock changes, from its rows: `texts` are (entity, field, language, text)."""
    row: Any = SimpleNamespace(**dict(zip(names, values, strict=True)))
    told: dict[tuple[str, str], dict[str, str]] = {}
    for entity, name, code, text in texts:
        told.setdefault((entity, name), {})[code] = text
    titles = told.get(("product", "title"), {})
    title = tell(titles, language) or Told(row.product_public_id, language)
    by_id = {picture.id: picture_view(picture) for picture in pictures}
    own = [picture for picture in pictures if picture.position is not None or picture.id == row.cover_id]
    own.sort(key=lambda picture: (picture.id != row.cover_id, picture.position or 0, picture.id))
    of_unit = {name: of_field for (entity, name), of_field in told.items() if entity == "unit"}
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
        materials=materials,
        hs_code=row.hs_code,
        origin_region=row.origin_region.removeprefix("MA-"),
        craft=row.craft,
        craft_name=getattr(row, f"craft_{language}"),
        craft_slugs={code: slugify(getattr(row, f"craft_{code}"), code) for code in ("ar", "fr", "en")},
        family=row.family,
        family_name=row.family_name,
        option_names=tuple(_option(dict(name), language) for name in (row.option1_name, row.option2_name) if name),
        offers=(),
        pictures=tuple({**by_id[picture.id], "alt": title.text} for picture in own),
        maker=maker_of(row, of_unit, by_id, language, row.admitted),
        maker_address=row.postal_address or "",
        maker_email=row.email or "",
        shows_share=row.shows_share,
        more=(),
        currency="",
        stock="",
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
            *_OFFER_COLUMNS,
            select(PublicState.number).scalar_subquery().label("number"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .outerjoin(Variant, and_(Variant.product_id == Product.id, Variant.archived_at.is_(None)))
        .outerjoin(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .where(Product.public_id == bindparam("public_id"), Product.state.in_(("published", "archived")))
        .order_by(Variant.position, Variant.id)
    )


@lru_cache(maxsize=1)
def _stock_statement() -> Select[*tuple[Any, ...]]:
    """Of the rows of `_product` what is asked for every time."""
    return (
        select(*_OFFER_COLUMNS)
        .outerjoin(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .where(Variant.product_id == bindparam("product"), Variant.archived_at.is_(None))
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


@lru_cache(maxsize=512)
def _neighbour(language: str, row: Row[Any]) -> Neighbour:
    titles = {code: getattr(row, f"title_{code}") for code in LANGUAGES}
    title = tell(titles, language) or Told(row.public_id, language)
    slug = slugify(title.text, language)
    picture = picture_view(row, title.text) if row.sha256 else None
    return Neighbour(row.product_id, row.public_id, title, slug, row.kind, row.sale_unit, row.minor, picture)


def _option(texts: dict[str, str] | None, language: str) -> str:
    told = tell(texts, language) if texts else None
    return told.text if told else ""


def _stock(portrait: ProductPage, state: str, offers: tuple[Offer, ...]) -> str | None:
    """What can be said of a piece; None when it has no page."""
    if (
        portrait.kind == "one_of_a_kind"
        and any(offer.sold for offer in offers)
        and not any(o.available for o in offers)
    ):
        return "reserved" if any(offer.reserved for offer in offers) else "sold"
    if state != "published" or not portrait.maker.sells:
        return "withdrawn" if any(offer.sold for offer in offers) else None
    if not any(offer.minor is not None for offer in offers):
        return "unpriced"
    if any(offer.available >= portrait.min_quantity for offer in offers if offer.minor is not None):
        return "available"
    return "reserved" if any(offer.reserved for offer in offers) else "out"


def _texts(connection: Connection, row: Any) -> tuple[tuple[str, str, str, str], ...]:
    """Texts of the product and of its unit in all languages, as (entity, field, language, text)."""
    values = {"product": row.product_id, "unit": row.id}
    return tuple(map(tuple, connection.execute(_text_statement(), values)))


@lru_cache(maxsize=1)
def _text_statement() -> Any:
    of_product = and_(TextRow.entity == "product", TextRow.entity_id == bindparam("product"))
    of_unit = and_(TextRow.entity == "unit", TextRow.entity_id == bindparam("unit"))
    told = select(TextRow.entity, TextRow.field, TextRow.language, TextRow.text)
    return told.where(or_(of_product, of_unit)).order_by(TextRow.id)


def _materials(language: str) -> dict[str, str]:
    """Names of all materials by code."""
    named = select(Material.code, getattr(Material, f"name_{language}"))
    with reading() as connection:
        return {row[0]: row[1] for row in connection.execute(named)}


def _pictures(connection: Connection, row: Any, currency: str) -> tuple[list[Any], list[Any]]:
    """Pictures of the product in their order, and the maker's; and the maker's other pieces, the newest first.

    `position` is None for a picture that is not of the product.
    """
    values = {
        "product": row.product_id,
        "unit": row.id,
        "cover": row.cover_id,
        "portrait": row.picture_id,
        "currency": currency,
        "most": MOST_NEIGHBOURS if row.admitted else 0,
    }
    rows = connection.execute(_picture_statement(), values).all()
    others = [line for line in rows if line.product_id is not None]
    others.sort(key=lambda line: (line.published_at, line.product_id), reverse=True)
    return [line for line in rows if line.product_id is None], others


@lru_cache(maxsize=1)
def _picture_statement() -> Any:
    of_product = and_(
        ProductPicture.picture_id == Picture.id, ProductPicture.product_id == bindparam("product", type_=BigInteger)
    )
    # By their ids, not by where the join finds something: that would look at every picture of the shop.
    hung = select(ProductPicture.picture_id).where(ProductPicture.product_id == bindparam("product", type_=BigInteger))
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
            cast(null(), UTCDateTime).label("published_at"),
            *(cast(null(), String).label(f"title_{code}") for code in LANGUAGES),
        )
        .outerjoin(ProductPicture, of_product)
        .where(
            or_(
                Picture.id.in_(hung),
                Picture.id.in_([bindparam("cover", type_=BigInteger), bindparam("portrait", type_=BigInteger)]),
            )
        )
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
        select(
            Product.id,
            Product.public_id,
            Product.kind,
            Product.sale_unit,
            Product.cover_id,
            Product.published_at,
            lowest.label("minor"),
        )
        .where(
            Product.unit_id == bindparam("unit", type_=BigInteger),
            Product.id != bindparam("product", type_=BigInteger),
            Product.state == "published",
            lowest.is_not(None),
        )
        .order_by(Product.published_at.desc(), Product.id.desc())
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
        newest.c.published_at,
        *(text_column("product", newest.c.id, "title", code) for code in LANGUAGES),
    ).select_from(newest.outerjoin(Picture, Picture.id == newest.c.cover_id))
    return own.union_all(others)
