"""What a drill breaks inside a process of the shop: guards taken away, and death at a named point."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from shop.catalogue import stock
from shop.catalogue.models import Variant
from shop.core.db import db
from shop.core.versions import touch
from shop.orders.cart import CartView
from shop.orders.models import Order
from shop.web.storefront import checkout as checkout_page

COUNTED = ("available", "reserved", "sold", "returned", "received")
_seen = threading.local()


def _read(variant_ids: list[int]) -> dict[int, Any]:
    rows = db.session.execute(
        select(Variant.id, *(getattr(Variant, name) for name in COUNTED)).where(Variant.id.in_(variant_ids))
    )
    return {row.id: row for row in rows}


def _write_what_was_seen(variant_id: int, quantity: int, **changes: int) -> bool:
    """catalogue.stock._move as it is often written: read, compare, write."""
    row = getattr(_seen, "rows", {}).get(variant_id) or _read([variant_id])[variant_id]
    values = {name: getattr(row, name) + sign * quantity for name, sign in changes.items()}
    if min(values.values()) < 0:
        return False
    touch()
    db.session.execute(update(Variant).where(Variant.id == variant_id).values(values))
    return True


def take_away_the_stock_guard(_folder: Path) -> None:
    """Stock is read when the buyer clicks and written when the order is: between the two, others do the same."""
    place = checkout_page.check_out

    def read_and_place(cart: CartView, **given: Any) -> Order:
        _seen.rows = _read([line.variant_id for line in cart.lines])
        try:
            return place(cart, **given)
        finally:
            _seen.rows = {}

    checkout_page.check_out = read_and_place
    stock._move = _write_what_was_seen


FAULTS: dict[str, Callable[[Path], None]] = {"no_stock_guard": take_away_the_stock_guard}


def die() -> None:
    """At once and without a word, as for lack of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def break_shop(folder: Path, faults: list[str]) -> None:
    """Install the ordered faults in this process."""
    for name in faults:
        FAULTS[name](folder)
