"""A unit's account, month by month: opening + gross - commission - fees - refunds + adjustments - paid = closing, exactly.

The account is what is owed to a unit, whether its pieces have left or not: artisan_pending and artisan_payable together.
Every row of the books that touches it is sorted into one column by what stands on its other side, so nothing can be left
out; the rows of the commission account are read beside them, so that a sale shows its gross.

A sale in a foreign currency is earned in the order's currency and passes through fx_conversion when Stripe's money
arrives. Leaving takes back what the sale wrote, so within a month only the settlement currency's statement shows it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, case, func, or_, select

from shop.core.db import db
from shop.ledger import accounts
from shop.ledger.books import ARRIVALS
from shop.ledger.models import Entry

REVERSALS = frozenset({"refund", "refund_failed", "dispute", "dispute_won", "dispute_lost"})
FEES = frozenset({accounts.PAYMENT_FEES, accounts.DISPUTE_FEES})
# How the row names itself with which money that had gone back is there again (a refund failed, a dispute was won).
UNDONE = "gross:%:undone"


class Movement(Protocol):
    """What is read of a row of the books."""

    source: str
    source_id: str
    leg: str
    debit: str
    credit: str
    amount_minor: int
    currency: str
    order_id: int | None
    line_id: int | None
    effective_on: date


@dataclass(slots=True)
class Amounts:
    """Signed effects on what a unit is owed, in minor units of one currency: commission and fees are mostly negative."""

    gross: int = 0
    commission: int = 0
    fees: int = 0
    refunds: int = 0
    adjustments: int = 0
    paid: int = 0

    @property
    def net(self) -> int:
        """What all of it together changes."""
        return sum(getattr(self, column.name) for column in fields(Amounts))

    def add(self, other: "Amounts") -> None:
        for column in fields(Amounts):
            setattr(self, column.name, getattr(self, column.name) + getattr(other, column.name))

    def __bool__(self) -> bool:
        return any(getattr(self, column.name) for column in fields(Amounts))


@dataclass(slots=True)
class StatementRow:
    """What one order line, or one cause without a line (a transfer), did in the period; `on` is its first day."""

    source: str
    source_id: str
    order_id: int | None
    line_id: int | None
    on: date
    amounts: Amounts = field(default_factory=Amounts)


@dataclass(frozen=True, slots=True)
class Statement:
    """A unit's account in one currency over Casablanca days, both included."""

    unit_id: int
    currency: str
    first: date
    last: date
    opening: int
    rows: tuple[StatementRow, ...]
    totals: Amounts

    @property
    def closing(self) -> int:
        return self.opening + self.totals.net

    @property
    def month(self) -> str:
        """As it stands in addresses: 2026-03."""
        return f"{self.first:%Y-%m}"


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month a day lies in."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def sort_rows(unit_id: int, movements: Iterable[Movement], undone: frozenset[str] = frozenset()) -> list[StatementRow]:
    """Rows of the books as rows of a statement, oldest first; what came to nothing in every column is left out.

    `undone` are the balance transactions with which money that had gone back came again. Pure.
    """
    own = {accounts.pending(unit_id), accounts.payable(unit_id)}
    found: dict[tuple[str, str], StatementRow] = {}
    for entry in movements:
        amounts = _effect(entry, own, undone)
        if amounts is None:
            continue
        key = ("line", str(entry.line_id)) if entry.line_id is not None else (entry.source, entry.source_id)
        row = found.get(key)
        if row is None:
            row = StatementRow(entry.source, entry.source_id, entry.order_id, entry.line_id, entry.effective_on)
            found[key] = row
        row.amounts.add(amounts)
    return [row for row in found.values() if row.amounts]


def _effect(entry: Movement, own: set[str], undone: frozenset[str]) -> Amounts | None:
    """What a row does to the unit; None for one that only moves its money from pending to payable, or is not its own."""
    if (entry.debit in own) != (entry.credit in own):
        other = entry.debit if entry.credit in own else entry.credit
        signed = entry.amount_minor if entry.credit in own else -entry.amount_minor
        amounts = Amounts()
        setattr(amounts, _column(entry, other, entry.credit in own, undone), signed)
        return amounts
    if entry.debit not in own and accounts.COMMISSION in (entry.debit, entry.credit):
        earned = entry.credit == accounts.COMMISSION
        other = entry.debit if earned else entry.credit
        signed = entry.amount_minor if earned else -entry.amount_minor
        column = _column(entry, other, earned, undone)
        # What a sale brings and what a refund takes is told whole; commission stands apart from it.
        if column in {"gross", "refunds"}:
            return Amounts(**{column: signed, "commission": -signed})
    return None


def _column(entry: Movement, other: str, gains: bool, undone: frozenset[str]) -> str:
    if other == accounts.BANK:
        return "paid"
    if other in FEES:
        return "fees"
    if entry.source == "payment":
        return "gross"
    if entry.source in REVERSALS:
        return "refunds"
    if other == accounts.FX_CONVERSION and entry.leg.endswith((":in", ":out")):
        # A sale enters the settlement currency and leaves the order's; what goes back does both the other way.
        forward = gains == entry.leg.endswith(":in")
        return "gross" if forward and entry.source_id not in undone else "refunds"
    return "adjustments"


def read_statement(unit_id: int, currency: str, first: date, last: date) -> Statement:
    """A unit's statement over Casablanca days, both included."""
    opening = db.session.scalar(
        select(func.sum(_signed(unit_id))).where(
            Entry.unit_id == unit_id, Entry.currency == currency, Entry.effective_on < first
        )
    )
    entries = _read(unit_id, Entry.currency == currency, Entry.effective_on.between(first, last))
    return _statement(unit_id, currency, (first, last), int(opening or 0), entries, _undone(unit_id))


def list_statements(unit_id: int) -> list[Statement]:
    """The statements of all months in which something happened to a unit's money, newest first, then by currency."""
    by_month: dict[tuple[str, date], list[Movement]] = {}
    for entry in _read(unit_id):
        by_month.setdefault((entry.currency, entry.effective_on.replace(day=1)), []).append(entry)
    undone = _undone(unit_id)
    standing: dict[str, int] = {}
    statements = []
    for (currency, first), entries in sorted(by_month.items()):
        statement = _statement(unit_id, currency, month_of(first), standing.get(currency, 0), entries, undone)
        standing[currency] = statement.closing
        if statement.rows:
            statements.append(statement)
    return sorted(statements, key=lambda statement: (statement.first, statement.currency), reverse=True)


def sum_lines_before(unit_id: int, currency: str, line_ids: Iterable[int], day: date) -> dict[int, int]:
    """What stood for the unit of some lines before a day, {line id: minor}; lines of which nothing did are left out."""
    rows = db.session.execute(
        select(Entry.line_id, func.sum(_signed(unit_id)).label("minor"))
        .where(Entry.line_id.in_(list(line_ids)), Entry.currency == currency, Entry.effective_on < day)
        .group_by(Entry.line_id)
    )
    return {row.line_id: int(row.minor) for row in rows if row.minor}


def _statement(
    unit_id: int,
    currency: str,
    period: tuple[date, date],
    opening: int,
    entries: Iterable[Movement],
    undone: frozenset[str],
) -> Statement:
    rows = sort_rows(unit_id, entries, undone)
    totals = Amounts()
    for row in rows:
        totals.add(row.amounts)
    return Statement(unit_id, currency, *period, opening, tuple(rows), totals)


def _own(unit_id: int) -> list[str]:
    return [accounts.pending(unit_id), accounts.payable(unit_id)]


def _signed(unit_id: int) -> ColumnElement[int]:
    """What a row does to a unit's account; zero for one that touches it on both sides, or not at all."""
    own = _own(unit_id)
    gained = case((Entry.credit.in_(own), Entry.amount_minor), else_=0)
    return gained - case((Entry.debit.in_(own), Entry.amount_minor), else_=0)


def _read(unit_id: int, *conditions: ColumnElement[bool]) -> list[Any]:
    """Rows of a unit's account and of the commission on its sales, oldest first."""
    own = [*_own(unit_id), accounts.COMMISSION]
    columns = (
        Entry.source, Entry.source_id, Entry.leg, Entry.debit, Entry.credit, Entry.amount_minor, Entry.currency,
        Entry.order_id, Entry.line_id, Entry.effective_on,
    )  # fmt: skip
    statement = select(*columns).where(Entry.unit_id == unit_id, or_(Entry.debit.in_(own), Entry.credit.in_(own)))
    return list(db.session.execute(statement.where(*conditions).order_by(Entry.effective_on, Entry.id)))


def _undone(unit_id: int) -> frozenset[str]:
    orders = select(Entry.order_id).where(Entry.unit_id == unit_id)
    there = (Entry.source.in_(ARRIVALS), Entry.leg.like(UNDONE), Entry.order_id.in_(orders))
    found = select(Entry.source_id).where(*there)
    return frozenset(db.session.scalars(found))
