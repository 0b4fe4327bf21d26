"""Payments that buyers contest at their bank. Stripe tells; the books, the order's history and staff follow.

An inquiry (`warning_…`) takes no money and may be answered with a refund. A chargeback takes it at once, with a fee, and
may give it back. The order and its stock stay as they are: what was sold was sold (payments.md B4, case 39).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, record, transaction
from shop.core.outbox import enqueue
from shop.ledger.services import post_dispute, post_dispute_lost, post_dispute_won
from shop.orders.models import Order, OrderLine
from shop.orders.queries import lock_order_with_lines
from shop.orders.services import note
from shop.payments.events import DisputeChanged
from shop.payments.gateway import DisputeView, gateway
from shop.payments.models import Attempt, Dispute, DisputePart
from shop.payments.refunds import HARMLESS, on_line_declined

# How far a dispute has come: Stripe's word may arrive late, and an older one changes nothing.
# docs.stripe.com/api/disputes/object, status.
STAGES = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "warning_closed": 2,
    "needs_response": 3,
    "under_review": 4,
    "won": 5,
    "lost": 5,
    "prevented": 5,
}
CLOSED = ("warning_closed", "won", "lost", "prevented")
# Somebody has to answer at Stripe, before the day it names.
TO_ANSWER = ("warning_needs_response", "needs_response")


def hear_of_disputes(attempt_id: int) -> None:
    """Ask about the disputes of a payment that have taken money and not given it back. Outside any transaction."""
    took = (Dispute.attempt_id == attempt_id, Dispute.withdrawn_at.is_not(None), Dispute.reinstated_at.is_(None))
    known = select(Dispute.order_id, Dispute.stripe_id).where(*took).order_by(Dispute.id)
    for order_id, stripe_id in db.session.execute(known).all():
        view = gateway().fetch_dispute(stripe_id)
        with transaction():
            apply_dispute(order_id, attempt_id, view)


def apply_dispute(order_id: int, attempt_id: int, view: DisputeView) -> None:
    """Apply what Stripe says of a dispute. Inside a transaction; monotonic and harmless to repeat."""
    order, lines = lock_order_with_lines(order_id)
    dispute = db.session.scalars(select(Dispute).where(Dispute.stripe_id == view.id)).first()
    if dispute is None:
        dispute = _open(order, attempt_id, view)
    elif STAGES.get(view.status, 0) < STAGES.get(dispute.status, 0):
        return
    changed = dispute.status != view.status
    dispute.status, dispute.is_refundable, dispute.answer_by = view.status, view.is_refundable, view.answer_by
    if dispute.withdrawn_at is None:
        # An inquiry that becomes a chargeback may be about another amount.
        dispute.amount_minor = view.amount_minor
        if view.withdrawn:
            _withdraw(order, lines, dispute)
    if view.reinstated and dispute.reinstated_at is None:
        dispute.reinstated_at = clock.now()
        post_dispute_won(order, lines, dispute.stripe_id, clock.today())
        _ask_for_balance(dispute, "won")
    if view.status in CLOSED and dispute.closed_at is None:
        dispute.closed_at = clock.now()
    if view.status == "lost":
        bear_loss(order, lines, dispute)
    if changed:
        _tell(order, dispute)
        if view.status in HARMLESS:
            _refund_declined(lines)


def _open(order: Order, attempt_id: int, view: DisputeView) -> Dispute:
    dispute = Dispute(
        stripe_id=view.id,
        order_id=order.id,
        attempt_id=attempt_id,
        amount_minor=view.amount_minor,
        currency=view.currency,
        reason=view.reason,
        status="",
        is_refundable=view.is_refundable,
        opened_at=clock.now(),
    )
    db.session.add(dispute)
    db.session.flush()
    return dispute


def _withdraw(order: Order, lines: Sequence[OrderLine], dispute: Dispute) -> None:
    """The bank has taken the money: at the sale's own terms, from what was still left of the order."""
    dispute.withdrawn_at = clock.now()
    intent = str(db.session.get_one(Attempt, dispute.attempt_id).payment_intent)
    given = post_dispute(order, lines, dispute.stripe_id, intent, dispute.amount_minor, clock.today())
    db.session.add_all(
        DisputePart(
            dispute_id=dispute.id,
            line_id=split.line_id,
            net_minor=split.net_minor,
            commission_minor=split.commission_minor,
            tax_minor=split.tax_minor,
        )
        for split in given.splits
    )
    _ask_for_balance(dispute, "withdrawn")


def bear_loss(order: Order, lines: Sequence[OrderLine], dispute: Dispute) -> bool:
    """Once a dispute is lost and its balance transaction booked, whoever bears losses does. Inside a transaction.

    False while that transaction is awaited; booking it calls this again.
    """
    if dispute.withdrawn_at is None:
        return True
    return post_dispute_lost(order, lines, dispute.stripe_id, clock.today())


def _refund_declined(lines: Sequence[OrderLine]) -> None:
    """What a maker could not make while nothing could be given back goes back now."""
    for line in lines:
        if line.state == "declined":
            on_line_declined(line.id)


def _ask_for_balance(dispute: Dispute, what: str) -> None:
    at = clock.now() + timedelta(seconds=2)
    enqueue("import_balance", {}, key=f"balance-{dispute.stripe_id}-{what}", run_at=at)


def _tell(order: Order, dispute: Dispute) -> None:
    facts: dict[str, Any] = {"amount_minor": dispute.amount_minor, "currency": dispute.currency}
    note(order.id, "disputed", status=dispute.status, reason=dispute.reason, **facts)
    record(DisputeChanged(dispute.id, dispute.status))
