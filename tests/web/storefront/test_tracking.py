"""How far each parcel is, on the buyer's page: dates that are true, and the buyer's word that it has come."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.fulfilment import services as fulfilment
from shop.fulfilment.queries import list_parcels
from shop.i18n import formats
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.orders.links import order_path
from shop.payments.returns import withdraw
from tests.builders import make_account, sign_in
from tests.payments.sales import Sale, sell
from tests.stripe_bench import Bench
from tests.web.staff.page import text_of

# Statements of an order's page, at most.
ORDER_PAGE = 17


@pytest.fixture
def sale(stripe: Bench) -> Sale:
    return sell(stripe, 2, language="en")


def words(app: Flask, client: FlaskClient, sale: Sale) -> str:
    return text_of(client.get(order_path(sale.order, app.config["SECRET_KEY"])))


def steps(app: Flask, client: FlaskClient, sale: Sale, parcel: int = 0) -> list[tuple[str, str, str]]:
    """(state, title, when) of the steps of a parcel."""
    page = client.get(order_path(sale.order, app.config["SECRET_KEY"])).text
    timeline = re.findall(r'<ol class="timeline">(.*?)</ol>', page, re.DOTALL)[parcel]
    found = re.findall(
        r'__entry--(\w+)".*?__title">(.*?)</span>(?:\s*<span class="timeline__when">(.*?)</span>)?', timeline, re.DOTALL
    )
    return [(state, re.sub("<.*?>", "", title), re.sub("<.*?>", "", when)) for state, title, when in found]


def address(app: Flask, sale: Sale) -> str:
    path = order_path(sale.order, app.config["SECRET_KEY"])
    return path.replace("?", f"/parcels/{list_parcels(sale.order.id)[0][0].public_id}/arrived?")


def test_what_is_to_come_stands_there_with_its_days(app: Flask, client: FlaskClient, sale: Sale) -> None:
    # Ordered on Monday, 15 June 2026: three days' time, two working days to prepare, then as many as the zone has.
    first = formats.date(clock_module.today() + timedelta(days=7))
    assert f"It leaves the workshop by {first}, and is expected with you from" in words(app, client, sale)
    told = steps(app, client, sale)
    assert [state for state, _title, _when in told] == ["done", "current", "future", "future", "future", "future"]
    assert told[1][1] == "Fatima’s workshop reads your order"
    assert told[3] == ("future", "Hand-over to the carrier in Morocco", f"Expected by {first}")
    assert told[5][2].startswith("Expected from ")
    with transaction():
        for line in sale.lines:
            fulfilment.accept_line(line.id, unit_id=sale.unit.id, actor=None)
    told = steps(app, client, sale)
    assert told[1] == ("done", "Accepted by Fatima’s workshop", formats.date(clock_module.today()))
    assert told[2][:2] == ("current", "Being made ready to travel")


def test_a_day_that_has_passed_is_not_said_to_be_expected(
    app: Flask, client: FlaskClient, sale: Sale, clock: VirtualClock
) -> None:
    clock.advance(days=30)
    told = words(app, client, sale)
    assert "It was to leave the workshop by 22 Jun 2026, and has not left yet." in told
    assert 'href="#messages"' in client.get(order_path(sale.order, app.config["SECRET_KEY"])).text
    assert "Was expected by 22 Jun 2026" in told
    assert "if it left today" in told
    assert "Expected by" not in told
    sale.hand_over()
    assert "Expected from" in words(app, client, sale)
    clock.advance(days=60)
    told = words(app, client, sale)
    assert "It was expected with you by" in told
    assert "If you do not have it, write to contact@example.org" in told
    assert "Expected" not in told


def test_a_buyer_says_once_that_it_has_arrived_and_has_it_in_writing(
    app: Flask, client: FlaskClient, sale: Sale, clock: VirtualClock
) -> None:
    sale.hand_over()
    clock.advance(days=5)
    # Without the link there is no such order; another order's link does not open it.
    bare, _mark, token = address(app, sale).partition("?")
    assert client.post(bare).status_code == 404
    assert client.post(bare.replace(sale.order.number, "AAAAAAAA") + f"?{token}").status_code == 404
    for _click in range(2):
        answer = client.post(address(app, sale))
        assert answer.status_code == 303
        clock.advance(days=1)
    assert "#parcel-" in answer.location
    told = words(app, client, sale)
    assert "It arrived on 20 Jun 2026." in told
    assert "Everything has arrived." in told
    # Until Saturday, 4 July: until the Monday after it.
    assert "You may withdraw until 6 Jul 2026" in told
    assert [state for state, _title, _when in steps(app, client, sale)] == ["done"] * 5
    [letter] = db.session.query(Letter).filter_by(kind="parcel_arrived").all()
    written = render(letter)
    assert "You have told us that you have it since 20 June 2026. If that is not so, answer this letter." in (
        written.text.replace("\n", " ")
    )
    assert "You may withdraw until 6 July 2026" in written.html
    workshop = app.test_client()
    sign_in(workshop, make_account("artisan", sale.unit, language="en"))
    assert "The buyer has it since 20 Jun 2026." in text_of(workshop.get(f"/artisan/orders/{sale.order.number}/1"))


def test_what_is_not_sent_stands_apart_from_what_is(app: Flask, client: FlaskClient, sale: Sale) -> None:
    first, second = sale.lines
    with transaction():
        fulfilment.accept_line(first.id, unit_id=sale.unit.id, actor=None)
        fulfilment.decline_line(second.id, unit_id=sale.unit.id, actor=None, reason="sold")
    assert steps(app, client, sale)[1][:2] == ("done", "Accepted by Fatima’s workshop")
    assert steps(app, client, sale, 1)[-1][:2] == ("current", "Cancelled")
    assert "The maker could not make it." in words(app, client, sale)


def test_nothing_more_is_promised_of_what_its_buyer_has_withdrawn_from(
    app: Flask, client: FlaskClient, sale: Sale, stripe: Bench
) -> None:
    # While the bank decides, no refund says that it is not sent.
    stripe.dispute(sale.order)
    stripe.work()
    sale.hand_over(1)
    with transaction():
        withdraw(sale.order.id, [line.id for line in sale.lines])
    told = words(app, client, sale)
    assert "You have withdrawn from the contract about it." in told
    assert "It is not sent, and its money is given back." in told
    assert "Expected" not in told
    assert "It has arrived" not in told


def test_what_the_bank_has_taken_back_is_not_promised_any_more(
    app: Flask, client: FlaskClient, sale: Sale, stripe: Bench
) -> None:
    dispute = stripe.dispute(sale.order)
    stripe.work()
    assert "It leaves the workshop by" in words(app, client, sale)
    stripe.end_dispute(dispute, "lost")
    stripe.work()
    told = words(app, client, sale)
    assert "It is not sent, and its money was given back." in told
    assert "Expected" not in told


def test_many_parcels_ask_the_database_no_more_than_one(
    app: Flask, client: FlaskClient, stripe: Bench, count_statements: Any
) -> None:
    counted = []
    for pieces in (1, 4):
        sale = sell(stripe, pieces, language="en")
        for number in range(1, pieces + 1):
            sale.hand_over(number)
        page = order_path(sale.order, app.config["SECRET_KEY"])
        client.get(page)
        with count_statements() as seen:
            assert client.get(page).text.count("It has arrived") == pieces
        counted.append(len(seen))
    assert counted[0] == counted[1] <= ORDER_PAGE
