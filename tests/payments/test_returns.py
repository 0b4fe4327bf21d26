"""Withdrawal from the contract: who may, what goes back, and that it goes back once."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, NotFound
from shop.fulfilment import services as fulfilment
from shop.fulfilment.queries import list_parcels
from shop.orders import returns
from shop.orders.models import OrderLine, Return
from shop.orders.queries import list_lines
from shop.orders.returns import ReturnRefused, list_choices, list_returns, withdrawal_ends_on
from shop.orders.states import TransitionRefused
from shop.payments import returns as withdrawing
from shop.payments.queries import list_refunds
from shop.payments.returns import refund_return, withdraw
from shop.reports.facts import list_facts
from shop.reports.filters import ReportFilters
from tests.payments.sales import Sale, sell
from tests.payments.test_races import Somebody
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def leave(sale: Sale, *numbers: int) -> None:
    """The buyer confirms a withdrawal from the lines of these numbers (from 1), or from all."""
    lines = sale.lines
    ids = [lines[number - 1].id for number in numbers] if numbers else [line.id for line in lines]
    with transaction():
        withdraw(sale.order.id, ids)


def states(sale: Sale) -> list[str]:
    db.session.expire_all()
    return [way_back.state for way_back, _ids in list_returns(sale.order.id)]


def only(sale: Sale) -> Return:
    [(way_back, _ids)] = list_returns(sale.order.id)
    return way_back


def do(sale: Sale, act: Any, *words: str) -> None:
    with transaction():
        act(returns.get_return(sale.order.id, only(sale).public_id), *words, actor=None)


def test_what_has_not_left_is_given_back_at_once_and_not_sent(stripe: Bench) -> None:
    sale = sell(stripe, 2)
    leave(sale, 1)
    assert states(sale) == ["received"]
    with pytest.raises(TransitionRefused):
        sale.hand_over(1)
    db.session.rollback()
    stripe.work()
    assert states(sale) == ["refunded"]
    assert [refund.amount_minor for refund in sale.refunds] == [32000]
    assert sale.letters == ["withdrawal_acknowledged", "refund_settled"]
    assert sale.returned == [1, 0]
    sale.check()
    # The rest can be withdrawn from too, and takes the postage with it.
    leave(sale, 2)
    stripe.work()
    assert [refund.amount_minor for refund in sale.refunds] == [32000, 38000]
    assert sale.state == "refunded"
    sale.check()


def test_what_has_left_comes_back_first(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe, 1)
    sale.hand_over()
    leave(sale)
    assert (states(sale), sale.refunds) == (["asked"], [])
    with pytest.raises(ReturnRefused), transaction():
        refund_return(sale.order.id, only(sale).public_id, actor=None)
    with pytest.raises(Invalid), transaction():
        returns.approve_return(only(sale), "  ", actor=None)
    do(sale, returns.approve_return, "12 rue du Port, Casablanca")
    with transaction():
        returns.note_sent_back(only(sale), "La Poste", "CC123")
    do(sale, returns.receive_return)
    with transaction():
        refund_return(sale.order.id, only(sale).public_id, actor=None)
    with pytest.raises(Conflict), transaction():
        refund_return(sale.order.id, only(sale).public_id, actor=None)
    assert states(sale) == ["received"]
    stripe.work()
    assert states(sale) == ["refunded"]
    assert [refund.amount_minor for refund in sale.refunds] == [38000]
    assert sale.letters == [
        "parcel_handed_over",
        "withdrawal_acknowledged",
        "return_moved",
        "return_moved",
        "refund_settled",
    ]
    # A piece that has been abroad is not for sale by itself.
    assert sale.returned == [0]
    sale.check()
    with pytest.raises(ReturnRefused):
        do(sale, returns.refuse_return, "Worn")


def test_a_refund_that_comes_back_opens_its_return_again(stripe: Bench, clock: VirtualClock) -> None:
    stripe.control("refund_fails", times=1, days=2)
    sale = sell(stripe, 1)
    leave(sale)
    stripe.work()
    assert states(sale) == ["refunded"]
    clock.advance(days=2, minutes=5)
    stripe.work()
    assert states(sale) == ["received"]
    assert only(sale).closed_at is None


def test_made_to_measure_too_late_and_twice_are_refused(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe, 2)
    with transaction():
        db.session.get_one(OrderLine, sale.lines[0].id).kind = "custom"
    assert [choice.obstacle for choice in list_choices(sale.order, sale.lines)] == ["custom", ""]
    with pytest.raises(Conflict):
        leave(sale)
    with pytest.raises(Invalid), transaction():
        withdraw(sale.order.id, [])
    with pytest.raises(NotFound), transaction():
        withdraw(sale.order.id, [sale.lines[1].id, 10**9])
    assert withdrawal_ends_on(sale.lines) is None
    sale.hand_over()
    last = withdrawal_ends_on(sale.lines)
    assert last == clock_module.today() + timedelta(days=44)
    clock.advance(days=44)
    assert list_choices(sale.order, sale.lines)[1].obstacle == ""
    clock.advance(days=1)
    assert list_choices(sale.order, sale.lines)[1].obstacle == "late"
    with pytest.raises(Conflict):
        leave(sale, 2)
    clock.advance(days=-1)
    leave(sale, 2)
    with pytest.raises(Conflict):
        leave(sale, 2)
    assert states(sale) == ["asked"]


def arrive(sale: Sale, number: int) -> None:
    with transaction():
        fulfilment.note_arrival(sale.order.id, list_parcels(sale.order.id)[number][0].public_id, actor=None)


def test_the_days_to_withdraw_follow_the_last_parcel_that_arrives(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe, 2)
    # Monday, 15 June 2026.
    sale.hand_over(1)
    clock.advance(days=2)
    arrive(sale, 0)
    assert withdrawal_ends_on(sale.lines) is None, "a piece is still to leave"
    sale.hand_over(2)
    assert withdrawal_ends_on(sale.lines) == date(2026, 6, 17) + timedelta(days=44)
    # On Saturday: a fortnight later is one, and the period lasts until Monday.
    clock.advance(days=3)
    arrive(sale, 1)
    assert withdrawal_ends_on(sale.lines) == date(2026, 7, 6)
    # Whatever has come into the column, an arrival before the hand-over shortens nothing.
    with transaction():
        for line in sale.lines:
            line.arrived_on = date(2026, 6, 1)
    assert withdrawal_ends_on(sale.lines) == date(2026, 7, 1)


def test_an_arrival_later_than_was_allowed_for_gives_its_days_all_the_same(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe, 1)
    sale.hand_over()
    clock.advance(days=60)
    assert list_choices(sale.order, sale.lines)[0].obstacle == "late"
    arrive(sale, 0)
    assert list_choices(sale.order, sale.lines)[0].obstacle == ""
    leave(sale)
    assert states(sale) == ["asked"]
    assert sale.letters == ["parcel_handed_over", "parcel_arrived", "withdrawal_acknowledged"]


def test_while_the_bank_decides_a_withdrawal_counts_and_nothing_is_sent(stripe: Bench) -> None:
    sale = sell(stripe, 1)
    stripe.dispute(sale.order)
    stripe.work()
    leave(sale)
    assert (states(sale), sale.refunds) == (["received"], [])
    with transaction():
        fulfilment.accept_line(sale.lines[0].id, unit_id=sale.unit.id, actor=None)
    with pytest.raises(TransitionRefused), transaction():
        fulfilment.hand_over(
            sale.order.id,
            unit_id=sale.unit.id,
            line_ids=[sale.lines[0].id],
            carrier="Amana",
            tracking="RR1",
            handed_over_on=clock_module.today(),
            actor=None,
            on_behalf=True,
        )


def settled(sale: Sale) -> list[Any]:
    day = clock_module.today()
    filters = ReportFilters(day.replace(month=1, day=1), day, basis="settled", source="platform")
    return [fact.on for fact in list_facts(filters, unit_id=sale.unit.id)]


def test_an_open_return_keeps_a_sale_from_settling(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe, 1)
    sale.hand_over()
    clock.advance(days=29)
    leave(sale)
    clock.advance(days=9)
    assert settled(sale) == []
    do(sale, returns.refuse_return, "It came back in pieces")
    assert settled(sale) == [clock_module.today()]


# Two at once -----------------------------------------------------------------------------------------------------


def test_two_confirmations_at_once_give_the_money_back_once(
    stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell(stripe, 1)
    order_id, line_ids = sale.order.id, [line.id for line in sale.lines]
    rival = Somebody(app, lambda: _withdraw(order_id, line_ids))
    rival.overtake(monkeypatch, withdrawing, "choose_lines")
    _withdraw(order_id, line_ids)
    with pytest.raises(Conflict):
        rival.finish()
    stripe.work()
    assert [refund.amount_minor for refund in list_refunds(order_id)] == [38000]
    assert states(sale) == ["refunded"]


def _withdraw(order_id: int, line_ids: list[int]) -> None:
    with transaction():
        withdraw(order_id, line_ids)


def test_without_the_lock_both_are_let_through_and_only_the_count_of_the_line_stops_the_second(
    stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell(stripe, 1)
    order_id, line_ids = sale.order.id, [line.id for line in sale.lines]
    # What a program without the lock would have read, before the other writes.
    order, lines = sale.order, list_lines(order_id)
    assert [choice.obstacle for choice in list_choices(order, lines)] == [""]
    db.session.rollback()
    rival = Somebody(app, lambda: _withdraw(order_id, line_ids))
    rival.meanwhile(20)
    rival.finish()
    monkeypatch.setattr(
        withdrawing, "choose_lines", lambda order, lines, *given: [(line, line.quantity) for line in lines]
    )
    with pytest.raises(IntegrityError):
        _withdraw(order_id, line_ids)
    db.session.rollback()
    assert db.session.scalar(text("SELECT count(*) FROM order_return")) == 1


def test_two_officers_at_once_refund_a_return_once(stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = sell(stripe, 1)
    sale.hand_over()
    leave(sale)
    do(sale, returns.receive_return)
    order_id, known_as = sale.order.id, only(sale).public_id

    def pay_back() -> None:
        with transaction():
            refund_return(order_id, known_as, actor=None)

    rival = Somebody(app, pay_back)
    ask = withdrawing.request_refund

    def be_overtaken(*given: Any, **more: Any) -> Any:
        if not rival.ident:
            rival.meanwhile()
        return ask(*given, **more)

    monkeypatch.setattr(withdrawing, "request_refund", be_overtaken)
    db.session.rollback()
    pay_back()
    with pytest.raises(Conflict):
        rival.finish()
    stripe.work()
    assert [refund.amount_minor for refund in list_refunds(order_id)] == [38000]
