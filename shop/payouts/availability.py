"""What of a unit's money may be sent now, what later and why: reads over the books, the parcels and Stripe's news.

Available is what is payable, less what must still wait, less what an open transfer has taken. A line waits until as many
days have passed since its hand-over as the policy of that day says, until Stripe's money for its order is in the books,
and while its order is disputed or being refunded, also in vain. What makes the account smaller (a refund after a
transfer, return freight) counts at once: a negative balance carries forward.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from shop.core import clock
from shop.core.db import db
from shop.core.policies import DEFAULTS, list_decisions
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.orders.models import OrderLine
from shop.payments.models import Dispute, Refund
from shop.payments.queries import is_waiting
from shop.payouts.models import OPEN, Transfer

PENDING, PAYABLE = "artisan_pending:%", "artisan_payable:%"
POLICY = "available_after_days"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money of one line that must wait: until a day, or (`on` None) until something is over.

    `why` is days, stripe (its money has not arrived), refund or dispute.
    """

    line_id: int
    minor: int
    on: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a unit's money stands in one currency, in minor units.

    awaiting_export + available + in_transfer + what waits = all that is owed to it; `available` may be negative.
    """

    unit_id: int
    currency: str
    awaiting_export: int
    available: int
    in_transfer: int
    sent: int
    waiting: tuple[Waiting, ...]

    @property
    def later(self) -> int:
        """What waits, together."""
        return sum(part.minor for part in self.waiting)

    @property
    def days(self) -> list[tuple[date | None, int]]:
        """What becomes available on which day, earliest first; under None what has no day yet."""
        sums: dict[date | None, int] = {}
        for part in self.waiting:
            sums[part.on] = sums.get(part.on, 0) + part.minor
        return sorted(sums.items(), key=lambda pair: (pair[0] is None, pair[0] or date.min))


def list_standings(
    *, unit_id: int | None = None, currency: str | None = None, but_batch: int | None = None
) -> list[Standing]:
    """Standing of each unit in each currency in which anything stands or was sent, by unit and currency.

    `but_batch` leaves the transfers of one batch out of what is taken: for the check of that batch itself.
    """
    # Before the sums: a transfer that is executed while we read is then subtracted twice, never not at all.
    taken = _taken(but_batch)
    sums = db.session.execute(_sums(unit_id, currency)).all()
    waiting = _waiting(unit_id)
    standings = []
    for row in sums:
        key = (row.unit_id, row.currency)
        parts = tuple(waiting.get(key, ()))
        open_minor = taken.get(key, 0)
        available = int(row.payable) - sum(part.minor for part in parts) - open_minor
        # A currency that a unit's money only passed through is none of its own.
        if row.pending or row.payable or row.sent:
            standings.append(Standing(*key, int(row.pending), available, open_minor, int(row.sent), parts))
    return standings


def _taken(but_batch: int | None) -> dict[tuple[int, str], int]:
    statement = select(Transfer.unit_id, Transfer.currency, Transfer.amount_minor).where(Transfer.state.in_(OPEN))
    if but_batch is not None:
        statement = statement.where(Transfer.batch_id != but_batch)
    # One open transfer per unit and currency: an index makes sure.
    return {(row.unit_id, row.currency): row.amount_minor for row in db.session.execute(statement)}


def _moved(pattern: str) -> ColumnElement[int]:
    """Credits less debits of accounts of a kind."""
    gained = case((Entry.credit.like(pattern), Entry.amount_minor), else_=0)
    return gained - case((Entry.debit.like(pattern), Entry.amount_minor), else_=0)


def _sums(unit_id: int | None, currency: str | None) -> Select[*tuple[Any, ...]]:
    sent = case((Entry.credit == accounts.BANK, Entry.amount_minor), else_=0) - case(
        (Entry.debit == accounts.BANK, Entry.amount_minor), else_=0
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            Entry.unit_id,
            Entry.currency,
            func.sum(_moved(PENDING)).label("pending"),
            func.sum(_moved(PAYABLE)).label("payable"),
            func.sum(sent).label("sent"),
        )
        .where(Entry.unit_id.is_not(None), or_(*_touches(PENDING), *_touches(PAYABLE)))
        .group_by(Entry.unit_id, Entry.currency)
        .order_by(Entry.unit_id, Entry.currency)
    )
    for column, value in ((Entry.unit_id, unit_id), (Entry.currency, currency)):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def _touches(pattern: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Entry.debit.like(pattern), Entry.credit.like(pattern)


def _waiting(unit_id: int | None) -> dict[tuple[int, str], list[Waiting]]:
    """What waits, by unit and currency: lines handed over lately, and those of orders about which something is open."""
    days = _Days()
    held = {why: set(db.session.scalars(orders)) for why, orders in _held(unit_id).items()}
    recent = OrderLine.handed_over_at >= clock.day_start(clock.today() - timedelta(days=days.most))
    wanted = or_(recent, *(OrderLine.order_id.in_(orders) for orders in _held(unit_id).values()))
    statement = (
        select(
            OrderLine.id,
            OrderLine.order_id,
            OrderLine.unit_id,
            OrderLine.handed_over_at,
            Entry.currency,
            func.sum(_moved(PAYABLE)).label("minor"),
        )
        .join(Entry, Entry.line_id == OrderLine.id)
        .where(OrderLine.handed_over_at.is_not(None), wanted, or_(*_touches(PAYABLE)))
        .group_by(OrderLine.id, OrderLine.order_id, OrderLine.unit_id, OrderLine.handed_over_at, Entry.currency)
        .order_by(OrderLine.handed_over_at, OrderLine.id, Entry.currency)
    )
    if unit_id is not None:
        statement = statement.where(OrderLine.unit_id == unit_id)
    found: dict[tuple[int, str], list[Waiting]] = {}
    for row in db.session.execute(statement):
        why = next((why for why, orders in held.items() if row.order_id in orders), "")
        on = days.available_on(row.handed_over_at)
        if row.minor > 0 and (why or on > clock.today()):
            part = Waiting(row.id, int(row.minor), None if why else on, why or "days")
            found.setdefault((row.unit_id, row.currency), []).append(part)
    return found


def _held(unit_id: int | None) -> dict[str, Select[Any]]:
    """Ids of the orders whose money may not leave yet, by why."""
    pending = or_(Entry.debit == accounts.STRIPE_PENDING, Entry.credit == accounts.STRIPE_PENDING)
    signed = case((Entry.debit == accounts.STRIPE_PENDING, Entry.amount_minor), else_=-Entry.amount_minor)
    not_arrived = (
        select(Entry.order_id)
        .where(pending, Entry.order_id.is_not(None))
        .group_by(Entry.order_id, Entry.currency)
        .having(func.sum(signed) != 0)
    )
    refunded = select(Refund.order_id).where(is_waiting())
    disputed = select(Dispute.order_id).where(Dispute.closed_at.is_(None))
    if unit_id is not None:
        own = select(OrderLine.order_id).where(OrderLine.unit_id == unit_id)
        not_arrived = not_arrived.where(Entry.order_id.in_(own))
        refunded = refunded.where(Refund.order_id.in_(own))
        disputed = disputed.where(Dispute.order_id.in_(own))
    return {"dispute": disputed, "refund": refunded, "stripe": not_arrived}


class _Days:
    """The dated policy of how long money waits after a hand-over, read once."""

    def __init__(self) -> None:
        decisions = list_decisions(POLICY)
        self._from = [row.from_on for row in decisions]
        self._days = [int(DEFAULTS[POLICY]), *(int(row.value) for row in decisions)]
        self.most = max(self._days)

    def available_on(self, handed_over_at: datetime) -> date:
        """The day from which money of a line handed over then may be sent, as promised on that day."""
        day = clock.local_day(handed_over_at)
        return day + timedelta(days=self._days[bisect_right(self._from, day)])
