"""A buyer withdraws from the contract, and the money that goes back with it. A return closes with its refund.

The writes are called inside a transaction; each locks the order first, so that nothing is given back twice.
"""

from collections.abc import Iterable

from shop.core.db import db, record
from shop.core.events import subscribe
from shop.orders.events import ContractWithdrawn
from shop.orders.models import Order, OrderLine, Return
from shop.orders.queries import list_lines, lock_order_with_lines
from shop.orders.returns import (
    OPEN,
    ReturnRefused,
    choose_lines,
    close_return,
    get_return,
    list_returns,
    open_return,
    reopen_return,
)
from shop.orders.services import note
from shop.payments.events import RefundFailed, RefundSettled
from shop.payments.models import Refund
from shop.payments.queries import find_charge
from shop.payments.refunds import find_blocking_dispute, request_refund


def subscribe_all() -> None:
    """Called once at start, by the app."""
    subscribe(RefundSettled, on_refund_settled)
    subscribe(RefundFailed, on_refund_failed)


def withdraw(order_id: int, line_ids: Iterable[int]) -> list[Return]:
    """The buyer withdraws from the contract about some lines of a paid order; it needs nobody's consent.

    What has not been handed over is not sent any more and its money goes back at once; what has, when it is back.
    While the payment is contested at the bank nothing can be given back, but the withdrawal counts all the same.
    Raises Invalid, Conflict or NotFound as orders.returns.choose_lines.
    """
    order, lines = lock_order_with_lines(order_id)
    chosen = choose_lines(order, lines, line_ids)
    unsent = [line.id for line in chosen if line.handed_over_at is None]
    sent = [line.id for line in chosen if line.handed_over_at is not None]
    returns = [open_return(order_id, ids, has_left=ids is sent) for ids in (unsent, sent) if ids]
    for line in chosen:
        note(order_id, "withdrawn", line_id=line.id)
    if unsent and not _is_contested(order_id):
        request_refund(order_id, line_ids=unsent, reason="withdrawal", actor=None)
    record(ContractWithdrawn(order_id, tuple(line.id for line in chosen), tuple(sent)))
    return returns


def _is_contested(order_id: int) -> bool:
    attempt = find_charge(order_id)
    return attempt is not None and find_blocking_dispute(attempt.id) is not None


def refund_return(order_id: int, known_as: str, *, actor: int | None) -> Refund:
    """Give back the money of a return that has been received.

    Raises ReturnRefused when it has not been or is closed, Conflict when its money is on its way already or contested.
    """
    lock_order_with_lines(order_id)
    way_back = get_return(order_id, known_as)
    if way_back.state != "received":
        raise ReturnRefused(way_back, "refund")
    inside = {each.id: ids for each, ids in list_returns(order_id)}[way_back.id]
    return request_refund(order_id, line_ids=inside, reason="withdrawal", actor=actor)


def _of_refund(refund_id: int) -> tuple[Order, dict[int, OrderLine]]:
    order_id = db.session.get_one(Refund, refund_id).order_id
    return db.session.get_one(Order, order_id), {line.id: line for line in list_lines(order_id)}


def on_refund_settled(event: RefundSettled) -> None:
    """Whoever asked for the refund: a return whose lines have all been given back is closed."""
    order, lines = _of_refund(event.refund_id)
    for way_back, ids in list_returns(order.id):
        if way_back.state in OPEN and all(lines[line_id].refunded_at is not None for line_id in ids):
            close_return(way_back)


def on_refund_failed(event: RefundFailed) -> None:
    """The money of a closed return is owed again."""
    order, lines = _of_refund(event.refund_id)
    for way_back, ids in list_returns(order.id):
        if way_back.state == "refunded" and any(lines[line_id].refunded_at is None for line_id in ids):
            reopen_return(way_back)
