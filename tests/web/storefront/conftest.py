"""A visitor of the storefront, and Stripe's double behind the shop."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shop.catalogue.models import Product, Variant
from shop.core.clock import VirtualClock
from shop.core.db import db
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.stripe_bench import Bench, make_bench

BUYER = {
    "email": "claire@example.org",
    "name": "Claire Martin",
    "phone": "+33 6 12 34 56 78",
    "street_address": "12 rue de la République",
    "postal_code": "69001",
    "city": "Lyon",
}


@pytest.fixture
def stripe(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench


class Visitor:
    """Goes about the shop as a browser without scripts does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def put_in(self, variant: Variant, quantity: str = "1", language: str = "fr", **more: str) -> TestResponse:
        product = db.session.get_one(Product, variant.product_id)
        data = {"product": product.public_id, "variant": str(variant.id), "quantity": quantity, **more}
        return self.client.post(f"/{language}/cart", data=data)

    def choose(self, country: str, currency: str = "EUR", language: str = "fr") -> TestResponse:
        return self.client.post(f"/{language}/cart/choice", data={"country": country, "currency": currency})

    def answer(self, language: str = "fr", country: str = "FR", **changes: str) -> TestResponse:
        """The first step of checkout, sent."""
        return self.client.post(f"/{language}/checkout", data={**BUYER, "country": country, **changes})

    def agreed(self, language: str = "fr") -> str:
        """The total that the second step shows."""
        page = self.get(f"/{language}/checkout/review").text
        found = re.search(r'name="agreed" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def place(self, language: str = "fr", agreed: str | None = None, **more: str) -> TestResponse:
        """The second step, sent."""
        data = {"agreed": agreed or self.agreed(language), **more}
        return self.client.post(f"/{language}/checkout/review", data=data)

    def order(self, language: str = "fr", country: str = "FR", **changes: str) -> TestResponse:
        """Both steps; the answer leads to payment, or is what stood in the way."""
        answered = self.answer(language, country, **changes)
        return self.place(language) if answered.location == f"/{language}/checkout/review" else answered


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)
