"""Withdrawal on the buyer's page: two steps, no account, one acknowledgement."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core.db import db, transaction
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.orders import returns
from shop.orders.links import order_path, withdrawal_path
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines
from shop.orders.returns import list_returns
from tests.builders import make_order, make_product
from tests.payments.sales import Sale, sell
from tests.stripe_bench import Bench
from tests.web.staff.page import text_of


def page_of(app: Flask, order: Order) -> str:
    return order_path(order, app.config["SECRET_KEY"])


def way_out(app: Flask, order: Order) -> str:
    return withdrawal_path(order, app.config["SECRET_KEY"])


@pytest.fixture
def sale(stripe: Bench) -> Sale:
    return sell(stripe, 2, language="en")


def test_a_buyer_withdraws_in_two_steps_and_has_it_in_writing(app: Flask, client: FlaskClient, sale: Sale) -> None:
    first = client.get(page_of(app, sale.order)).text
    assert "Withdraw from contract here" in first
    assert way_out(app, sale.order).replace("&", "&amp;") in first
    # The other language is the same order.
    assert way_out(app, sale.order).replace("/en/", "/ar/") in client.get(way_out(app, sale.order)).text
    second = text_of(client.get(way_out(app, sale.order)))
    assert "Confirm withdrawal" in second
    assert "You may withdraw at any time until 14 days after everything has arrived" in second
    none = client.post(way_out(app, sale.order), data={})
    assert none.status_code == 422
    assert "Choose what you withdraw from." in none.text
    chosen = str(sale.lines[0].id)
    for _click in range(2):
        assert client.post(way_out(app, sale.order), data={"lines": [chosen]}).status_code == 303
    assert len(list_returns(sale.order.id)) == 1
    [letter] = db.session.query(Letter).filter_by(kind="withdrawal_acknowledged").all()
    written = render(letter)
    assert "You withdrew from the contract on 15 Jun 2026, 10:00\xa0AM, Casablanca time." in written.text
    words = text_of(client.get(page_of(app, sale.order)))
    assert "Nothing has to be sent back. Your money is being given back." in words
    assert "You have withdrawn from this already." in text_of(client.get(way_out(app, sale.order)))


def test_a_piece_made_to_measure_is_said_to_be_exempt(app: Flask, client: FlaskClient, sale: Sale) -> None:
    with transaction():
        db.session.get_one(OrderLine, sale.lines[0].id).kind = "custom"
    assert "Made to your measure: it cannot be withdrawn from" in text_of(client.get(way_out(app, sale.order)))
    assert client.post(way_out(app, sale.order), data={"lines": [str(sale.lines[0].id)]}).status_code == 303
    assert list_returns(sale.order.id) == []


def test_what_is_sent_comes_back_by_the_address_the_buyer_is_told(app: Flask, client: FlaskClient, sale: Sale) -> None:
    sale.hand_over()
    lines = [str(line.id) for line in sale.lines]
    client.post(way_out(app, sale.order), data={"lines": lines})
    [(way_back, _ids)] = list_returns(sale.order.id)
    with transaction():
        returns.approve_return(
            returns.get_return(sale.order.id, way_back.public_id), "12 rue du Port\nRabat", actor=None
        )
    words = text_of(client.get(page_of(app, sale.order)))
    assert "Send it back within 14 days, in its wrapping: 12 rue du Port Rabat" in words
    token = page_of(app, sale.order).partition("?")[2]
    address = f"/en/orders/{sale.order.number}/returns/{way_back.public_id}/sent?{token}"
    assert client.post(address, data={"carrier": "La Poste", "tracking": "CC123"}).status_code == 303
    assert "It is on its way back." in text_of(client.get(page_of(app, sale.order)))
    assert client.post(address.partition("?")[0], data={}).status_code == 404


def test_an_unpaid_order_is_cancelled_by_the_same_way(app: Flask, client: FlaskClient, stripe: Bench) -> None:
    order = make_order(make_product(), language="en")
    assert "This order has not been paid." in text_of(client.get(way_out(app, order)))
    assert client.post(way_out(app, order)).status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Order, order.id).state == "cancelled"
    assert "/withdraw?" not in client.get(page_of(app, order)).text


def test_a_buyer_withdraws_from_one_of_three_and_reads_what_is_left(
    app: Flask, client: FlaskClient, stripe: Bench
) -> None:
    order = make_order(make_product(stock=3, kind="repeatable"), quantity=3, language="en")
    stripe.settle(order)
    page, form = page_of(app, order), way_out(app, order)
    shown = client.get(form).text
    [line] = list_lines(order.id)
    pieces, left = f"pieces-{line.id}", f"left-{line.id}"
    assert f'name="{left}" value="3"' in shown
    answer = {"lines": [str(line.id)], left: "3"}
    refused = client.post(form, data={**answer, pieces: "4"})
    assert refused.status_code == 422
    assert "You can withdraw from at most 3 of this piece." in text_of(refused)
    assert 'value="4"' in refused.text
    assert "at least 1" in text_of(client.post(form, data={**answer, pieces: "one"}))
    # As typed on an Arabic keyboard.
    assert client.post(form, data={**answer, pieces: "١"}).status_code == 303
    again = client.post(form, data={**answer, pieces: "1"})
    assert again.status_code == 422
    assert "Of this piece 2 are left" in text_of(again)
    [(_way_back, inside)] = list_returns(order.id)
    assert inside == {line.id: 1}
    [letter] = db.session.query(Letter).filter_by(kind="withdrawal_acknowledged").all()
    assert "Knotted wool rug, 1 piece, by" in render(letter).text
    stripe.work()
    assert "Knotted wool rug (1 piece)" in text_of(client.get(page))
    assert f'name="{left}" value="2"' in client.get(form).text
