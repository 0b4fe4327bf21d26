"""Writes to orders that are not placing: paying, expiring, cancelling. Called inside a transaction, on a locked order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from shop.catalogue import stock
from shop.core import clock
from shop.core.db import db, record
from shop.orders.cart import forget_bought
from shop.orders.events import OrderExpired, OrderPaid, OrderUnfillable
from shop.orders.models import Order, OrderEvent, OrderLine, Reservation
from shop.orders.queries import list_lines
from shop.orders.states import next_line_state, next_order_state


def note(order_id: int, kind: str, *, line_id: int | None = None, actor: int | None = None, **data: Any) -> None:
    """Add a line to an order's history."""
    db.session.add(OrderEvent(order_id=order_id, line_id=line_id, at=clock.now(), kind=kind, actor=actor, data=data))


def _wanted(lines: Sequence[OrderLine]) -> list[tuple[int, int]]:
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    return sorted(wanted.items())


def mark_paid(order: Order, lines: Sequence[OrderLine]) -> bool:
    """The money for an order's lines is there. Returns False when the stock is gone, and the order is unfillable.

    After an expired hold the stock is asked for once more; a sale either has its stock or is given back.
    """
    held = _take_held(order.id, "sold")
    if not held:
        held = _wanted(lines)
        nested = db.session.begin_nested()
        try:
            stock.reserve(held)
            nested.commit()
        except stock.OutOfStock:
            nested.rollback()
            order.state = next_order_state(order.state, "fail_to_fill")
            order.paid_at = clock.now()
            note(order.id, "unfillable")
            record(OrderUnfillable(order.id))
            return False
        db.session.execute(update(Reservation).where(Reservation.order_id == order.id).values(state="sold"))
    stock.sell(held)
    order.state = next_order_state(order.state, "pay")
    order.paid_at = clock.now()
    order.hold_until = None
    for line in lines:
        line.state = next_line_state(line.state, "pay")
    forget_bought(order)
    note(order.id, "paid")
    record(OrderPaid(order.id, tuple(lines)))
    return True


def await_bank(order: Order) -> None:
    """The buyer has done their part, the bank takes days: the hold lasts until Stripe decides."""
    if order.state == "awaiting_payment":
        order.state = next_order_state(order.state, "process")
        order.hold_until = None
        note(order.id, "processing")


def _take_held(order_id: int, state: str) -> list[tuple[int, int]]:
    """End the holds of an order, sold or released: (variant id, quantity) of each."""
    statement = (
        update(Reservation)
        .where(Reservation.order_id == order_id, Reservation.state == "held")
        .values(state=state)
        .returning(Reservation.variant_id, Reservation.quantity)
    )
    return [(row.variant_id, row.quantity) for row in db.session.execute(statement)]


def _give_back(order: Order, action: str) -> None:
    stock.release(_take_held(order.id, "released"))
    order.state = next_order_state(order.state, action)
    order.hold_until = None
    for line in list_lines(order.id):
        # Of an order that had expired before its money came they are cancelled already.
        if line.state != "cancelled":
            line.state = next_line_state(line.state, "cancel")


def expire_order(order: Order) -> None:
    """Nobody paid, and Stripe has closed the page: the stock goes back to the shelf."""
    _give_back(order, "expire")
    note(order.id, "expired")
    record(OrderExpired(order.id))


def cancel_order(order: Order, *, actor: int | None) -> None:
    """Cancelled before payment; the caller has closed the payment page first."""
    _give_back(order, "cancel")
    note(order.id, "cancelled", actor=actor)


def call_cancelled(order: Order, *, actor: int | None) -> None:
    """An order whose page was closed because somebody cancelled it; its stock is back already."""
    order.state = next_order_state(order.state, "cancel")
    note(order.id, "cancelled", actor=actor)


def cancel_quarantined(order: Order, *, actor: int | None) -> None:
    """What was charged was not what was agreed: it goes back, nothing is delivered, and the stock is free again."""
    _give_back(order, "cancel")
    note(order.id, "cancelled_and_returned", actor=actor)


def quarantine_order(order: Order, problem: str) -> None:
    """Stripe reports something else than was agreed: nothing is delivered until staff have looked."""
    order.state = next_order_state(order.state, "quarantine")
    order.problem = problem
    note(order.id, "quarantined", problem=problem)


def call_refunded(order: Order) -> None:
    """Every line has been given back."""
    if order.state != "refunded":
        order.state = next_order_state(order.state, "refund")


def call_refund_failed(order: Order) -> None:
    """What was given back is owed again: the order is what it was before."""
    if order.state == "refunded":
        filled = select(Reservation.id).where(Reservation.order_id == order.id, Reservation.state == "sold").limit(1)
        was_filled = db.session.execute(filled).first() is not None
        order.state = next_order_state(order.state, "fail_refund" if was_filled else "fail_unfilled_refund")
