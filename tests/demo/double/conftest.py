"""A double on a clock that stands still, the unmodified SDK in front of it, and the specification watching."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from shop.demo.double.app import create_double, deliver_due, state_of
from shop.demo.double.inprocess import InProcessClient, pay
from tests.demo.double.spec import SpecObserver, spec_observer

__all__ = ["spec_observer"]

VERSION = "2026-05-27.dahlia"
SECRETS = ["whsec_first", "whsec_second"]
BASE = "http://127.0.0.1:4242"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **span: float) -> None:
        self.moment += timedelta(**span)

    @property
    def now(self) -> int:
        return int(self.moment.timestamp())


class Inbox:
    """What the shop's webhook address receives; answers the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.letters: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[int | OSError] = []

    def __call__(self, url: str, body: bytes, headers: Any) -> int:
        self.letters.append((body, dict(headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, OSError):
            raise answer
        return answer

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.letters]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def double(clock: Clock, spec_observer: SpecObserver) -> Iterator[Flask]:
    made = create_double(
        None,
        clock=clock,
        webhook_url="http://shop.test/webhooks/stripe",
        webhook_secrets=SECRETS,
        observer=spec_observer,
    )
    yield made
    for event in one_of_each_kind(made):
        spec_observer.event(event)
    state_of(made).close()


def one_of_each_kind(double: Flask) -> list[dict[str, Any]]:
    """The last event of each type and status of what it is about."""
    events, _more = state_of(double).page("event", limit=10_000)
    return list({(one["type"], one["data"]["object"].get("status")): one for one in reversed(events)}.values())


def sdk(double: Flask, key: str = "sk_test_demo_tests", **more: Any) -> stripe.StripeClient:
    """The SDK in front of a double, with no other change than its HTTP client."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": BASE},
        stripe_version=VERSION,
        http_client=InProcessClient(double, stripe.APIConnectionError),  # type: ignore[arg-type]
        max_network_retries=0,
        **more,
    )


@pytest.fixture
def client(double: Flask) -> stripe.StripeClient:
    return sdk(double)


@pytest.fixture
def browser(double: Flask) -> FlaskClient:
    return double.test_client()


@pytest.fixture
def paid(client: stripe.StripeClient, double: Flask) -> Callable[..., Any]:
    """Open and pay a session; its charge. `changes` are those of `order`, `card` a test card."""

    def pay_for(card: str = "4242424242424242", params: dict[str, Any] | None = None) -> Any:
        session = client.v1.checkout.sessions.create(params or order())  # type: ignore[arg-type]
        assert pay(double, session.id, card) == "paid"
        intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
        return client.v1.charges.list({"payment_intent": str(intent)}).data[0]

    return pay_for


@pytest.fixture
def events(client: stripe.StripeClient) -> Callable[..., list[str]]:
    """The types of all events so far, oldest first, without the first `skip`."""

    def list_types(skip: int = 0) -> list[str]:
        found = client.v1.events.list({"limit": 100}).auto_paging_iter()
        return [event.type for event in reversed(list(found))][skip:]

    return list_types


@pytest.fixture
def deliver(double: Flask, inbox: Inbox) -> Callable[[], int]:
    return lambda: deliver_due(double, inbox)


@pytest.fixture
def control(browser: FlaskClient) -> Callable[..., Any]:
    def set_control(name: str, **values: Any) -> Any:
        answer = browser.post(f"/_ctl/{name}", json=values)
        assert answer.status_code == 200, answer.json
        return answer.json

    return set_control


def order(**changes: Any) -> dict[str, Any]:
    """Parameters of a session as the shop sends them: two lines, shipping, 35 minutes."""
    params: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [line("Zellige table", 45000), line("Babouches", 6000, quantity=2)],
        "shipping_options": [shipping("Standard", 2500)],
        "customer_email": "buyer@example.com",
        "client_reference_id": "7KX2M9QA",
        "metadata": {"order": "7KX2M9QA"},
        "payment_intent_data": {"metadata": {"order": "7KX2M9QA"}, "description": "Order 7KX2M9QA"},
        "locale": "en",
        "success_url": "http://shop.test/en/orders/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/en/checkout",
        "adaptive_pricing": {"enabled": False},
        "excluded_payment_method_types": ["klarna", "sepa_debit"],
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    }
    return {name: value for name, value in {**params, **changes}.items() if value is not None}


def line(name: str, amount: int, *, currency: str = "eur", quantity: int = 1) -> dict[str, Any]:
    product = {"name": name, "images": ["http://shop.test/media/a.jpg"], "metadata": {"sku": "A-1"}}
    return {
        "price_data": {"currency": currency, "unit_amount": amount, "product_data": product},
        "quantity": quantity,
    }


def shipping(name: str, amount: int, currency: str = "eur") -> dict[str, Any]:
    return {
        "shipping_rate_data": {
            "display_name": name,
            "type": "fixed_amount",
            "fixed_amount": {"amount": amount, "currency": currency},
            "delivery_estimate": {"minimum": {"unit": "business_day", "value": 5}},
        }
    }


def plain(currency: str, amount: int) -> dict[str, Any]:
    """A session of one line in any currency."""
    return order(line_items=[line("Rug", amount, currency=currency)], shipping_options=None)
