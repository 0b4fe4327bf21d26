"""A maker's own pieces, in every state. Every read names the unit; another unit's piece is not there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from shop.catalogue.models import Craft, Price, Product, ProductPicture, Variant
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n import current_language
from shop.i18n import gettext as _
from shop.i18n.texts import tell, texts_of


@dataclass(frozen=True, slots=True)
class PieceRow:
    """One piece in its maker's list."""

    product_id: int
    public_id: str
    title: str
    title_language: str
    state: str
    kind: str
    picture_id: int | None
    available: int
    ask_mad_minor: int | None
    note: str | None


def find_unit_product(unit_id: int, public_id: str) -> Product | None:
    """A unit's own product, or None when nobody has one of this id. Raises NotFound for another unit's."""
    product = db.session.scalars(select(Product).where(Product.public_id == public_id)).first()
    if product is not None and product.unit_id != unit_id:
        raise NotFound(_("There is no such piece in this workshop."), public_id=public_id)
    return product


def get_unit_product(unit_id: int, public_id: str) -> Product:
    """A unit's own product. Raises NotFound, also for another unit's."""
    product = find_unit_product(unit_id, public_id)
    if product is None:
        raise NotFound(_("There is no such piece in this workshop."), public_id=public_id)
    return product


def get_product(product_id: int) -> Product:
    """A product by its inner id. Raises NotFound."""
    product = db.session.get(Product, product_id)
    if product is None:
        raise NotFound(_("There is no such piece."), product_id=product_id)
    return product


def list_variants(product_id: int) -> list[Variant]:
    """What a product is sold as, without what was withdrawn, in the order it is shown."""
    statement = select(Variant).where(Variant.product_id == product_id, Variant.archived_at.is_(None))
    return list(db.session.scalars(statement.order_by(Variant.position, Variant.id)))


def get_unit_variant(unit_id: int, sku: str) -> tuple[Variant, Product]:
    """A unit's own variant with its product. Raises NotFound, also for another unit's."""
    statement = select(Variant, Product).join(Product, Variant.product_id == Product.id).where(Variant.sku == sku)
    row = db.session.execute(statement).first()
    if row is None or row.Product.unit_id != unit_id:
        raise NotFound(_("There is no such piece in this workshop."), sku=sku)
    return row.Variant, row.Product


def list_picture_ids(product_id: int) -> list[int]:
    """Ids of a product's pictures in the order they are shown."""
    statement = select(ProductPicture.picture_id).where(ProductPicture.product_id == product_id)
    return list(db.session.scalars(statement.order_by(ProductPicture.position, ProductPicture.id)))


def prices_of(variant_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """{variant id: {currency: minor}} in one statement."""
    found: dict[int, dict[str, int]] = {}
    for row in db.session.execute(
        select(Price.variant_id, Price.currency, Price.amount_minor).where(Price.variant_id.in_(list(variant_ids)))
    ):
        found.setdefault(row.variant_id, {})[row.currency] = row.amount_minor
    return found


def list_unit_pieces(unit_id: int, *, limit: int = 100, before_id: int | None = None) -> list[PieceRow]:
    """A unit's pieces but the archived ones, newest first, in three statements."""
    statement = select(
        Product.id, Product.public_id, Product.state, Product.kind, Product.cover_id, Product.note_to_maker
    ).where(Product.unit_id == unit_id, Product.state != "archived")
    if before_id is not None:
        statement = statement.where(Product.id < before_id)
    rows = db.session.execute(statement.order_by(Product.id.desc()).limit(limit)).all()
    ids = [row.id for row in rows]
    titles = texts_of("product", ids, ["title"])
    stock = {
        row.product_id: row
        for row in db.session.execute(
            select(
                Variant.product_id,
                func.sum(Variant.available).label("available"),
                func.min(Variant.ask_mad_minor).label("ask"),
            )
            .where(Variant.product_id.in_(ids), Variant.archived_at.is_(None))
            .group_by(Variant.product_id)
        )
    }
    return [_piece(row, titles.get((row.id, "title"), {}), stock.get(row.id)) for row in rows]


def _piece(row: Any, titles: dict[str, str], stock: Any) -> PieceRow:
    told = tell(titles, current_language())
    return PieceRow(
        product_id=row.id,
        public_id=row.public_id,
        title=told.text if told else "",
        title_language=told.language if told else current_language(),
        state=row.state,
        kind=row.kind,
        picture_id=row.cover_id,
        available=int(stock.available) if stock else 0,
        ask_mad_minor=stock.ask if stock else None,
        note=row.note_to_maker,
    )


def craft_names(language: str | None = None) -> list[tuple[Craft, str]]:
    """All crafts with their name in a language (default the current one), in the order they are shown."""
    code = language or current_language()
    crafts = db.session.scalars(select(Craft).order_by(Craft.position, Craft.code))
    return [(craft, str(getattr(craft, f"name_{code}"))) for craft in crafts]


def usual_craft(unit_id: int, family: str) -> str | None:
    """The craft of a unit's latest piece, or else the first of its family, or of all; None where there are none."""
    latest = select(Product.craft).where(Product.unit_id == unit_id).order_by(Product.id.desc()).limit(1)
    first = select(Craft.code).order_by((Craft.family != family), Craft.position, Craft.code).limit(1)
    return db.session.scalars(latest).first() or db.session.scalars(first).first()
