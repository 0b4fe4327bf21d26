"""Stripe's balance transactions: fetched with an overlapping window, stored raw, booked in the order they happened."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from shop.core import clock
from shop.core.db import db, insert_all_new, transaction
from shop.core.errors import EdgeFailed
from shop.ledger import accounts
from shop.ledger.posting import ALONE, Movement
from shop.ledger.services import post_alone, post_balance, post_explained, post_heal, post_unknown_balance
from shop.orders.queries import lock_order_with_lines
from shop.payments.disputes import bear_loss
from shop.payments.gateway import BalanceView, gateway
from shop.payments.models import BalanceTransaction, Dispute
from shop.payments.places import Key, Place, find_place, find_places
from shop.payments.quarantine import put_aside, resolve
from shop.payments.queries import list_quarantine
from shop.payments.recognition import Told, recognise

log = logging.getLogger("shop.balance")

# Balance transactions may appear late, with an earlier time; a re-import is harmless.
OVERLAP = timedelta(days=3)
BATCH = 100
# After so many movements in a row about which Stripe said nothing, the rest is left to the next round.
SILENCES = 3


# Of one second a charge before its refund, as their names happen to sort.
IN_TURN = (BalanceTransaction.created_at, BalanceTransaction.type, BalanceTransaction.id)


class BelongsToNothing(Exception):
    """No payment, refund or dispute we know is the source of a balance transaction."""


# Fetching -------------------------------------------------------------------------------------------------------------


def import_balance(since: datetime | None = None) -> int:
    """Fetch, store and book. Outside any transaction; how many were new."""
    new = 0
    for views in batches(gateway().list_balance_transactions(since or _overlap())):
        new += len(store(views))
    post_waiting()
    heal_suspense()
    return new


def _overlap() -> datetime:
    newest = db.session.scalar(select(func.max(BalanceTransaction.created_at)))
    return (newest - OVERLAP) if newest else datetime.fromtimestamp(0, UTC)


def batches(views: Iterable[BalanceView], size: int = BATCH) -> Iterator[list[BalanceView]]:
    """The same views in lists, so that each can be stored while Stripe is not being asked."""
    rest = iter(views)
    while batch := list(islice(rest, size)):
        yield batch


def store(views: Sequence[BalanceView]) -> set[str]:
    """Keep what Stripe said, whole. Opens its own transaction; the ids of those that were not here."""
    if not views:
        return set()
    known = select(BalanceTransaction.id).where(BalanceTransaction.id.in_([view.id for view in views]))
    here = set(db.session.scalars(known))
    if len(here) == len({view.id for view in views}):
        return set()
    with transaction():
        return insert_all_new(BalanceTransaction, [_values(view) for view in views if view.id not in here])


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


# Booking --------------------------------------------------------------------------------------------------------------


def post_waiting() -> int:
    """Book every stored transaction that is not booked yet and can be. Outside any transaction; how many were.

    What nobody here knows is asked about at Stripe, and stands in suspense if it is not ours.
    """
    waiting = list(
        db.session.scalars(
            select(BalanceTransaction.id).where(BalanceTransaction.posted_at.is_(None)).order_by(*IN_TURN)
        )
    )
    posted, silences = 0, 0
    for transaction_id in waiting:
        try:
            posted += _book(transaction_id)
            silences = 0
        except EdgeFailed as error:
            log.warning("the balance transaction %s will be looked at again: %s", transaction_id, error)
            silences += 1
        if silences == SILENCES:
            break
    return posted


def _book(transaction_id: str) -> bool:
    """Book one movement, asking Stripe what is behind it where nobody here knows. Whether it is booked now."""
    told: Told = {}
    for last in (False, True):
        try:
            with transaction():
                return _post(_lock(transaction_id))
        except BelongsToNothing:
            if not last:
                told = _ask(_key(db.session.get_one(BalanceTransaction, transaction_id)))
        except ValueError as error:
            # Amounts that do not fit stand in suspense with their reason; those behind them are booked as ever.
            log.exception("the balance transaction %s does not fit the books", transaction_id)
            return _suspend(transaction_id, {**told, "problem": str(error), "misfit": True})
    return _suspend(transaction_id, {**told, "problem": "belongs to nothing known"})


def _ask(key: Key) -> Told:
    """What Stripe says of a movement. Where we cannot follow it, it waits in suspense, in sight, until we can."""
    try:
        return recognise(key)
    except EdgeFailed:
        raise
    except Exception as error:
        log.exception("what Stripe says of %s could not be applied", key.id)
        return {"failed": type(error).__name__}


def _lock(transaction_id: str) -> BalanceTransaction:
    return db.session.get_one(BalanceTransaction, transaction_id, with_for_update=True, populate_existing=True)


def _key(row: BalanceTransaction) -> Key:
    return Key(row.id, row.type, row.source, row.amount_minor)


def _movement(row: BalanceTransaction) -> Movement:
    return Movement(row.id, row.amount_minor, row.fee_minor, row.currency)


def _post(row: BalanceTransaction) -> bool:
    if row.posted_at is not None:
        return False
    if row.type in ALONE:
        post_alone(row.type, row.id, row.net_minor, row.currency, clock.local_day(row.created_at))
    else:
        place = find_place(_key(row))
        if place is None:
            raise BelongsToNothing
        if not _place(place, row, post_balance, clock.local_day(row.created_at)):
            return False
    row.posted_at = clock.now()
    return True


def _place(place: Place, row: BalanceTransaction, post: Callable[..., bool], on: date) -> bool:
    # Where a maker's share stands changes with a hand-over: neither may happen while the other is being booked.
    order, lines = lock_order_with_lines(place.order_id)
    booked = post(order.id, lines, place.cause, _movement(row), on)
    if booked and place.dispute_id is not None:
        dispute = db.session.get_one(Dispute, place.dispute_id)
        if dispute.status == "lost":
            bear_loss(order, lines, dispute)
    return booked


def _suspend(transaction_id: str, told: Told) -> bool:
    """Put a movement into suspense and say why. Opens its own transaction."""
    with transaction():
        row = _lock(transaction_id)
        if row.posted_at is not None:
            return False
        post_unknown_balance(row.id, row.net_minor, row.currency, clock.local_day(row.created_at))
        row.posted_at = clock.now()
        money = {"type": row.type, "source": row.source, "net_minor": row.net_minor, "currency": row.currency}
        put_aside("balance", row.id, {**money, **told})
    return True


# Out of suspense ------------------------------------------------------------------------------------------------------


def heal_suspense(*, ask: bool = False, only: str | None = None) -> list[str]:
    """Book what stands in suspense and has a place by now out of it. Outside any transaction; the ids of those.

    `ask`: look at Stripe as well for what has none, and once more at what did not fit. `only` one movement.
    """
    there = list_quarantine(kind="balance", stripe_id=only)
    if not there:
        return []
    ids = [row.stripe_id for row in there if ask or not row.data.get("misfit")]
    columns = (BalanceTransaction.id, BalanceTransaction.type, BalanceTransaction.source)
    rows = db.session.execute(
        select(*columns, BalanceTransaction.amount_minor).where(BalanceTransaction.id.in_(ids)).order_by(*IN_TURN)
    )
    keys = [Key(*row) for row in rows]
    places = find_places(keys)
    if ask:
        for key in keys:
            if key.id not in places:
                recognise(key)
        places = find_places(keys)
    healed = [key.id for key in keys if key.id in places and _heal(key.id, places[key.id])]
    return healed + _close_returned()


def _heal(transaction_id: str, place: Place) -> bool:
    """Take one movement out of suspense; False where it has to wait or does not fit."""
    try:
        with transaction():
            row = _lock(transaction_id)
            if not _place(place, row, post_heal, clock.today()):
                return False
            resolve(list_quarantine(kind="balance", stripe_id=transaction_id), "found")
    except ValueError as error:
        log.warning("the balance transaction %s stays in suspense: %s", transaction_id, error)
        return False
    return True


def _close_returned() -> list[str]:
    """Payments whose order is not here and which went back whole: what came and what went leave suspense together.

    What Stripe kept of them is a fee. The ids of the movements.
    """
    by_payment: dict[str, list[str]] = {}
    for aside in list_quarantine(kind="balance"):
        if "payment_intent" in aside.data:
            by_payment.setdefault(aside.data["payment_intent"], []).append(aside.stripe_id)
    closed: list[str] = []
    for ids in by_payment.values():
        with transaction():
            rows = [_lock(identifier) for identifier in sorted(ids)]
            if len(rows) > 1 and sum(row.amount_minor for row in rows) == 0:
                for row in rows:
                    post_explained(row.id, row.net_minor, accounts.PAYMENT_FEES, row.currency, clock.today())
                    resolve(list_quarantine(kind="balance", stripe_id=row.id), "returned")
                    closed.append(row.id)
    return closed
