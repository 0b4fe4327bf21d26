"""The process dies at every named point of a payment and of a refund; what is left over must heal by itself.

A crash is an exception nobody catches, raised before or after each commit and each call to Stripe. Afterwards only the
worker and its rounds act, on a clock that moves on, and every webhook is lost. Demanded: charged at most once, the order
paid once or its stock released, the money given back once, and nothing for `shop check` to find.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from shop import worker
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.demo.double.inprocess import pay
from shop.demo.double.payments import SessionClosed
from shop.orders.models import Order
from shop.payments import balance, checkout, refund_news, settle
from shop.payments.gateway import gateway
from shop.payments.queries import list_attempts, list_refunds
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.payments.test_races import shelf
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases

CALLS = ("open_checkout", "fetch_session", "find_session", "expire_session", "refund", "list_balance_transactions")
OPENING = (
    "before commit 1",  # the attempt
    "after commit 1",
    "before open_checkout",
    "after open_checkout",
    "before commit 2",  # its session
    "after commit 2",
)
SETTLING = ("before fetch_session", "after fetch_session", "before commit 1", "after commit 1")
BOOKING = (
    "before list_balance_transactions",
    "after list_balance_transactions",
    "before commit 1",  # what Stripe told, stored
    "after commit 1",
    "before commit 2",  # booked
    "after commit 2",
)
REFUNDING = ("before refund", "after refund", "before commit 1", "after commit 1")
EXPIRING = (
    "before fetch_session",
    "before expire_session",
    "after expire_session",
    "before commit 1",
    "after commit 1",
)


class Died(BaseException):
    """Not an Exception: nothing that tidies up may stop it."""


@contextmanager
def death(point: str) -> Iterator[None]:
    """Die at a point such as "before commit 2" or "after refund"; the block must reach it."""
    moment, _space, name = point.partition(" ")
    stripe, seen = gateway(), {"commit": 0}
    commit = Session.commit

    def act_and_die(act: Callable[..., Any], *given: Any, **more: Any) -> Any:
        if moment == "before":
            raise Died
        act(*given, **more)
        raise Died

    def counted(session: Session) -> None:
        seen["commit"] += 1
        if name == f"commit {seen['commit']}":
            act_and_die(commit, session)
        commit(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "commit", counted)
        if name in CALLS:
            called = getattr(stripe, name)
            patch.setattr(stripe, name, lambda *given, **more: act_and_die(called, *given, **more))
        with pytest.raises(Died):
            yield
    db.session.rollback()
    db.session.expire_all()


def heal(clock: VirtualClock) -> None:
    """Time passes; the worker does its jobs and rounds, and no webhook ever arrives."""
    for minutes in (1, 6, 40, 15, 60):
        clock.advance(minutes=minutes)
        worker.run_due()
        for _name, act, _every in worker.ROUNDS:
            act()
    worker.run_due()
    db.session.rollback()


@pytest.fixture(autouse=True)
def lost_webhooks(stripe: Bench) -> None:
    stripe.control("webhooks", drop=100)


def state_of(order: Order) -> str:
    return db.session.get_one(Order, order.id, populate_existing=True).state


def check_sold(stripe: Bench, order: Order, rug: Any) -> None:
    """Paid if and only if charged, and once; else the piece is for sale again."""
    charges = stripe.charges(order)
    assert len(charges) <= 1
    assert state_of(order) == ("paid" if charges else "expired")
    assert shelf(rug) == ((0, 0) if charges else (1, 0))
    assert list_refunds(order.id) == []
    assert list_findings() == []


@pytest.mark.parametrize("buyer", ["comes back", "leaves"])
@pytest.mark.parametrize("point", OPENING)
def test_a_crash_while_the_page_is_opened(stripe: Bench, clock: VirtualClock, point: str, buyer: str) -> None:
    rug = make_product()
    order = make_order(rug)
    with death(point):
        checkout.open_payment(order.id)
    if buyer == "comes back":
        clock.advance(seconds=20)
        stripe.pay(order)
        assert len(list_attempts(order.id)) == 1
    heal(clock)
    assert bool(stripe.charges(order)) is (buyer == "comes back")
    check_sold(stripe, order, rug)


@pytest.mark.parametrize("point", OPENING)
def test_a_crash_while_the_page_is_opened_and_a_buyer_who_comes_back_late(
    stripe: Bench, clock: VirtualClock, point: str
) -> None:
    rug = make_product()
    order = make_order(rug)
    with death(point):
        checkout.open_payment(order.id)
    clock.advance(minutes=6)
    stripe.pay(order)
    heal(clock)
    assert len(stripe.charges(order)) == 1
    check_sold(stripe, order, rug)


@pytest.mark.parametrize("point", SETTLING)
def test_a_crash_while_the_payment_is_settled(stripe: Bench, clock: VirtualClock, point: str) -> None:
    rug = make_product(make_unit())
    order = make_order(rug, currency="USD")
    stripe.pay(order)
    with death(point):
        settle.settle_order(order.id)
    heal(clock)
    assert len(stripe.charges(order)) == 1
    check_sold(stripe, order, rug)


@pytest.mark.parametrize("point", BOOKING)
def test_a_crash_while_stripes_movements_are_booked(stripe: Bench, clock: VirtualClock, point: str) -> None:
    rug = make_product(make_unit())
    order = make_order(rug, currency="USD")
    stripe.pay(order)
    settle.settle_order(order.id)
    with death(point):
        balance.import_balance()
    heal(clock)
    check_sold(stripe, order, rug)


@pytest.mark.parametrize("point", REFUNDING)
def test_a_crash_while_money_is_given_back(stripe: Bench, clock: VirtualClock, point: str) -> None:
    rug = make_product(make_unit())
    order = make_order(rug, currency="USD")
    stripe.pay(order)
    settle.settle_order(order.id)
    with transaction():
        refund_id = request_refund(order.id, line_ids=None, reason="buyer", actor=None).id
    with death(point):
        refund_news.send_refund(refund_id)
    heal(clock)
    assert [charge["amount_refunded"] for charge in stripe.charges(order)] == [order.total_minor]
    assert [refund.state for refund in list_refunds(order.id)] == ["succeeded"]
    assert state_of(order) == "refunded"
    assert list_findings() == []


@pytest.mark.parametrize("last_second", [False, True], ids=["unpaid", "paid at the last second"])
@pytest.mark.parametrize("point", EXPIRING)
def test_a_crash_while_an_order_is_cancelled(stripe: Bench, clock: VirtualClock, point: str, last_second: bool) -> None:
    rug = make_product()
    order = make_order(rug)
    session = stripe.open(order)
    with death(point):
        checkout.abandon_order(order.id, actor=None)
    if last_second:
        try:
            pay(stripe.double, session)
        except SessionClosed:
            assert "before fetch" not in point
    heal(clock)
    check_sold(stripe, order, rug)


def test_a_buyer_who_pays_while_the_order_is_being_cancelled_has_bought(stripe: Bench) -> None:
    rug = make_product()
    order = make_order(rug)
    session = stripe.open(order)
    expire = gateway().expire_session

    def pay_first(*given: Any) -> None:
        pay(stripe.double, session)
        expire(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gateway(), "expire_session", pay_first)
        with pytest.raises(ShopError):
            checkout.abandon_order(order.id, actor=None)
    stripe.work()
    check_sold(stripe, order, rug)
