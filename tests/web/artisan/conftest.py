"""A maker with a telephone, and another one next door."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.core.clock import VirtualClock
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_account, make_unit, sign_in
from tests.stripe_bench import Bench, make_bench


@dataclass
class Phone:
    """A signed-in browser: fetches the token of the door's forms before it sends one."""

    client: FlaskClient
    account: Account
    unit: Unit

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **options)

    def token(self) -> str:
        page = self.client.get("/artisan/account").text
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def photo(colour: str = "red", size: tuple[int, int] = (400, 300), name: str = "photo.jpg") -> tuple[BytesIO, str]:
    """A photo as a form sends it."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    buffer.seek(0)
    return buffer, name


@pytest.fixture
def bench(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    """Stripe's double behind the shop."""
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench


def _phone(app: Flask, unit: Unit) -> Phone:
    account, client = make_account("artisan", unit), app.test_client()
    sign_in(client, account)
    return Phone(client, account, unit)


@pytest.fixture
def phone(app: Flask) -> Phone:
    return _phone(app, make_unit())


@pytest.fixture
def neighbour(app: Flask) -> Phone:
    return _phone(app, make_unit(name_fr="Atelier voisin"))
