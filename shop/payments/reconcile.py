"""Stripe's balance against the books, movement by movement: every difference is listed, and healed where it can be.

Deeper than the worker's rounds: it looks at every movement of a window and not at new ones only, asks again about what
stands in suspense, compares payouts with what they consist of and Stripe's own balance with the sum of all. Pages of
Stripe's list and pieces of our table are walked side by side, so memory does not grow with the window.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import case, func, select, tuple_, update

from shop.core import clock
from shop.core.clock import day_start
from shop.core.db import db, transaction
from shop.core.tables import Installation
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.ledger.queries import list_uncleared
from shop.orders.models import Order
from shop.payments.balance import OVERLAP, batches, heal_suspense, post_waiting, store
from shop.payments.differences import Difference, pair
from shop.payments.dispute_news import settle_dispute
from shop.payments.gateway import BalanceView, PayoutView, gateway
from shop.payments.models import Attempt, BalanceTransaction, Dispute, StripePayout
from shop.payments.queries import list_quarantine

# What the worker fetches by itself at any moment is no difference.
FRESH = timedelta(minutes=15)
# How long a settled payment may wait for its balance transaction.
PENDING_LIMIT = timedelta(days=7)
MARK = "reconciled_until"
PIECE = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was looked at, and what was found: in the order it was found, healed or not."""

    since: datetime
    until: datetime
    movements: int
    payouts: int
    differences: list[Difference]


def default_since() -> datetime:
    """Where the last reconciliation that left nothing open ended, less an overlap; all time when there was none."""
    mark = db.session.get(Installation, MARK)
    return datetime.fromisoformat(mark.value) - OVERLAP if mark else datetime.fromtimestamp(0, UTC)


def reconcile(since: date | None = None, *, progress: Progress = lambda done, total: None) -> Reconciliation:
    """Compare and heal, from a Casablanca day or the last whole reconciliation on. Outside any transaction.

    Raises EdgeFailed when Stripe does not answer; what was healed so far stays.
    """
    until = clock.now()
    start = default_since() if since is None else day_start(since)
    walk = _Walk(start, until, progress)
    found = walk.go()
    post_waiting()
    healed = heal_suspense(ask=True)
    found += [*_arrived(walk.missing, until - FRESH), *_late(walk.missing, until - FRESH)]
    found += [*_suspended(healed), *_uncleared(until), *_disputes(start, until)]
    payouts, of_payouts = _payouts(start, until)
    found += [*of_payouts, *_balances(until)]
    if all(difference.is_healed or difference.kind == "unknown" for difference in found):
        # What stands in suspense is listed every time, however long ago it came.
        with transaction():
            db.session.merge(Installation(key=MARK, value=until.isoformat()))
    return Reconciliation(start, until, walk.seen, payouts, found)


# Movement by movement -------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """A movement as it is kept here, and what of it stands at Stripe by the books (None: no row)."""

    id: str
    created_at: datetime
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    is_posted: bool
    booked_minor: int | None


class _Walk:
    """One walk through a window. `missing`: what was not here and is now stored."""

    def __init__(self, since: datetime, until: datetime, progress: Progress) -> None:
        self.since, self.until, self.progress = since, until, progress
        self.seen = 0
        self.missing: dict[str, datetime] = {}

    def go(self) -> list[Difference]:
        found: list[Difference] = []
        alone: dict[str, Kept] = {}
        new: list[BalanceView] = []
        total = _count_kept(self.since, self.until)
        theirs = gateway().list_balance_transactions(self.since, self.until)
        for view, kept in pair(theirs, _kept(self.since, self.until)):
            if view is None and kept is not None:
                alone[kept.id] = kept
            elif view is not None and kept is not None:
                found += _compare(view, kept)
            elif view is not None:
                new.append(view)
            if view is not None:
                self.seen += 1
                self.progress(self.seen, max(total, self.seen))
            if len(new) == PIECE:
                self._keep(new, alone)
        self._keep(new, alone)
        return [*found, *map(_not_at_stripe, alone.values())]

    def _keep(self, new: list[BalanceView], alone: dict[str, Kept]) -> None:
        """Store what was not met here. What is here after all was fetched by the worker meanwhile, or lies elsewhere."""
        stored = {identifier for batch in batches(new) for identifier in store(batch)}
        for view in new:
            alone.pop(view.id, None)
            if view.id in stored:
                self.missing[view.id] = view.created_at
        new.clear()


def _in_window(since: datetime, until: datetime) -> tuple[Any, ...]:
    # Whatever the worker stores while we walk is newer than the walk.
    row = BalanceTransaction
    return row.created_at >= since, row.created_at <= until, row.imported_at < until


def _count_kept(since: datetime, until: datetime) -> int:
    return db.session.scalar(select(func.count(BalanceTransaction.id)).where(*_in_window(since, until))) or 0


def _kept(since: datetime, until: datetime) -> Iterator[Kept]:
    """What is kept of a window, newest first, read in pieces: between two of them Stripe is asked."""
    row = BalanceTransaction
    signed = case((Entry.debit == accounts.STRIPE_BALANCE, Entry.amount_minor), else_=-Entry.amount_minor)
    booked = (
        select(func.sum(signed))
        .where(Entry.source == "balance", Entry.source_id == row.id, Entry.currency == row.currency)
        .where((Entry.debit == accounts.STRIPE_BALANCE) | (Entry.credit == accounts.STRIPE_BALANCE))
        .scalar_subquery()
    )
    statement = (
        select(row.id, row.created_at, row.amount_minor, row.fee_minor, row.net_minor, row.currency)
        .add_columns(row.posted_at.is_not(None), booked)
        .where(*_in_window(since, until))
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(PIECE)
    )
    piece = [Kept(*values) for values in db.session.execute(statement)]
    while piece:
        yield from piece
        last = piece[-1]
        further = statement.where(tuple_(row.created_at, row.id) < (last.created_at, last.id))
        piece = [Kept(*values) for values in db.session.execute(further)]


def _compare(view: BalanceView, kept: Kept) -> Iterator[Difference]:
    if view.currency != kept.currency:
        yield Difference(
            "currency", "open", view.id, view.net_minor, view.currency, kept.net_minor, ours_currency=kept.currency
        )
        return
    for theirs, ours in (
        (view.amount_minor, kept.amount_minor),
        (view.fee_minor, kept.fee_minor),
        (view.net_minor, kept.net_minor),
    ):
        if theirs != ours:
            yield Difference("amount", "open", view.id, theirs, view.currency, ours)
            return
    if kept.is_posted and view.net_minor and kept.booked_minor is None:
        yield Difference("ours_missing", "open", view.id, view.net_minor, view.currency)
    elif kept.is_posted and (kept.booked_minor or 0) != view.net_minor:
        yield Difference("amount", "open", view.id, view.net_minor, view.currency, kept.booked_minor)


def _not_at_stripe(kept: Kept) -> Difference:
    return Difference("stripes_missing", "open", kept.id, 0, kept.currency, kept.net_minor)


# What became of it ----------------------------------------------------------------------------------------------------


class _Stored(NamedTuple):
    id: str
    net_minor: int
    currency: str
    is_posted: bool
    is_known: bool
    order: str | None


def _stored(*conditions: Any) -> Iterator[_Stored]:
    """Movements as they stand now: whether they are booked, to something known, and to which order."""
    row = BalanceTransaction
    place = select(Order.number).join(Entry, Entry.order_id == Order.id).where(Entry.source_id == row.id)
    number = place.where(Entry.source.in_(("balance", "heal"))).limit(1).scalar_subquery()
    aside = select(Entry.id).where(Entry.source == "balance", Entry.source_id == row.id, Entry.leg == "net")
    in_suspense = aside.where((Entry.debit == accounts.SUSPENSE) | (Entry.credit == accounts.SUSPENSE)).exists()
    columns = (row.id, row.net_minor, row.currency, row.posted_at.is_not(None), ~in_suspense, number)
    for found in db.session.execute(select(*columns).where(*conditions).order_by(row.created_at, row.type, row.id)):
        yield _Stored(*found)


def _pieces(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), PIECE):
        yield ordered[start : start + PIECE]


def _arrived(missing: dict[str, datetime], before: datetime) -> Iterator[Difference]:
    """What was not here, as it stands now; what stands in suspense is told of with all that does."""
    for ids in _pieces(identifier for identifier, moment in missing.items() if moment < before):
        for row in _stored(BalanceTransaction.id.in_(ids)):
            if row.is_known:
                outcome, order = ("booked", row.order) if row.is_posted else ("waiting", None)
                yield Difference("ours_missing", outcome, row.id, row.net_minor, row.currency, order=order)


def _late(missing: dict[str, datetime], before: datetime) -> Iterator[Difference]:
    """What has been kept here for a while without being booked."""
    waits = (BalanceTransaction.posted_at.is_(None), BalanceTransaction.created_at < before)
    for row in _stored(*waits):
        if row.id not in missing:
            yield Difference("ours_missing", "waiting", row.id, row.net_minor, row.currency)


def _suspended(healed: list[str]) -> Iterator[Difference]:
    """What was taken out of suspense, and all that still stands there, with the order Stripe names."""
    for ids in _pieces(healed):
        for row in _stored(BalanceTransaction.id.in_(ids)):
            yield Difference("unknown", "found", row.id, row.net_minor, row.currency, order=row.order)
    named = {row.stripe_id: row.data.get("order") for row in list_quarantine(kind="balance")}
    for ids in _pieces(named):
        for row in _stored(BalanceTransaction.id.in_(ids)):
            yield Difference("unknown", "suspense", row.id, row.net_minor, row.currency, order=named[row.id])


# What was booked and never arrived ------------------------------------------------------------------------------------


def _uncleared(until: datetime) -> Iterator[Difference]:
    """Payments, refunds and disputes that are booked and have had no movement for long: asked for by their source."""
    before = clock.local_day(until - PENDING_LIMIT)
    waiting = list_uncleared(before)
    charges = _charges_of(cause.id for cause in waiting if cause.source == "payment")
    views = [view for cause in waiting for view in gateway().list_movements_of(charges.get(cause.id, cause.id))]
    for batch in batches(views):
        store(batch)
    post_waiting()
    still = set(list_uncleared(before))
    for cause in waiting:
        number = None if cause.order_id is None else db.session.get_one(Order, cause.order_id).number
        if cause in still:
            yield Difference("stripes_missing", "open", cause.id, 0, cause.currency, cause.minor, order=number)
        else:
            yield Difference("ours_missing", "booked", cause.id, cause.minor, cause.currency, order=number)


def _charges_of(payment_intents: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for ids in _pieces(payment_intents):
        statement = select(Attempt.payment_intent, Attempt.charge).where(Attempt.payment_intent.in_(ids))
        found |= {row.payment_intent: row.charge for row in db.session.execute(statement) if row.charge}
    return found


def _disputes(since: datetime, until: datetime) -> Iterator[Difference]:
    """Disputes of the window that are not known here, or not as far as Stripe is: also those that moved no money."""
    for view in list(gateway().list_disputes(since, until)):
        status = db.session.scalar(select(Dispute.status).where(Dispute.stripe_id == view.id))
        if status == view.status or not settle_dispute(view.id):
            continue
        if status is None and view.opened_at < until - FRESH:
            number = db.session.scalar(
                select(Order.number).join(Dispute, Dispute.order_id == Order.id).where(Dispute.stripe_id == view.id)
            )
            yield Difference("ours_missing", "booked", view.id, -view.amount_minor, view.currency, order=number)


# Payouts and the balance ----------------------------------------------------------------------------------------------


def _payouts(since: datetime, until: datetime) -> tuple[int, list[Difference]]:
    """Every payout is the sum of its movements. How many there were, and those that are not."""
    unfinished = select(func.min(StripePayout.created_at)).where(StripePayout.reconciliation == "in_progress")
    since = min(since, db.session.scalar(unfinished) or since)
    views = list(gateway().list_payouts(since, until))
    return len(views), [difference for view in views for difference in _payout(view)]


def _payout(view: PayoutView) -> Iterator[Difference]:
    """Note which movements a payout consists of, unless that is known and foots."""
    complete = view.reconciliation == "completed"
    ids: list[str] = []
    new = 0
    if complete and _sum_payout(view) != view.amount_minor:
        for batch in batches(gateway().list_movements_in(view.id), PIECE):
            new += len(store(batch))
            ids += [movement.id for movement in batch]
    with transaction():
        for piece in _pieces(ids):
            there = BalanceTransaction.id.in_(piece)
            db.session.execute(update(BalanceTransaction).where(there).values(payout=view.id))
        db.session.merge(
            StripePayout(
                id=view.id,
                amount_minor=view.amount_minor,
                currency=view.currency,
                status=view.status,
                reconciliation=view.reconciliation,
                balance_transaction=view.balance_transaction,
                created_at=view.created_at,
            )
        )
    if new:
        post_waiting()
    if complete and (summed := _sum_payout(view)) != view.amount_minor:
        yield Difference("payout", "open", view.id, view.amount_minor, view.currency, summed)


def _sum_payout(view: PayoutView) -> int:
    """What the movements of a payout sum to, its own left out."""
    row = BalanceTransaction
    own = view.balance_transaction or ""
    return int(db.session.scalar(select(func.sum(row.net_minor)).where(row.payout == view.id, row.id != own)) or 0)


def _balances(until: datetime) -> list[Difference]:
    """Stripe's own balance against the sum of what is kept here; asked between two looks that find nothing new."""
    for _turn in range(3):
        held = gateway().fetch_balance()
        newest = batches(gateway().list_balance_transactions(until - FRESH))
        if sum(len(store(batch)) for batch in newest) == 0:
            break
        post_waiting()
    else:
        # So busy a shop is looked at again the next time.
        return []
    sums = select(BalanceTransaction.currency, func.sum(BalanceTransaction.net_minor)).group_by(
        BalanceTransaction.currency
    )
    ours = {currency: int(minor) for currency, minor in db.session.execute(sums)}
    return [
        Difference("balance", "open", "", held.get(currency, 0), currency, ours.get(currency, 0))
        for currency in sorted(held.keys() | ours.keys())
        if held.get(currency, 0) != ours.get(currency, 0)
    ]
