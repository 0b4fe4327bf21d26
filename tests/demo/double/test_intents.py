"""Payments of a shop that asks for cards itself: PaymentMethods, PaymentIntents, SetupIntents."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import Clock, order, plain
from tests.demo.double.test_payments import opened, types, whole

Refused = stripe.InvalidRequestError
BY_CARD = {"amount": 2000, "currency": "eur", "payment_method_types": ["card"]}


def create(client: stripe.StripeClient, method: str | None = "pm_card_visa", **changes: Any) -> Any:
    params = {**BY_CARD, **({"payment_method": method, "confirm": True} if method else {}), **changes}
    return client.v1.payment_intents.create(params)  # type: ignore[arg-type]


def test_a_confirmed_intent_is_paid_with_its_balance_transaction(client: stripe.StripeClient) -> None:
    intent = create(client, expand=["latest_charge.balance_transaction", "payment_method"])
    assert (intent.status, intent.amount_received, intent.payment_method.card.last4) == ("succeeded", 2000, "4242")
    charge = intent.latest_charge
    assert (charge.captured, charge.payment_method, charge.balance_transaction.amount) == (
        True,
        intent.payment_method.id,
        2000,
    )
    assert types(client) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_an_intent_is_confirmed_later_and_once(client: stripe.StripeClient) -> None:
    intents = client.v1.payment_intents
    intent = create(client, None)
    with pytest.raises(Refused, match="missing a payment method"):
        intents.confirm(intent.id)
    paid = intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})
    assert paid.status == "succeeded"
    with pytest.raises(Refused, match="status of succeeded") as caught:
        intents.confirm(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    with pytest.raises(Refused, match="status of succeeded"):
        intents.cancel(intent.id)


def test_a_refused_card_leaves_its_charge_on_record_and_another_may_be_tried(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as caught:
        create(client, "pm_card_chargeDeclined")
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    told: Any = caught.value.error
    assert told.decline_code == "generic_decline"
    intent: Any = client.v1.payment_intents.retrieve(told.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert (intent.latest_charge.id, intent.latest_charge.status) == (told.charge, "failed")
    assert types(client) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    again = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)


def test_a_refusal_is_told_again_to_the_same_key_and_charges_nothing_twice(client: stripe.StripeClient) -> None:
    refusals = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.create(
                {**BY_CARD, "payment_method": "pm_card_chargeDeclined", "confirm": True},  # type: ignore[typeddict-item]
                {"idempotency_key": "once"},
            )
        refusals.append(caught.value.json_body)
    assert refusals[0] == refusals[1]
    assert len(client.v1.charges.list().data) == 1


def test_a_refused_request_leaves_nothing(client: stripe.StripeClient) -> None:
    """Unlike a bank's refusal, which is an event of its own."""
    with pytest.raises(Refused, match="No such PaymentMethod"):
        create(client, "pm_none")
    assert client.v1.payment_intents.list().data == []
    assert types(client) == []


def test_an_authorised_payment_is_money_only_when_it_is_captured(client: stripe.StripeClient) -> None:
    intent = create(client, capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2000, 0)
    assert client.v1.balance_transactions.list().data == []
    with pytest.raises(stripe.APIError, match="giving up an authorised payment"):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.APIError, match="giving up an authorised payment"):
        client.v1.payment_intents.cancel(intent.id)
    taken: Any = client.v1.payment_intents.capture(intent.id, {"expand": ["latest_charge"]})
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 2000)
    assert (taken.latest_charge.captured, taken.latest_charge.amount_captured) == (True, 2000)
    assert len(client.v1.balance_transactions.list().data) == 1
    assert types(client)[1:] == [
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]
    with pytest.raises(Refused, match="could not be captured"):
        client.v1.payment_intents.capture(intent.id)


def test_an_intent_that_waits_is_changed_and_cancelled(client: stripe.StripeClient) -> None:
    intents = client.v1.payment_intents
    intent = create(client, None, shipping={"name": "A", "address": {"line1": "1 rue B"}})
    changed = intents.update(intent.id, {"description": "Tray", "metadata": {"order": "A"}, "shipping": ""})
    assert (changed.description, changed.metadata["order"], changed.shipping) == ("Tray", "A", None)
    gone = intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(Refused, match="status of canceled"):
        intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert types(client) == ["payment_intent.created", "payment_intent.canceled"]


def test_a_card_that_asks_its_bank_waits(client: stripe.StripeClient) -> None:
    intent = create(client, "pm_card_authenticationRequired")
    assert (intent.status, intent.next_action.type, intent.latest_charge) == ("requires_action", "use_stripe_sdk", None)
    with pytest.raises(stripe.APIError, match="3-D Secure outside Checkout"):
        create(client, "pm_card_authenticationRequired", return_url="http://shop.test/")


def test_an_intent_of_a_session_is_moved_by_the_session_alone(client: stripe.StripeClient, double: Flask) -> None:
    session = opened(client)
    pay(double, session, "4000000000000002")
    intent = whole(client, session).payment_intent.id
    intents = client.v1.payment_intents
    moves: list[Callable[[], Any]] = [
        lambda: intents.confirm(intent, {"payment_method": "pm_card_visa"}),
        lambda: intents.cancel(intent),
        lambda: intents.capture(intent),
    ]
    for move in moves:
        with pytest.raises(Refused, match="belongs to a Checkout Session"):
            move()


BAD_INTENTS: list[tuple[dict[str, Any], str]] = [
    ({"amount": 0}, "amount"),
    ({"amount": 49}, "amount"),
    ({"amount": 100_000_000}, "amount"),
    ({"currency": "xyz"}, "currency"),
    ({"customer": "cus_none"}, "customer"),
    ({"confirm": False, "return_url": "http://shop.test/"}, "return_url"),
    ({"automatic_payment_methods": {"enabled": True}}, "automatic_payment_methods"),
]


@pytest.mark.parametrize(("changes", "param"), BAD_INTENTS)
def test_what_an_intent_cannot_be_is_refused(client: stripe.StripeClient, changes: Any, param: str) -> None:
    with pytest.raises(Refused) as caught:
        create(client, **changes)
    assert (caught.value.http_status, caught.value.param) == (400, param)


def test_an_intent_that_names_no_types_leaves_them_to_the_account(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 2000, "currency": "eur"})
    assert (intent.automatic_payment_methods and intent.automatic_payment_methods.enabled) is True
    assert intent.payment_method_types == ["card", "sepa_debit"]
    assert client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}).payment_method_types == ["card"]
    off = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "eur", "automatic_payment_methods": {"enabled": False}}
    )
    assert off.automatic_payment_methods is None


def account(client: stripe.StripeClient, iban: str, **billing: str) -> str:
    params: Any = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": iban},
        "billing_details": {"name": "Amina", "email": "a@example.com", **billing},
    }
    return client.v1.payment_methods.create(params).id


MANDATE = {"mandate_data": {"customer_acceptance": {"type": "offline", "accepted_at": 1590590577}}}


@pytest.mark.parametrize(
    ("iban", "status", "told"),
    [
        ("AT611904300234573201", "succeeded", ["charge.succeeded", "payment_intent.succeeded"]),
        ("AT861904300235473202", "requires_payment_method", ["charge.failed", "payment_intent.payment_failed"]),
    ],
)
def test_a_debit_waits_for_its_bank(
    client: stripe.StripeClient, clock: Clock, iban: str, status: str, told: list[str]
) -> None:
    method = account(client, iban)
    intent = create(client, method, payment_method_types=["sepa_debit"], **MANDATE)
    assert (intent.status, intent.amount_received) == ("processing", 0)
    assert types(client) == ["payment_intent.created", "charge.pending", "payment_intent.processing"]
    with pytest.raises(Refused, match="status of processing"):
        client.v1.payment_intents.cancel(intent.id)
    clock.move(days=6)
    assert client.v1.payment_intents.retrieve(intent.id).status == status
    assert types(client)[3:] == told


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({}, "mandate_data"),
        ({**MANDATE, "currency": "usd"}, "currency"),
        ({**MANDATE, "capture_method": "manual"}, "capture_method"),
        ({**MANDATE, "payment_method_types": ["card"]}, "payment_method"),
    ],
)
def test_a_debit_that_cannot_be_is_refused(client: stripe.StripeClient, changes: Any, param: str) -> None:
    with pytest.raises(Refused) as caught:
        create(client, account(client, "AT611904300234573201"), **{"payment_method_types": ["sepa_debit"], **changes})
    assert caught.value.param == param


def test_an_account_has_an_owner_and_a_number_of_the_tests(client: stripe.StripeClient) -> None:
    with pytest.raises(Refused, match=r"billing_details\[email\]"):
        account(client, "AT611904300234573201", email="")
    with pytest.raises(Refused, match="IBAN you provided is invalid") as caught:
        account(client, "AT611904300234573202")
    assert "234573202" not in str(caught.value)


def card(client: stripe.StripeClient, **changes: Any) -> Any:
    params: Any = {
        "type": "card",
        "card": {"number": "4242424242424242", "exp_month": 8, "exp_year": 2030, "cvc": "123", **changes},
        "billing_details": {"name": "Amina", "address": {"country": "FR"}},
    }
    return client.v1.payment_methods.create(params)


def test_a_method_of_nobody_is_used_once(client: stripe.StripeClient) -> None:
    method = card(client)
    assert (method.card.last4, method.card.exp_month, method.billing_details.address.city) == ("4242", 8, None)
    create(client, method.id)
    with pytest.raises(Refused, match="may not be used again"):
        create(client, method.id)


def test_a_method_is_kept_with_a_customer_changed_used_again_and_taken_away(client: stripe.StripeClient) -> None:
    methods = client.v1.payment_methods
    customer = client.v1.customers.create().id
    method = card(client).id
    with pytest.raises(Refused, match="must save this PaymentMethod"):
        methods.update(method, {"metadata": {"of": "ours"}})
    assert methods.attach(method, {"customer": customer}).customer == customer
    with pytest.raises(Refused, match="already been attached"):
        methods.attach(method, {"customer": customer})
    for _ in range(2):
        assert create(client, method, customer=customer).status == "succeeded"
    with pytest.raises(Refused, match="attached to another customer"):
        create(client, method)
    changed: Any = methods.update(method, {"billing_details": {"email": "a@example.com"}})
    assert (changed.billing_details.name, changed.billing_details.email) == ("Amina", "a@example.com")
    assert methods.detach(method).customer is None
    with pytest.raises(Refused, match="may not be used again"):
        create(client, method, customer=customer)
    with pytest.raises(Refused, match="detachment is impossible"):
        methods.detach(method)
    event = client.v1.events.list({"type": "payment_method.detached"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"customer": customer}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2025}, "invalid_expiry_year"),
        ({"token": "tok_none"}, "resource_missing"),
    ],
)
def test_a_card_that_is_none_becomes_no_method(client: stripe.StripeClient, changes: Any, code: str) -> None:
    with pytest.raises(stripe.StripeError) as caught:
        card(client, **changes)
    assert caught.value.code == code


@pytest.mark.parametrize("params", [{"type": "card"}, {"type": "card", "card": {"exp_month": 1}}])
def test_a_card_without_its_number_is_refused(client: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(Refused) as caught:
        client.v1.payment_methods.create(params)
    assert caught.value.code == "parameter_missing"


def test_a_bank_is_asked_before_a_card_is_kept(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    methods = client.v1.payment_methods
    with pytest.raises(stripe.CardError):
        methods.attach("pm_card_chargeDeclined", {"customer": customer})
    kept = methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    with pytest.raises(stripe.CardError):
        create(client, kept, customer=customer)


def test_a_setup_makes_a_card_ready_and_keeps_it_with_the_customer(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    setups = client.v1.setup_intents
    setup = setups.create({"customer": customer, "payment_method": "pm_card_visa"})
    assert setup.status == "requires_confirmation"
    done = setups.confirm(setup.id, {"expand": ["payment_method"]})
    assert (done.status, done.payment_method.customer) == ("succeeded", customer)  # type: ignore[union-attr]
    with pytest.raises(Refused, match="cannot cancel this SetupIntent because it has a status of succeeded"):
        setups.cancel(setup.id)
    assert types(client)[1:] == ["setup_intent.created", "payment_method.attached", "setup_intent.succeeded"]


def test_a_setup_that_fails_says_why_and_may_be_given_up(client: stripe.StripeClient) -> None:
    setups = client.v1.setup_intents
    with pytest.raises(stripe.CardError) as caught:
        setups.create({"payment_method": "pm_card_chargeDeclined", "confirm": True})
    told: Any = caught.value.error
    setup: Any = setups.retrieve(told.setup_intent.id)
    assert (setup.status, setup.last_setup_error.code) == ("requires_payment_method", "card_declined")
    with pytest.raises(Refused, match="missing a payment method"):
        setups.confirm(setup.id)
    assert setups.cancel(setup.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    asked = setups.create({"payment_method": "pm_card_authenticationRequired", "confirm": True})
    assert asked.status == "requires_action"
    assert types(client)[1:3] == ["setup_intent.setup_failed", "setup_intent.canceled"]


KEY = {"Authorization": "Bearer sk_test_demo_page"}


def confirm_page(browser: FlaskClient, session: str, method: str, amount: int = 59500) -> Any:
    params = {"payment_method": method, "expected_amount": amount}
    return browser.post(f"/v1/payment_pages/{session}/confirm", data=params, headers=KEY)


def test_a_page_is_paid_as_its_own_script_would(client: stripe.StripeClient, browser: FlaskClient) -> None:
    session = opened(client, order(customer_email=None))
    shown = browser.get(f"/v1/payment_pages/{session}", headers=KEY).json
    assert shown is not None
    assert (shown["id"], shown["status"]) == (session, "open")
    assert confirm_page(browser, session, "pm_card_visa", 1).status_code == 400
    assert confirm_page(browser, session, "pm_card_chargeDeclined").status_code == 402
    assert whole(client, session).payment_intent.latest_charge.status == "failed"
    assert confirm_page(browser, session, "pm_card_authenticationRequired").status_code == 501
    method = card(client).id
    assert confirm_page(browser, session, method).json["payment_status"] == "paid"
    paid = whole(client, session)
    assert (paid.customer_details.name, paid.payment_intent.payment_method) == ("Amina", method)
    assert confirm_page(browser, session, "pm_card_visa").status_code == 400


def test_a_page_is_paid_with_a_debit_where_it_offers_one(client: stripe.StripeClient, browser: FlaskClient) -> None:
    method = account(client, "AT611904300234573201")
    excluded = opened(client)
    assert confirm_page(browser, excluded, method).status_code == 400
    session = opened(client, order(excluded_payment_method_types=None))
    assert confirm_page(browser, session, method).json["payment_status"] == "unpaid"
    intent = whole(client, session).payment_intent
    assert (intent.status, intent.payment_method) == ("processing", method)
    dollars = opened(client, plain("usd", 2000))
    assert confirm_page(browser, dollars, account(client, "AT611904300234573201"), 2000).status_code == 400
