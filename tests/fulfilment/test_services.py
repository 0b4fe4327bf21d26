"""The maker's answer, readiness and hand-over: in order, once, and only of one's own."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Invalid, NotFound
from shop.core.tables import Audit
from shop.fulfilment import services
from shop.fulfilment.queries import list_parcels
from shop.ledger.queries import unit_position
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines
from shop.orders.states import TransitionRefused
from shop.payments.gateway import Gateway, StripeRefused
from shop.payments.refund_news import send_refund
from shop.payments.refunds import request_refund
from tests.builders import make_order, make_product, make_unit
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
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
