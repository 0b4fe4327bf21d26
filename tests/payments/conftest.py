"""The real SDK against the double in the same process, on the test's own clock."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from shop.core.clock import VirtualClock
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.stripe_bench import Bench, make_bench


@pytest.fixture
def stripe(app: Flask, clock: VirtualClock) -> Iterator[Bench]:
    """Stripe's double behind the shop's gateway; every exchange is checked against Stripe's specification."""
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        yield bench
    assert bench.violations() == []
