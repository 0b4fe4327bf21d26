"""A buyer withdraws from the contract, and the money that goes back with it. A return closes with its refund.

The writes are called inside a transaction; each locks the order first, so that nothing is given back twice.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from shop.catalogue import stock
from shop.core.db import db, record
from shop.core.errors import Conflict
from shop.core.events import subscribe
from shop.i18n.messages import gettext as _
from shop.orders.events import ContractWithdrawn
from shop.orders.models import Return
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


def withdraw(
    order_id: int,
    line_ids: Iterable[int],
    pieces: Mapping[int, int] | None = None,
    seen: Mapping[int, int] | None = None,
) -> list[Return]:
    """The buyer withdraws from the contract about some lines of a paid order; it needs nobody's consent.

    About all that is left of a line, or as many as `pieces` says, of as many as were left when that was `seen`. What has
    not been handed over is not sent any more, is for sale again, and its money goes back at once; what has, when it is
    back. While the payment is contested at the bank nothing can be given back, but the withdrawal counts all the same.
    Raises Invalid, Conflict or NotFound as orders.returns.choose_lines.
    """
    order, lines = lock_order_with_lines(order_id)
    chosen = choose_lines(order, lines, line_ids, pieces or {}, seen or {})
    unsent = [(line, quantity) for line, quantity in chosen if line.handed_over_at is None]
    sent = [(line, quantity) for line, quantity in chosen if line.handed_over_at is not None]
    returns = [open_return(order_id, some, has_left=some is sent) for some in (unsent, sent) if some]
    for line, quantity in chosen:
        note(order_id, "withdrawn", line_id=line.id, quantity=quantity)
    # In the order of the variants, as everywhere stock is moved.
    for line, quantity in sorted(unsent, key=lambda each: each[0].variant_id):
        stock.take_back(line.variant_id, quantity)
    if unsent and not _is_contested(order_id):
        inside = {line.id: quantity for line, quantity in unsent}
        request_refund(order_id, pieces=inside, reason="withdrawal", actor=None, return_id=returns[0].id)
    told = tuple((line.id, quantity) for line, quantity in chosen)
    record(ContractWithdrawn(order_id, told, tuple(line.id for line, _quantity in sent)))
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
    asked = select(Refund.id).where(Refund.return_id == way_back.id, Refund.state != "failed")
    if db.session.scalars(asked).first() is not None:
        raise Conflict(_("The money of this return is on its way already."))
    inside = {each.id: pieces for each, pieces in list_returns(order_id)}[way_back.id]
    return request_refund(order_id, pieces=inside, reason="withdrawal", actor=actor, return_id=way_back.id)


def _with_payment(refund_id: int) -> list[tuple[Return, bool]]:
    """The returns of the order of a refund, and whether the money of each is back.

    It is with the refund that was asked for it, or with whatever has left nothing of its lines.
    """
    order_id = db.session.get_one(Refund, refund_id).order_id
    done = select(Refund.return_id).where(Refund.order_id == order_id, Refund.state == "succeeded")
    paid = set(db.session.scalars(done))
    gone = {line.id for line in list_lines(order_id) if line.refunded_at is not None}
    return [(way_back, way_back.id in paid or pieces.keys() <= gone) for way_back, pieces in list_returns(order_id)]


def on_refund_settled(event: RefundSettled) -> None:
    """A return whose money is back is closed, whoever asked for the refund."""
    for way_back, is_paid in _with_payment(event.refund_id):
        if is_paid and way_back.state in OPEN:
            close_return(way_back)


def on_refund_failed(event: RefundFailed) -> None:
    """The money of a closed return is owed again."""
    for way_back, is_paid in _with_payment(event.refund_id):
        if not is_paid and way_back.state == "refunded":
            reopen_return(way_back)
