"""What becomes of money that goes back: sent to Stripe, followed, booked when Stripe has done it.

A refund may also begin at Stripe (its dashboard), and one that succeeded may fail days later: both are followed.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from shop.catalogue import stock
from shop.core import clock
from shop.core.db import db, record, transaction
from shop.core.money import allocate
from shop.core.outbox import enqueue
from shop.ledger.books import Part
from shop.ledger.services import GivenBack, post_refund, post_refund_failed
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines, lock_order_with_lines
from shop.orders.services import call_refund_failed, call_refunded, note
from shop.orders.states import next_line_state
from shop.payments.disputes import hear_of_disputes
from shop.payments.events import RefundFailed, RefundRefused, RefundSettled
from shop.payments.gateway import RefundView, StripeRefused, gateway
from shop.payments.models import Attempt, Refund, RefundPart
from shop.payments.quarantine import put_aside
from shop.payments.queries import find_attempt, find_charge, list_refund_parts
from shop.payments.refunds import OPEN, count_pieces, hold_back, refundable, write_parts

# Stripe forgets idempotency keys after 24 hours; well before that we look before we ask again.
KEY_LIFE = timedelta(hours=20)


def send_refund(refund_id: int) -> None:
    """Send a refund to Stripe, or ask how it went, and apply the answer. Outside any transaction; safe to repeat.

    One that is known there is asked about whatever its state: a refund that succeeded may have failed since.
    """
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state == "failed":
        return
    intent = str(db.session.get_one(Attempt, refund.attempt_id).payment_intent)
    amount, key, old = refund.amount_minor, refund.key, clock.now() - refund.requested_at > KEY_LIFE
    view: RefundView | None
    try:
        if refund.stripe_id:
            view = gateway().fetch_refund(refund.stripe_id)
        else:
            view = gateway().find_refund(intent, key) if old else None
            view = view or gateway().refund(intent, amount, key)
    except StripeRefused as refused:
        with transaction():
            refuse_refund(refund_id, refused.message)
        return
    with transaction():
        apply_refund(refund_id, view)


def is_unfinished(refund_id: int) -> bool:
    """Whether Stripe still has to finish a refund."""
    return db.session.get_one(Refund, refund_id, populate_existing=True).state in OPEN


# What Stripe says -----------------------------------------------------------------------------------------------------


def follow_refunds(payment_intent: str) -> None:
    """Look at every refund Stripe has of a payment, also those begun there. Outside any transaction."""
    for view in gateway().list_refunds(payment_intent):
        follow_refund(view)


def follow_refund(view: RefundView) -> bool:
    """Apply what Stripe says of a refund, ours or begun there. Outside any transaction. Whether its payment is ours."""
    key = view.metadata.get("refund", "")
    known = db.session.scalars(select(Refund.id).where((Refund.stripe_id == view.id) | (Refund.key == key))).first()
    refund_id = known or adopt_refund(view)
    if refund_id is None:
        return False
    with transaction():
        apply_refund(refund_id, view)
    return True


def adopt_refund(view: RefundView) -> int | None:
    """Take up a refund that was begun at Stripe; its id here, None if its payment is not ours. Outside a transaction.

    Of what it is, Stripe does not say: it is taken from all that is left in proportion.
    """
    attempt = find_attempt(intent=view.payment_intent, charge=view.charge, key=view.attempt)
    if attempt is None:
        return None
    attempt_id, order_id = attempt.id, attempt.order_id
    if view.amount_minor > refundable(order_id, list_lines(order_id)).total:
        _hear_of_returned_money(attempt_id)
    with transaction():
        order, lines = lock_order_with_lines(order_id)
        known = db.session.scalars(select(Refund).where(Refund.stripe_id == view.id)).first()
        if known is not None:
            return known.id
        refund = Refund(
            order_id=order.id,
            attempt_id=attempt_id,
            key=f"stripe-{view.id}",
            stripe_id=view.id,
            amount_minor=view.amount_minor,
            currency=view.currency,
            reason="stripe",
            state="requested",
            requested_at=clock.now(),
        )
        db.session.add(refund)
        db.session.flush()
        _expect_parts(order, lines, refund)
        note(order.id, "refund_at_stripe", amount_minor=refund.amount_minor, currency=refund.currency)
        enqueue("send_refund", {"refund_id": refund.id}, key=f"send-{refund.key}")
        return refund.id


def _hear_of_returned_money(attempt_id: int) -> None:
    """Ask about what has taken money of a payment and may have given it back. Outside any transaction.

    Stripe gives back no more than it has: a refund of more than our books have left tells that an earlier one has failed
    or a dispute was won, and that news comes first. Else the new refund would be booked as a loss and credited nowhere.
    """
    hear_of_disputes(attempt_id)
    done = select(Refund.id, Refund.stripe_id).where(Refund.attempt_id == attempt_id, Refund.state == "succeeded")
    for refund_id, stripe_id in db.session.execute(done.order_by(Refund.id)).all():
        view = gateway().fetch_refund(str(stripe_id))
        with transaction():
            apply_refund(refund_id, view)


def _expect_parts(order: Order, lines: Sequence[OrderLine], refund: Refund) -> None:
    """What a refund begun at Stripe will be taken from, so that until then nothing of it is given back twice."""
    sale, left = find_charge(order.id), refundable(order.id, lines)
    if sale is None or sale.id != refund.attempt_id or not left.total:
        return
    shares = allocate(min(refund.amount_minor, left.total), list(left.by_part.values()))
    parts = [Part(kind, minor, line_id) for (kind, line_id), minor in zip(left.by_part, shares, strict=True) if minor]
    write_parts(refund.id, parts, {})
    hold_back(lines, parts, left, refund)


def apply_refund(refund_id: int, view: RefundView) -> None:
    """Apply what Stripe says of a refund. Inside a transaction; monotonic and harmless to repeat."""
    order, lines = lock_order_with_lines(db.session.get_one(Refund, refund_id).order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state == "failed":
        return
    refund.stripe_id = view.id
    if view.status in {"failed", "canceled"}:
        _fail(order, lines, refund, view.failure or view.status)
    elif view.status == "succeeded" and refund.state != "succeeded":
        _succeed(order, lines, refund)
    elif refund.state == "requested":
        refund.state = "pending"


# It is done -----------------------------------------------------------------------------------------------------------


def _book(order: Order, lines: Sequence[OrderLine], refund: Refund) -> GivenBack:
    wanted = [Part(part.kind, part.amount_minor, part.line_id) for part in list_refund_parts(refund.id)]
    intent = str(db.session.get_one(Attempt, refund.attempt_id).payment_intent)
    return post_refund(order, lines, wanted, refund.amount_minor, intent, str(refund.stripe_id), clock.today())


def _succeed(order: Order, lines: Sequence[OrderLine], refund: Refund) -> None:
    refund.state, refund.settled_at = "succeeded", clock.now()
    wanted = {part.line_id: part.quantity for part in list_refund_parts(refund.id) if part.line_id is not None}
    given = _book(order, lines, refund)
    db.session.execute(delete(RefundPart).where(RefundPart.refund_id == refund.id))
    # With the last of a line's money go all of its pieces that were left.
    before = count_pieces(order.id, but=refund.id)
    rest = {line.id: max(0, line.quantity - before.get(line.id, 0)) for line in lines}
    whole = {split.line_id: rest[split.line_id] for split in given.splits if split.left_minor == 0}
    write_parts(refund.id, given.parts, {**wanted, **whole}, given.splits)
    splits = {split.line_id: split for split in given.splits}
    # In the order of the variants, as everywhere stock is moved: so two refunds cannot wait for each other.
    for line in sorted(lines, key=lambda line: line.variant_id):
        if line.id in splits:
            line.refunded_minor += splits[line.id].minor
            if splits[line.id].left_minor == 0:
                _give_back_line(order, line, refund)
    order.shipping_refunded_minor += sum(part.minor for part in given.parts if part.kind == "shipping")
    if given.splits and all(line.refunded_at is not None for line in lines):
        call_refunded(order)
    note(order.id, "refunded", amount_minor=refund.amount_minor, currency=refund.currency, reason=refund.reason)
    _ask_for_balance(refund, "")
    record(RefundSettled(refund.id))


def _give_back_line(order: Order, line: OrderLine, refund: Refund) -> None:
    """Nothing of a line is left with the shop: it is not sent, and its piece is for sale again."""
    # A piece that has left the country comes back by the post, if at all; one the maker refused is not for sale; one
    # whose earlier refund failed went back to the shelf then; what the buyer withdrew from did so at once.
    is_here = line.handed_over_at is None and line.state not in {"declined", "refund_failed"}
    if order.state == "paid" and is_here and line.kept:
        stock.take_back(line.variant_id, line.kept)
    line.state = next_line_state(line.state, "refund")
    line.refunded_at = refund.settled_at


def _ask_for_balance(refund: Refund, what: str) -> None:
    at = clock.now() + timedelta(seconds=2)
    enqueue("import_balance", {}, key=f"balance-{refund.stripe_id}{what}", run_at=at)


# It came to nothing ---------------------------------------------------------------------------------------------------


def refuse_refund(refund_id: int, failure: str) -> None:
    """Stripe would not take a refund. Inside a transaction."""
    order, lines = lock_order_with_lines(db.session.get_one(Refund, refund_id).order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    # Another worker may have heard better news while this one waited for the lock.
    if refund.state in OPEN and refund.stripe_id is None:
        _give_up(order, lines, refund, failure)
        record(RefundRefused(refund.id))


def _fail(order: Order, lines: Sequence[OrderLine], refund: Refund, failure: str) -> None:
    """The buyer's bank sent the money back, at once or days after Stripe said it was done: it is owed again."""
    had_succeeded = refund.state == "succeeded"
    if not had_succeeded:
        # Stripe took the money out of its balance and put it back: so do the books, and nothing else moves.
        _book(order, lines, refund)
    post_refund_failed(order, lines, str(refund.stripe_id), clock.today())
    if had_succeeded:
        _take_back(order, lines, refund)
    _give_up(order, lines, refund, failure)
    _ask_for_balance(refund, "-failed")
    record(RefundFailed(refund.id) if had_succeeded else RefundRefused(refund.id))


def _take_back(order: Order, lines: Sequence[OrderLine], refund: Refund) -> None:
    parts = list_refund_parts(refund.id)
    given = {part.line_id: part.amount_minor for part in parts if part.line_id is not None}
    for line in lines:
        if line.id in given:
            if line.refunded_at is not None:
                line.state, line.refunded_at = next_line_state(line.state, "fail_refund"), None
            line.refunded_minor -= given[line.id]
    order.shipping_refunded_minor -= sum(part.amount_minor for part in parts if part.kind == "shipping")
    call_refund_failed(order)


def _give_up(order: Order, lines: Sequence[OrderLine], refund: Refund, failure: str) -> None:
    refund.state, refund.failure, refund.failed_at = "failed", failure[:500], clock.now()
    ours = {part.line_id for part in list_refund_parts(refund.id)}
    for line in lines:
        if line.id in ours:
            line.refund_asked_at = None
    facts: dict[str, Any] = {
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "failure": refund.failure,
    }
    note(order.id, "refund_failed", **facts)
    put_aside("refund_failed", refund.stripe_id or refund.key, facts, order.id)
