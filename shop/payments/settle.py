"""One function decides what Stripe's word means for an order: the webhook, the return page and the sweep all call it.

It asks Stripe anew, locks the order and applies a state that only moves forward: in what order messages arrive, or how
often, makes no difference.
"""

from datetime import timedelta

from sqlalchemy import or_, select

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.outbox import enqueue
from shop.ledger.services import post_foreign_payment, post_payment
from shop.orders.models import Order
from shop.orders.queries import list_lines, lock_order
from shop.orders.services import await_bank, expire_order, mark_paid, note, quarantine_order
from shop.payments.gateway import Gateway, SessionView, gateway
from shop.payments.models import Attempt, Quarantine
from shop.payments.queries import list_attempts
from shop.payments.refunds import request_refund, request_return

LIVE = ("created", "open", "processing")
# An attempt without an answer is left to the request that made it for a moment before anybody else takes it up.
YOUNG = timedelta(seconds=30)
REPLAY = timedelta(minutes=4)


def settle_order(order_id: int, *, patient: bool = True) -> None:
    """Ask Stripe about every live attempt of an order and apply the answer. Outside any transaction.

    Raises EdgeFailed when Stripe does not answer; whoever called may call again.
    """
    stripe = gateway(patient=patient)
    for attempt in list_attempts(order_id):
        if attempt.state not in LIVE:
            continue
        session_id = attempt.session_id or _recover(attempt, stripe)
        if session_id is not None:
            view = stripe.fetch_session(session_id)
            with transaction():
                apply_session(order_id, attempt.id, view)


def _recover(attempt: Attempt, stripe: Gateway) -> str | None:
    """The session of an attempt whose answer was lost. None if Stripe never had it, and then the attempt is given up."""
    age = clock.now() - attempt.created_at
    if age < YOUNG:
        return None
    if age < REPLAY:
        view: SessionView | None = stripe.open_checkout(attempt.parameters, attempt.key)
    else:
        view = stripe.find_session(attempt.key, attempt.created_at - timedelta(minutes=5))
    with transaction():
        fresh = db.session.get_one(Attempt, attempt.id, with_for_update=True)
        if view is None:
            fresh.state = "abandoned"
            return None
        if fresh.session_id is None:
            fresh.session_id, fresh.session_url, fresh.state = view.id, view.url, "open"
        return fresh.session_id


def apply_session(order_id: int, attempt_id: int, view: SessionView) -> None:
    """Apply what Stripe says of a session. Inside a transaction; monotonic and harmless to repeat."""
    order = lock_order(order_id)
    attempt = db.session.get_one(Attempt, attempt_id, populate_existing=True)
    if attempt.state not in LIVE:
        return
    if view.status == "expired":
        attempt.state = "expired"
        if order.state in {"awaiting_payment", "processing"} and not _other_live(order, attempt):
            expire_order(order)
    elif view.status == "complete" and view.payment_status == "paid":
        _apply_payment(order, attempt, view)
    elif view.status == "complete":
        attempt.state = "processing"
        attempt.payment_intent = attempt.payment_intent or view.payment_intent
        await_bank(order)


def _other_live(order: Order, attempt: Attempt) -> bool:
    return any(other.id != attempt.id and other.state in LIVE for other in list_attempts(order.id))


def _apply_payment(order: Order, attempt: Attempt, view: SessionView) -> None:
    attempt.state = "paid"
    attempt.payment_intent, attempt.charge = view.payment_intent, view.charge
    intent = view.payment_intent or view.id
    today = clock.today()
    enqueue("import_balance", {}, key=f"balance-{intent}", run_at=clock.now() + timedelta(seconds=2))
    if (view.amount_minor, view.currency) != (attempt.amount_minor, attempt.currency):
        problem = (
            f"Stripe charged {view.amount_minor} {view.currency}, agreed were {attempt.amount_minor} {attempt.currency}"
        )
        db.session.add(
            Quarantine(kind="amount", stripe_id=intent, order_id=order.id, data={"problem": problem}, at=clock.now())
        )
        post_foreign_payment(order.id, intent, view.amount_minor, view.currency, today)
        if order.state in {"awaiting_payment", "processing", "expired", "cancelled"}:
            quarantine_order(order, problem)
        return
    if order.state in {"awaiting_payment", "processing", "expired", "cancelled"}:
        filled = mark_paid(order)
        post_payment(order, list_lines(order.id), intent, today)
        if not filled:
            request_refund(order.id, line_ids=None, reason="unfillable", actor=None)
        return
    # Paid before, or closed in another way: this money buys nothing and goes back by itself.
    post_foreign_payment(order.id, intent, view.amount_minor, view.currency, today)
    note(order.id, "paid_twice", payment_intent=intent)
    request_return(order, attempt, reason="duplicate")


def list_due(limit: int = 50) -> list[int]:
    """Orders the sweep should settle: a hold or a payment page has run out, or an answer was lost."""
    now = clock.now()
    statement = (
        select(Attempt.order_id)
        .where(
            Attempt.state.in_(LIVE),
            or_(
                Attempt.expires_at < now,
                (Attempt.state == "created") & (Attempt.created_at < now - YOUNG),
                Attempt.state == "processing",
            ),
        )
        .distinct()
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def sweep() -> int:
    """Settle what nobody else did and release holds that ran out. Outside any transaction; how many orders were seen.

    A session that Stripe still calls open after its time is closed there first: stock never returns under an open page.
    """
    due = list_due()
    for order_id in due:
        settle_order(order_id)
        overdue = [a for a in list_attempts(order_id) if a.state == "open" and a.expires_at < clock.now()]
        for attempt in overdue:
            gateway().expire_session(str(attempt.session_id), f"expire-{attempt.key}")
        if overdue:
            settle_order(order_id)
    never_opened = (
        select(Order.id)
        .where(Order.state == "awaiting_payment", Order.hold_until < clock.now())
        .where(~select(Attempt.id).where(Attempt.order_id == Order.id, Attempt.state.in_(LIVE)).exists())
        .limit(50)
    )
    for order_id in list(db.session.scalars(never_opened)):
        with transaction():
            order = lock_order(order_id)
            live = any(attempt.state in LIVE for attempt in list_attempts(order_id))
            if order.state == "awaiting_payment" and not live:
                expire_order(order)
        due.append(order_id)
    return len(due)
