"""The last step of checkout in Arabic: Stripe's form in our page, what that page lets in, and the way without scripts."""

import json
from dataclasses import replace
from html import unescape
from re import search
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from shop.core.config import STRIPE_JS
from shop.core.db import db
from shop.i18n.formats import money
from shop.i18n.messages import use_language
from shop.orders.links import order_path
from shop.orders.models import Order
from shop.payments.queries import list_attempts
from tests.builders import make_order, make_product
from tests.stripe_bench import Bench
from tests.web.storefront.conftest import Visitor

DOUBLE = "http://127.0.0.1:4242"


@pytest.fixture
def buyer(visitor: Visitor, stripe: Bench) -> Visitor:
    """Somebody who has ordered a rug in Arabic and stands before the last step."""
    visitor.put_in(make_product(), language="ar")
    visitor.choose("FR", language="ar")
    visitor.order("ar")
    return visitor


def order() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def address(app: Flask, page: str = "/pay") -> str:
    path, _sign, token = order_path(order(), app.config["SECRET_KEY"]).partition("?")
    return f"{path}{page}?{token}"


def told_to_the_script(page: TestResponse) -> dict[str, Any]:
    found = search(r'data-payment="([^"]*)"', page.text)
    assert found, page.text
    return dict(json.loads(unescape(found[1])))


def directives(page: TestResponse) -> dict[str, set[str]]:
    parts = [part.split() for part in page.headers["Content-Security-Policy"].split(";")]
    names = [part[0] for part in parts]
    assert len(names) == len(set(names)), "a browser heeds only the first of two"
    return {name: set(values) for name, *values in parts}


def test_in_arabic_the_last_step_is_a_page_of_ours(app: Flask, visitor: Visitor, stripe: Bench) -> None:
    visitor.put_in(make_product(), language="ar")
    visitor.choose("FR", language="ar")
    answer = visitor.order("ar")
    assert (answer.status_code, answer.location) == (303, address(app))
    page = visitor.get(answer.location)
    assert page.status_code == 200
    assert 'dir="rtl"' in page.text
    with use_language("ar"):
        assert f"الطلب مع الالتزام بأداء {money(38000, 'EUR')}</span></button>" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    attempt = list_attempts(order().id)[0]
    told = told_to_the_script(page)
    assert (told["secret"], told["locale"]) == (attempt.client_secret, "ar")
    assert told["key"] == app.config["SETTINGS"].stripe_publishable_key
    assert told["script"] == app.config["SETTINGS"].stripe_js_url
    assert told["done"].startswith(f"/ar/orders/{order().number}/return?")
    assert f"session_id={attempt.session_id}" in told["done"]


def test_the_page_lets_in_exactly_what_stripe_lists(app: Flask, buyer: Visitor) -> None:
    page = buyer.get(address(app))
    assert app.config["SETTINGS"].stripe_js_url == STRIPE_JS
    let_in = directives(page)
    assert let_in["script-src"] == {"'self'", "https://js.stripe.com", "https://*.js.stripe.com"}
    assert let_in["frame-src"] == {"https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"}
    assert let_in["connect-src"] == {"'self'", "https://api.stripe.com"}
    assert let_in["img-src"] == {"'self'", "data:", "https://*.stripe.com"}
    assert let_in["frame-ancestors"] == {"'none'"}
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_no_other_page_lets_stripe_in(app: Flask, buyer: Visitor) -> None:
    for path in ("/ar/checkout", "/ar/checkout/review", address(app, ""), address(app, "/return")):
        page = buyer.get(path)
        assert page.status_code == 200
        assert not {"script-src", "frame-src", "connect-src"} & directives(page).keys()
        assert "js.stripe.com" not in page.headers["Content-Security-Policy"]


def test_in_a_demonstration_the_page_lets_in_the_double_and_not_stripe(app: Flask, buyer: Visitor) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], stripe_js_url=f"{DOUBLE}/elements/stripe.js", demo=True)
    let_in = directives(buyer.get(address(app)))
    assert let_in["frame-src"] == {DOUBLE}
    for name in ("script-src", "connect-src", "img-src"):
        assert DOUBLE in let_in[name]
        assert not any("stripe.com" in source for source in let_in[name])


@pytest.mark.parametrize("language", ["fr", "en"])
def test_without_scripts_the_buyer_is_told_and_led_to_stripes_page(
    app: Flask, buyer: Visitor, stripe: Bench, language: str
) -> None:
    page = buyer.get(address(app)).text
    assert "<noscript>" in page
    assert f'name="hosted" value="{language}"' in page
    answer = buyer.client.post(address(app), data={"hosted": language})
    assert answer.status_code == 303
    first, second = list_attempts(order().id)
    assert answer.location == second.session_url
    assert (first.state, second.state, second.parameters["locale"]) == ("expired", "open", language)
    assert buyer.get(address(app)).location == second.session_url
    stripe.settle(order())
    assert order().state == "paid"


def test_a_language_stripe_does_not_speak_changes_nothing(app: Flask, buyer: Visitor) -> None:
    for hosted in ("", "ar", "de"):
        answer = buyer.client.post(address(app), data={"hosted": hosted})
        assert (answer.status_code, answer.location) == (303, address(app))
    assert [attempt.state for attempt in list_attempts(order().id)] == ["open"]


def test_the_change_goes_on_by_itself_when_stripe_answers_again(app: Flask, buyer: Visitor, stripe: Bench) -> None:
    stripe.control("refuse", times=-1)
    answer = buyer.client.post(address(app), data={"hosted": "fr"})
    assert (answer.status_code, answer.location) == (303, address(app))
    waiting = buyer.get(answer.location)
    assert waiting.status_code == 503
    assert 'http-equiv="refresh"' in waiting.text
    stripe.control("refuse", times=0)
    assert buyer.get(answer.location).location == list_attempts(order().id)[-1].session_url


def test_who_has_paid_sees_the_order_and_no_form(app: Flask, buyer: Visitor, stripe: Bench) -> None:
    stripe.pay(order())
    answer = buyer.client.post(address(app), data={"hosted": "fr"})
    assert answer.location == order_path(order(), app.config["SECRET_KEY"])
    assert order().state == "paid"
    assert buyer.get(address(app)).location == answer.location


def test_a_bank_that_said_no_is_not_waited_for_without_end(app: Flask, buyer: Visitor) -> None:
    """From a form on our page the buyer also comes back unpaid: then the return page offers to pay again."""
    session_id = list_attempts(order().id)[0].session_id
    back = f"{address(app, '/return')}&session_id={session_id}"
    assert 'http-equiv="refresh"' in buyer.get(back).text
    page = buyer.get(f"{back}&look=8").text
    assert 'http-equiv="refresh"' not in page
    assert 'action="/ar/orders/' in page


def test_a_page_of_stripes_that_is_open_stays_the_one_of_an_order(app: Flask, client: Any, stripe: Bench) -> None:
    placed = make_order(language="fr")
    session_id = stripe.open(placed)
    path = address(app).replace("/fr/", "/ar/")
    assert session_id in client.get(path).location
