"""One function decides what Stripe's word means for an order: the webhook, the return page and the sweep all call it.

It asks Stripe anew, locks the order and applies a state that only moves forward: in what order messages arrive, or how
often, makes no difference.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.outbox import enqueue
from shop.ledger.services import is_posted, post_foreign_payment, post_payment
from shop.orders.models import Order, OrderLine
from shop.orders.queries import lock_order, lock_order_with_lines
from shop.orders.services import await_bank, expire_order, mark_paid, note, quarantine_order
from shop.payments.gateway import Gateway, SessionView, gateway
from shop.payments.models import Attempt
from shop.payments.quarantine import put_aside
from shop.payments.queries import find_attempt, list_attempts
from shop.payments.refunds import request_refund, request_return

log = logging.getLogger("shop.settle")

LIVE = ("created", "open", "processing")
UNPAID = ("awaiting_payment", "processing", "expired", "cancelled")
# An attempt without an answer is left to the request that made it for a moment before anybody else takes it up.
YOUNG = timedelta(seconds=30)
REPLAY = timedelta(minutes=4)
# After so many orders in a row about which Stripe said nothing, the round leaves the rest to the next one.
SILENCES = 3


def settle_order(order_id: int, *, patient: bool = True, young: timedelta = YOUNG) -> None:
    """Ask Stripe about every live attempt of an order and apply the answer. Outside any transaction.

    Attempts younger than `young` that have no answer yet are left to whoever made them. Raises EdgeFailed when Stripe
    does not answer; whoever called may call again.
    """
    stripe = gateway(patient=patient)
    live = [(attempt.id, attempt.session_id) for attempt in list_attempts(order_id) if attempt.state in LIVE]
    for attempt_id, known in live:
        session_id = known or _recover(attempt_id, stripe, young)
        if session_id is not None:
            view = stripe.fetch_session(session_id)
            with transaction():
                apply_session(order_id, attempt_id, view)


def close_payment(order_id: int, *, patient: bool = True, overdue_only: bool = False) -> None:
    """Close the payment pages of an order at Stripe and apply what became of them. Outside any transaction.

    `overdue_only` leaves a page alone whose time is not over, unless the buyer wants another one in its place. Raises
    EdgeFailed; then a page may still be open.
    """
    settle_order(order_id, patient=patient, young=YOUNG if overdue_only else timedelta(0))
    now = clock.now()
    closing = [
        (str(attempt.session_id), attempt.key)
        for attempt in list_attempts(order_id)
        if attempt.state == "open"
        and (not overdue_only or attempt.expires_at < now or attempt.gives_way_to is not None)
    ]
    for session_id, key in closing:
        # Closing twice does no harm; a key of its own each time, because Stripe repeats a failure kept under an old one.
        gateway(patient=patient).expire_session(session_id, f"expire-{key}-{int(now.timestamp())}")
    if closing:
        settle_order(order_id, patient=patient)


def _recover(attempt_id: int, stripe: Gateway, young: timedelta) -> str | None:
    """The session of an attempt whose answer was lost. None if Stripe never had it, and then the attempt is given up."""
    attempt = db.session.get_one(Attempt, attempt_id)
    age, key, made_at = clock.now() - attempt.created_at, attempt.key, attempt.created_at
    if age < young:
        return None
    if age < REPLAY:
        view: SessionView | None = stripe.open_checkout(attempt.parameters, key)
    else:
        view = stripe.find_session(key, made_at - timedelta(minutes=5))
    with transaction():
        fresh = db.session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        # Whoever made the attempt may have had its answer meanwhile.
        if fresh.session_id is None and view is None:
            fresh.state = "abandoned"
        elif fresh.session_id is None and view is not None:
            fresh.remember(view.id, view.url, view.client_secret)
            fresh.state = "open"
        return fresh.session_id


def revive(attempt_id: int, session_id: str) -> None:
    """Take up an attempt that has no session, of which Stripe now tells. Opens its own transaction.

    It was given up, or the answer that names its session is slower than the news of its payment.
    """
    with transaction():
        attempt = db.session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        if attempt.state in {"created", "abandoned"}:
            attempt.session_id, attempt.state = session_id, "open"


def settle_payment(*, intent: str | None, charge: str | None, key: str | None) -> Attempt | None:
    """The attempt by which a payment was made, None for one that is not ours. Outside any transaction.

    What happens to a payment can be heard of before the payment itself: then that is settled first.
    """
    attempt = find_attempt(intent=intent, charge=charge, key=key)
    if attempt is not None and attempt.state in LIVE:
        settle_order(attempt.order_id, young=timedelta(0))
    return attempt


def apply_session(order_id: int, attempt_id: int, view: SessionView) -> None:
    """Apply what Stripe says of a session. Inside a transaction; monotonic and harmless to repeat."""
    order, lines = lock_order_with_lines(order_id)
    if view.status == "expired" or _bank_refused(view):
        ended = _move(attempt_id, "expired")
        makes_way = ended is not None and ended.gives_way_to is not None and order.state == "awaiting_payment"
        if ended and not makes_way and order.state in {"awaiting_payment", "processing"} and not _is_live(order):
            expire_order(order)
    elif view.status == "complete" and view.payment_status == "paid":
        paid = _move(attempt_id, "paid", payment_intent=view.payment_intent, charge=view.charge)
        if paid:
            _apply_payment(order, lines, paid, view)
    elif view.status == "complete":
        intent = func.coalesce(Attempt.payment_intent, view.payment_intent)
        if _move(attempt_id, "processing", payment_intent=intent):
            await_bank(order)


def _move(attempt_id: int, state: str, **values: Any) -> Attempt | None:
    """Carry a live attempt on to a state; None for one that is at its end. On a locked order."""
    statement = (
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(LIVE))
        .values(state=state, **values)
        .returning(Attempt)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return db.session.scalars(statement).first()


def _bank_refused(view: SessionView) -> bool:
    """Whether a method that takes days has failed: the session stays complete and unpaid for ever."""
    return view.status == "complete" and view.intent_status in {"requires_payment_method", "canceled"}


def _is_live(order: Order) -> bool:
    return any(attempt.state in LIVE for attempt in list_attempts(order.id))


def _apply_payment(order: Order, lines: Sequence[OrderLine], attempt: Attempt, view: SessionView) -> None:
    intent = view.payment_intent or view.id
    if order.state not in UNPAID and is_posted("payment", intent):
        # The very payment that is booked already, not a second one.
        return
    today = clock.today()
    enqueue("import_balance", {}, key=f"balance-{intent}", run_at=clock.now() + timedelta(seconds=2))
    charged = (view.amount_minor, view.currency)
    # What was agreed stands twice: on the attempt as sent, and on the order, which nobody may have changed since.
    if charged != (attempt.amount_minor, attempt.currency) or charged != (order.total_minor, order.currency):
        problem = (
            f"Stripe charged {view.amount_minor} {view.currency}, agreed were {order.total_minor} {order.currency}"
        )
        charged_as = {"charged_minor": view.amount_minor, "charged_currency": view.currency}
        agreed = {"agreed_minor": order.total_minor, "agreed_currency": order.currency}
        told = {"problem": problem, "payment_intent": intent, "charge": view.charge, **charged_as, **agreed}
        put_aside("amount", intent, told, order.id)
        post_foreign_payment(order.id, intent, view.amount_minor, view.currency, today)
        if order.state in UNPAID:
            quarantine_order(order, problem)
        return
    if order.state in UNPAID:
        filled = mark_paid(order, lines)
        post_payment(order, lines, intent, today)
        if not filled:
            request_refund(order.id, line_ids=None, reason="unfillable", actor=None)
        return
    # Paid before, or closed in another way: this money buys nothing and goes back by itself.
    post_foreign_payment(order.id, intent, view.amount_minor, view.currency, today)
    note(order.id, "paid_twice", payment_intent=intent)
    request_return(order, attempt, reason="duplicate")


def list_due(limit: int = 200) -> list[int]:
    """Orders the sweep should settle, longest due first: a payment page has run out, or an answer was lost."""
    now = clock.now()
    statement = (
        select(Attempt.order_id)
        .where(
            or_(
                and_(Attempt.state.in_(["created", "open"]), Attempt.expires_at < now),
                and_(Attempt.state == "created", Attempt.created_at < now - YOUNG),
            ),
        )
        .group_by(Attempt.order_id)
        .order_by(func.min(Attempt.created_at))
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def sweep() -> int:
    """Settle what nobody else did and release holds that ran out. Outside any transaction; how many orders were seen.

    A session that Stripe still calls open after its time is closed there first: stock never returns under an open page.
    """
    due = list_due()
    _each(due, lambda order_id: close_payment(order_id, overdue_only=True))
    never_opened = list(
        db.session.scalars(
            select(Order.id)
            .where(Order.state == "awaiting_payment", Order.hold_until < clock.now())
            .where(~select(Attempt.id).where(Attempt.order_id == Order.id, Attempt.state.in_(LIVE)).exists())
            .order_by(Order.hold_until)
            .limit(200)
        )
    )
    _each(never_opened, _release)
    return len(due) + len(never_opened)


def ask_banks() -> int:
    """Ask again about payments a bank works on for days, should its word have been lost. How many orders were seen."""
    waiting = list(
        db.session.scalars(
            select(Attempt.order_id).where(Attempt.state == "processing").distinct().order_by(Attempt.order_id)
        )
    )
    _each(waiting, settle_order)
    return len(waiting)


def _each(order_ids: Iterable[int], act: Callable[[int], None]) -> None:
    """Do something for each order; one that fails stands in nobody's way, and comes again in the next round."""
    silences = 0
    for order_id in order_ids:
        try:
            act(order_id)
            silences = 0
        except EdgeFailed as error:
            log.warning("order %s will be looked at again: %s", order_id, error)
            silences += 1
        except Exception:
            log.exception("order %s could not be settled and will be tried again", order_id)
        if silences == SILENCES:
            return


def _release(order_id: int) -> None:
    with transaction():
        order = lock_order(order_id)
        live = any(attempt.state in LIVE for attempt in list_attempts(order_id))
        over = order.hold_until is not None and order.hold_until < clock.now()
        if order.state == "awaiting_payment" and over and not live:
            expire_order(order)
