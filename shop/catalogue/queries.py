"""Read pages of the catalogue: Core rows, never entities, and few statements whatever the size of the page.

A page of the listing costs four statements, a product with its maker four (its postage is a fifth). A piece shows
while it is published and its unit is admitted today; a one-of-a-kind piece that was sold leaves the listings and keeps
its page.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select

from shop.artisans.models import Person, Unit
from shop.catalogue.models import KINDS, Craft, Family, Material, Price, Product, ProductPicture, Variant
from shop.catalogue.search import matches
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.fold import fold
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.i18n.slugs import slugify
from shop.i18n.texts import TextRow, Told, tell, texts_of
from shop.media.models import Picture
from shop.media.queries import picture_view, picture_views
from shop.programme.queries import admitted_units

PAGE_SIZE = 24

Pic = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listing is narrowed to. `region` is two digits, `unit` and `family` are codes; None means all."""

    q: str = ""
    craft: str | None = None
    family: str | None = None
    unit: str | None = None
    region: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One piece in a list. `minor` is the lowest price of its variants, None without a price in the currency.

    `stock` is "available", "reserved" (somebody is paying for it) or "out".
    """

    public_id: str
    slug: str
    title: Told
    maker: str
    maker_id: str
    place: str
    minor: int | None
    varies: bool
    currency: str
    picture: Pic | None
    kind: str
    sale_unit: str
    stock: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet and how many pieces it has, given everything else that was chosen."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a listing. Each facet (craft, family, region, kind) has the values that would find something."""

    cards: tuple[Card, ...]
    total: int
    page: int
    pages: int
    facets: dict[str, tuple[Option, ...]]


@dataclass(frozen=True, slots=True)
class Maker:
    """A unit as buyers see it. `sells` is False when it is not admitted today."""

    id: int
    public_id: str
    slugs: dict[str, str]
    name: str
    place: str
    region: str
    legal_form: str
    founded: int | None
    members: int
    women: int
    picture: Pic | None
    words: Told | None
    story: Told | None
    sells: bool
    pieces: int = 0
    persons: tuple[tuple[str, str], ...] = ()


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


@dataclass(frozen=True, slots=True)
class CraftTile:
    """A craft on the page of crafts."""

    code: str
    slugs: dict[str, str]
    name: str
    intro: str
    family: str
    family_name: str
    count: int
    picture: Pic | None


def shown() -> ColumnElement[bool]:
    """Condition on Product joined with Unit: it stands in the listings today."""
    unsold = exists().where(Variant.product_id == Product.id, Variant.available + Variant.reserved > 0)
    return and_(
        Product.state == "published",
        admitted_units(clock.today()),
        or_(Product.kind != "one_of_a_kind", unsold),
    )


def list_products(language: str, currency: str, filters: Filters, page: int = 1, size: int = PAGE_SIZE) -> Listing:
    """One page of a listing, newest first, in four statements. Raises NotFound for a value or page that is none."""
    _check(filters)
    rows = _facet_rows(language, filters)
    facets = _count_facets(rows, filters)
    total = sum(row.pieces for row in rows if _chosen(row, filters))
    pages = max(1, -(-total // size))
    if not 1 <= page <= pages:
        raise NotFound(_("This list has no page %(page)s.", page=page))
    if total == 0:
        _check_known(filters)
        return Listing((), 0, 1, 1, facets)
    statement = _narrow(_cards(language, currency), filters)
    return Listing(
        _read_cards(statement.limit(size).offset((page - 1) * size), language, currency), total, page, pages, facets
    )


def list_cards(language: str, currency: str, filters: Filters, size: int) -> tuple[Card, ...]:
    """The newest pieces, without counting the others. Three statements."""
    return _read_cards(_narrow(_cards(language, currency), filters).limit(size), language, currency)


def _check(filters: Filters) -> None:
    if filters.kind is not None and filters.kind not in KINDS:
        raise NotFound(_("There is no such kind of piece."))
    if filters.region is not None and filters.region not in REGIONS:
        raise NotFound(_("There is no such region."))


def _check_known(filters: Filters) -> None:
    """An empty list is told from a craft or family that does not exist."""
    for model, code, sentence in (
        (Craft, filters.craft, _("There is no such craft.")),
        (Family, filters.family, _("There is no such family.")),
    ):
        if code is not None and db.session.scalar(select(model.code).where(model.code == code)) is None:
            raise NotFound(sentence)


def _facet_rows(language: str, filters: Filters) -> list[Row[Any]]:
    """How many pieces there are per craft, family, region and kind, for the words and the maker asked for."""
    craft_name, family_name = getattr(Craft, f"name_{language}"), getattr(Family, f"name_{language}")
    dimensions = (Product.craft, Product.family, Unit.region, Product.kind)
    statement = (
        select(
            *dimensions,
            craft_name.label("craft_name"),
            family_name.label("family_name"),
            Craft.position,
            Family.position.label("family_position"),
            func.count().label("pieces"),
        )
        .select_from(Product)
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .where(shown())
        .group_by(*dimensions, craft_name, family_name, Craft.position, Family.position)
    )
    return list(db.session.execute(_narrow_words(statement, filters)).all())


def _narrow_words(statement: Select[Any], filters: Filters) -> Select[Any]:
    condition = matches(filters.q) if filters.q else None
    if condition is not None:
        statement = statement.where(condition)
    if filters.unit is not None:
        statement = statement.where(Unit.public_id == filters.unit)
    return statement


def _narrow(statement: Select[Any], filters: Filters) -> Select[Any]:
    statement = _narrow_words(statement, filters)
    if filters.craft is not None:
        statement = statement.where(Product.craft == filters.craft)
    if filters.family is not None:
        statement = statement.where(Product.family == filters.family)
    if filters.region is not None:
        statement = statement.where(Unit.region == f"MA-{filters.region}")
    if filters.kind is not None:
        statement = statement.where(Product.kind == filters.kind)
    return statement


def _chosen(row: Row[Any], filters: Filters, without: str = "") -> bool:
    wanted = {
        "craft": filters.craft,
        "family": filters.family,
        "region": f"MA-{filters.region}" if filters.region else None,
        "kind": filters.kind,
    }
    return all(value is None or name == without or getattr(row, name) == value for name, value in wanted.items())


def _count_facets(rows: list[Row[Any]], filters: Filters) -> dict[str, tuple[Option, ...]]:
    """The values of each facet with their counts, each facet counted as if it were not chosen itself."""
    found: dict[str, tuple[Option, ...]] = {}
    for name in ("craft", "family", "region", "kind"):
        counts: Counter[str] = Counter()
        labels: dict[str, tuple[Any, str]] = {}
        for row in rows:
            if not _chosen(row, filters, without=name):
                continue
            value = getattr(row, name)
            counts[value] += row.pieces
            labels[value] = _label(row, name)
        ordered = sorted(counts, key=lambda value: labels[value])
        found[name] = tuple(Option(value.removeprefix("MA-"), labels[value][1], counts[value]) for value in ordered)
    return found


def _label(row: Row[Any], name: str) -> tuple[Any, str]:
    """Where a value stands in its facet, and its name where it comes from the database."""
    if name == "craft":
        return (row.family_position, row.position, row.craft), row.craft_name
    if name == "family":
        return row.family_position, row.family_name
    return (row.region, "") if name == "region" else (KINDS.index(row.kind), "")


def _cards(language: str, currency: str) -> Select[Any]:
    price = (
        select(func.min(Price.amount_minor))
        .join(Variant, Price.variant_id == Variant.id)
        .where(Variant.product_id == Product.id, Variant.archived_at.is_(None), Price.currency == currency)
    )
    highest = price.with_only_columns(func.max(Price.amount_minor))
    stock = select(func.sum(Variant.available)).where(Variant.product_id == Product.id, Variant.archived_at.is_(None))
    reserved = stock.with_only_columns(func.sum(Variant.reserved))
    return (
        select(
            Product.id,
            Product.public_id,
            Product.kind,
            Product.sale_unit,
            Product.cover_id,
            Product.published_at,
            Product.min_quantity,
            Unit.public_id.label("maker_id"),
            getattr(Unit, f"name_{language}").label("maker"),
            getattr(Unit, f"place_{language}").label("place"),
            price.scalar_subquery().label("minor"),
            highest.scalar_subquery().label("highest"),
            stock.scalar_subquery().label("available"),
            reserved.scalar_subquery().label("reserved"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .where(shown())
        .order_by(Product.published_at.desc(), Product.id.desc())
    )


def _read_cards(statement: Select[Any], language: str, currency: str) -> tuple[Card, ...]:
    rows = db.session.execute(statement).all()
    titles = texts_of("product", [row.id for row in rows], ["title"])
    pictures = picture_views(row.cover_id for row in rows)
    cards = []
    for row in rows:
        title = tell(titles.get((row.id, "title"), {}), language) or Told(row.public_id, language)
        picture = pictures.get(row.cover_id)
        stock = "available" if (row.available or 0) >= row.min_quantity else "reserved" if row.reserved else "out"
        cards.append(
            Card(
                public_id=row.public_id,
                slug=slugify(title.text, language),
                title=title,
                maker=row.maker,
                maker_id=row.maker_id,
                place=row.place,
                minor=row.minor,
                varies=row.minor != row.highest,
                currency=currency,
                picture={**picture, "alt": title.text} if picture else None,
                kind=row.kind,
                sale_unit=row.sale_unit,
                stock=stock,
                published_at=row.published_at,
            )
        )
    return tuple(cards)


def list_crafts(language: str) -> list[CraftTile]:
    """Every craft that has pieces, in the order of the families, each with a picture. Two statements."""
    newest_cover = (
        select(Product.cover_id)
        .join(Unit, Product.unit_id == Unit.id)
        .where(Product.craft == Craft.code, Product.cover_id.is_not(None), shown())
        .order_by(Product.published_at.desc(), Product.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    pieces = (
        select(func.count())
        .select_from(Product)
        .join(Unit, Product.unit_id == Unit.id)
        .where(Product.craft == Craft.code, shown())
        .scalar_subquery()
    )
    statement = (
        select(
            Craft.code,
            Craft.name_ar,
            Craft.name_fr,
            Craft.name_en,
            getattr(Craft, f"intro_{language}").label("intro"),
            Craft.family,
            getattr(Family, f"name_{language}").label("family_name"),
            func.coalesce(Craft.picture_id, newest_cover).label("picture_id"),
            pieces.label("count"),
        )
        .join(Family, Craft.family == Family.code)
        .order_by(Family.position, Craft.position)
    )
    rows = [row for row in db.session.execute(statement).all() if row.count]
    pictures = picture_views(row.picture_id for row in rows)
    return [
        CraftTile(
            code=row.code,
            slugs=_slugs(row),
            name=getattr(row, f"name_{language}"),
            intro=row.intro,
            family=row.family,
            family_name=row.family_name,
            count=row.count,
            picture=pictures.get(row.picture_id),
        )
        for row in rows
    ]


def get_craft(code: str, language: str) -> CraftTile:
    """One craft, without count and picture. Raises NotFound."""
    row = db.session.execute(
        select(
            Craft.code,
            Craft.name_ar,
            Craft.name_fr,
            Craft.name_en,
            getattr(Craft, f"intro_{language}").label("intro"),
            Craft.family,
            getattr(Family, f"name_{language}").label("family_name"),
        )
        .join(Family, Craft.family == Family.code)
        .where(Craft.code == code)
    ).first()
    if row is None:
        raise NotFound(_("There is no such craft."))
    name = getattr(row, f"name_{language}")
    return CraftTile(row.code, _slugs(row), name, row.intro, row.family, row.family_name, 0, None)


def _slugs(row: Row[Any]) -> dict[str, str]:
    return {code: slugify(getattr(row, f"name_{code}"), code) for code in ("ar", "fr", "en")}


_UNIT_COLUMNS = (
    Unit.id,
    Unit.public_id,
    Unit.name_ar,
    Unit.name_fr,
    Unit.name_en,
    Unit.place_ar,
    Unit.place_fr,
    Unit.place_en,
    Unit.region,
    Unit.legal_form,
    Unit.founded,
    Unit.members_f,
    Unit.members_m,
    Unit.picture_id,
)


def _maker(
    row: Row[Any], told: dict[str, dict[str, str]], pictures: dict[int, Pic], language: str, sells: bool
) -> Maker:
    name = getattr(row, f"name_{language}")
    picture = pictures.get(row.picture_id)
    return Maker(
        id=row.id,
        public_id=row.public_id,
        slugs=_slugs(row),
        name=name,
        place=getattr(row, f"place_{language}"),
        region=row.region.removeprefix("MA-"),
        legal_form=row.legal_form,
        founded=row.founded,
        members=row.members_f + row.members_m,
        women=row.members_f,
        picture={**picture, "alt": name} if picture else None,
        words=tell(told.get("words", {}), language),
        story=tell(told.get("story", {}), language),
        sells=sells,
    )


def list_makers(language: str, region: str | None = None) -> list[Maker]:
    """Units admitted today, by name in the reader's alphabet, each with the number of its pieces. Three statements."""
    if region is not None and region not in REGIONS:
        raise NotFound(_("There is no such region."))
    pieces = select(func.count()).where(Product.unit_id == Unit.id, Product.state == "published").scalar_subquery()
    statement = select(*_UNIT_COLUMNS, pieces.label("pieces")).where(admitted_units(clock.today()))
    if region is not None:
        statement = statement.where(Unit.region == f"MA-{region}")
    rows = [row for row in db.session.execute(statement).all() if row.pieces]
    told = texts_of("unit", [row.id for row in rows], ["words"])
    pictures = picture_views(row.picture_id for row in rows)
    makers = [
        replace(_maker(row, {"words": told.get((row.id, "words"), {})}, pictures, language, True), pieces=row.pieces)
        for row in rows
    ]
    return sorted(makers, key=lambda maker: (fold(maker.name), maker.id))


def get_maker(public_id: str, language: str) -> Maker:
    """A unit that sells today, or whose sold pieces are still remembered. Raises NotFound."""
    admitted = admitted_units(clock.today())
    row = db.session.execute(
        select(*_UNIT_COLUMNS, admitted.label("admitted")).where(Unit.public_id == public_id)
    ).first()
    if row is None or not row.admitted:
        raise NotFound(_("There is no such maker, or nothing of theirs is for sale."))
    told = {name: texts for (_id, name), texts in texts_of("unit", [row.id], ["words", "story"]).items()}
    maker = _maker(row, told, picture_views([row.picture_id]), language, True)
    name = Person.name_ar if language == "ar" else Person.name_latin
    persons = db.session.execute(
        select(name.label("name"), getattr(Person, f"role_{language}").label("role"))
        .where(Person.unit_id == row.id)
        .order_by(Person.share_bp.desc(), Person.id)
    )
    return replace(maker, persons=tuple((person.name, person.role) for person in persons))


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
        maker=_maker(row, of_unit, by_id, language, row.admitted),
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


def _product_row(public_id: str, language: str) -> Row[Any] | None:
    return db.session.execute(
        select(
            *_UNIT_COLUMNS,
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
            admitted_units(clock.today()).label("admitted"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .join(Craft, Product.craft == Craft.code)
        .join(Family, Product.family == Family.code)
        .where(Product.public_id == public_id, Product.state.in_(("published", "archived")))
    ).first()


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


def _stock(row: Row[Any], offers: tuple[Offer, ...]) -> str | None:
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


def _texts(row: Row[Any], language: str) -> tuple[dict[tuple[str, str], dict[str, str]], list[str]]:
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


def _pictures(row: Row[Any]) -> list[Row[Any]]:
    """Pictures of the product in their order, and the maker's; `position` is None for those not of the product."""
    of_product = and_(ProductPicture.picture_id == Picture.id, ProductPicture.product_id == row.product_id)
    statement = (
        select(
            Picture.id,
            Picture.sha256,
            Picture.width,
            Picture.height,
            Picture.colour,
            Picture.drawing,
            ProductPicture.position,
        )
        .outerjoin(ProductPicture, of_product)
        .where(or_(ProductPicture.id.is_not(None), Picture.id.in_([i for i in (row.cover_id, row.picture_id) if i])))
    )
    return list(db.session.execute(statement).all())


def list_addresses() -> dict[str, list[tuple[str, dict[str, str]]]]:
    """For the sitemap: public id and slug per language of every product, maker and craft that shows."""
    products = db.session.execute(
        select(Product.id, Product.public_id).join(Unit, Product.unit_id == Unit.id).where(shown()).order_by(Product.id)
    ).all()
    titles: dict[int, dict[str, str]] = {}
    for row in db.session.execute(
        select(TextRow.entity_id, TextRow.language, TextRow.text).where(
            TextRow.entity == "product", TextRow.field == "title"
        )
    ):
        titles.setdefault(row.entity_id, {})[row.language] = row.text
    makers = db.session.execute(
        select(Unit.public_id, Unit.name_ar, Unit.name_fr, Unit.name_en).where(admitted_units(clock.today()))
    ).all()
    crafts = db.session.execute(select(Craft.code, Craft.name_ar, Craft.name_fr, Craft.name_en)).all()
    return {
        "products": [(row.public_id, title_slugs(titles.get(row.id, {}), row.public_id)) for row in products],
        "artisans": [(row.public_id, _slugs(row)) for row in makers],
        "crafts": [(row.code, _slugs(row)) for row in crafts],
    }


def count_figures() -> tuple[int, int, int]:
    """Makers admitted today, people who work in their workshops, and pieces for sale."""
    units = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Unit.members_f + Unit.members_m), 0))
        .select_from(Unit)
        .where(admitted_units(clock.today()))
    ).one()
    pieces = select(func.count()).select_from(Product).join(Unit, Product.unit_id == Unit.id).where(shown())
    return units[0], units[1], db.session.scalar(pieces) or 0
