"""Stripe's balance transactions: fetched with an overlapping window, stored raw, booked in the order they happened."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from shop.core import clock
from shop.core.db import db, insert_new, transaction
from shop.ledger.posting import Movement
from shop.ledger.services import (
    post_charge_balance,
    post_dispute_balance,
    post_payout,
    post_refund_balance,
    post_refund_failure_balance,
    post_stripe_fee,
    post_unknown_balance,
)
from shop.orders.queries import list_lines, lock_order, lock_order_with_lines
from shop.payments.disputes import bear_loss
from shop.payments.gateway import BalanceView, gateway
from shop.payments.models import Attempt, BalanceTransaction, Dispute, Quarantine, Refund

log = logging.getLogger("shop.balance")

# Balance transactions may appear late, with an earlier time; a re-import is harmless.
OVERLAP = timedelta(days=3)
# How long one may wait for a payment or refund of ours to turn up before it stands in suspense.
PATIENCE = timedelta(days=1)


class BelongsToNothing(Exception):
    """No payment and no refund we know is the source of a balance transaction."""


def import_balance(since: datetime | None = None) -> int:
    """Fetch, store and book. Outside any transaction; how many were new."""
    if since is None:
        newest = db.session.scalar(select(func.max(BalanceTransaction.created_at)))
        since = (newest - OVERLAP) if newest else datetime.fromtimestamp(0, tz=clock.now().tzinfo)
    views = gateway().list_balance_transactions(since)
    with transaction():
        known = set(db.session.scalars(select(BalanceTransaction.id).where(BalanceTransaction.created_at >= since)))
        new = sum(insert_new(BalanceTransaction, **_values(view)) for view in views if view.id not in known)
    post_waiting()
    return new


def _values(view: BalanceView) -> dict[str, Any]:
    return {
        "id": view.id,
        "type": view.type,
        "reporting_category": view.reporting_category,
        "source": view.source,
        "amount_minor": view.amount_minor,
        "fee_minor": view.fee_minor,
        "net_minor": view.net_minor,
        "currency": view.currency,
        "exchange_rate": view.exchange_rate,
        "created_at": view.created_at,
        "available_at": view.available_at,
        "raw": view.raw,
        "imported_at": clock.now(),
    }


def post_waiting() -> int:
    """Book every stored transaction that is not booked yet and can be. Outside any transaction; how many were."""
    waiting = list(
        db.session.scalars(
            select(BalanceTransaction.id)
            .where(BalanceTransaction.posted_at.is_(None))
            # Of one second a charge before its refund, as their names happen to sort.
            .order_by(BalanceTransaction.created_at, BalanceTransaction.type, BalanceTransaction.id)
        )
    )
    posted = 0
    for transaction_id in waiting:
        try:
            with transaction():
                posted += _post(transaction_id)
        except ValueError as error:
            # Amounts that do not fit stand in suspense with their reason; those behind them are booked as ever.
            log.exception("the balance transaction %s does not fit the books", transaction_id)
            with transaction():
                row = _lock(transaction_id)
                if row.posted_at is None:
                    _set_aside(row, str(error))
                    posted += 1
    return posted


def _lock(transaction_id: str) -> BalanceTransaction:
    return db.session.get_one(BalanceTransaction, transaction_id, with_for_update=True, populate_existing=True)


def _post(transaction_id: str) -> bool:
    row = _lock(transaction_id)
    if row.posted_at is not None:
        return False
    done = True
    try:
        done = KINDS.get(row.type, _post_unknown)(row)
    except BelongsToNothing:
        done = clock.now() - row.imported_at > PATIENCE
        if done:
            _set_aside(row, "belongs to nothing known")
    if done:
        row.posted_at = clock.now()
    return done


def _set_aside(row: BalanceTransaction, problem: str) -> None:
    post_unknown_balance(row.id, row.net_minor, row.currency, clock.local_day(row.created_at))
    row.posted_at = clock.now()
    db.session.add(
        Quarantine(kind="balance", stripe_id=row.id, data={"problem": problem, "type": row.type}, at=clock.now())
    )


def _movement(row: BalanceTransaction) -> Movement:
    return Movement(row.id, row.amount_minor, row.fee_minor, row.currency)


def _post_charge(row: BalanceTransaction) -> bool:
    attempt = db.session.scalars(select(Attempt).where(Attempt.charge == row.source)).first()
    if attempt is None or attempt.payment_intent is None:
        raise BelongsToNothing
    # Where a maker's share stands changes with a hand-over: neither may happen while the other is being booked.
    lock_order(attempt.order_id)
    lines, day = list_lines(attempt.order_id), clock.local_day(row.created_at)
    return post_charge_balance(attempt.order_id, lines, attempt.payment_intent, _movement(row), day)


def _refund_of(row: BalanceTransaction) -> Refund:
    refund = db.session.scalars(select(Refund).where(Refund.stripe_id == row.source)).first()
    if refund is None:
        raise BelongsToNothing
    lock_order(refund.order_id)
    return refund


def _post_refund(row: BalanceTransaction) -> bool:
    refund = _refund_of(row)
    intent = str(db.session.get_one(Attempt, refund.attempt_id).payment_intent)
    lines, day = list_lines(refund.order_id), clock.local_day(row.created_at)
    return post_refund_balance(refund.order_id, lines, str(refund.stripe_id), intent, _movement(row), day)


def _post_refund_failure(row: BalanceTransaction) -> bool:
    refund = _refund_of(row)
    lines, day = list_lines(refund.order_id), clock.local_day(row.created_at)
    return post_refund_failure_balance(refund.order_id, lines, str(refund.stripe_id), _movement(row), day)


def _post_adjustment(row: BalanceTransaction) -> bool:
    """Stripe's word for what a dispute takes and gives back; anything else of that type is unknown."""
    dispute = db.session.scalars(select(Dispute).where(Dispute.stripe_id == row.source)).first()
    if dispute is None:
        raise BelongsToNothing
    order, lines = lock_order_with_lines(dispute.order_id)
    intent = str(db.session.get_one(Attempt, dispute.attempt_id).payment_intent)
    day = clock.local_day(row.created_at)
    booked = post_dispute_balance(order.id, lines, dispute.stripe_id, intent, _movement(row), day)
    if booked and dispute.status == "lost":
        bear_loss(order, lines, dispute)
    return booked


def _post_payout(row: BalanceTransaction) -> bool:
    post_payout(row.id, row.net_minor, row.currency, clock.local_day(row.created_at))
    return True


def _post_stripe_fee(row: BalanceTransaction) -> bool:
    post_stripe_fee(row.id, row.net_minor, row.currency, clock.local_day(row.created_at))
    return True


def _post_unknown(row: BalanceTransaction) -> bool:
    _set_aside(row, "unknown kind")
    return True


# docs.stripe.com/reports/balance-transaction-types
KINDS: dict[str, Callable[[BalanceTransaction], bool]] = {
    "charge": _post_charge,
    "payment": _post_charge,
    "refund": _post_refund,
    "payment_refund": _post_refund,
    "refund_failure": _post_refund_failure,
    "payment_failure_refund": _post_refund_failure,
    "adjustment": _post_adjustment,
    "payout": _post_payout,
    "payout_failure": _post_payout,
    "payout_cancel": _post_payout,
    "stripe_fee": _post_stripe_fee,
}
