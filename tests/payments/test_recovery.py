"""The database goes back in time; what Stripe has seen since comes back, or is set aside with all that Stripe knows."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from shop.backup import sqlite
from shop.catalogue.models import Price, Variant
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.marks import EVENTS_POLLED, RESTORED_TO, find_moment, installation_id, remember_moment
from shop.demo.double.inprocess import pay
from shop.ledger import accounts
from shop.ledger.queries import sum_balance
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments import checkout, inbox, recovery
from shop.payments.checkout import CatchingUp
from shop.payments.gateway import gateway
from shop.payments.models import BalanceTransaction, InboxEvent
from shop.payments.queries import list_attempts, list_quarantine, list_refunds
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.stripe_bench import Bench


class Past:
    """The database as of now, to which it can be taken back: what a restore does, without the file."""

    def __init__(self, app: Flask, folder: Path) -> None:
        with transaction():
            installation_id()
        self.made_at = clock_module.now()
        self._file = folder / "past.sqlite"
        sqlite.copy_database(db.engine, self._file)

    def come_back(self) -> None:
        db.session.rollback()
        db.engine.dispose()
        sqlite.put_back(self._file, Path(str(db.engine.url.database)), None)
        with transaction():
            remember_moment(RESTORED_TO, self.made_at)
        db.session.expire_all()


@pytest.fixture
def leave(app: Flask, stripe: Bench, tmp_path: Path) -> Callable[[], Past]:
    """`past = leave()` … `past.come_back()`. No webhook reaches the shop any more."""

    def begin() -> Past:
        stripe.control("webhooks", drop=100)
        return Past(app, tmp_path)

    return begin


def find_order(number: str) -> Order | None:
    return db.session.scalars(select(Order).where(Order.number == number)).first()


def settled(stripe: Bench) -> None:
    """The worker does what there is to do; at the end the books are Stripe's."""
    stripe.clock.advance(minutes=1)
    stripe.work()
    inbox.poll_events()
    stripe.work()
    assert list_findings() == []
    booked = sum(db.session.scalars(select(BalanceTransaction.net_minor)))
    assert -sum_balance(accounts.STRIPE_BALANCE, "EUR") == booked


def test_an_order_that_is_gone_and_was_paid_is_made_anew(stripe: Bench, leave: Callable[[], Past]) -> None:
    rug = make_product(make_unit())
    past = leave()
    order = make_order(rug, email="lost@example.org", language="ar")
    number, address = order.number, order.address
    lines = [(line.sku, line.quantity, line.net_minor, line.maker_title) for line in list_lines(order.id)]
    stripe.settle(order)
    past.come_back()
    assert find_order(number) is None

    assert recovery.catch_up() == Counter(rebuilt=1)
    again = find_order(number)
    assert again is not None
    assert (again.state, again.email, again.language) == ("paid", "lost@example.org", "ar")
    assert again.address == address
    assert [(x.sku, x.quantity, x.net_minor, x.maker_title) for x in list_lines(again.id)] == lines
    shelf = db.session.get_one(Variant, rug.id, populate_existing=True)
    assert (shelf.available, shelf.reserved, shelf.sold) == (0, 0, 1)
    settled(stripe)
    assert list_quarantine() == []
    assert recovery.catch_up() is None


def test_it_is_made_anew_at_the_prices_that_were_charged(stripe: Bench, leave: Callable[[], Past]) -> None:
    rug = make_product(make_unit())
    past = leave()
    with transaction():
        db.session.execute(
            update(Price).where(Price.variant_id == rug.id, Price.currency == "EUR").values(amount_minor=9900)
        )
    order = make_order(rug)
    number, total = order.number, order.total_minor
    stripe.pay(order)
    past.come_back()
    assert recovery.catch_up() == Counter(rebuilt=1)
    again = find_order(number)
    assert again is not None
    assert (again.total_minor, again.state) == (total, "paid")
    settled(stripe)


def test_what_cannot_be_made_anew_stands_in_quarantine_with_all_that_stripe_knows(
    stripe: Bench, leave: Callable[[], Past]
) -> None:
    make_product(make_unit())
    past = leave()
    order = make_order(make_product(make_unit()), email="lost@example.org")
    number, sku = order.number, list_lines(order.id)[0].sku
    stripe.settle(order)
    past.come_back()

    assert recovery.catch_up() == Counter({"set aside": 1})
    (kept,) = list_quarantine()
    assert kept.kind == "lost_order"
    told = str(kept.data)
    for known in (number, sku, "lost@example.org", "12 rue de la République", "Claire Martin", "FR"):
        assert known in told
    stripe.clock.advance(days=2)
    settled(stripe)
    assert sum_balance(accounts.SUSPENSE, "EUR") > 0
    assert {row.kind for row in list_quarantine()} == {"lost_order", "balance"}


def test_a_payment_page_nobody_knows_of_any_more_is_closed(stripe: Bench, leave: Callable[[], Past]) -> None:
    rug = make_product(make_unit())
    past = leave()
    session = stripe.open(make_order(rug))
    past.come_back()
    assert recovery.catch_up() == Counter(closed=1)
    assert gateway().fetch_session(session).status == "expired"
    assert list_quarantine() == []


def test_an_order_that_is_there_and_was_paid_by_a_page_that_is_not(stripe: Bench, leave: Callable[[], Past]) -> None:
    order = make_order(make_product(make_unit()))
    past = leave()
    stripe.settle(order)
    past.come_back()
    assert list_attempts(order.id) == []
    assert recovery.catch_up() == Counter(adopted=1)
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "paid"
    settled(stripe)


def test_a_page_that_was_open_at_the_backup_and_paid_after_it(stripe: Bench, leave: Callable[[], Past]) -> None:
    order = make_order(make_product(make_unit()))
    session = stripe.open(order)
    past = leave()
    pay(stripe.double, session)
    stripe.work()
    past.come_back()
    assert recovery.catch_up() == Counter(known=1)
    settled(stripe)
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "paid"


def test_a_refund_since_the_backup_is_followed(stripe: Bench, leave: Callable[[], Past]) -> None:
    order = make_order(make_product(make_unit()))
    stripe.settle(order)
    past = leave()
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    stripe.clock.advance(days=3)
    past.come_back()
    assert list_refunds(order.id) == []
    recovery.catch_up()
    settled(stripe)
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "refunded"
    assert [refund.state for refund in list_refunds(order.id)] == ["succeeded"]
    assert [charge["amount_refunded"] for charge in stripe.charges(order)] == [order.total_minor]


def test_no_order_is_taken_and_no_event_obeyed_until_stripe_has_told(stripe: Bench, leave: Callable[[], Past]) -> None:
    rug = make_product(make_unit())
    waiting = make_order(make_product(make_unit()))
    past = leave()
    sold = make_order(rug)
    stripe.pay(sold)
    number = sold.number
    past.come_back()
    with pytest.raises(CatchingUp):
        make_order(rug)
    with pytest.raises(CatchingUp):
        checkout.open_payment(waiting.id)
    inbox.poll_events()
    event = db.session.scalars(select(InboxEvent.event_id).where(InboxEvent.handled_at.is_(None))).first()
    with pytest.raises(EdgeFailed):
        inbox.handle(str(event))
    stripe.control("refuse", times=10)
    with pytest.raises(EdgeFailed):
        recovery.catch_up()
    assert find_moment(RESTORED_TO) == past.made_at
    stripe.control("refuse", times=0)
    recovery.catch_up()
    assert find_order(number)
    assert checkout.open_payment(waiting.id)


def test_an_event_of_a_lost_order_brings_it_back_too(stripe: Bench, leave: Callable[[], Past]) -> None:
    rug = make_product(make_unit())
    past = leave()
    order = make_order(rug)
    number = order.number
    stripe.pay(order)
    stripe.clock.advance(days=2)
    past.made_at = clock_module.now()
    past.come_back()
    assert recovery.catch_up() == Counter()
    assert find_order(number) is None
    with transaction():
        remember_moment(EVENTS_POLLED, clock_module.now() - timedelta(days=2))
    settled(stripe)
    again = find_order(number)
    assert again is not None
    assert again.state == "paid"
    assert list_quarantine() == []


def test_what_another_shop_sold_by_the_same_account_is_left_alone(
    stripe: Bench, leave: Callable[[], Past], monkeypatch: pytest.MonkeyPatch
) -> None:
    rug = make_product(make_unit())
    past = leave()
    monkeypatch.setattr(checkout, "installation_id", lambda: "another")
    session = stripe.open(make_order(rug))
    past.come_back()
    assert recovery.catch_up() == Counter()
    assert gateway().fetch_session(session).status == "open"


def test_the_poll_reaches_back_to_the_last_one_however_long_the_worker_stood_still(
    stripe: Bench, clock: VirtualClock
) -> None:
    inbox.poll_events()
    stripe.control("webhooks", drop=100)
    order = make_order(make_product(make_unit()))
    stripe.pay(order)
    clock.advance(days=9)
    assert inbox.poll_events() > 0
    clock.advance(days=1)
    assert inbox.poll_events() == 0


def test_the_databases_are_really_taken_back(app: Flask, leave: Callable[[], Past]) -> None:
    past = leave()
    number = make_order().number
    past.come_back()
    assert find_order(number) is None
    with closing(sqlite.open_file(Path(str(db.engine.url.database)))) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
