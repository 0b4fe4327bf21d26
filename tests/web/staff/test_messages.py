"""An officer answers a buyer in the stead of a maker who does not."""

from flask import Flask
from flask.testing import FlaskClient

from shop.accounts.models import Account
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.orders.links import order_path
from shop.orders.messages import count_unread, write_message
from tests.builders import make_account, make_unit, sign_in
from tests.payments.sales import sell
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of


def test_an_officers_answer_is_the_programmes_own_and_reaches_buyer_and_maker(
    app: Flask, office: FlaskClient, bench: Bench
) -> None:
    sale = sell(bench, 1, language="en")
    with transaction():
        write_message(sale.order.id, sale.unit.id, "buyer", "Is it soft?")
    page = f"/staff/orders/{sale.order.number}"
    address, field = f"{page}/messages/{sale.unit.id}", f"reply{sale.unit.id}-text"
    refused = send(office, page, address, **{field: " "})
    assert refused.status_code == 422
    assert "Write your message." in text_of(refused)
    stranger = make_unit().id
    assert send(office, page, f"{page}/messages/{stranger}", **{f"reply{stranger}-text": "Hello"}).status_code == 404
    assert send(office, page, address, **{field: "As a cloud."}).status_code == 303
    shown = text_of(office.get(page))
    assert "The programme, for Fatima’s workshop" in shown
    assert "The programme has written" in shown
    [kept] = db.session.query(Audit).filter_by(action="answer on behalf").all()
    assert (kept.subject_id, kept.data["unit_id"]) == (sale.order.number, sale.unit.id)
    [letter] = db.session.query(Letter).filter_by(kind="message_written").all()
    written = render(letter).text.replace("\u2068", "").replace("\u2069", "")
    assert "The programme has written to you for Fatima’s workshop" in written
    assert "As a cloud." in written
    buyer, workshop = app.test_client(), app.test_client()
    said = text_of(buyer.get(order_path(sale.order, app.config["SECRET_KEY"])))
    assert "The programme, for Fatima’s workshop" in said
    assert "As a cloud." in said
    sign_in(workshop, make_account("artisan", sale.unit, language="en"))
    assert count_unread(sale.unit.id) == 2
    assert "You have a new message" in text_of(workshop.get("/artisan/"))
    assert "The programme, for you" in text_of(workshop.get(f"/artisan/messages/{sale.order.number}"))
    assert count_unread(sale.unit.id) == 0


def test_a_message_nobody_answers_waits_for_an_officer_after_two_days(
    office: FlaskClient, officer: Account, bench: Bench, clock: VirtualClock
) -> None:
    sale, waiting = sell(bench, 1), "/staff/orders?wait=messages"
    with transaction():
        write_message(sale.order.id, sale.unit.id, "buyer", "Is it soft?")
        write_message(sale.order.id, sale.unit.id, "buyer", "And is it warm?")
    clock.advance(days=1)
    sign_in(office, officer)
    assert sale.order.number not in office.get(waiting).text
    clock.advance(days=1, seconds=1)
    sign_in(office, officer)
    assert sale.order.number in office.get(waiting).text
    assert "1 Messages without an answer for more than two days" in text_of(office.get("/staff/"))
    with transaction():
        write_message(sale.order.id, sale.unit.id, "programme", "It is.")
    assert sale.order.number not in office.get(waiting).text
    with transaction():
        write_message(sale.order.id, sale.unit.id, "buyer", "Thank you")
    assert sale.order.number not in office.get(waiting).text
