"""The atoms of every figure: one sale or one refund of one line, on one day.

A report is a sum over facts and its detail is the list of the same facts, so a figure always opens to its lines.

- booked: the order was paid that day. A refund counts on the day it succeeded, and against itself on the day it failed
  after all; so does what a dispute took and gave back.
- exported: the line was handed over for a destination abroad. A refund of it counts on the day it succeeded, if the
  line had been handed over by then; cancelling before that touches booked only.
- settled: that day the refund window after the hand-over was over, and no refund or dispute of it was open. What had
  gone back by then counts on that day, what goes back later on its own; a line given back whole never settles.

The dirham rate of a sale and of its refunds is that of the day of payment (booked) or of the hand-over (exported and
settled), so that a sale refunded whole is worth zero dirhams. Declared sales know one day only: that of the sale.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, literal, or_, select, union_all

from shop.artisans.models import Unit
from shop.core import clock
from shop.core.clock import day_bounds, local_day
from shop.core.db import db
from shop.core.money import round_half_up
from shop.core.policies import get_policy
from shop.ledger.books import ARRIVALS
from shop.ledger.models import Entry
from shop.orders.models import DeclaredSale, Order, OrderLine
from shop.payments.models import BalanceTransaction, Dispute, DisputePart, Refund, RefundPart
from shop.programme.models import Edition, Membership, Programme
from shop.reports.filters import ReportFilters
from shop.reports.settling import chunks, list_matters, may_settle, settles_on

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
    if filters.basis == "settled":
        return _settled_facts(filters, unit_id)
    sales = list(db.session.execute(_narrow(_sales(filters), filters, unit_id)))
    refunds = list(db.session.execute(_narrow(_refunds(filters), filters, unit_id)))
    fees = _maker_fees({row.line_id for row in (*sales, *refunds) if row.fee_bearer == "maker"})

    def counts_from(row: Row[Any]) -> date:
        return local_day(row.paid_at if filters.basis == "booked" else row.handed_over_at)

    facts = [_sale(row, counts_from(row), counts_from(row), fees.get(row.line_id, 0)) for row in sales]
    for row in refunds:
        facts.append(_refund(row, local_day(row.moment), counts_from(row), fees.get(row.line_id, 0)))
    return facts


def _sales(filters: ReportFilters) -> Select[Any]:
    start, end = day_bounds(filters.first, filters.last)
    statement: Select[Any] = select(*_COLUMNS).join(Order, OrderLine.order_id == Order.id)
    if filters.basis == "booked":
        return statement.where(Order.paid_at >= start, Order.paid_at < end)
    return statement.where(OrderLine.handed_over_at >= start, OrderLine.handed_over_at < end, _abroad(filters))


def _settled_facts(filters: ReportFilters, unit_id: int | None) -> list[Fact]:
    window = timedelta(days=get_policy("refund_window_days", filters.last))
    # What has not ended yet has not settled, however far the period reaches.
    last = min(filters.last, clock.today())
    if last < filters.first:
        return []
    lines: Select[Any] = select(*_COLUMNS).join(Order, OrderLine.order_id == Order.id).where(_abroad(filters))
    lines = lines.where(may_settle(filters.first, last, window))
    sales = list(db.session.execute(_narrow(lines, filters, unit_id)))
    line_ids = {row.line_id for row in sales}
    reversals, matters = _reversals_of(line_ids), list_matters(line_ids)
    fees = _maker_fees({row.line_id for row in sales if row.fee_bearer == "maker"})
    facts: list[Fact] = []
    for row in sales:
        handed_over = local_day(row.handed_over_at)
        gone = [(local_day(back.moment), -back.given_minor) for back in reversals[row.line_id]]
        day = settles_on(handed_over + window, row.net_minor, matters[row.line_id], gone)
        if day is None:
            continue
        fee = fees.get(row.line_id, 0)
        of_line = [_sale(row, day, handed_over, fee)]
        for back in reversals[row.line_id]:
            of_line.append(_refund(back, max(day, local_day(back.moment)), handed_over, fee))
        facts += [fact for fact in of_line if filters.first <= fact.on <= last]
    return facts


# What takes a part of a line's money back (-1), and what brings it again (+1): the parts, the moment, the sign.
_REVERSALS: tuple[tuple[Any, Any, Any, Any, int], ...] = (
    (RefundPart, Refund, RefundPart.refund_id == Refund.id, Refund.settled_at, -1),
    (RefundPart, Refund, (RefundPart.refund_id == Refund.id) & Refund.settled_at.is_not(None), Refund.failed_at, 1),
    (DisputePart, Dispute, DisputePart.dispute_id == Dispute.id, Dispute.withdrawn_at, -1),
    (DisputePart, Dispute, DisputePart.dispute_id == Dispute.id, Dispute.reinstated_at, 1),
)


def _reversals() -> Select[Any]:
    """Refunds, refunds that failed after all, money a dispute took, and what it gave back, each with its line.

    `given_minor` is negative where money goes; `left_minor` is what of the line's net is still sold after it.
    """
    moved = union_all(
        *(
            select(
                part.line_id,
                part.id.label("part_id"),
                moment.label("moment"),
                (part.net_minor * sign).label("given_minor"),
                (part.commission_minor * sign).label("given_commission_minor"),
                (part.quantity * -sign if part is RefundPart else literal(0)).label("pieces"),
            )
            .join(whole, belongs)
            .where(moment.is_not(None))
            for part, whole, belongs, moment, sign in _REVERSALS
        )
    ).subquery()
    in_order = (moved.c.moment, moved.c.part_id, moved.c.given_minor)
    summed = func.sum(moved.c.given_minor).over(partition_by=moved.c.line_id, order_by=in_order, rows=(None, 0))
    counted = func.sum(moved.c.pieces).over(partition_by=moved.c.line_id, order_by=in_order, rows=(None, 0))
    back = select(moved, summed.label("sum_minor"), counted.label("sum_pieces")).subquery()
    columns = (back.c.moment, back.c.given_minor, back.c.given_commission_minor, back.c.pieces, back.c.sum_pieces)
    return (
        select(*_COLUMNS, *columns, (OrderLine.net_minor + back.c.sum_minor).label("left_minor"))
        .join(Order, OrderLine.order_id == Order.id)
        .join(back, back.c.line_id == OrderLine.id)
        .order_by(*(back.c[column.name] for column in in_order))
    )


def _refunds(filters: ReportFilters) -> Select[Any]:
    start, end = day_bounds(filters.first, filters.last)
    statement = _reversals()
    moment = statement.selected_columns.moment
    statement = statement.where(moment >= start, moment < end)
    if filters.basis == "booked":
        return statement.where(Order.paid_at.is_not(None))
    return statement.where(OrderLine.handed_over_at <= moment, _abroad(filters))


def _reversals_of(line_ids: set[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for chunk in chunks(line_ids):
        for row in db.session.execute(_reversals().where(OrderLine.id.in_(chunk))):
            found[row.line_id].append(row)
    return found


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


def _sale(row: Row[Any], on: date, rate_on: date, fee_minor: int) -> Fact:
    return _fact(row, "sale", on, rate_on, (row.quantity, row.net_minor, row.commission_minor, fee_minor))


def _refund(row: Row[Any], on: date, rate_on: date, fee_minor: int) -> Fact:
    """What was given back, or came back, of a line, as booked. The fee goes back pro rata where the operator bears what
    the provider keeps. A part of the price returns no goods, pieces that are paid back return, and what leaves nothing of a
    line sold returns all of them."""
    part = Fraction(row.given_minor, row.net_minor) if row.net_minor else Fraction(0)
    before = row.left_minor - row.given_minor
    # How many were sold after it less how many before; `sum_pieces` have come back by name.
    after = row.quantity - row.sum_pieces if row.left_minor > 0 else 0
    quantity = after - (row.quantity - (row.sum_pieces - row.pieces) if before > 0 else 0)
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
        .where(Entry.source.in_(ARRIVALS), Entry.credit == "payment_fees", Entry.debit.like("artisan_%"))
    )
    for chunk in chunks(line_ids):
        for row in db.session.execute(statement.where(Entry.line_id.in_(chunk))):
            converted = row.currency != row.ordered and row.exchange_rate is not None
            rate = Fraction(row.exchange_rate) if converted else Fraction(1)
            fees[row.line_id] += round_half_up(row.amount_minor / rate)
    return fees


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
