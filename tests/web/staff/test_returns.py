"""The steps of a return at the staff door."""

from flask.testing import FlaskClient

from shop.core.db import transaction
from shop.orders.returns import list_returns
from shop.payments.returns import withdraw
from tests.payments.sales import Sale, sell
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of


def ask_back(bench: Bench) -> tuple[Sale, str]:
    """A piece that was sent and is to come back; the address of its return's steps."""
    sale = sell(bench, 1)
    sale.hand_over()
    with transaction():
        withdraw(sale.order.id, [sale.lines[0].id])
    [(way_back, _ids)] = list_returns(sale.order.id)
    return sale, f"/staff/orders/{sale.order.number}/returns/{way_back.public_id}"


def test_a_return_is_approved_received_and_paid_back(office: FlaskClient, bench: Bench) -> None:
    sale, steps = ask_back(bench)
    page = f"/staff/orders/{sale.order.number}"
    name = f"approve{steps.rpartition('/')[2]}-words"
    assert sale.order.number in text_of(office.get("/staff/orders?wait=returns"))
    refused = send(office, page, f"{steps}/approve", **{name: ""})
    assert refused.status_code == 422
    assert "Write where the piece is to be sent and how." in text_of(refused)
    assert send(office, page, f"{steps}/approve", **{name: "12 rue du Port, Rabat"}).status_code == 303
    assert send(office, page, f"{steps}/refund").status_code == 409
    assert send(office, page, f"{steps}/receive").status_code == 303
    assert "Received, to be refunded" in text_of(office.get(page))
    assert send(office, page, f"{steps}/refund").status_code == 303
    assert send(office, page, f"{steps}/refund").status_code == 409
    bench.work()
    words = text_of(office.get(page))
    assert "The buyer has withdrawn" in words
    assert "Return closed, money given back" in words
    assert [refund.amount_minor for refund in sale.refunds] == [38000]
    # The next buyer is told the same address unless the officer writes another.
    _sale, steps = ask_back(bench)
    assert "12 rue du Port, Rabat" in office.get(steps.rpartition("/returns/")[0]).text


def test_a_refusal_needs_a_reason_that_the_buyer_reads(office: FlaskClient, bench: Bench) -> None:
    sale, steps = ask_back(bench)
    page = f"/staff/orders/{sale.order.number}"
    name = f"refuse{steps.rpartition('/')[2]}-words"
    assert send(office, page, f"{steps}/refuse", **{name: ""}).status_code == 422
    assert send(office, page, f"{steps}/refuse", **{name: "Worn for a month"}).status_code == 303
    assert "Worn for a month" in text_of(office.get(page))
    assert sale.letters[-1] == "return_moved"
    assert send(office, page, f"{steps}/receive").status_code == 409
