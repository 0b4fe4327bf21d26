"""A buyer writes to the maker through the shop, and has the answer by letter."""

from flask import Flask
from flask.testing import FlaskClient

from shop.core.db import db
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.orders.links import order_path
from shop.orders.messages import PER_ORDER, count_unread, list_messages
from tests.builders import make_account, make_unit, sign_in
from tests.payments.sales import sell
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of


def test_a_buyer_asks_and_the_maker_answers_without_learning_an_address(
    app: Flask, client: FlaskClient, stripe: Bench
) -> None:
    sale = sell(stripe, 1, language="en")
    page = order_path(sale.order, app.config["SECRET_KEY"])
    address = page.replace("?", "/messages?")
    empty = client.post(address, data={"maker": str(sale.unit.id), "text": " "})
    assert empty.status_code == 422
    assert "Write your message." in empty.text
    assert client.post(address, data={"maker": str(make_unit().id), "text": "Hello"}).status_code == 404
    assert client.post(address, data={"maker": str(sale.unit.id), "text": "Is it <soft>?"}).status_code == 303
    assert "Is it &lt;soft&gt;?" in client.get(page).text
    assert count_unread(sale.unit.id) == 1
    workshop = app.test_client()
    sign_in(workshop, make_account("artisan", sale.unit))
    assert "/artisan/messages" in workshop.get("/artisan/").text
    assert sale.order.number in workshop.get("/artisan/messages").text
    talk = f"/artisan/messages/{sale.order.number}"
    shown = workshop.get(talk).text
    assert "Is it &lt;soft&gt;?" in shown
    assert sale.order.email not in shown
    assert count_unread(sale.unit.id) == 0
    assert send(workshop, talk, talk, text="").status_code == 422
    assert send(workshop, talk, talk, text="نعم").status_code == 303
    [letter] = db.session.query(Letter).filter_by(kind="message_written").all()
    written = render(letter)
    assert "نعم" in written.text
    assert "Fatima’s workshop has written to you" in written.text.replace("\u2068", "").replace("\u2069", "")
    assert "نعم" in text_of(client.get(page))


def test_a_machine_that_writes_is_stopped(app: Flask, client: FlaskClient, stripe: Bench) -> None:
    sale = sell(stripe, 1)
    address = order_path(sale.order, app.config["SECRET_KEY"]).replace("?", "/messages?")
    answers = [client.post(address, data={"maker": str(sale.unit.id), "text": "?"}).status_code for _ in range(12)]
    assert answers == [303] * PER_ORDER + [429] * 2
    assert len(list_messages(sale.order.id)) == PER_ORDER
