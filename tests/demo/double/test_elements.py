"""Sessions in elements: what Stripe's script may do with a publishable key, and the frames of another origin."""

import json
from html import unescape
from re import DOTALL, search
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shop.demo.double.inprocess import pay
from tests.demo.double.conftest import BASE, Clock, order

KEY = "pk_test_demo_tests"
RETURN = "http://shop.test/ar/orders/return?session={CHECKOUT_SESSION_ID}"


@pytest.fixture
def session(client: stripe.StripeClient) -> Any:
    return client.v1.checkout.sessions.create(in_elements())  # type: ignore[arg-type]


def in_elements() -> dict[str, Any]:
    return order(ui_mode="elements", success_url=None, cancel_url=None, locale=None, return_url=RETURN)


class Frame:
    """Calls as the script in the frame does: with the publishable key, without the shop."""

    def __init__(self, browser: FlaskClient, secret: str) -> None:
        self.browser, self.secret = browser, secret
        self.page = f"/v1/payment_pages/{secret.partition('_secret_')[0]}"

    def call(self, method: str, path: str, **values: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {KEY}"}
        if method == "GET":
            return self.browser.get(path, query_string=values, headers=headers)
        return self.browser.post(path, data=values, headers=headers)

    def card(self, number: str) -> TestResponse:
        values = {"card[number]": number, "card[exp_month]": 12, "card[exp_year]": 2034, "card[cvc]": "123"}
        return self.call("POST", "/v1/payment_methods", type="card", **values)

    def confirm(self, number: str, amount: int = 59500, secret: str | None = None) -> TestResponse:
        return self.call(
            "POST",
            f"{self.page}/confirm",
            payment_method=self.card(number).json["id"],  # type: ignore[index]
            expected_amount=amount,
            client_secret=self.secret if secret is None else secret,
            **{"expand[]": "payment_intent"},
        )


@pytest.fixture
def frame(browser: FlaskClient, session: Any) -> Frame:
    return Frame(browser, session.client_secret)


def test_a_session_in_elements_has_a_secret_and_no_page(
    client: stripe.StripeClient, browser: FlaskClient, session: Any
) -> None:
    assert (session.ui_mode, session.status, session.url, session.success_url) == ("elements", "open", None, None)
    assert session.return_url == RETURN
    assert session.client_secret.startswith(f"{session.id}_secret_")
    assert client.v1.checkout.sessions.retrieve(session.id).client_secret == session.client_secret
    assert browser.get(f"/c/pay/{session.id}").status_code == 404
    assert client.v1.checkout.sessions.create(order()).client_secret is None  # type: ignore[arg-type]


def test_a_good_card_completes_the_session(
    client: stripe.StripeClient, frame: Frame, session: Any, events: Any
) -> None:
    answer = frame.confirm("4242424242424242")
    assert (answer.status_code, answer.json["status"]) == (200, "complete")  # type: ignore[index]
    found = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.payment_status, found.payment_intent.amount_received) == ("paid", 59500)  # type: ignore[union-attr]
    assert events()[-1] == "checkout.session.completed"


def test_a_declined_card_leaves_it_open_for_another(client: stripe.StripeClient, frame: Frame, session: Any) -> None:
    answer = frame.confirm("4000000000009995")
    assert answer.status_code == 402
    assert answer.json["error"]["decline_code"] == "insufficient_funds"  # type: ignore[index]
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert frame.confirm("4242424242424242").status_code == 200


@pytest.mark.parametrize(("said", "status"), [("accept", "complete"), ("refuse", "open")])
def test_the_bank_asks_in_a_frame_of_its_own(
    client: stripe.StripeClient, browser: FlaskClient, frame: Frame, session: Any, said: str, status: str
) -> None:
    asked: Any = frame.confirm("4000002500003155").json
    assert asked["status"] == "open"
    where = asked["payment_intent"]["next_action"]["redirect_to_url"]["url"]
    assert where == f"{BASE}/elements/authenticate/{session.id}"
    where = where.removeprefix(BASE)
    question = browser.get(f"{where}?locale=ar")
    assert "بنكك يطلب التأكيد" in question.text
    assert "frame-ancestors http: https:" in question.headers["Content-Security-Policy"]
    answered = browser.post(f"{where}?locale=ar", data={"answer": said})
    assert "data-answered" in answered.text
    # Looking again asks nothing again.
    assert "data-answered" in browser.get(where).text
    found = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert found.status == status
    error = found.payment_intent.last_payment_error  # type: ignore[union-attr]
    assert (error and error.code) == (None if said == "accept" else "payment_intent_authentication_failure")


def test_an_expired_session_takes_no_payment(client: stripe.StripeClient, frame: Frame, session: Any) -> None:
    client.v1.checkout.sessions.expire(session.id)
    answer = frame.confirm("4242424242424242")
    assert (answer.status_code, "expired" in answer.text) == (400, True)


def test_a_session_that_was_paid_cannot_be_expired(client: stripe.StripeClient, double: Flask, session: Any) -> None:
    pay(double, session.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        client.v1.checkout.sessions.expire(session.id)


def test_another_amount_than_was_shown_is_refused(frame: Frame) -> None:
    assert frame.confirm("4242424242424242", amount=1).status_code == 400


def test_without_its_secret_there_is_no_session(
    client: stripe.StripeClient, browser: FlaskClient, frame: Frame
) -> None:
    for wrong in ("", "none", "é", f"{frame.secret}x"):
        assert frame.confirm("4242424242424242", secret=wrong).status_code in (400, 404)
        assert frame.call("GET", frame.page, client_secret=wrong or "x").status_code == 404
    hosted = client.v1.checkout.sessions.create(order())  # type: ignore[arg-type]
    assert Frame(browser, hosted.id).call("GET", f"/v1/payment_pages/{hosted.id}", client_secret="x").status_code == 404
    assert frame.call("GET", frame.page, client_secret=frame.secret).status_code == 200


def test_a_publishable_key_opens_nothing_else(frame: Frame, session: Any) -> None:
    for path in (f"/v1/checkout/sessions/{session.id}", "/v1/charges", "/v1/events"):
        answer = frame.call("GET", path)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "secret_key_required")  # type: ignore[index]


def test_the_script_on_the_shops_page_may_read_the_session(browser: FlaskClient, frame: Frame) -> None:
    """A simple request with the key in it, as a browser sends it from another origin without asking first."""
    asked = {"key": KEY, "client_secret": frame.secret}
    answer = browser.get(frame.page, query_string=asked, headers={"Origin": "http://shop.test"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json["status"] == "open"  # type: ignore[index]


def test_the_card_form_speaks_the_readers_language(browser: FlaskClient) -> None:
    page = browser.get("/elements/payment?locale=ar")
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "رقم البطاقة" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    found = search(r'data-messages="([^"]*)"', page.text, DOTALL)
    assert found
    messages = json.loads(unescape(found[1]))
    assert messages["insufficient_funds"].startswith("رصيد بطاقتك غير كاف")
    assert '<html lang="en" dir="ltr">' in browser.get("/elements/payment?locale=tlh").text


@pytest.mark.parametrize("name", ["stripe", "frame", "bank"])
def test_the_scripts_are_served_and_no_others(browser: FlaskClient, name: str) -> None:
    assert browser.get(f"/elements/{name}.js").mimetype == "text/javascript"
    assert browser.get("/elements/other.js").status_code == 404


def test_it_runs_out_by_itself(client: stripe.StripeClient, clock: Clock, session: Any) -> None:
    clock.move(hours=25)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
