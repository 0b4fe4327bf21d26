"""Three chairs: signed in with one click, one order seen from each."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core.clock import VirtualClock
from shop.orders.models import Order
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from tests.builders import make_account, make_order, make_product, make_unit
from tests.stripe_bench import make_bench


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    return {"demo": True}


@pytest.fixture
def followed(app: Flask, clock: VirtualClock) -> Iterator[Order]:
    """A paid order of the first artisan's unit, and a newer one of somebody else."""
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        unit = make_unit()
        make_account("artisan", unit=unit, language="ar")
        make_account("staff", language="fr")
        order = make_order(make_product(unit))
        bench.settle(order)
        bench.settle(make_order(make_product(make_unit())))
        yield order


def sit(client: FlaskClient, chair: str, **fields: str) -> Any:
    return client.post(f"/demo/chairs/{chair}", data=fields, headers={"Origin": "http://localhost"})


def test_the_page_is_in_the_visitors_language(client: FlaskClient) -> None:
    assert 'lang="ar" dir="rtl"' in client.get("/demo", headers={"Accept-Language": "ar-MA,fr"}).get_data(as_text=True)
    assert 'lang="fr"' in client.get("/demo?lang=fr", headers={"Accept-Language": "ar"}).get_data(as_text=True)


def test_one_click_signs_in_on_each_chair(client: FlaskClient, followed: Order) -> None:
    assert sit(client, "officer").location == "/staff/"
    assert client.get("/staff/").status_code == 200
    assert sit(client, "artisan").location == "/artisan/"
    assert client.get("/artisan/").status_code == 200
    assert client.get("/staff/").status_code == 403
    assert sit(client, "buyer", lang="fr").location == "/fr/"


def test_one_order_is_followed_through_all_three(client: FlaskClient, followed: Order) -> None:
    assert followed.number in client.get("/demo").get_data(as_text=True)
    for chair in ("buyer", "artisan", "officer"):
        answer = sit(client, chair, order="followed")
        assert answer.status_code == 303
        page = client.get(answer.location)
        assert page.status_code == 200, chair
        assert followed.number in page.get_data(as_text=True) or chair == "artisan"


def test_a_form_of_another_site_seats_nobody(client: FlaskClient, followed: Order) -> None:
    answer = client.post("/demo/chairs/officer", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert client.get("/staff/").status_code == 303


def test_an_unknown_or_empty_chair_is_not_found(client: FlaskClient) -> None:
    assert sit(client, "minister").status_code == 404
    assert sit(client, "officer").status_code == 404


class TestWithoutADemo:
    @pytest.fixture
    def settings_changes(self) -> dict[str, Any]:
        return {}

    def test_there_are_no_chairs(self, client: FlaskClient) -> None:
        assert client.get("/demo").status_code == 404
        assert sit(client, "officer").status_code in {404, 405}
