"""Writes to the books. Each is called inside the transaction of the event it records; a replay writes nothing.

What concerns an order is called with the order locked: the rules look at its rows and add to them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from shop.core import clock
from shop.core.db import db, insert_all_new
from shop.ledger import posting
from shop.ledger.books import Part, Row, Split, undone
from shop.ledger.models import Entry
from shop.ledger.posting import Cause, Extras, Movement
from shop.ledger.queries import discount_shares, read_books, terms_of
from shop.orders.models import Order, OrderLine


def _values(source: str, source_id: str, rows: Iterable[Row], on: date, order_id: int | None) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "source": source,
            "source_id": source_id,
            "leg": row.leg,
            "debit": row.debit,
            "credit": row.credit,
            "amount_minor": row.minor,
            "currency": row.currency,
            "order_id": order_id,
            "line_id": row.line_id,
            "unit_id": row.unit_id,
            "effective_on": on,
            "posted_at": now,
        }
        for row in rows
    ]


def _store(source: str, source_id: str, rows: Iterable[Row], on: date, order_id: int | None) -> None:
    values = _values(source, source_id, rows, on, order_id)
    if values:
        db.session.flush()
        # One statement for all rows; as entities they would be grouped by which of their ids are null.
        table: Any = Entry.__table__
        db.session.execute(insert(table), values)


def is_posted(source: str, source_id: str) -> bool:
    """Whether a cause has been booked."""
    found = select(Entry.id).where(Entry.source == source, Entry.source_id == source_id).limit(1)
    return db.session.execute(found).first() is not None


# An order's money -----------------------------------------------------------------------------------------------------


def post_payment(order: Order, lines: Sequence[OrderLine], payment_intent: str, on: date) -> None:
    """A payment of an order: source "payment", in the order's currency. Raises ValueError if the parts miss the total.

    That it is booked once is left to the rows' own key.
    """
    extras = Extras(
        shipping=order.shipping_minor,
        shipping_tax=order.shipping_tax_minor,
        duty=order.duty_minor,
        discounts=discount_shares(order, lines),
    )
    rows = posting.sale_parts([terms_of(line) for line in lines], order.currency, extras)
    if posting.owed(rows) != order.total_minor:
        raise ValueError(f"the parts of order {order.number} do not sum to its total")
    db.session.flush()
    insert_all_new(Entry, _values("payment", payment_intent, rows, on, order.id))


def post_foreign_payment(order_id: int | None, payment_intent: str, minor: int, currency: str, on: date) -> None:
    """Money that was charged but buys nothing: a second payment, a wrong amount. Source "payment", into suspense."""
    if not is_posted("payment", payment_intent):
        _store("payment", payment_intent, posting.foreign_payment(minor, currency), on, order_id)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What of an order was booked as given back or taken: all parts, and how the lines' parts divided."""

    parts: list[Part]
    splits: list[Split]


def post_refund(
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Sequence[Part],
    minor: int,
    payment_intent: str,
    refund_id: str,
    on: date,
) -> GivenBack:
    """Money given back at the sale's own terms: source "refund". What Stripe has given is given, whatever was meant."""
    return _post_gone("refund", refund_id, order, lines, payment_intent, minor, on, wanted)


def _post_gone(
    source: str,
    cause: str,
    order: Order,
    lines: Sequence[OrderLine],
    payment_intent: str,
    minor: int,
    on: date,
    wanted: Sequence[Part] = (),
) -> GivenBack:
    books = read_books(order.id, lines)
    parts, rows = posting.money_gone(books, payment_intent, minor, books.currency_of(payment_intent), wanted)
    splits = [books.split(part.line_id, part.minor) for part in parts if part.line_id is not None]
    if not books.has(source, cause):
        _store(source, cause, rows, on, order.id)
    return GivenBack(parts, splits)


def post_refund_failed(order: Order, lines: Sequence[OrderLine], refund_id: str, on: date) -> None:
    """A refund that had succeeded did not reach the buyer: source "refund_failed", the same rows the other way."""
    books = read_books(order.id, lines)
    if not books.has("refund_failed", refund_id):
        _store("refund_failed", refund_id, posting.undo(books, "refund", refund_id), on, order.id)


def post_dispute(
    order: Order, lines: Sequence[OrderLine], dispute_id: str, payment_intent: str, minor: int, on: date
) -> GivenBack:
    """A dispute has taken money: source "dispute", over what is left of the order in proportion."""
    return _post_gone("dispute", dispute_id, order, lines, payment_intent, minor, on)


def post_dispute_won(order: Order, lines: Sequence[OrderLine], dispute_id: str, on: date) -> None:
    """The bank gave the money back: source "dispute_won". One that had been called lost is not lost any more."""
    books = read_books(order.id, lines)
    if not books.has("dispute_won", dispute_id):
        _store("dispute_won", dispute_id, posting.undo(books, "dispute", dispute_id), on, order.id)
        _store("dispute_lost", undone(dispute_id), posting.undo(books, "dispute_lost", dispute_id), on, order.id)


def post_dispute_lost(order: Order, lines: Sequence[OrderLine], dispute_id: str, on: date) -> bool:
    """A dispute is lost for good: source "dispute_lost"; makers whose terms say so get back what it took.

    False while its balance transaction is not booked: only then is known what it took.
    """
    books = read_books(order.id, lines)
    if books.has("dispute_lost", dispute_id):
        return True
    if not books.settled(dispute_id):
        return False
    _store("dispute_lost", dispute_id, posting.dispute_lost(books, dispute_id), on, order.id)
    return True


def post_hand_over(
    order_id: int, lines: Sequence[OrderLine], line_ids: Sequence[int], parcel_id: int, on: date
) -> None:
    """The makers' shares of a parcel become payable: source "hand_over", every currency they stand in."""
    books = read_books(order_id, lines)
    if not books.has("hand_over", str(parcel_id)):
        _store("hand_over", str(parcel_id), posting.hand_over(books, line_ids), on, order_id)


# Stripe's balance -----------------------------------------------------------------------------------------------------


def post_balance(order_id: int, lines: Sequence[OrderLine], cause: Cause, moved: Movement, on: date) -> bool:
    """A balance transaction that belongs to an order: source "balance". False while its cause is not booked itself."""
    books = read_books(order_id, lines)
    if books.has("balance", moved.id):
        return True
    rows = posting.arrives(books, cause, moved)
    if rows is None:
        return False
    _store("balance", moved.id, rows, on, order_id)
    return True


def post_heal(order_id: int, lines: Sequence[OrderLine], cause: Cause, moved: Movement, on: date) -> bool:
    """A balance transaction that stands in suspense has found its order: source "heal". False while its cause is not booked.

    Its rows are what they would have been, taken from suspense instead of Stripe's balance. Raises ValueError, as
    post_balance, for an amount that does not fit.
    """
    books = read_books(order_id, lines)
    if is_posted("heal", moved.id):
        return True
    rows = posting.arrives(books, cause, moved)
    if rows is None:
        return False
    _store("heal", moved.id, posting.out_of_suspense(rows), on, order_id)
    return True


def post_explained(transaction_id: str, net: int, account: str, currency: str, on: date) -> None:
    """A balance transaction that stands in suspense is somebody's or something's after all: source "heal"."""
    if not is_posted("heal", transaction_id):
        _store("heal", transaction_id, posting.explained(net, account, currency), on, None)


def post_unknown_balance(transaction_id: str, net: int, currency: str, on: date) -> None:
    """A movement that fits nothing, into suspense."""
    _post_alone(transaction_id, posting.unknown_arrives(net, currency), on)


def post_alone(kind: str, transaction_id: str, net: int, currency: str, on: date) -> None:
    """A movement that belongs to no order by its kind (posting.ALONE): Stripe's payout to the bank, a fee of its own."""
    _post_alone(transaction_id, posting.ALONE[kind](net, currency), on)


def _post_alone(transaction_id: str, rows: Sequence[Row], on: date) -> None:
    if not is_posted("balance", transaction_id):
        _store("balance", transaction_id, rows, on, None)
