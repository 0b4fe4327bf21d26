"""The atoms of every figure: one sale or one refund of one line, on one day.

A report is a sum over facts and its detail is the list of the same facts, so a figure always opens to its lines.

- booked: the order was paid that day. A refund counts on the day it succeeded, and against itself on the day it failed
  after all; so does what a dispute took and gave back.
- exported: the line was handed over for a destination abroad. A refund of it counts on the day it succeeded, if the
  line had been handed over by then; cancelling before that touches booked only.
- settled: the refund window after the hand-over ended that day and no refund had been asked for by then (one that
  failed does not count). Later refunds count on their own day.

The dirham rate of a sale and of its refunds is that of the day of payment (booked) or of the hand-over (exported and
settled), so that a sale refunded whole is worth zero dirhams. Declared sales know one day only: that of the sale.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, false, or_, select

from shop.artisans.models import Unit
from shop.core import clock
from shop.core.clock import day_bounds, local_day
from shop.core.db import db
from shop.core.money import round_half_up
from shop.core.policies import get_policy
from shop.ledger.models import Entry
from shop.orders.models import DeclaredSale, Order, OrderLine
from shop.payments.models import BalanceTransaction, Dispute, DisputePart, Refund, RefundPart
from shop.programme.models import Edition, Membership, Programme
from shop.reports.filters import ReportFilters

# (programme code, edition code)
Cohort = tuple[str, str]


class Fact(NamedTuple):
    """A sale (amounts positive) or a refund (negative; positive where one failed or a dispute was won), in minor units of `currency`, goods without tax and postage.

    `order_key` and `line_key` are equal for facts of the same order and line. `fees_minor` is the maker's share of the
    payment provider's fee. `rate_on` is the day whose exchange rate holds.
    """

    origin: str
    kind: str
    order_key: tuple[str, str]
    line_key: tuple[str, int]
    unit_id: int
    currency: str
    on: date
    rate_on: date
    quantity: int
    amount_minor: int
    commission_minor: int
    fees_minor: int
    family: str
    country: str | None
    cohorts: tuple[Cohort, ...]
    sku: str
    title: str


def list_facts(filters: ReportFilters, *, unit_id: int | None = None) -> list[Fact]:
    """All facts a report counts, in order of day and line; `unit_id` (internal) narrows to one unit."""
    facts: list[Fact] = []
    if filters.source in ("platform", "all"):
        facts.extend(_platform_facts(filters, unit_id))
    if filters.source in ("declared", "all"):
        facts.extend(_declared_facts(filters, unit_id))
    facts = [fact for fact in facts if _in_circle(fact.cohorts, filters)]
    facts.sort(key=lambda fact: (fact.on, fact.line_key, fact.kind == "refund"))
    return facts


def _in_circle(cohorts: Iterable[Cohort], filters: ReportFilters) -> bool:
    """Both codes must hold in one membership: the edition of another programme does not count."""
    if filters.programme is None and filters.edition is None:
        return True
    return any(
        filters.programme in (None, programme) and filters.edition in (None, edition) for programme, edition in cohorts
    )


# Sales of the shop ---------------------------------------------------------------------------------------------------

_COLUMNS: tuple[Any, ...] = (
    OrderLine.id.label("line_id"),
    OrderLine.order_id,
    OrderLine.unit_id,
    OrderLine.quantity,
    OrderLine.net_minor,
    OrderLine.tax_minor,
    OrderLine.commission_minor,
    OrderLine.fee_bearer,
    OrderLine.loss_bearer,
    OrderLine.family,
    OrderLine.memberships,
    OrderLine.handed_over_at,
    OrderLine.sku,
    OrderLine.title,
    Order.number,
    Order.currency,
    Order.country,
    Order.paid_at,
)


def _platform_facts(filters: ReportFilters, unit_id: int | None) -> list[Fact]:
    sales = list(db.session.execute(_narrow(_sales(filters), filters, unit_id)))
    refunds = [
        row for statement in _reversals(filters) for row in db.session.execute(_narrow(statement, filters, unit_id))
    ]
    window = timedelta(days=get_policy("refund_window_days", filters.last))
    if filters.basis == "settled":
        asked = _first_refund_days({row.order_id for row in (*sales, *refunds)})
        settled = [row for row in sales if _settles(row, window, asked)]
        refunds = [row for row in refunds if _settles(row, window, asked)]
        sales = settled
    fees = _maker_fees({row.line_id for row in (*sales, *refunds) if row.fee_bearer == "maker"})
    facts = []
    for row in sales:
        day = local_day(row.paid_at if filters.basis == "booked" else row.handed_over_at)
        facts.append(_sale(row, day + window if filters.basis == "settled" else day, day, fees.get(row.line_id, 0)))
    for row in refunds:
        origin_day = local_day(row.paid_at if filters.basis == "booked" else row.handed_over_at)
        facts.append(_refund(row, local_day(row.moment), origin_day, fees.get(row.line_id, 0)))
    return facts


def _sales(filters: ReportFilters) -> Select[Any]:
    statement: Select[Any] = select(*_COLUMNS).join(Order, OrderLine.order_id == Order.id)
    if filters.basis == "booked":
        start, end = day_bounds(filters.first, filters.last)
        return statement.where(Order.paid_at >= start, Order.paid_at < end)
    back = timedelta(0)
    last = filters.last
    if filters.basis == "settled":
        # What has not ended yet has not settled, however far the period reaches.
        back = timedelta(days=get_policy("refund_window_days", filters.last))
        last = min(last, clock.today())
        if last < filters.first:
            return statement.where(false())
    start, end = day_bounds(filters.first - back, last - back)
    return statement.where(OrderLine.handed_over_at >= start, OrderLine.handed_over_at < end, _abroad(filters))


# What takes a part of a line's money back (-1), and what brings it again (+1): the parts, the moment, the sign.
_REVERSALS: tuple[tuple[Any, Any, Any, Any, int], ...] = (
    (RefundPart, Refund, RefundPart.refund_id == Refund.id, Refund.settled_at, -1),
    (RefundPart, Refund, (RefundPart.refund_id == Refund.id) & Refund.settled_at.is_not(None), Refund.failed_at, 1),
    (DisputePart, Dispute, DisputePart.dispute_id == Dispute.id, Dispute.withdrawn_at, -1),
    (DisputePart, Dispute, DisputePart.dispute_id == Dispute.id, Dispute.reinstated_at, 1),
)


def _reversals(filters: ReportFilters) -> Iterator[Select[Any]]:
    """Statements for refunds, refunds that failed after all, money a dispute took, and what it gave back."""
    start, end = day_bounds(filters.first, filters.last)
    for part, whole, belongs, moment, sign in _REVERSALS:
        statement: Select[Any] = (
            select(
                *_COLUMNS,
                moment.label("moment"),
                (part.net_minor * sign).label("given_minor"),
                (part.commission_minor * sign).label("given_commission_minor"),
            )
            .join(Order, OrderLine.order_id == Order.id)
            .join(part, part.line_id == OrderLine.id)
            .join(whole, belongs)
            .where(moment >= start, moment < end)
        )
        if filters.basis == "booked":
            yield statement.where(Order.paid_at.is_not(None))
        else:
            yield statement.where(OrderLine.handed_over_at <= moment, _abroad(filters))


def _abroad(filters: ReportFilters) -> Any:
    return Order.country.not_in(get_policy("domestic_codes", filters.last))


def _narrow(statement: Select[Any], filters: ReportFilters, unit_id: int | None) -> Select[Any]:
    if unit_id is not None:
        statement = statement.where(OrderLine.unit_id == unit_id)
    if filters.family is not None:
        statement = statement.where(OrderLine.family == filters.family)
    if filters.country is not None:
        statement = statement.where(Order.country == filters.country)
    return statement


def _first_refund_days(order_ids: set[int]) -> dict[int, date]:
    """The day on which a refund that did not fail was first asked for, or a dispute took money, per line of orders."""
    days: dict[int, date] = {}
    asked = (
        select(RefundPart.line_id, Refund.requested_at.label("moment"))
        .join(Refund, RefundPart.refund_id == Refund.id)
        .where(Refund.state != "failed", RefundPart.line_id.is_not(None))
    )
    taken = (
        select(DisputePart.line_id, Dispute.withdrawn_at.label("moment"))
        .join(Dispute, DisputePart.dispute_id == Dispute.id)
        .where(Dispute.withdrawn_at.is_not(None), Dispute.reinstated_at.is_(None))
    )
    for chunk in _chunks(order_ids):
        rows = [
            *db.session.execute(asked.where(Refund.order_id.in_(chunk))),
            *db.session.execute(taken.where(Dispute.order_id.in_(chunk))),
        ]
        for row in rows:
            day = local_day(row.moment)
            days[row.line_id] = min(day, days.get(row.line_id, day))
    return days


def _settles(row: Row[Any], window: timedelta, asked: dict[int, date]) -> bool:
    return row.line_id not in asked or asked[row.line_id] > local_day(row.handed_over_at) + window


def _sale(row: Row[Any], on: date, rate_on: date, fee_minor: int) -> Fact:
    return _fact(row, "sale", on, rate_on, (row.quantity, row.net_minor, row.commission_minor, fee_minor))


def _refund(row: Row[Any], on: date, rate_on: date, fee_minor: int) -> Fact:
    """What was given back, or came back, of a line, as booked. The fee goes back pro rata where the operator bears what
    the provider keeps. Giving back a part of the price returns no goods."""
    part = Fraction(row.given_minor, row.net_minor) if row.net_minor else Fraction(0)
    quantity = round(row.quantity * part) if abs(part) == 1 else 0
    fee = round_half_up(fee_minor * part) if row.loss_bearer == "operator" else 0
    return _fact(row, "refund", on, rate_on, (quantity, row.given_minor, row.given_commission_minor, fee))


def _fact(row: Row[Any], kind: str, on: date, rate_on: date, amounts: tuple[int, int, int, int]) -> Fact:
    return Fact(
        "platform",
        kind,
        ("platform", row.number),
        ("platform", row.line_id),
        row.unit_id,
        row.currency,
        on,
        rate_on,
        *amounts,
        row.family,
        row.country,
        tuple((entry["programme"], entry["edition"]) for entry in row.memberships),
        row.sku,
        row.title,
    )


def _maker_fees(line_ids: set[int]) -> dict[int, int]:
    """The maker's share of the payment fee per line, in the order's currency, as the books have it.

    The books hold it in the currency Stripe settled in; it is turned back at the rate Stripe used. A line whose
    balance transaction has not arrived yet has none.
    """
    fees: dict[int, int] = defaultdict(int)
    statement = (
        select(Entry.line_id, Entry.amount_minor, Entry.currency, Order.currency.label("ordered"))
        .add_columns(BalanceTransaction.exchange_rate)
        .join(Order, Order.id == Entry.order_id)
        .join(BalanceTransaction, BalanceTransaction.id == Entry.source_id)
        .where(Entry.source == "balance", Entry.credit == "payment_fees", Entry.debit.like("artisan_%"))
    )
    for chunk in _chunks(line_ids):
        for row in db.session.execute(statement.where(Entry.line_id.in_(chunk))):
            converted = row.currency != row.ordered and row.exchange_rate is not None
            rate = Fraction(row.exchange_rate) if converted else Fraction(1)
            fees[row.line_id] += round_half_up(row.amount_minor / rate)
    return fees


def _chunks(ids: set[int], size: int = 5000) -> Iterator[list[int]]:
    """Bound parameters have a limit on both databases."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


# Sales declared from elsewhere ---------------------------------------------------------------------------------------


def _declared_facts(filters: ReportFilters, unit_id: int | None) -> Iterator[Fact]:
    shift = timedelta(0)
    last = filters.last
    if filters.basis == "settled":
        shift = timedelta(days=get_policy("refund_window_days", filters.last))
        last = min(last, clock.today())
    if last < filters.first:
        return
    start, end = day_bounds(filters.first - shift, last - shift)
    cohorts_on = _cohort_book()
    for row in db.session.execute(_declared(filters, unit_id, start, end)):
        day = local_day(row.sold_at)
        # As when an order is placed: the unit's own programmes and those of the aggregator that carries it.
        cohorts = cohorts_on(row.unit_id, day)
        if row.aggregator_id is not None:
            cohorts = tuple(sorted({*cohorts, *cohorts_on(row.aggregator_id, day)}))
        yield from _declared_pair(row, day + shift, day, cohorts)


def _declared(filters: ReportFilters, unit_id: int | None, start: datetime, end: datetime) -> Select[Any]:
    """A return (negative quantity) counts whatever its status; a sale counts by it. A destination that was not
    declared does not contradict a declared export; a domestic one does."""
    sale = DeclaredSale
    statement = (
        select(
            sale.id, sale.source, sale.external_id, sale.sku, sale.sold_at, sale.unit_id, sale.description, sale.status
        )
        .add_columns(sale.quantity, sale.currency, sale.amount_minor, sale.refunded_minor, sale.country, sale.family)
        .add_columns(Unit.family.label("unit_family"), Unit.aggregator_id)
        .join(Unit, Unit.id == sale.unit_id)
        .where(sale.sold_at >= start, sale.sold_at < end)
    )
    if filters.basis == "booked":
        statement = statement.where(or_(sale.status != "cancelled", sale.quantity < 0))
    else:
        domestic = get_policy("domestic_codes", filters.last)
        statement = statement.where(or_(sale.status.in_(("exported", "refunded")), sale.quantity < 0))
        statement = statement.where(or_(sale.country.is_(None), sale.country.not_in(domestic)))
    if unit_id is not None:
        statement = statement.where(sale.unit_id == unit_id)
    if filters.family is not None:
        own = sale.family == filters.family
        statement = statement.where(or_(own, sale.family.is_(None) & (Unit.family == filters.family)))
    if filters.country is not None:
        statement = statement.where(sale.country == filters.country)
    return statement


def _declared_pair(row: Row[Any], on: date, rate_on: date, cohorts: tuple[Cohort, ...]) -> Iterator[Fact]:
    """The fact of a declared line and, where it was given back wholly or partly, the fact of that."""

    def fact(kind: str, quantity: int, amount_minor: int) -> Fact:
        order_key, line_key = (row.source, row.external_id), ("declared", row.id)
        amounts = (quantity, amount_minor, 0, 0)
        family = row.family or row.unit_family
        head = ("declared", kind, order_key, line_key, row.unit_id, row.currency, on, rate_on)
        return Fact._make((*head, *amounts, family, row.country, cohorts, row.sku, row.description))

    if row.quantity < 0:
        yield fact("refund", row.quantity, row.amount_minor)
        return
    yield fact("sale", row.quantity, row.amount_minor)
    returned = row.refunded_minor
    if row.status == "refunded" and not returned:
        returned = row.amount_minor
    if returned:
        yield fact("refund", -row.quantity if returned == row.amount_minor else 0, -returned)


def _cohort_book() -> Any:
    """A function (unit id, day) -> cohorts the unit was in on that day, from all memberships read once."""
    held: dict[int, list[tuple[date, date, Cohort]]] = defaultdict(list)
    statement = (
        select(Membership.unit_id, Membership.from_on, Membership.to_on, Programme.code, Edition.code.label("edition"))
        .join(Edition, Membership.edition_id == Edition.id)
        .join(Programme, Edition.programme_id == Programme.id)
        .order_by(Membership.id)
    )
    for row in db.session.execute(statement):
        held[row.unit_id].append((row.from_on, row.to_on or date.max, (row.code, row.edition)))

    def cohorts_on(unit_id: int, day: date) -> tuple[Cohort, ...]:
        return tuple(cohort for start, end, cohort in held.get(unit_id, ()) if start <= day <= end)

    return cohorts_on
