"""What a buyer reads on the order's page of money that goes back, or did not arrive."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core.clock import VirtualClock
from shop.orders.links import order_path
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.payments.sales import Sale, sell
from tests.stripe_bench import Bench, make_bench


@pytest.fixture
def bench(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench


def told(client: FlaskClient, sale: Sale) -> str:
    """The order's page in plain words."""
    page = client.get(order_path(sale.order, sale.stripe.settings.secret_key)).get_data(as_text=True)
    return " ".join(re.sub(r"[\u2066-\u2069]", "", html.unescape(re.sub(r"<[^>]+>", " ", page))).split())


def test_a_reduced_price_and_the_postage_are_told_apart_from_an_order_given_back(
    client: FlaskClient, bench: Bench
) -> None:
    sale = sell(bench, 2, language="en")
    sale.give_back(1, amount_minor=2050)
    sale.give_back(shipping_only=True)
    words = told(client, sale)
    assert "€20.50 was given back on 15 Jun 2026. Knotted wool rug €20.50" in words
    assert "€60.00 was given back on 15 Jun 2026. Postage €60.00" in words
    assert "Of this, €80.50 was given back." in words
    assert "It leaves the workshop by" in words
    sale.ask()
    assert "€619.50 is being given back." in told(client, sale)
    assert "Nothing is sent any more. Your money is being given back." in told(client, sale)


def test_money_that_came_back_is_said_to_be_the_buyers_until_it_has_gone_again(
    client: FlaskClient, bench: Bench, clock: VirtualClock
) -> None:
    bench.control("refund_fails", times=1, days=2)
    sale = sell(bench, 1, language="en")
    sale.give_back()
    assert "Of this, €380.00 was given back." in told(client, sale)
    clock.advance(days=2, minutes=5)
    bench.work()
    words = told(client, sale)
    assert "Your bank has sent €380.00 back to us. The money is yours" in words
    assert "Nothing is sent any more. Your bank has sent the money back to us" in words
    assert "Of this" not in words
    assert "It leaves the workshop by" not in words
    sale.give_back()
    words = told(client, sale)
    assert "Your bank has sent" not in words
    assert "Of this, €380.00 was given back." in words
