"""The figures of a report, by its rules: bases, periods, rates, refunds, membership."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import NotFound
from shop.orders.models import OrderLine
from shop.payments.models import Attempt, Dispute, Refund, RefundPart
from shop.reports.filters import ReportFilters
from shop.reports.footing import compare_with_ledger
from shop.reports.sales import Report, SalesRow, artisan_sales, lines_of
from tests.reports import books
from tests.reports.books import Sold, utc

MARCH = ReportFilters(date(2026, 3, 1), date(2026, 3, 31))
APRIL = ReportFilters(date(2026, 4, 1), date(2026, 4, 30))
pytestmark = pytest.mark.both_databases


def only_row(report: Report) -> SalesRow:
    assert len(report.rows) == 1
    return report.rows[0]


@pytest.fixture
def rug(app: Flask) -> OrderLine:
    """The methodology's example: a rug of €320 and postage of €60, paid on Saturday 7 March 2026, exported on Monday."""
    with transaction():
        books.rate("EUR", date(2026, 3, 6), 10_700_000)
        books.rate("EUR", date(2026, 3, 9), 10_750_000)
        maker = books.unit("Aït Bouguemez")
        line = Sold(maker, 32000, memberships=[("excellence", "exc-2026")], handed_over_at=utc(2026, 3, 9, 12))
        order = books.paid_order([line], utc(2026, 3, 7, 15), shipping=6000)
        books.balance_arrives(order, 980)
    return books.lines_of_order(order)[0]


def test_the_worked_example_counts_goods_alone_at_mondays_rate(rug: OrderLine) -> None:
    row = only_row(artisan_sales(MARCH))
    assert (row.currency, row.orders, row.lines, row.quantity) == ("EUR", 1, 1, 1)
    assert (row.gross_minor, row.refunds_minor, row.net_minor) == (32000, 0, 32000)
    assert row.net_mad_minor == 344000
    assert (row.commission_minor, row.fees_minor, row.payable_minor) == (3200, 825, 27975)
    assert (row.programmes, row.cohorts, row.family, row.region) == ("excellence", "exc-2026", "tapis", "MA-07")


def test_a_paid_order_counts_at_fridays_rate_on_saturday(rug: OrderLine) -> None:
    report = artisan_sales(ReportFilters(MARCH.first, MARCH.last, basis="booked"))
    assert only_row(report).net_mad_minor == 342400
    assert [(rate.on, rate.source) for rate in report.rates] == [(date(2026, 3, 6), "demonstration")]


def test_a_partial_refund_in_april_is_worth_the_rate_of_march_and_leaves_march_alone(rug: OrderLine) -> None:
    before = artisan_sales(MARCH)
    with transaction():
        line = db.session.get(OrderLine, rug.id)
        assert line is not None
        line.refunded_minor, line.refunded_at = 4000, utc(2026, 4, 15, 10)
        books.rate("EUR", date(2026, 4, 15), 11_000_000)
        refund = {"order_id": line.order_id, "attempt_id": 1, "key": "partial"}
        money = {
            "amount_minor": 4000,
            "currency": "EUR",
            "reason": "staff",
            "state": "succeeded",
            "stripe_id": "re_part",
        }
        times = {"requested_at": utc(2026, 4, 15, 9), "settled_at": utc(2026, 4, 15, 10)}
        whole = Refund(**refund, **money, **times)
        db.session.add(whole)
        db.session.flush()
        part = {"refund_id": whole.id, "kind": "line", "line_id": line.id, "amount_minor": 4000}
        db.session.add(RefundPart(**part, net_minor=4000, commission_minor=400))
    row = only_row(artisan_sales(APRIL))
    assert (row.gross_minor, row.refunds_minor, row.net_minor, row.net_mad_minor) == (0, 4000, -4000, -43000)
    assert row.commission_minor == -400
    assert row.quantity == 0
    assert artisan_sales(MARCH).rows == before.rows


def test_a_sale_and_its_whole_refund_are_worth_nothing_together(rug: OrderLine) -> None:
    with transaction():
        order = books.db.session.get(books.Order, rug.order_id)
        assert order is not None
        books.refunded(order, utc(2026, 4, 2, 9))
        books.rate("EUR", date(2026, 4, 2), 12_000_000)
    row = only_row(artisan_sales(ReportFilters(MARCH.first, APRIL.last)))
    assert (row.net_minor, row.net_mad_minor, row.quantity) == (0, 0, 0)
    assert (row.commission_minor, row.fees_minor, row.payable_minor) == (0, 0, 0)
    assert (row.orders, row.lines) == (1, 1)


def test_cancelling_before_shipment_touches_paid_orders_only(app: Flask) -> None:
    with transaction():
        order = books.paid_order([Sold(books.unit(), 10000)], utc(2026, 3, 5, 12))
        books.refunded(order, utc(2026, 3, 6, 12))
    assert artisan_sales(MARCH).rows == []
    row = only_row(artisan_sales(ReportFilters(MARCH.first, MARCH.last, basis="booked")))
    assert (row.gross_minor, row.refunds_minor, row.net_minor) == (10000, 10000, 0)


@pytest.mark.parametrize(
    ("paid_at", "counts"),
    [
        # Morocco keeps UTC+1, and UTC+0 during Ramadan: 15 February to 22 March 2026.
        (utc(2026, 1, 31, 22, 59), False),
        (utc(2026, 1, 31, 23, 0), True),
        (utc(2026, 2, 28, 23, 59), True),
        (utc(2026, 3, 1, 0, 0), False),
    ],
)
def test_a_period_is_casablanca_days_even_in_ramadan(app: Flask, paid_at: object, counts: bool) -> None:
    with transaction():
        books.paid_order([Sold(books.unit(), 10000)], paid_at)  # type: ignore[arg-type]
    report = artisan_sales(ReportFilters(date(2026, 2, 1), date(2026, 2, 28), basis="booked"))
    assert bool(report.rows) is counts


def test_a_line_without_a_rate_is_counted_apart_and_worth_nothing(rug: OrderLine) -> None:
    with transaction():
        maker = db.session.get(books.Unit, rug.unit_id)
        assert maker is not None
        sold = Sold(maker, 50000, handed_over_at=utc(2026, 3, 10, 12))
        books.paid_order([sold], utc(2026, 3, 9, 12), currency="USD", country="US")
    report = artisan_sales(MARCH)
    dollars = next(row for row in report.rows if row.currency == "USD")
    assert (dollars.net_minor, dollars.net_mad_minor, dollars.unconverted_lines) == (50000, 0, 1)
    assert (report.totals.net_mad_minor, report.totals.unconverted_lines) == (344000, 1)
    line = lines_of(MARCH, dollars.unit_id, "USD")[0]
    assert (line.rate, line.mad_minor) == (None, None)


def test_a_unit_in_two_programmes_counts_once(app: Flask) -> None:
    both = [("excellence", "exc-2026"), ("kenz", "kenz-2026")]
    with transaction():
        first, second = books.unit("First"), books.unit("Second")
        lines = [Sold(first, 10000, memberships=both), Sold(second, 5000, memberships=both[:1])]
        books.paid_order(lines, utc(2026, 3, 5, 12))
    booked = ReportFilters(MARCH.first, MARCH.last, basis="booked")
    report = artisan_sales(booked)
    assert (report.totals.units, report.totals.orders, report.totals.lines) == (2, 1, 2)
    assert report.totals.currencies[0].gross_minor == 15000
    assert {row.programmes for row in report.rows} == {"excellence", "excellence;kenz"}
    kenz = artisan_sales(ReportFilters(MARCH.first, MARCH.last, basis="booked", programme="kenz"))
    assert [row.gross_minor for row in kenz.rows] == [10000]
    crossed = ReportFilters(MARCH.first, MARCH.last, basis="booked", programme="kenz", edition="exc-2026")
    assert artisan_sales(crossed).rows == []


def test_a_parcel_to_a_domestic_address_is_no_export(app: Flask) -> None:
    with transaction():
        sold = Sold(books.unit(), 10000, handed_over_at=utc(2026, 3, 9, 12))
        books.paid_order([sold], utc(2026, 3, 5, 12), country="EH")
    assert artisan_sales(MARCH).rows == []


def test_a_sale_settles_when_the_refund_window_has_passed(rug: OrderLine, clock: VirtualClock) -> None:
    settled = ReportFilters(APRIL.first, APRIL.last, basis="settled")
    row = only_row(artisan_sales(settled))
    assert (row.net_minor, row.net_mad_minor) == (32000, 344000)
    assert [line.on for line in lines_of(settled)] == [date(2026, 4, 8)]
    clock.move_to(utc(2026, 4, 7, 12))
    assert artisan_sales(settled).rows == []


@pytest.mark.parametrize(("asked", "net"), [(utc(2026, 4, 8, 12), []), (utc(2026, 4, 9, 12), [32000])])
def test_a_refund_asked_for_inside_the_window_keeps_a_sale_from_settling(
    rug: OrderLine, asked: object, net: list[int]
) -> None:
    with transaction():
        order = db.session.get(books.Order, rug.order_id)
        assert order is not None
        books.refunded(order, utc(2026, 5, 2, 9), requested_at=asked)  # type: ignore[arg-type]
    april = artisan_sales(ReportFilters(APRIL.first, APRIL.last, basis="settled"))
    may = artisan_sales(ReportFilters(date(2026, 5, 1), date(2026, 5, 31), basis="settled"))
    assert [row.net_minor for row in april.rows] == net
    assert [row.net_minor for row in may.rows] == [-amount for amount in net]


def test_a_reduced_price_settles_at_its_net_and_a_dispute_when_it_is_over(rug: OrderLine, clock: VirtualClock) -> None:
    settled = ReportFilters(APRIL.first, date(2026, 5, 31), basis="settled")
    with transaction():
        order = db.session.get_one(books.Order, rug.order_id)
        books.refunded(order, utc(2026, 3, 20, 9), minor=2000)
    row = only_row(artisan_sales(settled))
    assert (row.gross_minor, row.refunds_minor, row.net_minor, row.quantity) == (32000, 2000, 30000, 1)
    assert {line.on for line in lines_of(settled)} == {date(2026, 4, 8)}
    with transaction():
        dispute = contested(order, utc(2026, 4, 1, 9))
    assert artisan_sales(settled).rows == []
    with transaction():
        kept = db.session.get_one(Dispute, dispute.id)
        kept.status, kept.closed_at = "warning_closed", utc(2026, 5, 4, 9)
    assert only_row(artisan_sales(settled)).net_minor == 30000
    assert {line.on for line in lines_of(settled)} == {date(2026, 5, 4)}
    assert artisan_sales(ReportFilters(APRIL.first, APRIL.last, basis="settled")).rows == []


def contested(order: books.Order, opened_at: datetime) -> Dispute:
    """An inquiry about an order."""
    attempt = db.session.scalars(select(Attempt).where(Attempt.order_id == order.id)).one()
    dispute = Dispute(
        stripe_id="du_1",
        order_id=order.id,
        attempt_id=attempt.id,
        amount_minor=order.total_minor,
        currency=order.currency,
        reason="general",
        status="warning_needs_response",
        is_refundable=True,
        opened_at=opened_at,
    )
    db.session.add(dispute)
    db.session.flush()
    return dispute


def test_a_piece_given_back_in_two_steps_is_given_back(rug: OrderLine) -> None:
    with transaction():
        order = db.session.get_one(books.Order, rug.order_id)
        books.refunded(order, utc(2026, 3, 20, 9), minor=2000)
    assert (only_row(artisan_sales(MARCH)).quantity, only_row(artisan_sales(MARCH)).net_minor) == (1, 30000)
    with transaction():
        books.refunded(db.session.get_one(books.Order, rug.order_id), utc(2026, 4, 20, 9))
    april = only_row(artisan_sales(APRIL))
    assert (april.quantity, april.net_minor) == (-1, -30000)
    assert only_row(artisan_sales(MARCH)).quantity == 1


def test_fees_settled_in_another_currency_are_turned_back_at_stripes_rate(app: Flask) -> None:
    with transaction():
        sold = Sold(books.unit(), 40000, handed_over_at=utc(2026, 3, 9, 12))
        order = books.paid_order([sold], utc(2026, 3, 5, 12), currency="USD", country="US")
        books.balance_arrives(order, 900, gross=36000, currency="EUR", rate="0.9")
    assert only_row(artisan_sales(MARCH)).fees_minor == 1000


def test_every_figure_opens_to_lines_with_their_ids_at_stripe(rug: OrderLine) -> None:
    with transaction():
        order = db.session.get(books.Order, rug.order_id)
        assert order is not None
        refund = books.refunded(order, utc(2026, 3, 20, 9))
    row = only_row(artisan_sales(MARCH))
    sale, given_back = lines_of(MARCH, row.unit_id, row.currency)
    assert sale.number == given_back.number == order.number
    assert sale.payment_intent.startswith("pi_")
    assert sale.balance_transactions == (f"txn_{sale.charge}",)
    assert (sale.refunds, given_back.refunds) == ((), (refund.stripe_id,))
    assert sale.amount_minor + given_back.amount_minor == row.net_minor
    assert sale.payable_minor + given_back.payable_minor == row.payable_minor
    with pytest.raises(NotFound):
        lines_of(MARCH, "no-such-unit", "EUR")


def test_declared_sales_keep_apart_unless_asked_for(rug: OrderLine) -> None:
    with transaction():
        maker = books.unit("Declared")
        books.enrol(maker, "kenz", "kenz-2026", date(2026, 3, 10), date(2026, 3, 20))
        books.rate("GBP", date(2026, 3, 2), 12_500_000)
        books.declared(maker, utc(2026, 3, 12, 12), 10000, external_id="A", quantity=3)
        books.declared(maker, utc(2026, 3, 12, 12), -2000, external_id="CA", quantity=-1, status="cancelled")
        books.declared(maker, utc(2026, 3, 25, 12), 500, status="cancelled")
        books.declared(maker, utc(2026, 3, 25, 12), 700, country="MA")
        books.declared(maker, utc(2026, 3, 25, 12), 900, status="paid")
        books.declared(maker, utc(2026, 3, 25, 12), 0, external_id="A", occurrence=2)
    assert {row.currency for row in artisan_sales(MARCH).rows} == {"EUR"}
    row = only_row(artisan_sales(ReportFilters(MARCH.first, MARCH.last, source="declared")))
    assert (row.orders, row.lines, row.quantity) == (2, 3, 3)
    assert (row.gross_minor, row.refunds_minor, row.net_minor, row.net_mad_minor) == (10000, 2000, 8000, 100000)
    assert (row.commission_minor, row.payable_minor, row.programmes) == (0, 8000, "kenz")
    booked = only_row(artisan_sales(ReportFilters(MARCH.first, MARCH.last, basis="booked", source="declared")))
    assert booked.gross_minor == 11600
    together = artisan_sales(ReportFilters(MARCH.first, MARCH.last, source="all"))
    assert (together.totals.units, together.totals.net_mad_minor) == (2, 444000)


def test_the_report_foots_to_the_books_and_says_where_it_does_not(rug: OrderLine) -> None:
    with transaction():
        order = db.session.get(books.Order, rug.order_id)
        assert order is not None
        books.refunded(order, utc(2026, 3, 20, 9))
    assert compare_with_ledger(MARCH.first, MARCH.last) == []
    with transaction():
        line = db.session.get(OrderLine, rug.id)
        assert line is not None
        line.net_minor += 1
    assert len(compare_with_ledger(MARCH.first, MARCH.last)) == 1


def test_forty_lines_cost_no_more_statements_than_one(app: Flask, count_statements: object) -> None:
    def build(count: int) -> None:
        with transaction():
            for _number in range(count):
                maker = books.unit()
                sold = Sold(maker, 10000, handed_over_at=utc(2026, 3, 9, 12))
                books.balance_arrives(books.paid_order([sold], utc(2026, 3, 5, 12)), 300)

    def count() -> int:
        with count_statements() as seen:  # type: ignore[operator]
            artisan_sales(MARCH)
        return len(seen)

    build(1)
    few = count()
    build(20)
    assert count() == few
    assert len(lines_of(MARCH)) == 21


def test_a_year_of_periods_sums_to_the_year(rug: OrderLine) -> None:
    year = artisan_sales(ReportFilters(date(2026, 1, 1), date(2026, 12, 31)))
    days = [MARCH.first + timedelta(days=n) for n in range(31)]
    parts = [artisan_sales(ReportFilters(day, day)).totals.net_mad_minor for day in days]
    assert sum(parts) == year.totals.net_mad_minor
