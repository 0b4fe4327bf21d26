"""SEPA debits: offered for euro, ordered on the pay page, decided days later."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double import debits, payments
from shop.demo.double.ibans import ACCOUNTS, passes_check
from shop.demo.double.inprocess import debit, pay
from tests.demo.double.conftest import Clock, order, plain

GOOD, BAD, TAKEN_BACK = (
    "FR1420041010050500013M02606",
    "FR8420041010050500013M02607",
    "DE35370400440532013002",
)
TYPED = {"iban": "fr14 2004 1010 0505 0001 3m02 606", "name": "B. Buyer"}
ORDERED = ["charge.pending", "payment_intent.processing", "checkout.session.completed"]


def opened(client: stripe.StripeClient, **changes: Any) -> Any:
    params = order(**{"excluded_payment_method_types": None, **changes})
    return client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]


def whole(client: stripe.StripeClient, session: Any) -> Any:
    expand = ["payment_intent", "payment_intent.latest_charge", "payment_intent.latest_charge.balance_transaction"]
    return client.v1.checkout.sessions.retrieve(session.id, {"expand": expand})


def test_a_debit_is_offered_for_euro_unless_it_is_excluded(
    client: stripe.StripeClient, browser: FlaskClient, control: Callable[..., Any]
) -> None:
    def methods(**changes: Any) -> tuple[list[str], bool, bool]:
        session = opened(client, **changes)
        page = browser.get(f"/c/pay/{session.id}").text
        return session.payment_method_types, 'name="number"' in page, 'name="iban"' in page

    assert methods() == (["card", "sepa_debit"], True, True)
    assert methods(excluded_payment_method_types=["klarna", "sepa_debit"]) == (["card"], True, False)
    assert methods(excluded_payment_method_types=["card"]) == (["sepa_debit"], False, True)
    assert methods(line_items=plain("usd", 5000)["line_items"], shipping_options=None) == (["card"], True, False)
    control("bank_debit", offered=False)
    assert methods() == (["card"], True, False)


def test_an_ordered_debit_is_complete_and_not_paid_until_the_bank_has_paid(
    client: stripe.StripeClient, browser: FlaskClient, clock: Clock, events: Callable[..., list[str]]
) -> None:
    session = opened(client)
    answer = browser.post(f"/c/pay/{session.id}", data=TYPED)
    assert (answer.status_code, "orders/return" in answer.location) == (303, True)
    found = whole(client, session)
    intent, charge = found.payment_intent, found.payment_intent.latest_charge
    assert (found.status, found.payment_status, found.url) == ("complete", "unpaid", None)
    assert (intent.status, intent.amount_received) == ("processing", 0)
    assert intent.payment_method_types == ["card", "sepa_debit"]
    assert (charge.status, charge.paid, charge.balance_transaction) == ("pending", False, None)
    assert (charge.payment_method_details.sepa_debit.last4, charge.billing_details.name) == ("2606", "B. Buyer")
    assert events() == ORDERED
    assert "already ordered" in browser.get(f"/c/pay/{session.id}").text
    assert browser.post(f"/c/pay/{session.id}", data=TYPED).status_code == 409
    clock.move(days=5)
    found = whole(client, session)
    charge = found.payment_intent.latest_charge
    assert (found.payment_status, found.payment_intent.status, charge.status) == ("paid", "succeeded", "succeeded")
    booked = charge.balance_transaction
    assert (booked.type, booked.reporting_category, booked.fee, booked.net) == ("payment", "charge", 35, 59465)
    assert booked.created == clock.now
    assert events(3) == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    refund = client.v1.refunds.create({"payment_intent": found.payment_intent.id, "amount": 100})
    back = client.v1.balance_transactions.retrieve(str(refund.balance_transaction))
    assert (back.type, back.reporting_category, back.net) == ("payment_refund", "refund", -100)


def test_a_debit_the_bank_refuses_leaves_the_session_complete_and_unpaid(
    client: stripe.StripeClient, double: Flask, clock: Clock, events: Callable[..., list[str]]
) -> None:
    session = opened(client)
    debit(double, session.id, BAD)
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent})
    clock.move(days=5)
    found = whole(client, session)
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert (found.payment_intent.status, found.payment_intent.payment_method) == ("requires_payment_method", None)
    assert found.payment_intent.last_payment_error.code == "payment_intent_payment_attempt_failed"
    charge = found.payment_intent.latest_charge
    assert (charge.status, charge.failure_code, charge.balance_transaction) == ("failed", "insufficient_funds", None)
    assert events(3) == ["charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed"]
    with pytest.raises(payments.SessionClosed):
        pay(double, session.id)


def test_a_debit_taken_back_by_its_customer_is_lost_at_once(
    client: stripe.StripeClient, double: Flask, clock: Clock, events: Callable[..., list[str]]
) -> None:
    session = opened(client)
    debit(double, session.id, TAKEN_BACK)
    clock.move(days=5)
    charge = whole(client, session).payment_intent.latest_charge
    dispute = client.v1.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.status, dispute.reason) == ("lost", "debit_not_authorized")
    assert not hasattr(dispute, "payment_method_details")
    assert events(6) == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]


def test_when_the_bank_decides_is_a_control_and_can_be_hurried(
    client: stripe.StripeClient, double: Flask, clock: Clock, control: Callable[..., Any]
) -> None:
    control("bank_debit", days=0, seconds=180)
    slow, quick = opened(client), opened(client)
    debit(double, slow.id)
    clock.move(seconds=179)
    assert whole(client, slow).payment_status == "unpaid"
    debit(double, quick.id)
    clock.move(seconds=1)
    assert whole(client, slow).payment_status == "paid"
    control("hurry", object=whole(client, quick).payment_intent.latest_charge.id)
    assert whole(client, quick).payment_status == "paid"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({**TYPED, "iban": "FR14 2004 1010 0505 0001 3M02 607"}, "not complete or not right"),
        ({**TYPED, "iban": ""}, "not complete or not right"),
        ({**TYPED, "iban": "MA64011519000001205000534921"}, "only the test accounts"),
        ({**TYPED, "name": " "}, "name of the account holder"),
        ({**TYPED, "email": "nobody"}, "e-mail address is not right"),
    ],
)
def test_what_is_mistyped_is_named_and_no_account_is_written_down(
    client: stripe.StripeClient, browser: FlaskClient, typed: dict[str, str], words: str
) -> None:
    session = opened(client, customer_email=None)
    answer = browser.post(f"/c/pay/{session.id}", data=typed)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert "05000534921" not in answer.text
    assert whole(client, session).payment_intent is None


def test_a_test_account_can_be_chosen_and_the_page_says_so_in_french(
    client: stripe.StripeClient, browser: FlaskClient
) -> None:
    session = opened(client, locale="fr")
    page = browser.get(f"/c/pay/{session.id}").text
    assert "Ou payer par prélèvement SEPA" in page
    assert "FR14 2004 1010 0505 0001 3M02 606" in page
    assert browser.post(f"/c/pay/{session.id}", data={"test_account": GOOD}).status_code == 303
    assert "déjà ordonné" in browser.get(f"/c/pay/{session.id}").text


def test_a_card_that_failed_first_does_not_stand_in_the_way(
    client: stripe.StripeClient, double: Flask, clock: Clock
) -> None:
    session = opened(client)
    assert pay(double, session.id, "4000000000000002") == "declined"
    declined = whole(client, session).payment_intent
    debit(double, session.id)
    clock.move(days=5)
    intent = whole(client, session).payment_intent
    assert (intent.id, intent.status, intent.last_payment_error) == (declined.id, "succeeded", None)


def test_a_debit_that_is_not_offered_cannot_be_ordered(
    client: stripe.StripeClient, double: Flask, browser: FlaskClient
) -> None:
    session = opened(client, excluded_payment_method_types=["sepa_debit"])
    with pytest.raises(debits.UnknownAccount):
        debit(double, session.id)
    assert browser.post(f"/c/pay/{session.id}", data=TYPED).status_code == 422
    with pytest.raises(debits.UnknownAccount):
        debit(double, opened(client).id, "MA64011519000001205000534921")


def test_every_test_account_has_right_check_digits() -> None:
    assert all(passes_check(iban) for iban in ACCOUNTS)
    assert not passes_check("FR1420041010050500013M02607")
    assert not passes_check("FR14")
