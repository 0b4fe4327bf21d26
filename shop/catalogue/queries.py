"""Listings of the catalogue: Core rows, never entities, and few statements whatever the size of the page.

What a listing holds is worked out on the shelf (catalogue.shelf); a page of it costs one statement for cards that are not
known, and a question one more for words that are new. A piece shows while it is published and its unit is admitted today; a one-of-a-kind piece
that was sold leaves the listings and keeps its page (catalogue.product_page).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from shop.artisans.models import Unit
from shop.catalogue.facets import Filters, Option, check_known, check_values, choose
from shop.catalogue.makers import Pic, name_slugs
from shop.catalogue.models import Craft, Family, Price, Product, Variant
from shop.catalogue.shelf import kept_shelf
from shop.core import clock
from shop.core.db import db, reading
from shop.core.errors import NotFound
from shop.core.kept import Keep, kept
from shop.core.tables import PublicState
from shop.core.versions import LIST, of_piece, of_unit
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _
from shop.i18n.slugs import slugify
from shop.i18n.texts import Told, tell, text_column
from shop.media.models import Picture
from shop.media.queries import VIEW_COLUMNS, picture_view, picture_views
from shop.programme.queries import admitted_units

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One piece in a list. `minor` is the lowest price of its variants, None without a price in the currency.

    `stock` is "available", "reserved" (somebody is paying for it) or "out". As long as nothing of a piece changes the
    same object stands for it, so that what is made of it can be kept beside it.
    """

    id: int
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
class Listing:
    """One page of a listing. Each facet has the values that would find something, and those that are chosen; they were
    counted on the shelf of `counted_on`, its version and day.

    `read_as`, `left_out` and `loosely` tell how a question was understood, as shelf.Found has them. Where nothing was
    found, `without_choices` is how many pieces the question has in the whole shop, and `crafts` what else there is.
    """

    cards: tuple[Card, ...]
    total: int
    page: int
    pages: int
    facets: dict[str, tuple[Option, ...]]
    counted_on: tuple[int, date]
    read_as: str = ""
    left_out: tuple[str, ...] = ()
    loosely: bool = False
    without_choices: int = 0
    crafts: tuple[Option, ...] = ()


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


def list_products(language: str, currency: str, filters: Filters, page: int = 1, size: int = PAGE_SIZE) -> Listing:
    """One page of a listing: newest first, or what answers a question best. One statement, and one for new words.

    Raises NotFound for a value or page that is none.
    """
    check_values(filters)
    shelf = kept_shelf()
    selection = choose(shelf, language, currency, filters)
    total = selection.total
    pages = max(1, -(-total // size))
    if not 1 <= page <= pages:
        raise NotFound(_("This list has no page %(page)s.", page=page))
    listing = Listing(
        cards=_find_cards(shelf.page(selection.tiers, (page - 1) * size, size), language, currency),
        total=total,
        page=page,
        pages=pages,
        facets=selection.facets,
        counted_on=(shelf.version, shelf.day),
        read_as=selection.read_as,
        left_out=selection.left_out,
        loosely=selection.loosely,
    )
    if total:
        return listing
    check_known(shelf, filters)
    everything = choose(shelf, language, currency, Filters())
    asked = choose(shelf, language, currency, Filters(q=filters.q)) if filters.q else everything
    return replace(listing, without_choices=asked.total, crafts=everything.facets["craft"])


def list_cards(language: str, currency: str, filters: Filters, size: int) -> tuple[Card, ...]:
    """The newest pieces. One statement."""
    shelf = kept_shelf()
    selection = choose(shelf, language, currency, filters)
    return _find_cards(shelf.page(selection.tiers, 0, size), language, currency)


# Some three kilobytes each.
_kept_cards: Keep[Card] = Keep(1024)


def _find_cards(ids: Sequence[int], language: str, currency: str) -> tuple[Card, ...]:
    """Cards in the order of the ids. One statement for those that are not known or have changed."""
    found = {key[0]: card for key, card in _kept_cards.find_all([(id_, language, currency) for id_ in ids])}
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        with reading() as connection:
            rows = connection.execute(_cards(language, currency), {"ids": missing}).all()
        for row in rows:
            # What stands last is nothing of the card.
            card = _card(language, currency, row._fields[:-2], tuple(row)[:-2])
            shown = of_piece(row.id), of_unit(row.unit_id)
            found[row.id] = _kept_cards.put((row.id, language, currency), card, row.number or 0, *shown)
    return tuple(found[id_] for id_ in ids if id_ in found)


# Building the statement costs more than sending it.
@lru_cache(maxsize=32)
def _cards(language: str, currency: str) -> Select[Any]:
    """What a card shows, for some ids: prices and stock are summed for these few only."""
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
            Product.published_at,
            Product.min_quantity,
            Unit.public_id.label("maker_id"),
            getattr(Unit, f"name_{language}").label("maker"),
            getattr(Unit, f"place_{language}").label("place"),
            price.scalar_subquery().label("minor"),
            highest.scalar_subquery().label("highest"),
            stock.scalar_subquery().label("available"),
            reserved.scalar_subquery().label("reserved"),
            *(text_column("product", Product.id, "title", code) for code in LANGUAGES),
            *VIEW_COLUMNS,
            Product.unit_id,
            select(PublicState.number).scalar_subquery().label("number"),
        )
        .join(Unit, Product.unit_id == Unit.id)
        .outerjoin(Picture, Picture.id == Product.cover_id)
        .where(Product.id.in_(bindparam("ids", expanding=True)))
    )


# The same for a change that shows on no card.
@lru_cache(maxsize=1024)
def _card(language: str, currency: str, names: tuple[str, ...], values: tuple[Any, ...]) -> Card:
    row = SimpleNamespace(**dict(zip(names, values, strict=True)))
    title = tell({code: getattr(row, f"title_{code}") for code in LANGUAGES}, language) or Told(row.public_id, language)
    stock = "available" if (row.available or 0) >= row.min_quantity else "reserved" if row.reserved else "out"
    return Card(
        id=row.id,
        public_id=row.public_id,
        slug=slugify(title.text, language),
        title=title,
        maker=row.maker,
        maker_id=row.maker_id,
        place=row.place,
        minor=row.minor,
        varies=row.minor != row.highest,
        currency=currency,
        picture=picture_view(row, title.text) if row.sha256 else None,
        kind=row.kind,
        sale_unit=row.sale_unit,
        stock=stock,
        published_at=row.published_at,
    )


def list_crafts(language: str) -> list[CraftTile]:
    """Every craft that has pieces, in the order of the families, each with a picture: of its own, or of its newest piece.
    Three statements, after a change of what there is."""
    return kept(("crafts", language, clock.today()), lambda: _read_crafts(language), [LIST])


def _read_crafts(language: str) -> list[CraftTile]:
    shelf = kept_shelf()
    counts = shelf.facets.get("craft", {})
    statement = (
        select(
            Craft.code,
            Craft.name_ar,
            Craft.name_fr,
            Craft.name_en,
            getattr(Craft, f"intro_{language}").label("intro"),
            Craft.family,
            getattr(Family, f"name_{language}").label("family_name"),
            Craft.picture_id,
        )
        .join(Family, Craft.family == Family.code)
        .order_by(Family.position, Craft.position)
    )
    rows = [row for row in db.session.execute(statement).all() if row.code in counts]
    # The newest have a cover: nothing is published without.
    newest = [id_ for row in rows for id_ in shelf.page([counts[row.code]], 0, 1)]
    covers = select(Product.craft, Product.cover_id).where(Product.id.in_(newest))
    picture_of: dict[str, int | None] = {row.craft: row.cover_id for row in db.session.execute(covers)}
    picture_of |= {row.code: row.picture_id for row in rows if row.picture_id}
    pictures = picture_views(picture_of.values())
    return [
        CraftTile(
            code=row.code,
            slugs=name_slugs(row),
            name=getattr(row, f"name_{language}"),
            intro=row.intro,
            family=row.family,
            family_name=row.family_name,
            count=counts[row.code].bit_count(),
            picture=pictures.get(picture_of.get(row.code) or 0),
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
    day = clock.today()
    units = select(func.count(), func.coalesce(func.sum(Unit.members_f + Unit.members_m), 0))
    units = units.select_from(Unit).where(admitted_units(day))
    makers, people = kept(("makers", day), lambda: tuple(db.session.execute(units).one()), [LIST])
    return makers, people, len(kept_shelf().ids)
