"""Stripe's balance against the books: what is found, what is healed, what never is lost."""

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from shop.catalogue.models import Variant
from shop.commands.reconciling import reconcile_command
from shop.core import clock as clock_module
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.tables import Job
from shop.demo.double.inprocess import pay
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.ledger.queries import sum_balance
from shop.orders.models import Order, OrderEvent, OrderLine, Reservation
from shop.payments import balance
from shop.payments.differences import Difference, pair
from shop.payments.gateway import BalanceView, gateway
from shop.payments.models import Attempt, BalanceTransaction, InboxEvent, Quarantine, StripePayout
from shop.payments.queries import list_disputes, list_quarantine, list_refunds
from shop.payments.reconcile import reconcile
from shop.payments.refund_news import send_refund
from shop.payments.refunds import request_refund
from shop.payments.settle import settle_order
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.stripe_bench import Bench

both = pytest.mark.both_databases


def state_of(order: Order) -> str:
    return db.session.get_one(Order, order.id, populate_existing=True).state


def sold(stripe: Bench, **values: Any) -> Order:
    order = make_order(make_product(make_unit()), **values)
    stripe.settle(order)
    return order


def kinds(differences: list[Difference]) -> list[tuple[str, str]]:
    return [(difference.kind, difference.outcome) for difference in differences]


@pytest.fixture
def lost(stripe: Bench) -> Bench:
    """No webhook arrives, and an hour passes before anybody looks."""
    stripe.control("webhooks", drop=100)
    return stripe


def later(stripe: Bench, **delta: float) -> None:
    stripe.clock.advance(**(delta or {"hours": 1}))


@both
def test_each_kind_of_difference_is_found_and_found_again_until_it_is_gone(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(stripe)
    sold(stripe, email="b@example.org", currency="USD", country="US")
    later(stripe)
    done = reconcile()
    assert (done.movements, done.differences) == (2, [])
    later(stripe, days=10)
    # Without a day it begins where the last look ended that left nothing open.
    assert reconcile().since == done.until - balance.OVERLAP
    beginning = clock_module.today() - timedelta(days=20)
    one = db.session.scalars(select(BalanceTransaction.id).order_by(BalanceTransaction.id).limit(1)).one()
    kept = {"fee_minor", "net_minor", "currency", "posted_at"}
    for change, kind in (
        ({"fee_minor": 1}, ["amount"]),
        ({"net_minor": 1}, ["amount", "balance"]),
        ({"currency": "USD"}, ["balance", "balance", "currency"]),
        # It is booked, and the second time that changes nothing.
        ({"posted_at": None}, []),
    ):
        change_one, undo = update(BalanceTransaction).where(BalanceTransaction.id == one), {}
        with transaction():
            row = db.session.get_one(BalanceTransaction, one)
            undo = {name: getattr(row, name) for name in kept}
            db.session.execute(change_one.values(**change))
        assert sorted(d.kind for d in reconcile(beginning).differences) == kind
        with transaction():
            db.session.execute(change_one.values(**undo))
    held = gateway().fetch_balance()
    with monkeypatch.context() as patch:
        patch.setattr(gateway(), "fetch_balance", lambda: {**held, "EUR": held["EUR"] + 7})
        assert [(d.kind, d.minor - (d.ours_minor or 0)) for d in reconcile().differences] == [("balance", 7)]
    with transaction():
        db.session.add(movement("txn_ghost", "charge", "ch_ghost", 700))
    later(stripe)
    for _look in range(2):
        assert ("stripes_missing", "txn_ghost") in [(d.kind, d.stripe_id) for d in reconcile().differences]


@both
def test_a_refund_and_a_dispute_that_began_at_stripe_unheard_of_reach_the_order_and_the_books(lost: Bench) -> None:
    first, second = sold_silently(lost), sold_silently(lost, email="b@example.org", currency="USD", country="US")
    inquired = sold_silently(lost, email="c@example.org")
    lost.refund_at_stripe(first, 500)
    lost.dispute(second)
    lost.dispute(inquired, inquiry=True)
    later(lost)
    assert kinds(reconcile().differences) == [("ours_missing", "booked")] * 3
    assert [(row.reason, row.state, row.amount_minor) for row in list_refunds(first.id)] == [
        ("stripe", "succeeded", 500)
    ]
    assert list_disputes(second.id)[0].withdrawn_at is not None
    assert [row.status for row in list_disputes(inquired.id)] == ["warning_needs_response"]
    assert reconcile().differences == []
    assert list_findings() == []


def sold_silently(stripe: Bench, **values: Any) -> Order:
    order = make_order(make_product(make_unit()), **values)
    stripe.pay(order)
    balance.import_balance()
    assert state_of(order) == "paid"
    return order


def movement(identifier: str, kind: str, source: str | None, minor: int, fee: int = 0) -> BalanceTransaction:
    now = clock_module.now()
    raw = {
        "id": identifier,
        "type": kind,
        "source": source,
        "amount": minor,
        "fee": fee,
        "net": minor - fee,
        "currency": "eur",
        "created": int(now.timestamp()),
        "available_on": int(now.timestamp()),
    }
    return BalanceTransaction(
        id=identifier,
        type=kind,
        reporting_category=kind,
        source=source,
        amount_minor=minor,
        fee_minor=fee,
        net_minor=minor - fee,
        currency="EUR",
        created_at=now,
        available_at=now,
        raw=raw,
        imported_at=now,
    )


def test_a_booked_payment_without_a_movement_is_asked_for_by_name_after_its_time(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order(currency="USD", country="US")
    with monkeypatch.context() as patch:
        patch.setattr(gateway(), "list_balance_transactions", lambda *window: iter(()))
        stripe.settle(order)
        later(stripe, days=3)
        assert [d.kind for d in reconcile().differences] == ["balance"]
    later(stripe, days=6)
    with monkeypatch.context() as patch:
        patch.setattr(gateway(), "list_movements_of", lambda source: [])
        found = reconcile(clock_module.today() - timedelta(days=1)).differences
        told = [(d.kind, d.order, d.ours_minor) for d in found]
        assert told == [("stripes_missing", order.number, order.total_minor), ("balance", None, 0)]
    # Older than the window, it is found by what it is a movement of.
    found = reconcile(clock_module.today() - timedelta(days=1)).differences
    assert kinds(found) == [("ours_missing", "booked")]
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == 0


def test_a_debit_that_fails_after_its_money_was_shown_leaves_nothing_but_its_fee(stripe: Bench) -> None:
    order = make_order()
    stripe.open(order)
    with transaction():
        attempt = db.session.scalars(select(Attempt)).one()
        attempt.payment_intent, attempt.charge, attempt.state = "pi_debit", "py_debit", "processing"
        db.session.add(movement("txn_1", "payment", "py_debit", order.total_minor, 35))
    # As long as the bank works on it, it waits.
    assert balance.post_waiting() == 0
    with transaction():
        db.session.scalars(select(Attempt)).one().state = "expired"
        db.session.add(movement("txn_2", "payment_failure_refund", "py_debit", -order.total_minor))
    assert balance.post_waiting() == 2
    assert sum_balance(accounts.STRIPE_PENDING, "EUR") == 0
    assert (sum_balance(accounts.PAYMENT_FEES, "EUR"), sum_balance(accounts.SUSPENSE, "EUR")) == (-35, 0)
    assert list_findings() == []


def somebody_elses(stripe: Bench, metadata: dict[str, str] | None = None, minor: int = 500) -> None:
    price = {"currency": "eur", "unit_amount": minor, "product_data": {"name": "x"}}
    wanted: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "customer_email": "buyer@example.org",
        "success_url": "http://elsewhere.test/",
        "metadata": metadata or {},
        "payment_intent_data": {"metadata": metadata or {}},
    }
    view = gateway().open_checkout(wanted, f"somebody-else-{minor}")
    pay(stripe.double, view.id)


def test_money_that_belongs_to_nothing_stands_in_suspense_with_all_stripe_knows_of_it(lost: Bench) -> None:
    somebody_elses(lost, {"order": "M99999999"})
    later(lost)
    found = reconcile().differences
    assert [(d.kind, d.outcome, d.order) for d in found] == [("unknown", "suspense", "M99999999")]
    row = list_quarantine(kind="balance")[0]
    assert (row.data["order"], row.data["email"], row.data["charged_minor"]) == ("M99999999", "buyer@example.org", 500)
    assert sum_balance(accounts.SUSPENSE, "EUR") == row.data["net_minor"]
    assert kinds(reconcile().differences) == [("unknown", "suspense")]
    assert list_findings() == []


def forget(order: Order, *, whole: bool) -> None:
    """As in a database restored from a backup made before the order was paid, or before there was any such order."""
    with transaction():
        for model in (InboxEvent, Job, BalanceTransaction):
            db.session.execute(delete(model))
        db.session.execute(delete(OrderEvent).where(OrderEvent.order_id == order.id))
        db.session.execute(delete(Attempt).where(Attempt.order_id == order.id))
        if whole:
            sold = select(OrderLine.variant_id).where(OrderLine.order_id == order.id)
            shelf = {"reserved": Variant.reserved - 1, "available": Variant.available + 1}
            db.session.execute(update(Variant).where(Variant.id.in_(sold)).values(**shelf))
            db.session.execute(delete(Reservation).where(Reservation.order_id == order.id))
            db.session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))
            db.session.execute(delete(Order).where(Order.id == order.id))


@both
def test_after_a_restore_orders_of_the_backup_are_settled_and_the_others_wait_in_quarantine(lost: Bench) -> None:
    kept, gone = make_order(currency="USD", country="US"), make_order(email="gone@example.org")
    for order in (kept, gone):
        lost.pay(order)
    number = gone.number
    lost.control("refund", charge=all_charges(lost)[-1]["id"], amount=300)
    for order, whole in ((kept, False), (gone, True)):
        forget(order, whole=whole)
    later(lost)
    found = reconcile().differences
    assert sorted(kinds(found)) == [("ours_missing", "booked")] * 2 + [("unknown", "suspense")]
    assert state_of(kept) == "paid"
    assert [row.amount_minor for row in list_refunds(kept.id)] == [300]
    (row,) = list_quarantine(kind="balance")
    assert (row.data["order"], row.data["email"]) == (number, "gone@example.org")
    assert reconcile().differences == [found[-1]]
    assert list_findings() == []


def all_charges(stripe: Bench) -> list[Any]:
    key = {"Authorization": f"Bearer {stripe.settings.stripe_secret_key}"}
    return list(stripe.double.test_client().get("/v1/charges?limit=100", headers=key).json["data"])


@both
def test_what_stood_in_suspense_is_booked_out_once_its_order_is_known(
    lost: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order(make_product(make_unit()), currency="USD", country="US")
    lost.pay(order)
    with monkeypatch.context() as patch:
        # As if Stripe had not been able to say whose it is.
        patch.setattr(balance, "recognise", lambda key: {})
        balance.import_balance()
    held = sum_balance(accounts.SUSPENSE, "EUR")
    assert held > 0
    assert state_of(order) == "awaiting_payment"
    assert kinds(reconcile().differences) == [("unknown", "found")]
    assert state_of(order) == "paid"
    assert sum_balance(accounts.SUSPENSE, "EUR") == 0
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == 0
    assert [row.resolution for row in db.session.scalars(select(Quarantine))] == ["found"]
    healed = db.session.scalars(select(Entry.source).where(Entry.source == "heal")).all()
    assert healed
    # The movement itself stays where it was booked; the books are only ever added to.
    assert db.session.scalar(select(func.count()).where(Entry.source == "balance", Entry.leg == "net")) == 1
    assert reconcile().differences == []
    assert list_findings() == []


@both
def test_a_payout_is_the_sum_of_its_movements_and_one_that_is_not_is_found(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(stripe)
    sold(stripe, email="b@example.org", currency="USD", country="US")
    later(stripe, days=8)
    stripe.payout()
    sold(stripe, email="c@example.org")
    later(stripe)
    ask = gateway().list_movements_in
    with monkeypatch.context() as patch:
        patch.setattr(gateway(), "list_movements_in", lambda po: (one for one in ask(po) if one.type == "payout"))
        assert [d.kind for d in reconcile().differences] == ["payout"]
    done = reconcile()
    assert (done.payouts, done.differences) == (1, [])
    payout = db.session.scalars(select(StripePayout)).one()
    linked = db.session.scalars(select(BalanceTransaction.type).where(BalanceTransaction.payout == payout.id)).all()
    assert sorted(linked) == ["charge", "charge", "payout"]
    assert sum_balance(accounts.BANK, "EUR") == -payout.amount_minor
    assert list_findings() == []


def test_a_payment_of_which_no_message_came_is_settled_and_told_of_in_a_line_and_by_the_exit_code(
    lost: Bench,
) -> None:
    """Its webhook, its return page and the sweep were all lost."""
    order = make_order()
    lost.pay(order)
    later(lost)
    runner = CliRunner()
    first = runner.invoke(reconcile_command, ["--since", "2026-06-01"])
    assert (first.exit_code, first.stderr) == (1, "")
    assert first.stdout.startswith("ours_missing: txn_")
    assert order.number in first.stdout
    assert state_of(order) == "paid"
    again = runner.invoke(reconcile_command, ["--json"])
    assert again.exit_code == 0
    facts = json.loads(again.stdout)
    assert (facts["movements"], facts["differences"]) == (1, [])
    assert runner.invoke(reconcile_command, ["--since", "yesterday"]).exit_code == 2
    lost.control("refuse", times=-1)
    silent = runner.invoke(reconcile_command, [])
    assert (silent.exit_code, silent.stdout) == (1, "")
    assert "Stripe does not answer" in silent.stderr


@both
def test_an_error_at_the_door_is_answered_so_that_stripe_sends_the_event_again(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    stripe.pay(order)
    with monkeypatch.context() as patch:
        patch.setattr("shop.payments.inbox.enqueue", failing(OperationalError("INSERT", {}, Exception("locked"))))
        stripe.deliver()
    assert stripe.answers
    assert min(stripe.answers) >= 500
    # Nothing of it is half there: what was not answered with 200 was not stored.
    assert db.session.scalar(select(func.count()).select_from(InboxEvent)) == 0
    later(stripe, hours=2)
    stripe.work()
    assert state_of(order) == "paid"
    assert list_findings() == []


def failing(error: Exception) -> Any:
    def fail(*_given: Any, **_more: Any) -> Any:
        raise error

    return fail


@both
def test_an_event_that_is_handled_long_after_it_came_is_not_refused_for_its_age(stripe: Bench) -> None:
    order = make_order()
    stripe.pay(order)
    stripe.deliver()
    assert set(stripe.answers) == {200}
    # The worker was away; the signature was judged at the door, and is not asked for again.
    later(stripe, hours=3)
    stripe.work()
    assert state_of(order) == "paid"
    assert list_findings() == []


@both
def test_a_refund_whose_answer_was_lost_is_found_and_the_next_part_is_right(lost: Bench) -> None:
    order = sold_silently(lost, currency="USD", country="US")
    with transaction():
        refund_id = request_refund(order.id, amount_minor=1_000, reason="buyer", actor=None).id
    # Done at Stripe, unsaved here, and the job that would ask again is gone too.
    lost.control("reset_after_work", times=3)
    with pytest.raises(EdgeFailed):
        send_refund(refund_id)
    with transaction():
        db.session.execute(delete(Job))
    later(lost)
    assert kinds(reconcile().differences) == [("ours_missing", "booked")]
    with transaction():
        request_refund(order.id, reason="buyer", actor=None)
    lost.work()
    assert [(row.amount_minor, row.state) for row in list_refunds(order.id)] == [
        (1_000, "succeeded"),
        (order.total_minor - 1_000, "succeeded"),
    ]
    balance.import_balance()
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == 0
    assert list_findings() == []


@both
def test_a_refund_that_could_not_be_taken_up_is_tried_again_and_stands_in_suspense_until_then(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = sold(stripe)
    stripe.refund_at_stripe(order, 500)
    with monkeypatch.context() as patch:
        patch.setattr("shop.payments.refund_news.adopt_refund", failing(RuntimeError("a rule of ours is broken")))
        stripe.work()
        balance.import_balance()
    assert (list_refunds(order.id), sum_balance(accounts.SUSPENSE, "EUR")) == ([], -500)
    assert [row.data["failed"] for row in list_quarantine(kind="balance")] == ["RuntimeError"]
    stripe.forget_failures()
    stripe.work()
    balance.import_balance()
    assert ([row.state for row in list_refunds(order.id)], sum_balance(accounts.SUSPENSE, "EUR")) == (["succeeded"], 0)
    assert list_quarantine(kind="balance") == []
    assert list_findings() == []


def test_a_movement_is_booked_in_few_statements(lost: Bench, count_statements: Any) -> None:
    """One of one order of one line: read under its lock, with its order, its books; written with its rows."""
    lost.pay(make_order())
    lost.pay(make_order(email="b@example.org"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balance, "post_waiting", lambda: 0)
        balance.import_balance()
    for order_id in db.session.scalars(select(Order.id)).all():
        settle_order(order_id)
    db.session.rollback()
    with count_statements() as seen:
        assert balance.post_waiting() == 2
    # One to see what waits, the others twice.
    assert len(seen) <= 1 + 2 * 6, "\n".join(seen)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30), st.sampled_from("tob")), max_size=40))
def test_two_lists_are_paired_whatever_order_a_second_has(made: list[tuple[int, int, str]]) -> None:
    ids = {(second, number): where for second, number, where in made}
    both = [(view(second, number), where) for (second, number), where in ids.items()]
    theirs = sorted((v for v, where in both if where in "tb"), key=lambda v: v.created_at, reverse=True)
    ours = sorted((v for v, where in reversed(both) if where in "ob"), key=lambda v: v.created_at, reverse=True)
    found = list(pair(theirs, ours))
    expected = {v.id: (v.id if where in "tb" else None, v.id if where in "ob" else None) for v, where in both}
    assert len(found) == len(expected)
    for left, right in found:
        name = (left or right).id  # type: ignore[union-attr]
        assert (left and left.id, right and right.id) == expected[name]


def view(second: int, number: int) -> BalanceView:
    moment = clock_module.day_start(clock_module.today()) + timedelta(seconds=second)
    identifier = f"txn_{second}_{number}"
    return BalanceView(identifier, "charge", "charge", None, 1, 0, 1, "EUR", None, moment, moment, {})
