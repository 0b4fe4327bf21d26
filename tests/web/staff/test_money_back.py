"""Giving money back at the staff door, and what stands there of refunds that failed and payments that are contested."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shop.core.clock import VirtualClock
from shop.payments.queries import list_refund_parts
from tests.builders import sign_in
from tests.payments.sales import Sale, sell
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of


@pytest.fixture
def sale(bench: Bench) -> Sale:
    """Two rugs of 320.00, with postage of 60.00."""
    return sell(bench)


def path(sale: Sale) -> str:
    return f"/staff/orders/{sale.order.number}"


def ask(office: FlaskClient, sale: Sale, **fields: Any) -> TestResponse:
    values = {f"refund-{name}": value for name, value in {"reason": "staff", **fields}.items()}
    return send(office, path(sale), f"{path(sale)}/refund", **values)


def test_money_goes_back_by_amount_by_piece_and_the_postage_alone(office: FlaskClient, sale: Sale) -> None:
    first, second = (str(line.id) for line in sale.lines)
    # Arabic-Indic digits are numbers too.
    assert ask(office, sale, extent="amount", amount="٢٠٫٥٠", lines=[second]).status_code == 303
    sale.stripe.work()
    words = text_of(office.get(path(sale)))
    assert "€299.50 left" in words
    assert "of which €299.50 is left" in words
    assert "Decision of the programme" in words
    assert ask(office, sale, extent="amount", amount="100").status_code == 303
    assert ask(office, sale, extent="shipping").status_code == 303
    assert ask(office, sale, extent="lines", lines=[first]).status_code == 303
    sale.stripe.work()
    # The tick beside "everything" chooses nothing.
    assert ask(office, sale, extent="all", lines=[second]).status_code == 303
    sale.stripe.work()
    assert sale.state == "refunded"
    dollars = sell(sale.stripe, 1, currency="USD")
    assert "This is not an amount in USD." in text_of(ask(office, dollars, extent="amount", amount="1.001"))
    kinds = [[part.kind for part in list_refund_parts(refund.id)] for refund in sale.refunds]
    assert kinds == [["line"], ["line", "line"], ["shipping"], ["line"], ["line"]]
    sale.check()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"extent": "amount", "amount": "700.01"}, "At most €700.00 of this order is left to give back."),
        ({"extent": "amount", "amount": "320.01", "lines": [0]}, "At most €320.00 of the chosen pieces is left"),
        ({"extent": "amount", "amount": "0"}, "Enter an amount above zero."),
        ({"extent": "amount", "amount": "a lot"}, "This is not an amount in EUR."),
        ({"extent": "amount"}, "Enter how much is given back."),
    ],
)
def test_a_wrong_amount_is_refused_before_stripe_hears_of_it_and_the_form_keeps_its_answers(
    office: FlaskClient, sale: Sale, fields: dict[str, Any], sentence: str
) -> None:
    fields = {**fields, "lines": [str(sale.lines[number].id) for number in fields.get("lines", [])]}
    answer = ask(office, sale, **fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    kept = answer.get_data(as_text=True)
    assert f'value="{fields.get("amount", "")}"' in kept
    assert re.search(r'value="amount"[^>]* checked', kept)
    assert all(re.search(rf'value="{line_id}"[^>]* checked', kept) for line_id in fields["lines"])
    assert sale.refunds == []


def test_a_refund_that_failed_waits_for_an_officer_who_can_ask_again(
    office: FlaskClient, officer: Any, sale: Sale, clock: VirtualClock
) -> None:
    sale.stripe.control("refund_fails", times=1, days=3)
    refund_id = sale.give_back(1)
    clock.advance(days=3, minutes=5)
    sign_in(office, officer)
    sale.stripe.work()
    words = text_of(office.get(path(sale)))
    assert "Refund came back" in words
    assert "The buyer’s card has expired or was cancelled." in words
    assert "Stripe reports something else" not in words
    assert "1 Refunds not finished" in text_of(office.get("/staff/"))
    assert "0 In quarantine" in text_of(office.get("/staff/"))
    assert sale.order.number in text_of(office.get("/staff/orders?wait=refunds"))
    assert sale.order.number not in text_of(office.get("/staff/orders?wait=quarantine"))
    again = f"{path(sale)}/refunds/{refund_id}/again"
    assert send(office, path(sale), again).status_code == 303
    assert send(office, path(sale), again).status_code == 409
    sale.stripe.work()
    assert "Ask again" not in text_of(office.get(path(sale)))
    assert "0 Refunds not finished" in text_of(office.get("/staff/"))
    assert sale.states == ["failed", "succeeded"]
    stranger = sell(sale.stripe, 1)
    assert send(office, path(stranger), f"{path(stranger)}/refunds/{refund_id}/again").status_code == 404


def test_an_inquiry_may_be_answered_with_a_refund_and_a_chargeback_may_not(office: FlaskClient, sale: Sale) -> None:
    assert "No payment is contested." in text_of(office.get("/staff/disputes"))
    dispute = sale.stripe.dispute(sale.order, inquiry=True, reason="product_not_received")
    sale.stripe.work()
    words = text_of(office.get(path(sale)))
    for sentence in (
        "Inquiry, to be answered",
        "The buyer says that nothing has arrived.",
        "give everything back: then no chargeback follows",
        "The buyer’s bank is asking about this payment.",
    ):
        assert sentence in words
    assert ask(office, sale, extent="amount", amount="1").status_code == 303
    sale.stripe.end_dispute(dispute, "escalated")
    sale.stripe.work()
    words = text_of(office.get(path(sale)))
    assert "until that is decided nothing can be refunded" in words
    assert "Fee kept by Stripe €20.00" in words
    assert '<button class="button button--wrong" disabled>' in office.get(path(sale)).get_data(as_text=True)
    assert ask(office, sale, extent="all").status_code in {409, 422}
    assert "1 Disputes to be answered the first by" in text_of(office.get("/staff/"))
    listed = text_of(office.get("/staff/disputes"))
    assert sale.order.number in listed
    assert "Chargeback, to be answered" in listed
    sale.stripe.end_dispute(dispute, "lost")
    sale.stripe.work()
    assert "Stripe refunds nothing of it any more" in text_of(office.get(path(sale)))
    assert "0 Disputes to be answered" in text_of(office.get("/staff/"))
    assert "Chargeback lost" in text_of(office.get("/staff/disputes"))


def test_what_was_done_elsewhere_is_written_into_the_history(office: FlaskClient, officer: Any, sale: Sale) -> None:
    note = f"{path(sale)}/notes"
    assert "Write down what was done." in text_of(send(office, path(sale), note, words=" "))
    assert send(office, path(sale), note, words="Sent <the slip> to Stripe").status_code == 303
    page = office.get(path(sale))
    assert f"Sent <the slip> to Stripe · {officer.name}" in text_of(page)
    assert "Sent &lt;the slip&gt; to Stripe" in page.get_data(as_text=True)
