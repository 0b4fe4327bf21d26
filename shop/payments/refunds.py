"""Money back: asked for and committed first, sent to Stripe by the worker, booked when Stripe has done it."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from shop.catalogue import stock
from shop.core import clock
from shop.core.db import db, record, transaction
from shop.core.errors import Conflict, NotFound
from shop.core.ids import token
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.ledger.services import post_refund
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines, lock_order
from shop.orders.services import note
from shop.orders.states import next_line_state, next_order_state
from shop.payments.events import RefundSettled
from shop.payments.gateway import RefundView, StripeRefused, gateway
from shop.payments.models import Attempt, Quarantine, Refund
from shop.payments.queries import find_charge, list_refunds

# Stripe forgets idempotency keys after 24 hours; well before that we look before we ask again.
KEY_LIFE = timedelta(hours=20)


def refundable(order_id: int) -> tuple[list[OrderLine], int]:
    """Lines not yet refunded or about to be, and the shipping that is left to give back, in minor units."""
    order = db.session.get_one(Order, order_id)
    live = [refund for refund in list_refunds(order_id) if refund.state != "failed"]
    taken = {line_id for refund in live for line_id in refund.line_ids}
    lines = [line for line in list_lines(order_id) if line.id not in taken and line.refunded_at is None]
    return lines, order.shipping_minor - sum(refund.shipping_minor for refund in live)


def request_refund(order_id: int, *, line_ids: Iterable[int] | None, reason: str, actor: int | None) -> Refund:
    """Ask for whole lines of a paid order to be given back; None means all that is left, with the shipping.

    Inside a transaction. The last lines take the shipping with them. Raises Conflict when there is nothing left to give
    back or a line was given back before, NotFound for a line of another order.
    """
    order = lock_order(order_id)
    attempt = find_charge(order_id)
    if attempt is None or order.state not in {"paid", "unfillable"}:
        raise Conflict(_("This order has no payment that could be refunded."))
    lines, shipping = refundable(order_id)
    if line_ids is None:
        chosen = lines
    else:
        wanted = set(line_ids)
        if not wanted <= {line.id for line in list_lines(order_id)}:
            raise NotFound(_("There is no such order."))
        chosen = [line for line in lines if line.id in wanted]
        if len(chosen) != len(wanted):
            raise Conflict(_("A chosen piece has been refunded already."))
    if len(chosen) != len(lines):
        shipping = 0
    amount = sum(line.net_minor + line.tax_minor for line in chosen) + shipping
    if amount <= 0:
        raise Conflict(_("Everything of this order has been refunded already."))
    refund = _ask(order, attempt, [line.id for line in chosen], shipping, amount, reason, actor)
    for line in chosen:
        line.refund_asked_at = refund.requested_at
    note(order.id, "refund_requested", actor=actor, amount_minor=amount, reason=reason)
    audit(actor, "request refund", "order", order.number, amount_minor=amount, currency=order.currency, reason=reason)
    return refund


def request_return(order: Order, attempt: Attempt, *, reason: str) -> Refund:
    """Give back a whole payment that bought nothing. Inside a transaction, on a locked order."""
    return _ask(order, attempt, [], 0, attempt.amount_minor, reason, None)


def _ask(
    order: Order, attempt: Attempt, line_ids: list[int], shipping: int, amount: int, reason: str, actor: int | None
) -> Refund:
    refund = Refund(
        order_id=order.id,
        attempt_id=attempt.id,
        key=f"refund-{order.number}-{token()[:12]}",
        line_ids=line_ids,
        shipping_minor=shipping,
        amount_minor=amount,
        currency=order.currency,
        reason=reason,
        state="requested",
        requested_by=actor,
        requested_at=clock.now(),
    )
    db.session.add(refund)
    db.session.flush()
    enqueue("send_refund", {"refund_id": refund.id}, key=f"send-{refund.key}")
    return refund


def send_refund(refund_id: int) -> None:
    """Send a refund to Stripe, or ask how it went, and apply the answer. Outside any transaction; safe to repeat."""
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state in {"succeeded", "failed"}:
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
            _fail(refund_id, refused.message)
        return
    with transaction():
        apply_refund(refund_id, view)


def _fail(refund_id: int, failure: str) -> None:
    lock_order(db.session.get_one(Refund, refund_id).order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    # Another worker may have heard better news while this one waited for the lock.
    if refund.state in {"succeeded", "failed"}:
        return
    refund.state, refund.failure = "failed", failure[:500]
    for line in list_lines(refund.order_id):
        if line.id in refund.line_ids:
            line.refund_asked_at = None
    note(refund.order_id, "refund_failed", failure=refund.failure)
    db.session.add(
        Quarantine(
            kind="refund_failed",
            stripe_id=refund.stripe_id or refund.key,
            order_id=refund.order_id,
            data={"failure": refund.failure},
            at=clock.now(),
        )
    )


def apply_refund(refund_id: int, view: RefundView) -> None:
    """Apply what Stripe says of a refund. Inside a transaction; monotonic and harmless to repeat."""
    known = db.session.get_one(Refund, refund_id)
    order = lock_order(known.order_id)
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    if refund.state in {"succeeded", "failed"}:
        return
    refund.stripe_id = view.id
    if view.status in {"failed", "canceled"}:
        _fail(refund_id, view.failure or view.status)
        return
    if view.status != "succeeded":
        refund.state = "pending"
        return
    refund.state, refund.settled_at = "succeeded", clock.now()
    attempt = db.session.get_one(Attempt, refund.attempt_id)
    chosen = [line for line in list_lines(order.id) if line.id in refund.line_ids]
    post_refund(order, chosen, refund.shipping_minor, str(attempt.payment_intent), view.id, clock.today())
    # In the order of the variants, as everywhere stock is moved: so two refunds cannot wait for each other.
    for line in sorted(chosen, key=lambda line: line.variant_id):
        # A piece that has left the country comes back by the post, if at all; one the maker refused is not for sale.
        if order.state == "paid" and line.handed_over_at is None and line.state != "declined":
            stock.take_back(line.variant_id, line.quantity)
        line.state = next_line_state(line.state, "refund")
        line.refunded_minor = line.net_minor + line.tax_minor
        line.refunded_at = refund.settled_at
    order.shipping_refunded_minor += refund.shipping_minor
    if chosen and all(line.refunded_at is not None for line in list_lines(order.id)):
        order.state = next_order_state(order.state, "refund")
    note(order.id, "refunded", amount_minor=refund.amount_minor, reason=refund.reason)
    enqueue("import_balance", {}, key=f"balance-{view.id}", run_at=clock.now() + timedelta(seconds=2))
    record(RefundSettled(refund.id))


def find_refund_by_stripe_id(stripe_id: str) -> Refund | None:
    return db.session.scalars(select(Refund).where(Refund.stripe_id == stripe_id)).first()


def on_line_declined(line_id: int) -> None:
    """A maker cannot make a piece: the buyer gets it back at once. Inside the transaction of the answer."""
    line = db.session.get_one(OrderLine, line_id)
    request_refund(line.order_id, line_ids=[line_id], reason="declined", actor=None)


def is_unfinished(refund_id: int) -> bool:
    """Whether Stripe still has to finish a refund."""
    return db.session.get_one(Refund, refund_id, populate_existing=True).state in {"requested", "pending"}
