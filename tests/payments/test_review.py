"""What a careful reader found: cases in which money, stock or a buyer would have been forgotten."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from shop import worker
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.tables import Job
from shop.demo.double.inprocess import pay
from shop.ledger import accounts
from shop.ledger.queries import sum_balance
from shop.orders.links import order_token
from shop.orders.models import Order
from shop.payments import balance, checkout, settle
from shop.payments.gateway import StripeRefused, gateway, read_movement
from shop.payments.models import Attempt, BalanceTransaction
from shop.payments.queries import find_charge, list_attempts, list_quarantine, list_refunds
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.payments.test_races import shelf
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def state_of(order: Order) -> str:
    return db.session.get_one(Order, order.id, populate_existing=True).state


def refuse(*given: Any, **more: Any) -> Any:
    raise StripeRefused("parameter_invalid", "Invalid API parameter: sk_test_…")


def test_the_sale_is_refunded_and_not_the_second_payment_that_came_by_an_earlier_page(stripe: Bench) -> None:
    order = make_order()
    first = stripe.open(order)
    with transaction():
        db.session.execute(update(Attempt).values(state="abandoned"))
    second = stripe.open(order)
    with transaction():
        db.session.execute(update(Attempt).where(Attempt.session_id == first).values(state="open"))
    pay(stripe.double, second)
    stripe.work()
    pay(stripe.double, first)
    stripe.work()
    earlier, later = list_attempts(order.id)
    assert (earlier.state, later.state) == ("paid", "paid")
    assert find_charge(order.id) is later
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    assert [(row.reason, row.state) for row in list_refunds(order.id)] == [
        ("duplicate", "succeeded"),
        ("buyer", "succeeded"),
    ]
    assert [charge["amount_refunded"] for charge in stripe.charges(order)] == [order.total_minor] * 2
    assert list_findings() == []


def test_cancelling_while_the_page_is_being_opened_closes_that_page_too(stripe: Bench) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.control("reset_after_work", times=3)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id)
    checkout.abandon_order(order.id, actor=None)
    session = list_attempts(order.id)[0].session_id
    assert gateway().fetch_session(str(session)).status == "expired"
    assert state_of(order) in {"cancelled", "expired"}
    assert shelf(rug) == (1, 0)


def test_cancelling_while_stripe_is_silent_keeps_the_stock_under_the_page(stripe: Bench) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.control("reset_after_work", times=3)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id)
    stripe.control("refuse", times=-1)
    with pytest.raises(EdgeFailed):
        checkout.abandon_order(order.id, actor=None)
    assert state_of(order) == "awaiting_payment"
    assert shelf(rug) == (0, 1)


def test_cancelling_works_after_stripe_has_kept_a_failure_under_an_old_key(stripe: Bench, clock: VirtualClock) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.open(order)
    fetch, times = gateway().fetch_session, []

    def fail_at_expiring(session_id: str) -> Any:
        view = fetch(session_id)
        if not times:
            times.append(1)
            stripe.control("status", status=500, times=3, keep=True)
        return view

    gateway().fetch_session = fail_at_expiring  # type: ignore[method-assign]
    with pytest.raises(EdgeFailed):
        checkout.abandon_order(order.id, actor=None)
    stripe.control("status", status=500, times=0)
    clock.advance(seconds=1)
    checkout.abandon_order(order.id, actor=None)
    assert shelf(rug) == (1, 0)


def test_one_order_stripe_will_not_hear_of_keeps_no_other_from_being_released(
    stripe: Bench, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, rug = make_order(), make_product()
    waiting = make_order(rug, email="other@example.org")
    bad = stripe.open(poisoned)
    stripe.open(waiting)
    clock.advance(minutes=50)
    fetch = gateway().fetch_session
    monkeypatch.setattr(gateway(), "fetch_session", lambda session: refuse() if session == bad else fetch(session))
    settle.sweep()
    assert (state_of(poisoned), state_of(waiting)) == ("awaiting_payment", "expired")
    assert shelf(rug) == (1, 0)


def test_a_bank_that_refuses_after_days_gives_the_stock_back(stripe: Bench) -> None:
    pot = make_product(stock=3, kind="repeatable")
    order = make_order(pot)
    view = gateway().fetch_session(stripe.open(order))
    attempt = list_attempts(order.id)[0]
    working = replace(view, status="complete", payment_status="unpaid", intent_status="processing")
    with transaction():
        settle.apply_session(order.id, attempt.id, working)
    assert (state_of(order), shelf(pot)) == ("processing", (2, 1))
    with transaction():
        settle.apply_session(order.id, attempt.id, replace(working, intent_status="requires_payment_method"))
    assert (state_of(order), shelf(pot)) == ("expired", (3, 0))
    assert list_findings() == []


def test_a_movement_that_does_not_fit_stands_aside_and_those_behind_it_are_booked(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [make_order(), make_order(email="other@example.org")]
    for order in orders:
        stripe.pay(order)
        settle.settle_order(order.id)
    ask = gateway().list_balance_transactions

    def one_is_wrong(since: Any) -> Any:
        first, *others = ask(since)
        amounts = {"amount": first.amount_minor - 100, "net": first.net_minor - 100}
        wrong = read_movement({**first.raw, **amounts})
        return [wrong, *others]

    monkeypatch.setattr(gateway(), "list_balance_transactions", one_is_wrong)
    assert balance.import_balance() == 2
    assert db.session.scalar(select(func.count()).where(BalanceTransaction.posted_at.is_(None))) == 0
    assert [row.kind for row in list_quarantine()] == ["balance"]
    assert sum_balance(accounts.STRIPE_PENDING, "EUR") == -orders[0].total_minor
    assert list_findings() == []


def test_a_refunds_movement_waits_for_its_charges_however_long_that_takes(
    stripe: Bench, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order(make_product(make_unit()), currency="USD", country="US")
    stripe.pay(order)
    settle.settle_order(order.id)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    ask = gateway().list_balance_transactions
    monkeypatch.setattr(
        gateway(), "list_balance_transactions", lambda since: [v for v in ask(since) if v.type == "refund"]
    )
    stripe.work()
    clock.advance(days=2)
    balance.import_balance()
    assert list_quarantine() == []
    monkeypatch.undo()
    balance.import_balance()
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == 0
    assert list_findings() == []


def test_a_refund_outlasts_an_outage_of_any_length(stripe: Bench, clock: VirtualClock) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.control("refuse", times=-1)
    for _hour in range(30):
        worker.run_due()
        clock.advance(hours=1)
    assert {finding.invariant for finding in list_findings()} >= {
        "no_work_fails_for_long",
        "nobody_waits_long_for_a_refund",
    }
    stripe.control("refuse", times=0)
    stripe.work(hours=1)
    assert [row.state for row in list_refunds(order.id)] == ["succeeded"]
    assert list_findings() == []


def test_a_wrong_key_of_ours_is_no_verdict_on_a_refund(stripe: Bench) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.control("status", status=401, times=-1)
    stripe.work()
    stripe.control("status", status=401, times=0)
    stripe.forget_failures()
    stripe.work()
    assert [row.state for row in list_refunds(order.id)] == ["succeeded"]


def test_a_page_stripe_will_not_open_is_said_without_stripes_own_words(
    stripe: Bench, client: FlaskClient, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    address = f"/fr/orders/{order.number}/pay?t={order_token(order.number, stripe.settings.secret_key)}"
    with monkeypatch.context() as patch:
        patch.setattr(gateway(), "open_checkout", refuse)
        answer = client.get(address)
        assert answer.status_code == 409
        assert order.number in answer.text
        assert "sk_test" not in answer.text
        assert "parameter" not in answer.text
    assert [row.state for row in list_attempts(order.id)] == ["abandoned"]
    assert client.get(address).status_code == 303
    stripe.settle(order)
    assert state_of(order) == "paid"


def test_the_return_page_never_fails_on_what_stripe_says(
    stripe: Bench, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    session = stripe.open(order)
    monkeypatch.setattr(gateway(), "fetch_session", refuse)
    signed = order_token(order.number, stripe.settings.secret_key)
    for look in ("", "9" * 5000, "-1", "x"):
        address = f"/fr/orders/{order.number}/return?t={signed}&session_id={session}&look={look}"
        assert client.get(address).status_code == 200


def test_the_link_of_an_order_is_sent_once_however_often_it_is_asked_for(client: FlaskClient) -> None:
    for _click in range(3):
        answer = client.post("/fr/orders", data={"number": "M12345678", "email": "a@example.org"})
        assert answer.status_code == 200
    assert db.session.scalar(select(func.count(Job.id)).where(Job.kind == "order_link")) == 1


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/fr/cart", {"product": "\0", "variant": "1"}),
        ("/fr/cart", {"product": "x", "variant": "\0"}),
        ("/fr/orders", {"number": "\0", "email": "\0@example.org"}),
        (f"/fr/cart/lines/{10**30}", {"remove": "1"}),
        (f"/fr/cart/lines/{2**63}", {"quantity": "1"}),
    ],
)
def test_what_a_database_cannot_hold_is_refused_and_breaks_nothing(
    client: FlaskClient, path: str, data: dict[str, str]
) -> None:
    make_product()
    client.set_cookie("cart", "there is no such cart")
    assert client.post(path, data=data).status_code < 500


@pytest.mark.parametrize("pieces", [1, 5])
def test_settling_an_order_takes_twelve_statements_however_many_pieces_it_has(
    stripe: Bench, count_statements: Any, pieces: int
) -> None:
    """Asked, locked with its lines, paid, sold, booked, told in its history, its letter and its jobs; the cart emptied."""
    unit = make_unit()
    order = make_order(*[make_product(unit) for _ in range(pieces)])
    stripe.pay(order)
    db.session.rollback()
    with count_statements() as seen:
        settle.settle_order(order.id)
    assert state_of(order) == "paid"
    assert len(seen) <= 12, "\n".join(seen)
    stripe.work()
    assert list_findings() == []
