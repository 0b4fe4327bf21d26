"""Checkout Sessions, reading, and what the API refuses."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from flask import Flask

from shop.demo.double import payment_pages
from shop.demo.double.api import OPERATIONS, Answer, Call, Exchange, Operation
from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import VERSION, Clock, line, order, plain, sdk, shipping
from tests.demo.double.spec import SpecObserver, operation, parameters

Refused = stripe.InvalidRequestError


def create(client: stripe.StripeClient, **changes: Any) -> Any:
    return client.v1.checkout.sessions.create(order(**changes))  # type: ignore[arg-type]


def test_a_session_adds_up_lines_and_shipping(client: stripe.StripeClient) -> None:
    session = create(client)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (57000, 59500, "eur")
    assert session.total_details.amount_shipping == 2500
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url == f"http://127.0.0.1:4242/c/pay/{session.id}"
    assert session.metadata["order"] == "7KX2M9QA"


def test_lines_are_listed_in_their_order_and_in_pages(client: stripe.StripeClient) -> None:
    session = create(client)
    first = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 1})
    assert [item.description for item in first.data] == ["Zellige table"]
    assert first.has_more
    names = [item.description for item in first.auto_paging_iter()]
    assert names == ["Zellige table", "Babouches"]
    product = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]})
    assert product.data[0].price.product.metadata["sku"] == "A-1"


def test_expand_puts_objects_in_the_place_of_identifiers(client: stripe.StripeClient, double: Flask) -> None:
    session = create(client, expand=["line_items", "shipping_cost.shipping_rate"])
    assert len(session.line_items.data) == 2
    assert session.shipping_cost.shipping_rate.display_name == "Standard"
    pay(double, session.id)
    whole = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert whole.payment_intent.latest_charge.balance_transaction.amount == 59500
    listed = client.v1.charges.list({"expand": ["data.balance_transaction", "data.refunds"]})
    assert listed.data[0].balance_transaction.type == "charge"
    assert listed.data[0].refunds.data == []


def test_a_property_that_is_no_object_cannot_be_expanded(client: stripe.StripeClient) -> None:
    session = create(client)
    with pytest.raises(Refused, match=r"cannot be expanded \(currency\)"):
        client.v1.checkout.sessions.retrieve(session.id, {"expand": ["currency"]})


def test_a_session_expires_when_asked_and_only_once(client: stripe.StripeClient, double: Flask) -> None:
    session = create(client)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(Refused, match="status of expired"):
        client.v1.checkout.sessions.expire(session.id)
    paid = create(client)
    pay(double, paid.id)
    with pytest.raises(Refused, match="status of complete"):
        client.v1.checkout.sessions.expire(paid.id)


def test_a_session_expires_by_itself_at_its_time(client: stripe.StripeClient, clock: Clock) -> None:
    session = create(client, expires_at=clock.now + 2100)
    clock.move(seconds=2099)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    clock.move(hours=2)
    event = client.v1.events.list({"type": "checkout.session.expired"}).data[0]
    assert event.created == session.expires_at
    found = client.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.url) == ("expired", None)


def test_sessions_are_found_by_payment_intent_and_by_state(client: stripe.StripeClient, double: Flask) -> None:
    create(client)
    paid = create(client)
    pay(double, paid.id)
    intent = client.v1.checkout.sessions.retrieve(paid.id).payment_intent
    found = client.v1.checkout.sessions.list({"payment_intent": str(intent)})
    assert [one.id for one in found.data] == [paid.id]
    assert [one.id for one in client.v1.checkout.sessions.list({"status": "complete"}).data] == [paid.id]


def test_lists_go_newest_first_through_pages_both_ways(client: stripe.StripeClient, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(create(client).id)
        clock.move(seconds=1)
    sessions = client.v1.checkout.sessions
    assert [one.id for one in sessions.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    back = sessions.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in back.data] == [made[2], made[1]]
    assert back.has_more
    since = sessions.list({"created": {"gte": clock.now - 2, "lt": clock.now - 1}})
    assert [one.id for one in since.data] == [made[3]]


BAD_SESSIONS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"colour": "red"}, "colour", "parameter_unknown"),
    ({"payment_method_types": ["card"]}, "payment_method_types", "payment_method_types_no_longer_supported"),
    ({"success_url": None}, "success_url", "parameter_missing"),
    ({"return_url": "http://shop.test/return"}, "return_url", None),
    ({"ui_mode": "elements"}, "success_url", None),
    ({"ui_mode": "elements", "success_url": None}, "cancel_url", None),
    ({"ui_mode": "elements", "success_url": None, "cancel_url": None}, "return_url", "parameter_missing"),
    ({"line_items": None}, "line_items", "parameter_missing"),
    ({"mode": "barter"}, "mode", None),
    ({"locale": "ar"}, "locale", None),
    ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
    ({"success_url": "shop.test"}, "success_url", "url_invalid"),
    ({"cancel_url": ""}, "cancel_url", "parameter_invalid_empty"),
    ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", None),
    ({"excluded_payment_method_types": ["card", "sepa_debit"]}, "excluded_payment_method_types", None),
    ({"line_items": [line("Rug", 100, quantity=0)]}, "line_items[][quantity]", "parameter_invalid_integer"),
    (
        {"line_items": [line("Rug", 100, currency="usd")]},
        "shipping_options[0][shipping_rate_data][fixed_amount][currency]",
        None,
    ),
    ({"line_items": [line("Rug", 100, currency="xyz")]}, "line_items[0][price_data][currency]", None),
    ({"line_items": [{**line("Rug", 1), "size": 3}]}, "line_items[0][size]", "parameter_unknown"),
    ({"expires_at": 1_781_514_000 + 1799}, "expires_at", None),
    ({"expires_at": 1_781_514_000 + 86401}, "expires_at", None),
]


@pytest.mark.parametrize(("changes", "param", "code"), BAD_SESSIONS)
def test_what_stripe_refuses_is_refused_in_its_form(
    client: stripe.StripeClient, clock: Clock, changes: dict[str, Any], param: str, code: str | None
) -> None:
    assert clock.now == 1_781_514_000
    with pytest.raises(Refused) as caught:
        create(client, **changes)
    assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, param, code)
    assert client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(
    ("currency", "amount", "message"),
    [
        ("eur", 49, "at least 50 cents"),
        ("jpy", 60, "at least 50 cents"),
        ("kwd", 10005, "multiples of 10"),
        ("isk", 100050, "multiples of 100"),
        ("eur", 100_000_000, "no more than"),
    ],
)
def test_amounts_a_currency_cannot_have_are_refused(
    client: stripe.StripeClient, currency: str, amount: int, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        create(client, **plain(currency, amount), shipping_options=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "subscription"},
        {"customer": "cus_1"},
        {"ui_mode": "embedded_page"},
        {"adaptive_pricing": {"enabled": True}},
        {"shipping_options": [{"shipping_rate": "shr_1"}]},
    ],
)
def test_what_stripe_does_and_the_double_does_not_is_said_aloud(
    client: stripe.StripeClient, changes: dict[str, Any]
) -> None:
    with pytest.raises(stripe.APIError, match="does not implement") as caught:
        create(client, **changes)
    assert caught.value.http_status == 501


def test_other_operations_answer_501_with_their_name(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.APIError, match="POST /v1/coupons") as caught:
        client.v1.coupons.create({"percent_off": 20})
    assert caught.value.http_status == 501


@pytest.mark.parametrize("key", ["sk_live_123", "sk_test_123", "rk_test_demo_1"])
def test_only_keys_of_the_demonstration_are_let_in(double: Flask, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key") as caught:
        sdk(double, key).v1.charges.list()
    assert key not in str(caught.value)


def test_another_version_of_the_api_is_refused(double: Flask, client: stripe.StripeClient) -> None:
    with pytest.raises(Refused, match=VERSION):
        client.v1.charges.list(options={"stripe_version": "2026-10-28.endive"})


def test_an_identifier_that_names_nothing_is_a_404(client: stripe.StripeClient) -> None:
    v1 = client.v1
    reads: list[Callable[[], Any]] = [
        lambda: v1.checkout.sessions.retrieve("cs_test_none"),
        lambda: v1.payment_intents.retrieve("pi_none"),
        lambda: v1.charges.retrieve("ch_none"),
        lambda: v1.refunds.retrieve("re_none"),
        lambda: v1.balance_transactions.retrieve("txn_none"),
        lambda: v1.events.retrieve("evt_none"),
    ]
    for read in reads:
        with pytest.raises(Refused) as caught:
            read()
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_the_specification_notices_a_wrong_answer_and_a_wrong_request(double: Flask) -> None:
    """The examiner itself: without this, silence would prove nothing."""
    observer = SpecObserver()
    call = Call("POST", "/v1/refunds", "amount=many&colour=red", {}, "http://127.0.0.1/")
    observer(Exchange(call, Answer(200, {"object": "refund"}, {})))
    assert len(observer.violations) == 2
    observer = SpecObserver()
    observer(Exchange(Call("GET", "/v1/nothing", "", {}, ""), Answer(200, {}, {})))
    assert observer.violations == ["GET /v1/nothing: request: Stripe has no such operation"]


def test_every_answer_names_its_request(double: Flask, client: stripe.StripeClient) -> None:
    first, second = (client.v1.charges.list().last_response for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.request_id.startswith("req_")
    assert first.request_id != second.request_id


def test_several_shipping_options_are_offered_and_the_first_is_chosen(client: stripe.StripeClient) -> None:
    session = create(client, shipping_options=[shipping("Standard", 2500), shipping("Express", 6000)])
    assert session.amount_total == 59500
    assert [option.shipping_amount for option in session.shipping_options] == [2500, 6000]


PUBLISHED = [one for one in OPERATIONS if one not in payment_pages.OPERATIONS]


@pytest.mark.parametrize("offered", PUBLISHED, ids=lambda one: one.name)
def test_each_operation_knows_exactly_the_parameters_of_the_specification(offered: Operation) -> None:
    path = offered.path.pattern.replace("([^/]+)", "x_1")
    found = operation(offered.method, path)
    assert found is not None
    assert found["operationId"] == offered.name
    names = {name for name in parameters(offered.method, path) if "." not in name}
    assert set(offered.fields.fields) == names
