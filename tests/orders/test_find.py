"""An order found by number and e-mail address: whichever is wrong, the same work is done and the same is said."""

import hmac
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.orders import queries
from shop.orders.limits import LOOKS_PER_NUMBER
from shop.orders.links import order_path, withdrawal_path
from tests.builders import make_order

WRONG = [("M00000000", "claire@example.org"), (None, "thief@example.org"), ("M00000000", "thief@example.org")]


def test_number_and_address_together_open_it(app: Flask, client: FlaskClient) -> None:
    order = make_order(language="en")
    typed = {"number": order.number.lower(), "email": " Claire@Example.org", "open": "1"}
    key = app.config["SECRET_KEY"]
    assert client.post("/en/orders", data=typed).location == order_path(order, key)
    assert client.post("/en/orders", data={**typed, "intent": "withdraw"}).location == withdrawal_path(order, key)
    assert "/en/orders?intent=withdraw" in client.get("/en/products").text
    assert "no account is needed" in client.get("/en/orders?intent=withdraw").text


@pytest.mark.both_databases
def test_whichever_is_wrong_the_same_work_is_done_and_the_same_is_said(
    client: FlaskClient, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order(language="en")
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(queries.hmac, "compare_digest", note)
    # The first of a network is counted by one statement more.
    client.post("/en/orders", data={"number": "M1", "email": "a@example.org", "open": "1"})
    seen = []
    for number, email in WRONG:
        typed = {"number": number or order.number, "email": email, "open": "1"}
        client.post("/en/orders", data=typed)
        compared.clear()
        with count_statements() as statements:
            answer = client.post("/en/orders", data=typed)
        text = answer.text.replace(typed["number"], "NUMBER").replace(email, "EMAIL")
        seen.append((answer.status_code, text, list(statements), list(compared)))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 422
    assert seen[0][3] == [(32, 32)]


def test_a_number_is_not_tried_for_ever(client: FlaskClient) -> None:
    order = make_order(language="en")
    typed = {"number": order.number, "email": "thief@example.org", "open": "1"}
    answers = [client.post("/en/orders", data=typed).status_code for _ in range(LOOKS_PER_NUMBER + 1)]
    assert answers == [422] * LOOKS_PER_NUMBER + [429]
    # Not even with the right address; the link by e-mail still comes.
    assert client.post("/en/orders", data={**typed, "email": order.email}).status_code == 429
    assert client.post("/en/orders", data={"number": order.number, "email": order.email}).status_code == 200
