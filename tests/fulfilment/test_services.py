"""The maker's answer, readiness and hand-over: in order, once, and only of one's own."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.tables import Audit
from shop.fulfilment import services
from shop.fulfilment.queries import list_parcels
from shop.ledger.queries import unit_position
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_events, list_lines
from shop.orders.states import TransitionRefused
from shop.payments.gateway import Gateway, StripeRefused
from shop.payments.refund_news import send_refund
from shop.payments.refunds import request_refund
from tests.builders import make_order, make_product, make_unit
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
from tests.payments.test_races import Somebody
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sold(stripe: Bench) -> tuple[Unit, Order, OrderLine]:  # noqa: F811
    unit = make_unit()
    order = make_order(make_product(unit))
    stripe.settle(order)
    return unit, order, list_lines(order.id)[0]


def hand_over(unit: Unit, order: Order, line: OrderLine, **changes: Any) -> None:
    parcel: dict[str, Any] = {
        "unit_id": unit.id,
        "line_ids": [line.id],
        "carrier": "Amana",
        "tracking": "RR123456789MA",
        "handed_over_on": clock_module.today(),
        "actor": None,
        "on_behalf": False,
    }
    with transaction():
        services.hand_over(order.id, **{**parcel, **changes})


def ready(unit: Unit, line: OrderLine) -> None:
    with transaction():
        services.accept_line(line.id, unit_id=unit.id, actor=None)
        services.mark_ready(line.id, unit_id=unit.id, actor=None)


def test_a_line_is_answered_once(sold: tuple[Unit, Order, OrderLine]) -> None:
    unit, _order, line = sold
    ready(unit, line)
    with pytest.raises(TransitionRefused), transaction():
        services.accept_line(line.id, unit_id=unit.id, actor=None)


def test_another_units_line_does_not_exist(sold: tuple[Unit, Order, OrderLine]) -> None:
    _unit, order, line = sold
    other = make_unit(name_fr="Autre")
    with pytest.raises(NotFound), transaction():
        services.accept_line(line.id, unit_id=other.id, actor=None)
    with pytest.raises(NotFound):
        hand_over(other, order, line)


def test_an_unpaid_order_is_not_the_makers_business(stripe: Bench) -> None:  # noqa: F811
    unit = make_unit()
    order = make_order(make_product(unit))
    with pytest.raises(NotFound), transaction():
        services.accept_line(list_lines(order.id)[0].id, unit_id=unit.id, actor=None)


def test_staff_may_hand_over_for_a_maker_and_it_is_logged(sold: tuple[Unit, Order, OrderLine]) -> None:
    unit, order, line = sold
    with transaction():
        services.accept_line(line.id, unit_id=unit.id, actor=None)
    with pytest.raises(TransitionRefused):
        hand_over(unit, order, line)
    hand_over(unit, order, line, on_behalf=True, actor=9)
    parcel, inside = list_parcels(order.id)[0]
    assert (parcel.on_behalf, parcel.recorded_by, inside) == (True, 9, [line.id])
    logged = db.session.scalars(select(Audit).where(Audit.action == "hand over")).one()
    assert (logged.actor, logged.data["on_behalf"]) == (9, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"carrier": "  "}, "carrier"),
        ({"tracking": ""}, "tracking"),
        ({"handed_over_on": date(2026, 6, 16)}, "handed_over_on"),
        ({"handed_over_on": date(2026, 6, 14)}, "handed_over_on"),
    ],
)
def test_a_parcel_needs_a_carrier_a_number_and_a_possible_day(
    sold: tuple[Unit, Order, OrderLine], changes: dict[str, Any], field: str
) -> None:
    unit, order, line = sold
    ready(unit, line)
    with pytest.raises(Invalid) as refused:
        hand_over(unit, order, line, **changes)
    assert list(refused.value.fields) == [field]
    assert list_parcels(order.id) == []
    assert unit_position(unit.id)[0].due == 0


def test_a_line_travels_once(sold: tuple[Unit, Order, OrderLine]) -> None:
    unit, order, line = sold
    ready(unit, line)
    hand_over(unit, order, line)
    with pytest.raises(TransitionRefused):
        hand_over(unit, order, line)
    assert len(list_parcels(order.id)) == 1


def test_the_day_of_hand_over_is_the_day_of_the_export(
    sold: tuple[Unit, Order, OrderLine], clock: VirtualClock
) -> None:
    unit, order, line = sold
    ready(unit, line)
    clock.advance(days=5)
    day = clock_module.today() - timedelta(days=2)
    hand_over(unit, order, line, handed_over_on=day)
    exported = list_lines(order.id)[0].handed_over_at
    assert exported is not None
    assert clock_module.local_day(exported) == day


def test_what_is_being_given_back_is_not_sent_any_more(
    sold: tuple[Unit, Order, OrderLine],
    stripe: Bench,  # noqa: F811
) -> None:
    unit, order, line = sold
    ready(unit, line)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    with pytest.raises(TransitionRefused):
        hand_over(unit, order, line)
    stripe.work()
    with pytest.raises(TransitionRefused):
        hand_over(unit, order, line)
    assert list_parcels(order.id) == []


def test_after_a_refund_that_failed_the_piece_can_be_sent(
    sold: tuple[Unit, Order, OrderLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, order, line = sold
    ready(unit, line)
    with transaction():
        refund = request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    refused = StripeRefused("charge_disputed", "no")
    monkeypatch.setattr(Gateway, "refund", lambda *_arguments: (_ for _ in ()).throw(refused))
    send_refund(refund.id)
    hand_over(unit, order, line)
    assert len(list_parcels(order.id)) == 1


def sent(sold: tuple[Unit, Order, OrderLine], clock: VirtualClock) -> tuple[Order, str]:
    """The order two days after its parcel left, and what the parcel is known as."""
    unit, order, line = sold
    ready(unit, line)
    hand_over(unit, order, line)
    clock.advance(days=2)
    return order, list_parcels(order.id)[0][0].public_id


def arrive(order: Order, parcel: str, on: date | None = None, actor: int | None = None) -> None:
    with transaction():
        services.note_arrival(order.id, parcel, actor=actor, arrived_on=on)


def arrivals(order: Order) -> tuple[date | None, date | None, list[str]]:
    """Of the parcel, of its line, and what the history says of it."""
    db.session.expire_all()
    kinds = [event.kind for event in list_events(order.id) if event.kind.startswith("arriv")]
    return list_parcels(order.id)[0][0].arrived_on, list_lines(order.id)[0].arrived_on, kinds


def test_an_arrival_is_said_once_and_no_second_word_moves_it(
    sold: tuple[Unit, Order, OrderLine], clock: VirtualClock
) -> None:
    order, parcel = sent(sold, clock)
    day = clock_module.today()
    for wrong in (day + timedelta(days=1), day - timedelta(days=3)):
        with pytest.raises(Invalid) as refused:
            arrive(order, parcel, wrong, actor=9)
        assert list(refused.value.fields) == ["arrived_on"]
    with pytest.raises(NotFound):
        arrive(make_order(make_product()), parcel)
    arrive(order, parcel)
    clock.advance(days=1)
    arrive(order, parcel)
    arrive(order, parcel, day, actor=9)
    with pytest.raises(Conflict):
        arrive(order, parcel, day - timedelta(days=1), actor=9)
    assert arrivals(order) == (day, day, ["arrived"])
    with transaction():
        services.take_back_arrival(order.id, parcel, actor=9)
        services.take_back_arrival(order.id, parcel, actor=9)
    assert arrivals(order) == (None, None, ["arrived", "arrival_taken_back"])


def test_of_two_who_say_at_once_that_it_has_arrived_one_is_heard(
    app: Flask, sold: tuple[Unit, Order, OrderLine], clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, parcel = sent(sold, clock)
    yesterday = clock_module.today() - timedelta(days=1)
    rival = Somebody(app, lambda: arrive(order, parcel, yesterday, actor=9))
    order_id, write = order.id, services._set_arrival

    def be_overtaken(*given: Any) -> None:
        if not rival.ident:
            rival.meanwhile()
        write(*given)

    monkeypatch.setattr(services, "_set_arrival", be_overtaken)
    arrive(order, parcel)
    with pytest.raises(Conflict):
        rival.finish()
    assert arrivals(db.session.get_one(Order, order_id)) == (*[clock_module.today()] * 2, ["arrived"])
