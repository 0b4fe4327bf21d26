"""Everything public that has an address of its own, with the day it last changed: what a sitemap is made of.

Products are read in parts by their id, so that the hundred-thousandth costs what the first does and a part keeps its place
however many come after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from shop.artisans.models import Unit
from shop.catalogue.makers import name_slugs
from shop.catalogue.models import Craft, Product
from shop.catalogue.product_page import title_slugs
from shop.catalogue.shown import shown
from shop.core import clock
from shop.core.db import db
from shop.i18n.texts import TextRow, texts_of
from shop.programme.queries import admitted_units

# Three addresses each, and 50,000 addresses or 50 MB are the most a sitemap may have (sitemaps.org): Arabic ones are long.
PART_SIZE = 4_000
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Address:
    """One public thing: its id, its slug in each language, when what its page says of it last changed."""

    public_id: str
    slugs: dict[str, str]
    changed_at: datetime | None


def list_parts() -> list[tuple[int, datetime]]:
    """Numbers of the parts that hold a product with a page, from 1, each with its newest change."""
    part = ((Product.id - 1) // PART_SIZE + 1).label("part")
    rows = db.session.execute(
        select(part, func.max(Product.updated_at).label("changed_at"))
        .join(Unit, Product.unit_id == Unit.id)
        .where(Product.state == "published", admitted_units(clock.today()))
        .group_by(part)
        .order_by(part)
    )
    return [(row.part, row.changed_at) for row in rows]


def iterate_products(part: int) -> Iterator[Address]:
    """The products of a part that have a page, those that are sold included; read a few hundred at a time."""
    last, end = (part - 1) * PART_SIZE, part * PART_SIZE
    while last < end:
        rows = db.session.execute(
            select(Product.id, Product.public_id, Product.updated_at)
            .join(Unit, Product.unit_id == Unit.id)
            .where(Product.state == "published", admitted_units(clock.today()), Product.id > last, Product.id <= end)
            .order_by(Product.id)
            .limit(_READ_AT_ONCE)
        ).all()
        titles = texts_of("product", [row.id for row in rows], ["title"])
        for row in rows:
            slugs = title_slugs(titles.get((row.id, "title"), {}), row.public_id)
            yield Address(row.public_id, slugs, row.updated_at)
        if len(rows) < _READ_AT_ONCE:
            return
        last = rows[-1].id


def list_maker_addresses() -> list[Address]:
    """Makers who sell today. What changed last of theirs is a text of their own or one of their pieces."""
    told = (
        select(func.max(TextRow.updated_at))
        .where(TextRow.entity == "unit", TextRow.entity_id == Unit.id)
        .scalar_subquery()
    )
    pieces = (
        select(func.max(Product.updated_at))
        .where(Product.unit_id == Unit.id, Product.state == "published")
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Unit.public_id, Unit.name_ar, Unit.name_fr, Unit.name_en, Unit.created_at, told, pieces)
        .where(admitted_units(clock.today()))
        .order_by(Unit.id)
    )
    return [Address(row[0], name_slugs(row), max(moment for moment in row[4:] if moment)) for row in rows]


def list_craft_addresses() -> list[Address]:
    """Crafts that have a piece for sale, with the newest change of one of them."""
    rows = db.session.execute(
        select(
            Craft.code, Craft.name_ar, Craft.name_fr, Craft.name_en, func.max(Product.updated_at).label("changed_at")
        )
        .join(Product, Product.craft == Craft.code)
        .join(Unit, and_(Product.unit_id == Unit.id, shown()))
        .group_by(Craft.code, Craft.name_ar, Craft.name_fr, Craft.name_en)
        .order_by(Craft.code)
    )
    return [Address(row.code, name_slugs(row), row.changed_at) for row in rows]
