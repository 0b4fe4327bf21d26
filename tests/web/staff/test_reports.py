"""The report page shows the report object's figures, and each opens to its lines."""

import json
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from shop.core.db import db, transaction
from shop.core.tables import Job, Rate
from shop.fulfilment.services import accept_line, hand_over, mark_ready
from shop.i18n.formats import dirhams_text, money_text
from shop.orders.queries import list_lines
from shop.payments.refunds import request_refund
from shop.programme.models import Programme
from shop.programme.recipients import add_recipient
from shop.reports.filters import ReportFilters
from shop.reports.sales import Report, artisan_sales
from shop.web.staff.charts import bar_chart
from tests.builders import make_order, make_product, make_unit
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of

JUNE = {"from": "2026-06-01", "to": "2026-06-30"}
PERIOD = "from=2026-06-01&to=2026-06-30"


@pytest.fixture
def sold(bench: Bench) -> tuple[list[Any], Report]:
    """Two units, two currencies, three exported pieces of which one was given back."""
    units = [make_unit(name_en="First workshop"), make_unit(name_en="Second workshop")]
    orders = []
    for unit, currency, country in ((units[0], "EUR", "FR"), (units[0], "USD", "US"), (units[1], "EUR", "DE")):
        order = make_order(make_product(unit), currency=currency, country=country)
        bench.settle(order)
        with transaction():
            line = list_lines(order.id)[0]
            accept_line(line.id, unit_id=unit.id, actor=None)
            mark_ready(line.id, unit_id=unit.id, actor=None)
            hand_over(
                order.id,
                unit_id=unit.id,
                line_ids=[line.id],
                carrier="Poste Maroc",
                tracking="RR1",
                handed_over_on=date(2026, 6, 15),
                actor=None,
                on_behalf=False,
            )
        orders.append(order)
    with transaction():
        request_refund(orders[1].id, line_ids=None, reason="buyer", actor=None)
    bench.work()
    db.session.expire_all()
    return orders, artisan_sales(ReportFilters(date(2026, 6, 1), date(2026, 6, 30)))


def plain(text: str) -> str:
    """As `text_of` writes it: plain spaces, no steering characters."""
    return " ".join("".join(char for char in text if char not in "\u2066\u2067\u2068\u2069\u200e\u200f").split())


def test_the_page_shows_the_figures_of_the_report(office: FlaskClient, sold: Any) -> None:
    _orders, report = sold
    words = text_of(office.get("/staff/reports", query_string=JUNE))
    assert len(report.rows) == 3
    for row in report.rows:
        assert row.unit_name in words
        for name in ("gross_minor", "refunds_minor", "net_minor", "commission_minor", "fees_minor", "payable_minor"):
            assert plain(money_text(getattr(row, name), row.currency, "en")) in words, name
        assert plain(dirhams_text(row.net_mad_minor, "en")) in words
    assert plain(dirhams_text(report.totals.net_mad_minor, "en")) in words


def test_every_figure_opens_to_lines_that_sum_to_it(office: FlaskClient, sold: Any) -> None:
    orders, report = sold
    page = office.get("/staff/reports", query_string=JUNE).get_data(as_text=True).replace("&amp;", "&")
    for row in report.rows:
        link = f"/staff/reports/lines?unit={row.unit_id}&currency={row.currency}&{PERIOD}"
        assert link in page
        words = text_of(office.get(link))
        assert plain(money_text(row.net_minor, row.currency, "en")) in words
        assert plain(dirhams_text(row.net_mad_minor, "en")) in words
    lines = office.get(f"/staff/reports/lines?{PERIOD}").get_data(as_text=True)
    for order in orders:
        assert f'href="/staff/orders/{order.number}"' in lines
    for start in ("pi_", "ch_", "re_", "txn_"):
        assert f'<code dir="ltr">{start}' in lines


def test_the_filters_narrow_the_report(office: FlaskClient, sold: Any) -> None:
    words = text_of(office.get("/staff/reports", query_string={**JUNE, "country": "DE"}))
    assert "Second workshop" in words
    assert "First workshop" not in words
    assert "No sale counts" in text_of(
        office.get("/staff/reports", query_string={"from": "2026-05-01", "to": "2026-05-31"})
    )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"from": "2026-06-31", "to": "2026-06-30"}, "is not a day"),
        ({"from": "2026-06-30", "to": "2026-06-01"}, "The last day lies before the first."),
        ({**JUNE, "edition": "excellence-1999"}, "There is no edition with the code"),
        ({**JUNE, "basis": "guessed"}, "is not one of"),
    ],
)
def test_a_bad_filter_is_named_and_the_others_are_kept(
    office: FlaskClient, query: dict[str, str], sentence: str
) -> None:
    make_unit()
    answer = office.get("/staff/reports", query_string=query)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'value="{query["to"]}"' in answer.get_data(as_text=True)


def test_the_files_carry_the_same_figures(office: FlaskClient, sold: Any) -> None:
    _orders, report = sold
    data = json.loads(office.get(f"/staff/reports/artisan-sales.json?{PERIOD}").data)
    assert [row["net_minor"] for row in data["rows"]] == [row.net_minor for row in report.rows]
    machine = office.get(f"/staff/reports/artisan-sales.csv?{PERIOD}")
    assert machine.data.decode("utf-8-sig").splitlines()[0].startswith("unit_id,unit_name,")
    assert "attachment" in machine.headers["Content-Disposition"]
    assert office.get(f"/staff/reports/artisan-sales.exe?{PERIOD}").status_code == 404


def test_lines_without_a_rate_are_named(office: FlaskClient, sold: Any) -> None:
    with transaction():
        db.session.execute(delete(Rate).where(Rate.currency == "USD"))
    words = text_of(office.get("/staff/reports", query_string=JUNE))
    assert "1 line has no exchange rate" in words
    assert "no rate" in text_of(office.get(f"/staff/reports/lines?{PERIOD}&currency=USD"))


def test_a_months_report_is_sent_to_a_recipient(office: FlaskClient, sold: Any) -> None:
    with transaction():
        programme = db.session.scalars(select(Programme).where(Programme.code == "excellence")).one()
        recipient = add_recipient(programme.id, name="Salma", email="s@example.org", language="fr", actor=None)
    fields = {"send-recipient": str(recipient.id), "send-month": "2026-06", "send-basis": "exported"}
    answer = send(office, "/staff/reports", "/staff/reports/send", **fields)
    assert answer.status_code == 303
    assert "s@example.org" in text_of(office.get(answer.location))
    job = db.session.scalars(select(Job).where(Job.kind == "month_report")).one()
    asked = {"recipient_id": recipient.id, "month": "2026-06", "basis": "exported"}
    assert job.payload | asked == job.payload
    for changes, sentence in (
        ({"send-month": "June"}, "Write the month as in 2026-03."),
        ({"send-month": "2026-07"}, "This month has not begun."),
        ({"send-recipient": ""}, "Choose a recipient."),
    ):
        refused = send(office, "/staff/reports", "/staff/reports/send", **{**fields, **changes})
        assert refused.status_code == 422
        assert sentence in text_of(refused)


def test_the_balances_are_equal_on_both_sides(office: FlaskClient, sold: Any) -> None:
    words = text_of(office.get("/staff/reports/balances"))
    assert "equals the books" in words
    assert "stripe_balance" in words


def test_a_mirrored_chart_is_the_same_chart_from_the_other_side() -> None:
    rows = [("a", 700, ""), ("b", 0, ""), ("c", -200, "")]
    plain_chart, mirrored = bar_chart(rows, mirrored=False), bar_chart(rows, mirrored=True)
    for bar, other in zip(plain_chart.bars, mirrored.bars, strict=True):
        assert other.length == bar.length
        assert other.x == pytest.approx(mirrored.width - bar.x - bar.length, abs=0.2)
        assert other.text_x == pytest.approx(mirrored.width - bar.text_x, abs=0.2)
    assert 0 in [value for _x, value in plain_chart.ticks]
    assert plain_chart.bars[1].length == 0
    assert plain_chart.bars[2].x < plain_chart.zero_x
