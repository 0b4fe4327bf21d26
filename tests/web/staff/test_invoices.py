"""The list of a period's documents, as a page and as a table for an accountant."""

import csv
import io

from flask.testing import FlaskClient

from shop.core.db import transaction
from shop.invoicing.queries import list_documents
from shop.orders.links import order_path
from shop.orders.queries import list_lines
from shop.payments.refunds import request_refund
from tests.builders import ADDRESS, make_order, make_product
from tests.stripe_bench import Bench
from tests.web.staff.page import text_of

JUNE = "from=2026-06-01&to=2026-06-30"


def test_a_period_lists_its_documents_and_adds_them_up(office: FlaskClient, bench: Bench) -> None:
    order = make_order(make_product(), make_product(), address={**ADDRESS, "name": "=HYPERLINK(1)"})
    bench.settle(order)
    with transaction():
        request_refund(order.id, line_ids=[list_lines(order.id)[0].id], reason="buyer", actor=None)
    bench.work()
    page = text_of(office.get(f"/staff/invoices?{JUNE}"))
    for said in ("F-2026-000001", "A-2026-000001", "€760.00", "€320.00", "Total in EUR €440.00"):
        assert said in page, said
    assert "No document was issued" in text_of(office.get("/staff/invoices?from=2026-05-01&to=2026-05-31"))
    answer = office.get(f"/staff/invoices/invoices.csv?{JUNE}")
    heading, credit_note, invoice = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert heading[:4] == ["Number", "Document", "Day of issue", "Refers to"]
    assert credit_note[:5] == ["A-2026-000001", "Credit note", "2026-06-15", "F-2026-000001", order.number]
    # A buyer's name is nobody's formula.
    assert invoice[5:] == ["'=HYPERLINK(1)", "FR", "EUR", "640.00", "120.00", "0.00", "0.00", "0.00", "760.00"]
    assert credit_note[8:] == ["-320.00", "0.00", "0.00", "0.00", "0.00", "-320.00"]


def test_a_period_that_is_none_is_said_beside_its_field(office: FlaskClient) -> None:
    answer = office.get("/staff/invoices?from=yesterday")
    assert answer.status_code == 422
    assert "This is not a day." in text_of(answer)
    assert office.get("/staff/invoices?from=2026-06-02&to=2026-06-01").status_code == 422


def test_the_same_paper_is_given_to_the_officer_and_to_the_buyer(office: FlaskClient, bench: Bench) -> None:
    order, other = make_order(), make_order(email="other@example.org")
    for one in (order, other):
        bench.settle(one)
    number = list_documents(order.id)[0].number
    path = order_path(order, str(office.application.secret_key))
    page = office.get(path)
    assert f"Facture {number}" in text_of(page)
    own = path.replace("?", f"/documents/{number}.pdf?")
    paper = office.get(own)
    assert paper.content_type == "application/pdf"
    assert "no-store" in paper.headers["Cache-Control"]
    assert paper.data == office.get(f"/staff/invoices/{number}.pdf").data
    foreign = list_documents(other.id)[0].number
    assert office.get(own.replace(number, foreign)).status_code == 404
    assert office.get("/staff/invoices/F-2026-999999.pdf").status_code == 404
    assert number in text_of(office.get(f"/staff/orders/{order.number}"))
