"""Sales per artisan: the sums of a report and the lines behind each of them. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from shop.artisans.models import Unit
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.core.rates import DatedRate, RateBook
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.orders.models import Order
from shop.payments.models import Attempt, BalanceTransaction, Dispute, DisputePart, Refund, RefundPart
from shop.reports.facts import Fact, list_facts
from shop.reports.filters import ReportFilters

# The columns of the contract, in order: the CSV's header, the keys of a row in JSON.
COLUMNS = (
    "unit_id",
    "unit_name",
    "programmes",
    "cohorts",
    "family",
    "region",
    "currency",
    "orders",
    "lines",
    "quantity",
    "gross_minor",
    "refunds_minor",
    "net_minor",
    "net_mad_minor",
    "commission_minor",
    "fees_minor",
    "payable_minor",
    "unconverted_lines",
)


@dataclass(frozen=True, slots=True)
class SalesRow:
    """One economic unit in one order currency. Amounts are minor units of `currency`, but `net_mad_minor` is centimes.

    net = gross - refunds; payable = net - commission - fees. Orders and lines are those with a sale or a refund in the
    period; quantity is what was sold less what came back. `unit_name` is in the language of the moment.
    """

    unit_id: str
    unit_name: str
    programmes: str
    cohorts: str
    family: str
    region: str
    currency: str
    orders: int
    lines: int
    quantity: int
    gross_minor: int
    refunds_minor: int
    net_minor: int
    net_mad_minor: int
    commission_minor: int
    fees_minor: int
    payable_minor: int
    unconverted_lines: int


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What all units sold in one currency, in its minor units, and the dirhams of just these sales."""

    currency: str
    gross_minor: int
    refunds_minor: int
    net_minor: int
    net_mad_minor: int
    commission_minor: int
    fees_minor: int
    payable_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Distinct units, orders and lines: a unit in two programmes, or an order of two units, counts once."""

    units: int
    orders: int
    lines: int
    quantity: int
    net_mad_minor: int
    unconverted_lines: int
    currencies: tuple[CurrencyTotal, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`rates` are the exchange rates the dirham column used, each once."""

    filters: ReportFilters
    rows: list[SalesRow]
    totals: Totals
    rates: tuple[DatedRate, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One sale or refund behind a figure, with the way to its order and to Stripe.

    `number` is the order's, or the external id of a declared sale. `mad_minor` is None while no rate is known.
    """

    unit_id: str
    kind: str
    origin: str
    number: str
    on: date
    sku: str
    title: str
    quantity: int
    currency: str
    amount_minor: int
    mad_minor: int | None
    rate: DatedRate | None
    commission_minor: int
    fees_minor: int
    payable_minor: int
    family: str
    country: str
    cohorts: str
    payment_intent: str = ""
    charge: str = ""
    refunds: tuple[str, ...] = ()
    balance_transactions: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sum:
    """Running sums over facts."""

    orders: set[tuple[str, str]] = field(default_factory=set)
    lines: set[tuple[str, int]] = field(default_factory=set)
    unconverted: set[tuple[str, int]] = field(default_factory=set)
    programmes: set[str] = field(default_factory=set)
    cohorts: set[str] = field(default_factory=set)
    families: Counter[str] = field(default_factory=Counter)
    quantity: int = 0
    gross: int = 0
    refunds: int = 0
    mad: int = 0
    commission: int = 0
    fees: int = 0

    def add(self, fact: Fact, mad_minor: int | None) -> None:
        self.orders.add(fact.order_key)
        self.lines.add(fact.line_key)
        self.quantity += fact.quantity
        if fact.kind == "sale":
            self.gross += fact.amount_minor
            self.families[fact.family] += fact.amount_minor
        else:
            self.refunds -= fact.amount_minor
            self.families[fact.family] += 0
        if mad_minor is None:
            self.unconverted.add(fact.line_key)
        else:
            self.mad += mad_minor
        self.commission += fact.commission_minor
        self.fees += fact.fees_minor
        for programme, edition in fact.cohorts:
            self.programmes.add(programme)
            self.cohorts.add(edition)

    @property
    def amounts(self) -> dict[str, int]:
        """The amounts of a row or a total, by their contract names."""
        net = self.gross - self.refunds
        return {
            "gross_minor": self.gross,
            "refunds_minor": self.refunds,
            "net_minor": net,
            "net_mad_minor": self.mad,
            "commission_minor": self.commission,
            "fees_minor": self.fees,
            "payable_minor": net - self.commission - self.fees,
        }

    def main_family(self) -> str:
        """The family that sold most; the first by code where two sold the same."""
        return min(self.families, key=lambda code: (-self.families[code], code))


def artisan_sales(filters: ReportFilters) -> Report:
    """The report: a row per unit and currency, units with the highest sales in dirhams first."""
    book = RateBook()
    used: dict[tuple[str, date], DatedRate] = {}
    sums: dict[tuple[int, str], _Sum] = defaultdict(_Sum)
    for fact in list_facts(filters):
        rate = book.find(fact.currency, fact.rate_on)
        if rate is not None and rate.currency != "MAD":
            used[rate.currency, rate.on] = rate
        # Once per line, half up: the sum of a report is the sum of its lines.
        sums[fact.unit_id, fact.currency].add(fact, rate.to_mad(fact.amount_minor) if rate else None)
    units = _units({unit_id for unit_id, _currency in sums})
    rows = [_row(units[unit_id], currency, total) for (unit_id, currency), total in sums.items()]
    worth: Counter[str] = Counter()
    for row in rows:
        worth[row.unit_id] += row.net_mad_minor
    rows.sort(key=lambda row: (-worth[row.unit_id], row.unit_id, row.currency))
    rates = tuple(used[key] for key in sorted(used))
    return Report(filters, rows, _totals(sums), rates, clock.now())


def _units(ids: Iterable[int]) -> dict[int, Unit]:
    wanted = set(ids)
    if not wanted:
        return {}
    return {unit.id: unit for unit in db.session.scalars(select(Unit)) if unit.id in wanted}


def unit_name(unit: Unit) -> str:
    """The name of a unit in the language of the moment."""
    return str(getattr(unit, f"name_{current_language()}"))


def _row(unit: Unit, currency: str, total: _Sum) -> SalesRow:
    return SalesRow(
        unit_id=unit.public_id,
        unit_name=unit_name(unit),
        programmes=";".join(sorted(total.programmes)),
        cohorts=";".join(sorted(total.cohorts)),
        family=total.main_family(),
        region=unit.region,
        currency=currency,
        orders=len(total.orders),
        lines=len(total.lines),
        quantity=total.quantity,
        unconverted_lines=len(total.unconverted),
        **total.amounts,
    )


def _totals(sums: dict[tuple[int, str], _Sum]) -> Totals:
    by_currency: dict[str, Counter[str]] = defaultdict(Counter)
    for (_unit_id, currency), total in sums.items():
        for name, amount in total.amounts.items():
            by_currency[currency][name] += amount
    names = [name for name in CurrencyTotal.__dataclass_fields__ if name != "currency"]
    return Totals(
        units=len({unit_id for unit_id, _currency in sums}),
        orders=len(set().union(*(total.orders for total in sums.values()))),
        lines=len(set().union(*(total.lines for total in sums.values()))),
        quantity=sum(total.quantity for total in sums.values()),
        net_mad_minor=sum(total.mad for total in sums.values()),
        unconverted_lines=len(set().union(*(total.unconverted for total in sums.values()))),
        currencies=tuple(
            CurrencyTotal(currency, **{name: by_currency[currency][name] for name in names})
            for currency in sorted(by_currency)
        ),
    )


def get_reported_unit(public_id: str) -> Unit:
    """The unit of a row; raises NotFound."""
    unit = db.session.scalars(select(Unit).where(Unit.public_id == public_id)).first()
    if unit is None:
        raise NotFound(_("There is no such unit."))
    return unit


def lines_of(filters: ReportFilters, unit_id: str | None = None, currency: str | None = None) -> list[ReportLine]:
    """The lines behind a row (its unit_id and currency), or behind the whole report; sums over them are its figures."""
    unit = get_reported_unit(unit_id) if unit_id is not None else None
    facts = list_facts(filters, unit_id=unit.id if unit else None)
    facts = [fact for fact in facts if currency in (None, fact.currency)]
    units = _units({fact.unit_id for fact in facts})
    book = RateBook()
    traces = _stripe_ids({fact.order_key[1] for fact in facts if fact.origin == "platform"})
    return [_line(fact, units[fact.unit_id], book, traces) for fact in facts]


@dataclass(slots=True)
class _Trace:
    """What of an order Stripe knows: (payment intent, charge), per line its refunds; balance transactions by source."""

    payment_intent: str = ""
    charge: str = ""
    refunds: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    movements: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def _stripe_ids(numbers: set[str]) -> dict[str, _Trace]:
    traces: dict[str, _Trace] = defaultdict(_Trace)
    ordered = sorted(numbers)
    for start in range(0, len(ordered), 5000):
        _trace_payments(ordered[start : start + 5000], traces)
    return traces


def _trace_payments(numbers: list[str], traces: dict[str, _Trace]) -> None:
    paid = (
        select(Order.number, Attempt.payment_intent, Attempt.charge, BalanceTransaction.id.label("movement"))
        .join(Attempt, Attempt.order_id == Order.id)
        .outerjoin(BalanceTransaction, BalanceTransaction.source == Attempt.charge)
        .where(Order.number.in_(numbers), Attempt.state == "paid")
    )
    for number, payment_intent, charge, movement in db.session.execute(paid):
        trace = traces[number]
        trace.payment_intent, trace.charge = payment_intent or "", charge or ""
        if charge and movement:
            trace.movements[charge].append(movement)
    for statement in _reversals_of(numbers):
        for number, line_id, stripe_id, movement in db.session.execute(statement):
            trace = traces[number]
            if stripe_id not in trace.refunds[line_id]:
                trace.refunds[line_id].append(stripe_id)
            if movement and movement not in trace.movements[stripe_id]:
                trace.movements[stripe_id].append(movement)


def _reversals_of(numbers: list[str]) -> Iterator[Select[Any]]:
    """Refunds that succeeded, whatever became of them, and disputes that took money, with their balance transactions."""
    kinds: tuple[tuple[Any, Any, Any, Any], ...] = (
        (RefundPart, Refund, RefundPart.refund_id == Refund.id, Refund.settled_at),
        (DisputePart, Dispute, DisputePart.dispute_id == Dispute.id, Dispute.withdrawn_at),
    )
    for part, whole, belongs, moment in kinds:
        yield (
            select(Order.number, part.line_id, whole.stripe_id, BalanceTransaction.id.label("movement"))
            .join(whole, whole.order_id == Order.id)
            .join(part, belongs)
            .outerjoin(BalanceTransaction, BalanceTransaction.source == whole.stripe_id)
            .where(Order.number.in_(numbers), moment.is_not(None), part.line_id.is_not(None))
        )


def _line(fact: Fact, unit: Unit, book: RateBook, traces: dict[str, _Trace]) -> ReportLine:
    rate = book.find(fact.currency, fact.rate_on)
    trace = traces.get(fact.order_key[1]) if fact.origin == "platform" else None
    refunds = tuple(trace.refunds.get(fact.line_key[1], ())) if trace and fact.kind == "refund" else ()
    sources = (refunds if fact.kind == "refund" else (trace.charge,)) if trace else ()
    return ReportLine(
        unit_id=unit.public_id,
        kind=fact.kind,
        origin=fact.origin,
        number=fact.order_key[1],
        on=fact.on,
        sku=fact.sku,
        title=fact.title,
        quantity=fact.quantity,
        currency=fact.currency,
        amount_minor=fact.amount_minor,
        mad_minor=rate.to_mad(fact.amount_minor) if rate else None,
        rate=rate,
        commission_minor=fact.commission_minor,
        fees_minor=fact.fees_minor,
        payable_minor=fact.amount_minor - fact.commission_minor - fact.fees_minor,
        family=fact.family,
        country=fact.country or "",
        cohorts=";".join(sorted({edition for _programme, edition in fact.cohorts})),
        payment_intent=trace.payment_intent if trace else "",
        charge=trace.charge if trace else "",
        refunds=refunds,
        balance_transactions=tuple(
            movement for source in sources for movement in (trace.movements.get(source, ()) if trace else ())
        ),
    )
