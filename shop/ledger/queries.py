"""Reads of the books: every balance is a sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select, text
from sqlalchemy.orm import aliased

from shop.core.db import db
from shop.ledger import accounts
from shop.ledger.books import ARRIVALS, GIVEN, GROSS, Books, Posted, Row, Terms, undone
from shop.ledger.models import Entry
from shop.orders.amounts import share_discount
from shop.orders.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account in a currency: credits less debits, in minor units."""

    account: str
    currency: str
    minor: int


@dataclass(frozen=True, slots=True)
class UnitPosition:
    """What a unit is owed in one currency, in minor units: not yet exported, exported and due, sent to it."""

    currency: str
    awaiting_export: int
    due: int
    paid_out: int


_BALANCES = """
SELECT account, currency, SUM(minor) AS minor FROM (
  SELECT credit AS account, currency, amount_minor AS minor FROM ledger_entry
  UNION ALL
  SELECT debit AS account, currency, -amount_minor AS minor FROM ledger_entry
) AS moved {where} GROUP BY account, currency ORDER BY account, currency
"""


def list_balances() -> list[Balance]:
    """All balances that are not zero, by account and currency."""
    rows = db.session.execute(text(_BALANCES.format(where="")))
    return [Balance(row.account, row.currency, int(row.minor)) for row in rows if row.minor]


def sum_balance(account: str, currency: str) -> int:
    """Credits less debits of an account in a currency."""
    where = "WHERE account = :account AND currency = :currency"
    row = db.session.execute(text(_BALANCES.format(where=where)), {"account": account, "currency": currency}).first()
    return int(row.minor) if row else 0


@dataclass(frozen=True, slots=True)
class Uncleared:
    """Something of an order that is booked and whose balance transaction is not: `minor` is what Stripe owes by it.

    `source` and `id` name the cause, as in the books.
    """

    order_id: int | None
    source: str
    id: str
    currency: str
    minor: int


def list_uncleared(before: date = date.max) -> list[Uncleared]:
    """Payments, refunds and disputes, booked before a day, that have no balance transaction yet."""
    signed = case((Entry.debit == accounts.STRIPE_PENDING, Entry.amount_minor), else_=-Entry.amount_minor)
    caused = (
        select(Entry.order_id, Entry.source, Entry.source_id, Entry.currency, func.sum(signed).label("minor"))
        .where(Entry.source.in_(GIVEN))
        .group_by(Entry.order_id, Entry.source, Entry.source_id, Entry.currency)
        .having(func.max(Entry.effective_on) < before)
        .subquery()
    )
    arrival = aliased(Entry)
    undoes = caused.c.source.in_(("refund_failed", "dispute_won"))
    leg = literal(GROSS) + caused.c.source_id + case((undoes, undone("")), else_="")
    arrived = select(arrival.id).where(
        arrival.order_id == caused.c.order_id, arrival.source.in_(ARRIVALS), arrival.leg == leg
    )
    rows = db.session.execute(select(caused).where(~arrived.exists()).order_by(caused.c.order_id, caused.c.source_id))
    return [Uncleared(row.order_id, row.source, row.source_id, row.currency, int(row.minor)) for row in rows]


def list_entries(*, order_id: int | None = None, line_id: int | None = None, unit_id: int | None = None) -> list[Entry]:
    """Rows of an order, a line or a unit, in the order they were written."""
    statement: Select[Entry] = select(Entry).order_by(Entry.id)
    for column, value in ((Entry.order_id, order_id), (Entry.line_id, line_id), (Entry.unit_id, unit_id)):
        if value is not None:
            statement = statement.where(column == value)
    return list(db.session.scalars(statement))


def unit_position(unit_id: int) -> list[UnitPosition]:
    """What a unit is owed, a row per currency, currencies in order."""
    where = "WHERE account IN (:pending, :payable)"
    names = {"pending": accounts.pending(unit_id), "payable": accounts.payable(unit_id)}
    found: dict[str, dict[str, int]] = {}
    for row in db.session.execute(text(_BALANCES.format(where=where)), names):
        found.setdefault(row.currency, {})[row.account] = int(row.minor)
    paid: dict[str, int] = {}
    # What the bank sent back was not paid.
    sent = and_(Entry.debit == names["payable"], Entry.credit == accounts.BANK)
    returned = and_(Entry.debit == accounts.BANK, Entry.credit == names["payable"])
    statement = select(Entry.currency, Entry.debit, Entry.amount_minor).where(or_(sent, returned))
    for row in db.session.execute(statement):
        signed = row.amount_minor if row.debit == names["payable"] else -row.amount_minor
        paid[row.currency] = paid.get(row.currency, 0) + signed
    return [
        UnitPosition(
            currency,
            found.get(currency, {}).get(names["pending"], 0),
            found.get(currency, {}).get(names["payable"], 0),
            paid.get(currency, 0),
        )
        for currency in sorted({*found, *paid})
        if any(found.get(currency, {}).values()) or paid.get(currency)
    ]


def sum_line_shares(line_ids: list[int]) -> dict[int, dict[str, int]]:
    """What stands for the maker of each line, {line id: {currency: minor}}, pending and payable together."""
    result: dict[int, dict[str, int]] = {}
    if not line_ids:
        return result
    statement = select(Entry.line_id, Entry.debit, Entry.credit, Entry.currency, Entry.amount_minor).where(
        Entry.line_id.in_(line_ids)
    )
    for row in db.session.execute(statement):
        signed = row.credit.startswith("artisan_") - row.debit.startswith("artisan_")
        if signed:
            of_line = result.setdefault(row.line_id, {})
            of_line[row.currency] = of_line.get(row.currency, 0) + signed * row.amount_minor
    return result


def terms_of(line: OrderLine) -> Terms:
    """What was frozen of a line, for the posting rules."""
    return Terms(
        line_id=line.id,
        unit_id=line.unit_id,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        commission_minor=line.commission_minor,
        fee_bearer=line.fee_bearer,
        loss_bearer=line.loss_bearer,
        dispute_fee_bearer=line.dispute_fee_bearer,
    )


def discount_shares(order: Order, lines: Sequence[OrderLine]) -> dict[int, int]:
    """What each line bears of its order's discount, {line id: minor}, as Stripe was told."""
    if not order.discount_minor:
        return {}
    shares = share_discount(order.discount_minor, lines, order.currency)
    return {line.id: share for line, share in zip(lines, shares, strict=True)}


_COLUMNS = (
    Entry.source,
    Entry.source_id,
    Entry.leg,
    Entry.debit,
    Entry.credit,
    Entry.amount_minor,
    Entry.currency,
    Entry.line_id,
    Entry.unit_id,
)


def read_books(order_id: int, lines: Sequence[OrderLine]) -> Books:
    """All rows of an order as the posting rules want them, in one statement."""
    return Books([terms_of(line) for line in lines], list_posted([order_id]).get(order_id, []))


def list_posted(order_ids: Sequence[int]) -> dict[int, list[Posted]]:
    """The rows of many orders, {order id: oldest first}, in one statement."""
    statement: Any = select(Entry.order_id, *_COLUMNS).where(Entry.order_id.in_(order_ids))
    found: dict[int, list[Posted]] = {}
    for row in db.session.execute(statement.order_by(Entry.order_id, Entry.id)):
        found.setdefault(row.order_id, []).append(Posted(row.source, row.source_id, Row(*row[3:])))
    return found
