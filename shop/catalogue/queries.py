"""Listings of the catalogue: Core rows, never entities, and few statements whatever the size of the page.

A page of the listing costs three statements, a craft's four. A piece shows while it is published and its unit is admitted today; a
one-of-a-kind piece that was sold leaves the listings and keeps its page (catalogue.product_page).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from shop.artisans.models import Unit
from shop.catalogue.makers import Pic, name_slugs
from shop.catalogue.models import KINDS, Craft, Family, Price, Product, Variant
from shop.catalogue.search import matches
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.i18n.slugs import slugify
from shop.i18n.texts import TextRow, Told, tell
from shop.media.queries import picture_views
from shop.programme.queries import admitted_units

PAGE_SIZE = 24


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


@lru_cache(maxsize=8)
def _shown_on(day: date) -> ColumnElement[bool]:
    unsold = exists().where(Variant.product_id == Product.id, Variant.available + Variant.reserved > 0)
    return and_(
        Product.state == "published",
        admitted_units(day),
        or_(Product.kind != "one_of_a_kind", unsold),
    )


def shown() -> ColumnElement[bool]:
    """Condition on Product joined with Unit: it stands in the listings today."""
    return _shown_on(clock.today())


def list_products(language: str, currency: str, filters: Filters, page: int = 1, size: int = PAGE_SIZE) -> Listing:
    """One page of a listing, newest first, in three statements. Raises NotFound for a value or page that is none."""
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
    cards = _read_cards(_cards(language, currency, filters, size, page, clock.today()), language, currency)
    return Listing(cards, total, page, pages, facets)


def list_cards(language: str, currency: str, filters: Filters, size: int) -> tuple[Card, ...]:
    """The newest pieces, without counting the others. Two statements."""
    return _read_cards(_cards(language, currency, filters, size, 1, clock.today()), language, currency)


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


def _facet_rows(language: str, filters: Filters) -> list[Any]:
    """How many pieces there are per craft, family, region and kind, for the words and the maker asked for."""
    asked = Filters(q=filters.q, unit=filters.unit)
    return list(db.session.execute(_facets(language, asked, clock.today())).all())


# Building a statement costs more than sending it, so those of the pages asked for most are kept. The day is in the key
# because it is in the statement.
@lru_cache(maxsize=64)
def _facets(language: str, filters: Filters, day: date) -> Select[Any]:
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
        .where(_shown_on(day))
        .group_by(*dimensions, craft_name, family_name, Craft.position, Family.position)
    )
    return _narrow_words(statement, filters)


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


def _chosen(row: Any, filters: Filters, without: str = "") -> bool:
    wanted = {
        "craft": filters.craft,
        "family": filters.family,
        "region": f"MA-{filters.region}" if filters.region else None,
        "kind": filters.kind,
    }
    return all(value is None or name == without or getattr(row, name) == value for name, value in wanted.items())


def _count_facets(rows: list[Any], filters: Filters) -> dict[str, tuple[Option, ...]]:
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


def _label(row: Any, name: str) -> tuple[Any, str]:
    """Where a value stands in its facet, and its name where it comes from the database."""
    if name == "craft":
        return (row.family_position, row.position, row.craft), row.craft_name
    if name == "family":
        return row.family_position, row.family_name
    return (row.region, "") if name == "region" else (KINDS.index(row.kind), "")


def _newest(day: date) -> Select[Any]:
    """The ids of what is shown, newest first."""
    return (
        select(Product.id)
        .join(Unit, Product.unit_id == Unit.id)
        .where(_shown_on(day))
        .order_by(Product.published_at.desc(), Product.id.desc())
    )


def _title(code: str) -> Any:
    found = select(TextRow.text).where(
        TextRow.entity == "product",
        TextRow.entity_id == Product.id,
        TextRow.field == "title",
        TextRow.language == code,
    )
    return found.scalar_subquery().label(f"title_{code}")


@lru_cache(maxsize=128)
def _cards(language: str, currency: str, filters: Filters, size: int, page: int, day: date) -> Select[Any]:
    """What a card shows, for a page of ids: prices and stock are summed for these few only."""
    chosen = _narrow(_newest(day), filters).limit(size)
    if page > 1:
        chosen = chosen.offset((page - 1) * size)
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
            *(_title(code) for code in LANGUAGES),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .where(Product.id.in_(chosen))
        .order_by(Product.published_at.desc(), Product.id.desc())
    )


def _read_cards(statement: Select[Any], language: str, currency: str) -> tuple[Card, ...]:
    rows = db.session.execute(statement).all()
    pictures = picture_views(row.cover_id for row in rows)
    cards = []
    for row in rows:
        titles = {code: getattr(row, f"title_{code}") for code in LANGUAGES}
        title = tell(titles, language) or Told(row.public_id, language)
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
            pieces.label("pieces"),
        )
        .join(Family, Craft.family == Family.code)
        .order_by(Family.position, Craft.position)
    )
    rows = [row for row in db.session.execute(statement).all() if row.pieces]
    pictures = picture_views(row.picture_id for row in rows)
    return [
        CraftTile(
            code=row.code,
            slugs=name_slugs(row),
            name=getattr(row, f"name_{language}"),
            intro=row.intro,
            family=row.family,
            family_name=row.family_name,
            count=row.pieces,
            picture=pictures.get(row.picture_id),
        )
        for row in rows
    ]


def find_craft(reference: str, language: str) -> tuple[CraftTile, str]:
    """The craft an address names, `code-slug`, and the slug it came with. Codes may hold hyphens: the longest wins.

    Without count and picture. Raises NotFound.
    """
    parts = reference.split("-")
    codes = ["-".join(parts[:length]) for length in range(1, min(len(parts), 6) + 1)]
    rows = db.session.execute(
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
        .where(Craft.code.in_(codes))
    ).all()
    if not rows:
        raise NotFound(_("There is no such craft."))
    row = max(rows, key=lambda row: len(row.code))
    name = getattr(row, f"name_{language}")
    tile = CraftTile(row.code, name_slugs(row), name, row.intro, row.family, row.family_name, 0, None)
    return tile, reference[len(row.code) + 1 :]


def count_figures() -> tuple[int, int, int]:
    """Makers admitted today, people who work in their workshops, and pieces for sale."""
    units = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Unit.members_f + Unit.members_m), 0))
        .select_from(Unit)
        .where(admitted_units(clock.today()))
    ).one()
    pieces = select(func.count()).select_from(Product).join(Unit, Product.unit_id == Unit.id).where(shown())
    return units[0], units[1], db.session.scalar(pieces) or 0
