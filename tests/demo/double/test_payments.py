"""The pay page and what it leaves behind: intents, charges, events, balance transactions, refunds."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double import payments
from shop.demo.double.currencies import money_text, rate, settle
from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import Clock, order, plain

GOOD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "A. Buyer", "country": "US"}


def opened(client: stripe.StripeClient, params: dict[str, Any] | None = None) -> str:
    return client.v1.checkout.sessions.create(params or order()).id  # type: ignore[arg-type]


def whole(client: stripe.StripeClient, session: str) -> Any:
    path = "payment_intent.latest_charge.balance_transaction"
    return client.v1.checkout.sessions.retrieve(session, {"expand": [path]})


def types(client: stripe.StripeClient) -> list[str]:
    return [event.type for event in client.v1.events.list({"limit": 100}).data][::-1]


def test_a_card_that_is_good_pays_and_leads_back(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    answer = browser.post(f"/c/pay/{session}", data=GOOD)
    assert answer.status_code == 303
    assert answer.location == f"http://shop.test/en/orders/return?session={session}"
    found = whole(client, session)
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    assert found.customer_details.address.country == "US"
    intent = found.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 59500, "7KX2M9QA")
    charge = intent.latest_charge
    assert (charge.paid, charge.captured, charge.payment_method_details.card.last4) == (True, True, "4242")
    booked = charge.balance_transaction
    assert (booked.amount, booked.fee, booked.net) == (59500, 1756, 57744)
    assert (booked.currency, booked.exchange_rate, booked.status) == ("eur", None, "pending")
    assert types(client) == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


@pytest.mark.parametrize(
    ("card", "code", "decline", "words"),
    [
        ("4000000000000002", "card_declined", "generic_decline", "Your card was declined"),
        ("4000000000009995", "card_declined", "insufficient_funds", "insufficient funds"),
        ("4000000000000127", "incorrect_cvc", None, "security code is incorrect"),
    ],
)
def test_a_declined_card_says_why_and_another_may_be_tried(
    client: stripe.StripeClient, browser: FlaskClient, card: str, code: str, decline: str | None, words: str
) -> None:
    session = opened(client)
    answer = browser.post(f"/c/pay/{session}", data={**GOOD, "number": card})
    assert answer.status_code == 402
    assert words in answer.text
    assert card not in answer.text.replace(f'value="{card}"', "")
    intent = whole(client, session).payment_intent
    error = intent.last_payment_error
    assert (intent.status, error.code) == ("requires_payment_method", code)
    assert getattr(error, "decline_code", None) == decline
    assert intent.latest_charge.status == "failed"
    assert intent.latest_charge.balance_transaction is None
    assert types(client) == ["charge.failed", "payment_intent.payment_failed"]
    assert browser.post(f"/c/pay/{session}", data=GOOD).status_code == 303
    after = whole(client, session).payment_intent
    assert (after.id, after.status, after.last_payment_error) == (intent.id, "succeeded", None)
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_3d_secure_asks_and_an_accepted_payment_is_paid(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    answer = browser.post(f"/c/pay/{session}", data={"test_card": "4000002500003155"})
    assert answer.location == f"/c/authenticate/{session}"
    intent = whole(client, session).payment_intent
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert "595.00" in browser.get(answer.location).text
    done = browser.post(answer.location, data={"answer": "accept"})
    assert (done.status_code, "orders/return" in done.location) == (303, True)
    charge = whole(client, session).payment_intent.latest_charge
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_3d_secure_refused_leaves_the_session_open(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    browser.post(f"/c/pay/{session}", data={"test_card": "4000002500003155"})
    back = browser.post(f"/c/authenticate/{session}", data={"answer": "refuse"})
    assert back.location == f"/c/pay/{session}?failed=1"
    assert "did not receive your confirmation" in browser.get(back.location).text
    found = whole(client, session)
    assert (found.status, found.payment_intent.status) == ("open", "requires_payment_method")
    assert found.payment_intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert types(client) == ["payment_intent.payment_failed"]
    assert browser.get(f"/c/authenticate/{session}").location == f"/c/pay/{session}"


def test_walking_away_leads_to_the_shop_and_changes_nothing(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    page = browser.get(f"/c/pay/{session}").text
    assert '<a class="button plain" href="http://shop.test/en/checkout">Leave without paying</a>' in page
    assert whole(client, session).status == "open"


def test_a_paid_session_cannot_be_paid_again(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    browser.post(f"/c/pay/{session}", data=GOOD)
    again = browser.post(f"/c/pay/{session}", data=GOOD)
    assert again.status_code == 409
    assert "already done" in again.text
    shown = browser.get(f"/c/pay/{session}")
    assert shown.status_code == 200
    assert "orders/return" in shown.text
    assert len(client.v1.charges.list().data) == 1


def test_an_expired_session_takes_no_payment(
    client: stripe.StripeClient, browser: FlaskClient, clock: Clock, double: Flask
) -> None:
    session = opened(client)
    browser.post(f"/c/pay/{session}", data={"test_card": "4000000000000002"})
    clock.move(hours=24)
    answer = browser.post(f"/c/pay/{session}", data=GOOD)
    assert answer.status_code == 410
    assert "has expired" in answer.text
    assert whole(client, session).payment_intent.status == "canceled"
    with pytest.raises(payments.SessionClosed):
        pay(double, session)
    assert types(client)[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_a_page_that_does_not_exist_says_so(browser: FlaskClient) -> None:
    assert browser.get("/c/pay/cs_test_none").status_code == 404
    assert browser.get("/c/authenticate/cs_test_none").status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "4242 4242 4242 4241"}, "not complete or not right"),
        ({"number": ""}, "not complete or not right"),
        ({"number": "4111 1111 1111 1111"}, "only the test cards"),
        ({"expiry": "05 / 26"}, "expiry date"),
        ({"expiry": "13 / 34"}, "expiry date"),
        ({"cvc": "12"}, "three or four digits"),
    ],
)
def test_what_is_mistyped_is_named_and_not_shown_again(
    client: stripe.StripeClient, browser: FlaskClient, changes: dict[str, str], words: str
) -> None:
    session = opened(client)
    answer = browser.post(f"/c/pay/{session}", data={**GOOD, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "4111 1111" not in answer.text
    assert whole(client, session).payment_intent is None


def test_a_card_is_good_until_the_end_of_its_month(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client)
    assert browser.post(f"/c/pay/{session}", data={**GOOD, "expiry": "06/2026"}).status_code == 303


def test_the_page_speaks_the_language_of_the_session_and_never_arabic(
    client: stripe.StripeClient, browser: FlaskClient
) -> None:
    arabic = {"Accept-Language": "ar-MA,ar;q=0.9,fr;q=0.5"}
    french = opened(client, order(locale="fr"))
    assert "Payer 595,00\u00a0€" in browser.get(f"/c/pay/{french}", headers=arabic).text
    english = opened(client, order(locale="en"))
    assert "Pay €595.00" in browser.get(f"/c/pay/{english}", headers=arabic).text
    either = opened(client, order(locale="auto"))
    assert "Payer par carte" in browser.get(f"/c/pay/{either}", headers=arabic).text
    assert "Pay by card" in browser.get(f"/c/pay/{either}", headers={"Accept-Language": "ar"}).text


def test_the_page_needs_no_script_and_says_it_is_a_demonstration(
    client: stripe.StripeClient, browser: FlaskClient
) -> None:
    answer = browser.get(f"/c/pay/{opened(client)}")
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert "Demonstration: no money moves" in answer.text
    assert "4000 0000 0000 9995" in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.search(r'<img src="http://shop.test/media/a.jpg"', answer.text)


def test_the_chosen_shipping_is_what_is_charged(client: stripe.StripeClient, browser: FlaskClient) -> None:
    rates = [
        {"shipping_rate_data": {"display_name": name, "fixed_amount": {"amount": amount, "currency": "eur"}}}
        for name, amount in (("Standard", 2500), ("Express", 6000))
    ]
    session = opened(client, order(shipping_options=rates))
    assert "Express" in browser.get(f"/c/pay/{session}").text
    browser.post(f"/c/pay/{session}", data={**GOOD, "shipping_option": "1"})
    found = whole(client, session)
    assert found.amount_total == found.payment_intent.amount == 63000
    assert found.shipping_cost.amount_total == 6000


@pytest.mark.parametrize(
    ("currency", "amount", "euro", "shown"),
    [
        ("usd", 20000, (18200, 18600), "$200.00"),
        ("gbp", 20000, (23100, 23700), "£200.00"),
        ("aed", 20000, (4950, 5070), "AED\u00a0200.00"),
        ("mad", 20000, (1830, 1870), "MAD\u00a0200.00"),
        ("jpy", 20000, (12000, 12400), "¥20,000"),
        ("tnd", 200000, (5870, 6000), "TND\u00a0200.000"),
    ],
)
def test_other_currencies_settle_in_euro_at_a_rate(
    client: stripe.StripeClient,
    browser: FlaskClient,
    currency: str,
    amount: int,
    euro: tuple[int, int],
    shown: str,
) -> None:
    session = opened(client, plain(currency, amount))
    assert shown in browser.get(f"/c/pay/{session}").text
    browser.post(f"/c/pay/{session}", data=GOOD)
    charge = whole(client, session).payment_intent.latest_charge
    booked = charge.balance_transaction
    assert (charge.amount, charge.currency, booked.currency) == (amount, currency, "eur")
    assert euro[0] <= booked.amount <= euro[1]
    assert booked.net == booked.amount - booked.fee
    assert booked.exchange_rate == float(rate(currency, charge.created // 86400, 1))


def test_amounts_convert_by_their_own_exponent_and_round_half_up() -> None:
    assert settle(1000, "jpy", rate("eur", 0, 0)) == 100_000
    assert settle(1005, "kwd", rate("eur", 0, 0)) == 101
    assert money_text(123456, "usd", "fr") == "1\u202f234,56\u00a0$"


def test_rates_follow_the_seed_and_the_day() -> None:
    assert rate("usd", 20000, 1) == rate("usd", 20000, 1)
    assert rate("usd", 20000, 1) != rate("usd", 20001, 1)
    assert rate("usd", 20000, 1) != rate("usd", 20000, 2)


def test_a_late_balance_transaction_comes_with_its_event(
    client: stripe.StripeClient, double: Flask, clock: Clock, control: Callable[..., Any]
) -> None:
    control("balance_delay", seconds=90)
    session = opened(client)
    pay(double, session)
    charge = whole(client, session).payment_intent.latest_charge
    assert charge.balance_transaction is None
    assert client.v1.balance_transactions.list().data == []
    clock.move(seconds=300)
    booked = client.v1.balance_transactions.list({"source": charge.id}).data[0]
    assert booked.created == charge.created + 90
    event = client.v1.events.list({"type": "charge.updated"}).data[0]
    assert event.data.object["balance_transaction"] == booked.id
    assert event.data.previous_attributes.to_dict() == {"balance_transaction": None}
    refund = client.v1.refunds.create({"charge": charge.id})
    assert refund.balance_transaction is None
    clock.move(seconds=90)
    assert client.v1.refunds.retrieve(refund.id).balance_transaction is not None
    assert types(client)[-1] == "refund.updated"


def test_a_refund_never_settles_before_its_charge(
    client: stripe.StripeClient, double: Flask, clock: Clock, control: Callable[..., Any]
) -> None:
    control("balance_delay", seconds=90)
    session = opened(client)
    pay(double, session)
    control("balance_delay")
    client.v1.refunds.create({"payment_intent": whole(client, session).payment_intent.id})
    clock.move(seconds=90)
    assert [one.type for one in client.v1.balance_transactions.list().data] == ["refund", "charge"]


def test_a_full_refund_gives_everything_back_and_keeps_the_fee(
    client: stripe.StripeClient, double: Flask, clock: Clock
) -> None:
    session = opened(client, plain("usd", 20000))
    pay(double, session)
    intent = whole(client, session).payment_intent
    clock.move(days=20)
    refund = client.v1.refunds.create(
        {"payment_intent": intent.id, "reason": "requested_by_customer", "metadata": {"return": "R-1"}}
    )
    assert (refund.amount, refund.status, refund.reason) == (20000, "succeeded", "requested_by_customer")
    booked = client.v1.balance_transactions.retrieve(str(refund.balance_transaction))
    assert (booked.fee, booked.type, booked.source) == (0, "refund", refund.id)
    assert booked.amount == booked.net < 0
    assert booked.exchange_rate != intent.latest_charge.balance_transaction.exchange_rate
    charge = client.v1.charges.retrieve(intent.latest_charge.id)
    assert (charge.refunded, charge.amount_refunded) == (True, 20000)
    assert types(client)[-2:] == ["refund.created", "charge.refunded"]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": charge.id})
    assert caught.value.code == "charge_already_refunded"


def test_parts_are_refunded_until_nothing_is_left(client: stripe.StripeClient, double: Flask) -> None:
    session = opened(client)
    pay(double, session)
    intent = whole(client, session).payment_intent.id
    first = client.v1.refunds.create({"payment_intent": intent, "amount": 20000})
    with pytest.raises(stripe.InvalidRequestError, match=r"\(€400.00\) is greater .* \(€395.00\)"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 40000})
    rest = client.v1.refunds.create({"payment_intent": intent})
    assert rest.amount == 39500
    listed = client.v1.refunds.list({"payment_intent": intent})
    assert [one.id for one in listed.data] == [rest.id, first.id]
    assert len(client.v1.refunds.list({"charge": str(first.charge)}).data) == 2


@pytest.mark.parametrize("params", [{}, {"charge": "ch_1", "payment_intent": "pi_1"}, {"charge": "ch_none"}])
def test_a_refund_of_nothing_is_refused(client: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_refund_is_more_than_nothing(client: stripe.StripeClient, double: Flask, amount: int) -> None:
    session = opened(client)
    pay(double, session)
    intent = whole(client, session).payment_intent.id
    with pytest.raises(stripe.InvalidRequestError, match="positive"):
        client.v1.refunds.create({"payment_intent": intent, "amount": amount})


def test_an_unpaid_intent_cannot_be_refunded(client: stripe.StripeClient, double: Flask) -> None:
    session = opened(client)
    assert pay(double, session, "4000000000000002") == "declined"
    intent = whole(client, session).payment_intent
    for params in ({"payment_intent": intent.id}, {"charge": intent.latest_charge.id}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create(params)  # type: ignore[arg-type]


def test_balance_transactions_become_available_and_are_listed_by_time_and_type(
    client: stripe.StripeClient, double: Flask, clock: Clock
) -> None:
    for _ in range(3):
        pay(double, opened(client))
        clock.move(days=1)
    transactions = client.v1.balance_transactions
    listed = transactions.list({"created": {"gte": clock.now - 2 * 86400}, "type": "charge", "limit": 1})
    assert listed.has_more
    assert len(list(listed.auto_paging_iter())) == 2
    assert listed.data[0].status == "pending"
    clock.move(days=7)
    assert transactions.retrieve(listed.data[0].id).status == "available"


def test_an_unknown_card_is_not_written_down(client: stripe.StripeClient, double: Flask) -> None:
    with pytest.raises(payments.UnknownCard):
        pay(double, opened(client), "4111111111111111")
    assert client.v1.payment_intents.list().data == []


def test_events_are_given_out_for_thirty_days(client: stripe.StripeClient, double: Flask, clock: Clock) -> None:
    pay(double, opened(client))
    event = client.v1.events.list({"types": ["charge.succeeded", "charge.failed"]}).data[0]
    assert client.v1.events.retrieve(event.id).api_version == "2026-05-27.dahlia"
    clock.move(days=31)
    assert client.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(event.id)
