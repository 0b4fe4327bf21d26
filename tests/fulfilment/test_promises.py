"""What a buyer was promised stands, whatever the carrier's tariff says since."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, transaction
from shop.fulfilment.promises import arrival_window, promise_of
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.shipping.models import Zone
from shop.shipping.services import add_working_days, count_working_days
from tests.builders import make_order, make_product


def test_days_of_arrival_are_those_the_order_was_placed_with(app: Flask) -> None:
    order = make_order(make_product(kind="made_to_order", lead_time_days=10))
    [line], [parcel] = list_lines(order.id), order.parcels
    promise = promise_of(order, [line])
    assert [day.isoformat() for day in (promise.leaves_on, promise.earliest, promise.latest)] == [
        parcel["ship_by"], parcel["earliest"], parcel["latest"]
    ]  # fmt: skip
    # Placed on Monday 15 June 2026, Casablanca.
    assert promise.ready_on == date(2026, 6, 25)
    with transaction():
        zone = db.session.scalars(select(Zone)).one()
        days = zone.days_min, zone.days_max
        zone.days_min, zone.days_max = 20, 40
    sooner = promise.leaves_on - timedelta(days=7)
    expected = tuple(add_working_days(sooner, count) for count in days)
    assert arrival_window(order, line.unit_id, sooner) == expected
    with transaction():
        # Placed before its parcels were kept: the tariff of today has to do.
        db.session.get_one(Order, order.id).parcels = []
    assert arrival_window(order, line.unit_id, sooner) == (add_working_days(sooner, 20), add_working_days(sooner, 40))


def test_what_is_made_already_has_no_day_of_its_own_to_be_ready(app: Flask) -> None:
    order = make_order(make_product())
    assert promise_of(order, list_lines(order.id)).ready_on is None


@pytest.mark.parametrize("first", [date(2026, 6, 12), date(2026, 6, 15), date(2026, 6, 19)])
def test_counting_working_days_undoes_adding_them(first: date) -> None:
    for count in range(15):
        assert count_working_days(first, add_working_days(first, count)) == count
