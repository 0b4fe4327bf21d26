"""An officer who is signed in, and Stripe's double behind the shop."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.accounts.models import Account
from shop.core.clock import VirtualClock
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_account, sign_in
from tests.stripe_bench import Bench, make_bench


@pytest.fixture
def officer(app: Flask) -> Account:
    return make_account("staff", language="en")


@pytest.fixture
def office(client: FlaskClient, officer: Account) -> FlaskClient:
    """A browser in which the officer is signed in."""
    sign_in(client, officer)
    return client


@pytest.fixture
def bench(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench
