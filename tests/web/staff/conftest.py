"""An officer who is signed in, and Stripe's double behind the shop."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from shop.accounts.models import Account
from shop.core.clock import VirtualClock
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_account, sign_in
from tests.stripe_bench import Bench, make_bench


class Browser(FlaskClient):
    """Requests of a test share the context of its app; what one request has learnt must not reach the next."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = Browser
    return app.test_client()


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
