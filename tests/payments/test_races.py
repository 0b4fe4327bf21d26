"""Two at once: each test puts a competing act at one exact point and names the guard that makes it harmless.

The first shows that the race is real: without the guard, the same two acts sell one piece twice.
"""

import contextvars
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from shop.catalogue import stock
from shop.catalogue.models import Variant
from shop.catalogue.stock import OutOfStock
from shop.core import clock as clock_module
from shop.core import outbox
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Job
from shop.demo.double.inprocess import pay
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.queries import list_balances, unit_position
from shop.orders import cart as carts
from shop.orders import checkout as placing
from shop.orders.models import CartLine, Order
from shop.orders.queries import list_lines
from shop.payments import balance, checkout, refund_news, settle
from shop.payments.gateway import gateway
from shop.payments.models import Attempt, Refund
from shop.payments.queries import find_charge, list_attempts, list_refunds
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import ADDRESS, make_order, make_product, make_unit
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


class Somebody(threading.Thread):
    """Another process, as far as the database can tell: its own connection, the test's clock."""

    def __init__(self, app: Flask, act: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.app, self.act, self.answer, self.error = app, act, None, None
        self.context = contextvars.Context()
        self.now = clock_module.now()

    def run(self) -> None:
        self.context.run(self._act)

    def _act(self) -> None:
        with self.app.app_context(), clock_module.use(VirtualClock(self.now)):
            try:
                self.answer = self.act()
            except Exception as error:
                self.error = error
            finally:
                db.session.remove()

    def meanwhile(self, seconds: float = 0.5) -> None:
        """Begin; wait until done, or until it is plain that somebody has to wait for us."""
        self.start()
        self.join(seconds)

    def overtake(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        """Act meanwhile, between what a function of a module has found and what is done with it, the first time."""
        look = getattr(module, name)

        def be_overtaken(*given: Any) -> Any:
            found = look(*given)
            if not self.ident:
                self.meanwhile()
            return found

        monkeypatch.setattr(module, name, be_overtaken)

    def finish(self) -> Any:
        self.join(20)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.answer


def take(variant_id: int) -> None:
    with transaction():
        stock.reserve([(variant_id, 1)])


def shelf(variant: Variant) -> tuple[int, int]:
    row = db.session.get_one(Variant, variant.id, populate_existing=True)
    return row.available, row.reserved


def test_without_the_guard_reading_first_and_writing_then_sells_one_piece_twice(app: Flask) -> None:
    rug = make_product(stock=1)
    seen = db.session.scalars(select(Variant.available).where(Variant.id == rug.id)).one()
    assert seen == 1
    db.session.rollback()
    rival = Somebody(app, lambda: take(rug.id))
    rival.meanwhile(20)
    rival.finish()
    with transaction():
        db.session.execute(update(Variant).where(Variant.id == rug.id).values(available=seen - 1))
    # Both have it, and the shelf does not even show it.
    assert shelf(rug) == (0, 1)


def test_with_the_guard_the_second_buyer_is_told(app: Flask) -> None:
    rug = make_product(stock=1)
    rival = Somebody(app, lambda: take(rug.id))
    rival.meanwhile(20)
    rival.finish()
    with pytest.raises(OutOfStock):
        take(rug.id)
    assert shelf(rug) == (0, 1)


def test_two_clicks_at_once_place_one_order(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    pot = make_product(stock=5, kind="repeatable")
    with transaction():
        cart = carts.add_to_cart(None, pot.id, 1, "EUR")
        carts.set_choice(cart, "EUR", "FR")
        token = cart.token
    view = carts.read_cart(token, "fr")
    db.session.rollback()

    def place() -> str:
        with transaction():
            return placing.place_order(view, email="a@example.org", address=ADDRESS, language="fr").number

    rival = Somebody(app, place)
    look = placing.find_live_order

    def look_while_somebody_clicks(cart_id: int) -> Order | None:
        found = look(cart_id)
        if not rival.ident:
            rival.meanwhile()
        return found

    monkeypatch.setattr(placing, "find_live_order", look_while_somebody_clicks)
    assert place() == rival.finish()
    assert db.session.scalar(select(func.count(Order.id))) == 1
    assert shelf(pot) == (4, 1)


def test_two_clicks_on_add_make_a_quantity_of_two(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    pot = make_product(stock=5, kind="repeatable")
    with transaction():
        token = carts.add_to_cart(None, pot.id, 1, "EUR").token

    def add() -> None:
        with transaction():
            carts.add_to_cart(token, pot.id, 1, "EUR")

    rival = Somebody(app, add)
    check = carts._check_quantity

    def check_while_somebody_clicks(*given: Any) -> None:
        # The line has been read, and nothing written yet.
        if not rival.ident:
            rival.meanwhile()
        check(*given)

    monkeypatch.setattr(carts, "_check_quantity", check_while_somebody_clicks)
    add()
    rival.finish()
    assert db.session.scalars(select(CartLine.quantity).execution_options(populate_existing=True)).one() == 3


def test_two_processes_may_ask_for_the_same_work_at_once(app: Flask) -> None:
    def ask() -> None:
        with transaction():
            outbox.enqueue("import_balance", {}, key="once")

    rival = Somebody(app, ask)
    with transaction():
        outbox.enqueue("import_balance", {}, key="once")
        rival.meanwhile()
    rival.finish()
    assert db.session.scalar(select(func.count(Job.id))) == 1


def test_what_was_read_before_a_transaction_is_read_anew_inside_it(app: Flask) -> None:
    order = make_order()
    with transaction():
        assert order.state == "awaiting_payment"

    def change() -> None:
        with transaction():
            db.session.execute(update(Order).values(problem="somebody was here"))

    rival = Somebody(app, change)
    rival.meanwhile(20)
    rival.finish()
    with transaction():
        assert order.problem == "somebody was here"


def test_an_answer_saved_late_does_not_reopen_what_was_paid_meanwhile(
    stripe: Bench, app: Flask, clock: VirtualClock
) -> None:
    order = make_order()
    attempt = checkout._begin(order.id)
    assert attempt is not None
    order_id, attempt_id = order.id, attempt.id
    view = gateway().open_checkout(attempt.parameters, attempt.key)
    pay(stripe.double, view.id)
    paid = gateway().fetch_session(view.id)
    # This process still has the attempt in its memory as it was.
    assert (attempt.state, attempt.session_id) == ("created", None)
    db.session.commit()

    def settle_elsewhere() -> None:
        checkout.save_session(attempt_id, view)
        with transaction():
            settle.apply_session(order_id, attempt_id, paid)

    rival = Somebody(app, settle_elsewhere)
    rival.meanwhile(20)
    rival.finish()
    assert checkout.save_session(attempt_id, view) is False
    assert [row.state for row in list_attempts(order.id)] == ["paid"]
    clock.advance(minutes=40)
    settle.sweep()
    stripe.work()
    assert list_refunds(order.id) == []
    assert list_findings() == []


def test_the_same_payment_applied_again_is_never_taken_for_a_second_one(stripe: Bench) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        db.session.execute(update(Attempt).values(state="open"))
    settle.settle_order(order.id)
    stripe.work()
    assert [row.state for row in list_attempts(order.id)] == ["paid"]
    assert list_refunds(order.id) == []


def test_news_for_an_attempt_that_was_given_up_takes_it_up_again(stripe: Bench) -> None:
    order = make_order()
    session = stripe.open(order)
    with transaction():
        db.session.execute(update(Attempt).values(state="abandoned", session_id=None, session_url=None))
    pay(stripe.double, session)
    stripe.work()
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "paid"
    assert list_findings() == []


def test_news_that_is_faster_than_our_own_answer_settles_the_order(stripe: Bench) -> None:
    order = make_order()
    attempt = checkout._begin(order.id)
    assert attempt is not None
    view = gateway().open_checkout(attempt.parameters, attempt.key)
    pay(stripe.double, view.id)
    stripe.work()
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "paid"
    # Whoever waited for the answer has it now, and is not sent to pay again.
    assert checkout.save_session(attempt.id, view) is False
    assert list_findings() == []


def test_a_recovery_that_finds_nothing_does_not_give_up_what_was_answered_meanwhile(
    stripe: Bench, app: Flask, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    attempt = checkout._begin(order.id)
    assert attempt is not None
    attempt_id, view = attempt.id, gateway().open_checkout(attempt.parameters, attempt.key)
    clock.advance(minutes=5)
    rival = Somebody(app, lambda: checkout.save_session(attempt_id, view))

    def find_nothing(*given: Any) -> None:
        rival.meanwhile(20)

    monkeypatch.setattr(gateway(), "find_session", find_nothing)
    settle.settle_order(order.id)
    assert rival.finish() is True
    assert [row.state for row in list_attempts(order.id)] == ["open"]


def test_a_refusal_heard_late_does_not_undo_a_refund_that_was_made(
    stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        refund_id = request_refund(order.id, line_ids=None, reason="buyer", actor=None).id
    intent, key = find_charge(order.id).payment_intent, list_refunds(order.id)[0].key  # type: ignore[union-attr]
    view = gateway().refund(str(intent), order.total_minor, key)
    fail = refund_news.refuse_refund

    def settle_elsewhere() -> None:
        with transaction():
            refund_news.apply_refund(refund_id, view)

    with transaction():
        row = db.session.get_one(Refund, refund_id)
        assert row.state == "requested"
    rival = Somebody(app, settle_elsewhere)
    rival.meanwhile(20)
    rival.finish()
    with transaction():
        fail(refund_id, "charge_already_refunded")
    assert [refund.state for refund in list_refunds(order.id)] == ["succeeded"]


def test_a_hand_over_waits_while_the_share_is_being_converted(
    stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = make_unit()
    order = make_order(make_product(unit), currency="USD", country="US")
    stripe.pay(order)
    settle.settle_order(order.id)
    line = list_lines(order.id)[0]
    with transaction():
        fulfilment.accept_line(line.id, unit_id=unit.id, actor=None)
        fulfilment.mark_ready(line.id, unit_id=unit.id, actor=None)
    unit_id, order_id, line_id = unit.id, order.id, line.id

    def hand_over() -> None:
        with transaction():
            fulfilment.hand_over(
                order_id,
                unit_id=unit_id,
                line_ids=[line_id],
                carrier="Amana",
                tracking="RR1",
                handed_over_on=clock_module.today(),
                actor=None,
                on_behalf=False,
            )

    rival = Somebody(app, hand_over)
    lock = balance.lock_order_with_lines

    def hold_while_the_parcel_goes(order_id: int) -> Any:
        locked = lock(order_id)
        if not rival.ident:
            rival.meanwhile()
        return locked

    monkeypatch.setattr(balance, "lock_order_with_lines", hold_while_the_parcel_goes)
    balance.import_balance()
    rival.finish()
    # What was read last may be older than what the other wrote.
    db.session.rollback()
    assert [(row.currency, row.awaiting_export, row.due > 0) for row in unit_position(unit_id)] == [("EUR", 0, True)]
    assert {row.currency for row in list_balances() if row.account != accounts.STRIPE_PENDING} == {"EUR"}
    assert list_findings() == []
