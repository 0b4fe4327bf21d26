"""The only statements that move stock. Each is conditional, so that two buyers cannot both win."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, bindparam, select, update

from shop.catalogue.models import Product, Variant
from shop.core.db import db, transaction
from shop.core.errors import Conflict
from shop.core.outbox import enqueue
from shop.core.versions import LIST, of_piece, of_unit, touch


class OutOfStock(Conflict):
    """`variant_id` had fewer than `wanted` left at the moment of asking."""

    def __init__(self, variant_id: int, wanted: int) -> None:
        super().__init__("", variant_id=variant_id, wanted=wanted)
        self.variant_id, self.wanted = variant_id, wanted


_own_product = Product.id == Variant.product_id


def _move(variant_id: int, quantity: int, **changes: int) -> bool:
    if quantity <= 0:
        raise ValueError("stock moves by whole positive quantities")
    values = {name: getattr(Variant, name) + sign * quantity for name, sign in changes.items()}
    conditions = [getattr(Variant, name) >= quantity for name, sign in changes.items() if sign < 0]
    statement = (
        update(Variant)
        .where(Variant.id == variant_id, *conditions)
        .values(values)
        .returning(Variant.product_id, select(Product.unit_id).where(_own_product).scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    row = db.session.execute(statement).first()
    if row is None:
        return False
    product_id, unit_id = row
    touch(of_piece(product_id))
    if changes.get("available", 0) > 0:
        # Pages of its maker's other pieces offer it again, and it does not stand on them yet.
        touch(of_unit(unit_id))
    if "reserved" not in changes:
        # The only one there is, is listed only as long as it is there.
        touch(LIST)
    return True


def reserve(wanted: Iterable[tuple[int, int]]) -> None:
    """Hold (variant id, quantity) pairs, in id order so that two carts cannot lock each other. Raises OutOfStock."""
    for variant_id, quantity in sorted(wanted):
        if not _move(variant_id, quantity, available=-1, reserved=+1):
            raise OutOfStock(variant_id, quantity)


def release(held: Iterable[tuple[int, int]]) -> None:
    """Give held quantities back to the shelf."""
    for variant_id, quantity in sorted(held):
        if not _move(variant_id, quantity, reserved=-1, available=+1):
            raise RuntimeError(f"variant {variant_id} holds fewer than {quantity}")


def sell(held: Iterable[tuple[int, int]]) -> None:
    """Held quantities are sold: the money is there. In one statement; pages are told a moment later, by the worker."""
    rows = [{"variant": variant_id, "quantity": quantity} for variant_id, quantity in sorted(held)]
    table: Any = Variant.__table__
    quantity = bindparam("quantity", type_=Integer)
    statement = (
        update(table)
        .where(table.c.id == bindparam("variant"), table.c.reserved >= quantity)
        .values(reserved=table.c.reserved - quantity, sold=table.c.sold + quantity)
    )
    moved = db.session.connection().execute(statement, rows).rowcount
    if moved != len(rows):
        raise RuntimeError(f"of {rows} only {moved} were held")
    # Who settles a payment does not wait for whoever else changes a page at this moment.
    enqueue("show_sold", {"variants": [row["variant"] for row in rows]})


def show_sold(variants: Iterable[int]) -> None:
    """Let pages say that what was held is sold; the only one there was is no longer listed. Opens its own transaction."""
    sold = select(Product.id, Product.kind).join(Variant).where(Variant.id.in_(variants))
    with transaction():
        for product_id, kind in db.session.execute(sold):
            touch(of_piece(product_id), *([LIST] if kind == "one_of_a_kind" else []))


def take_back(variant_id: int, quantity: int) -> None:
    """A sold quantity returns to the shelf."""
    _move(variant_id, quantity, returned=+1, available=+1)


def receive(variant_id: int, quantity: int) -> None:
    """The maker has made more."""
    _move(variant_id, quantity, received=+1, available=+1)


def withdraw(variant_id: int, quantity: int) -> None:
    """The maker takes unsold pieces away. Raises OutOfStock when that many are not on the shelf."""
    if not _move(variant_id, quantity, available=-1, received=-1):
        raise OutOfStock(variant_id, quantity)
