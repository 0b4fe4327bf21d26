"""What goes wrong between a buyer, Stripe and us; each test is named after what it protects."""

import json
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shop.catalogue.models import Variant
from shop.catalogue.stock import OutOfStock
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, EdgeFailed
from shop.core.tables import Job
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.ledger.queries import sum_balance
from shop.orders.models import Order
from shop.payments import checkout, settle
from shop.payments.gateway import StripeRefused, gateway
from shop.payments.inbox import poll_events
from shop.payments.models import Attempt, InboxEvent
from shop.payments.queries import list_attempts, list_quarantine, list_refunds
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from shop.worker import run_due
from tests.builders import make_order, make_product
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def order_of(order: Order) -> Order:
    return db.session.get_one(Order, order.id, populate_existing=True)


def shelf(variant: Variant) -> int:
    return db.session.get_one(Variant, variant.id, populate_existing=True).available


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_last_piece_is_held_for_one_buyer_and_refused_to_the_next(stripe: Bench) -> None:
    rug = make_product()
    make_order(rug)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - the cart itself refuses, or the stock
        make_order(rug)
    assert isinstance(refused.value, OutOfStock | Conflict) or "sold" in str(refused.value)
    assert shelf(rug) == 0


def test_one_event_sent_three_times_settles_once(stripe: Bench) -> None:
    stripe.control("webhooks", duplicate=2, shuffle=True)
    order = make_order()
    stripe.settle(order)
    assert order_of(order).state == "paid"
    assert len(stripe.charges(order)) == 1
    assert db.session.scalar(select(func.count(func.distinct(Entry.source_id))).where(Entry.source == "payment")) == 1
    assert list_findings() == []


def test_lost_webhooks_are_made_good_by_the_poll(stripe: Bench) -> None:
    stripe.control("webhooks", drop=100)
    order = make_order()
    stripe.settle(order)
    assert order_of(order).state == "awaiting_payment"
    assert poll_events() > 0
    stripe.work()
    assert order_of(order).state == "paid"
    assert poll_events() == 0


def test_the_return_page_settles_before_any_webhook(stripe: Bench) -> None:
    order = make_order()
    stripe.pay(order)
    assert checkout.return_view(order.id) == "paid"
    stripe.work()
    assert len(stripe.charges(order)) == 1
    assert list_findings() == []


def test_a_forged_webhook_is_refused_and_leaves_nothing(stripe: Bench, client: FlaskClient) -> None:
    body = json.dumps({"id": "evt_forged", "type": "checkout.session.completed", "data": {"object": {"id": "cs_x"}}})
    for header in ("", "t=1,v1=00", "nonsense"):
        answer = client.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": header})
        assert answer.status_code == 400
    assert count(InboxEvent) == 0


def test_forged_webhooks_of_the_double_change_nothing(stripe: Bench) -> None:
    stripe.control("webhooks", forge=True)
    order = make_order()
    stripe.settle(order)
    assert 400 in stripe.answers
    assert order_of(order).state == "paid"
    assert list_findings() == []


def test_a_replayed_webhook_is_refused_once_its_time_has_passed(
    stripe: Bench, client: FlaskClient, clock: VirtualClock
) -> None:
    kept: list[tuple[bytes, dict[str, str]]] = []
    order = make_order()
    stripe.pay(order)
    from shop.demo.double.app import deliver_due  # noqa: PLC0415

    deliver_due(stripe.double, lambda url, body, headers: kept.append((body, dict(headers))) or 200)
    body, headers = kept[0]
    assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 200
    assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 200
    assert count(InboxEvent) == 1
    clock.advance(minutes=6)
    assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 400


def test_an_event_of_somebody_elses_money_is_kept_aside_and_answered_200(stripe: Bench) -> None:
    stranger: Any = {
        "mode": "payment",
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "x"}}}
        ],
        "success_url": "http://elsewhere.test/",
    }
    view = gateway().open_checkout(stranger, "somebody-else")
    from shop.demo.double.inprocess import pay  # noqa: PLC0415

    pay(stripe.double, view.id)
    stripe.work()
    assert set(stripe.answers) == {200}
    assert {row.kind for row in list_quarantine()} == {"event", "balance"}
    assert sum_balance(accounts.SUSPENSE, "EUR") > 0
    assert list_findings() == []


@pytest.mark.parametrize("change", [{"amount_minor": 100}, {"currency": "USD"}])
def test_another_amount_or_currency_than_agreed_goes_to_quarantine(stripe: Bench, change: dict[str, Any]) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.open(order)
    with transaction():
        attempt = db.session.scalars(select(Attempt)).one()
        for name, value in change.items():
            setattr(attempt, name, value)
    stripe.settle(order)
    fresh = order_of(order)
    assert (fresh.state, fresh.paid_at) == ("quarantined", None)
    assert [row.kind for row in list_quarantine()] == ["amount"]
    assert sum_balance(accounts.SUSPENSE, "EUR") == order.total_minor
    assert db.session.scalar(select(func.count()).where(Entry.line_id.is_not(None))) == 0


def test_money_that_arrives_after_the_hold_takes_the_stock_again_if_it_is_there(
    stripe: Bench, clock: VirtualClock
) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.pay(order)
    with transaction():
        from shop.orders.queries import lock_order  # noqa: PLC0415
        from shop.orders.services import expire_order  # noqa: PLC0415

        expire_order(lock_order(order.id))
    assert shelf(rug) == 1
    stripe.work()
    assert order_of(order).state == "paid"
    assert shelf(rug) == 0
    assert list_findings() == []


def test_money_that_arrives_after_the_piece_was_sold_goes_back_by_itself(stripe: Bench) -> None:
    rug = make_product()
    late = make_order(rug)
    stripe.pay(late)
    with transaction():
        from shop.orders.queries import lock_order  # noqa: PLC0415
        from shop.orders.services import expire_order  # noqa: PLC0415

        expire_order(lock_order(late.id))
    second = make_order(rug, email="other@example.org")
    stripe.pay(second)
    checkout.return_view(second.id)
    stripe.work()
    assert (order_of(late).state, order_of(second).state) == ("refunded", "paid")
    assert [refund.reason for refund in list_refunds(late.id)] == ["unfillable"]
    assert shelf(rug) == 0
    assert list_findings() == []


def test_a_second_payment_of_the_same_order_is_given_back(stripe: Bench) -> None:
    order = make_order()
    first = stripe.open(order)
    attempt = db.session.scalars(select(Attempt)).one()
    # As if its answer had been lost for long and came after all: the buyer has got another page, and pays both.
    with transaction():
        attempt.state = "abandoned"
    second = stripe.open(order)
    with transaction():
        attempt.state = "open"
    assert first != second
    from shop.demo.double.inprocess import pay  # noqa: PLC0415

    pay(stripe.double, first)
    pay(stripe.double, second)
    stripe.work()
    assert order_of(order).state == "paid"
    assert len(stripe.charges(order)) == 2
    assert [(refund.reason, refund.state) for refund in list_refunds(order.id)] == [("duplicate", "succeeded")]
    assert sum_balance(accounts.SUSPENSE, "EUR") == 0
    assert list_findings() == []


def test_an_answer_lost_after_the_work_was_done_never_makes_a_second_session(
    stripe: Bench, clock: VirtualClock
) -> None:
    order = make_order()
    stripe.control("reset_after_work", times=3)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id)
    assert [attempt.state for attempt in list_attempts(order.id)] == ["created"]
    clock.advance(seconds=40)
    stripe.settle(order)
    assert len(list_attempts(order.id)) == 1
    assert len(stripe.charges(order)) == 1
    assert order_of(order).state == "paid"


def test_an_answer_lost_for_long_is_looked_up_before_anything_is_opened_again(
    stripe: Bench, clock: VirtualClock
) -> None:
    order = make_order()
    stripe.control("reset_after_work", times=3)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id)
    clock.advance(minutes=10)
    settle.sweep()
    attempts = list_attempts(order.id)
    assert [attempt.state for attempt in attempts] == ["open"]
    assert attempts[0].session_id


def test_stripe_being_down_keeps_the_order_and_its_stock(stripe: Bench) -> None:
    rug = make_product()
    order = make_order(rug)
    stripe.control("refuse", times=-1)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id)
    assert order_of(order).state == "awaiting_payment"
    assert shelf(rug) == 0
    stripe.control("refuse", times=0)
    stripe.settle(order)
    assert order_of(order).state == "paid"


def test_half_an_answer_is_asked_for_again_and_leaves_no_address_behind(
    stripe: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    order = make_order()
    stripe.pay(order)
    # The worker asks three times.
    stripe.control("truncate", times=3)
    stripe.deliver()
    run_due()
    kept = list(db.session.scalars(select(Job.last_error).where(Job.last_error.is_not(None))))
    assert any("cannot be read" in text for text in kept)
    assert order.email not in caplog.text + "".join(kept)
    stripe.forget_failures()
    stripe.work()
    assert order_of(order).state == "paid"


def test_a_declined_card_leaves_the_page_open_for_another(stripe: Bench) -> None:
    order = make_order()
    assert stripe.pay(order, "4000000000000002") == "declined"
    stripe.work()
    assert order_of(order).state == "awaiting_payment"
    stripe.settle(order)
    assert order_of(order).state == "paid"


def test_a_refused_three_d_secure_does_not_pay_and_an_accepted_one_does(stripe: Bench) -> None:
    order = make_order()
    stripe.pay(order, "4000002500003155", authenticate=False)
    stripe.work()
    assert order_of(order).state == "awaiting_payment"
    stripe.pay(order, "4000002500003155")
    stripe.work()
    assert order_of(order).state == "paid"


def test_a_refund_asked_twice_is_given_once(stripe: Bench) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    with pytest.raises(Conflict), transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    assert len(list_refunds(order.id)) == 1
    with pytest.raises(StripeRefused):
        gateway().refund(str(list_attempts(order.id)[0].payment_intent), order.total_minor, "another-key")


def test_a_refund_whose_answer_was_lost_is_not_given_twice(stripe: Bench, clock: VirtualClock) -> None:
    order = make_order()
    stripe.settle(order)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    # The SDK itself tries three times: all three answers are lost.
    stripe.control("reset_after_work", times=3)
    stripe.work()
    clock.advance(hours=30)
    stripe.forget_failures()
    stripe.work()
    assert [refund.state for refund in list_refunds(order.id)] == ["succeeded"]
    assert stripe.charges(order)[0]["amount_refunded"] == order.total_minor
    assert list_findings() == []


def test_one_of_two_lines_is_refunded_and_the_other_stays_sold(stripe: Bench) -> None:
    first, second = make_product(stock=3, kind="repeatable"), make_product(stock=3, kind="repeatable")
    order = make_order(first, second, currency="USD", country="US")
    stripe.settle(order)
    from shop.orders.queries import list_lines  # noqa: PLC0415

    line = list_lines(order.id)[0]
    with transaction():
        request_refund(order.id, line_ids=[line.id], reason="staff", actor=None)
    stripe.work()
    assert [row.state for row in list_lines(order.id)] == ["refunded", "paid"]
    assert order_of(order).state == "paid"
    with transaction():
        request_refund(order.id, line_ids=None, reason="staff", actor=None)
    stripe.work()
    assert order_of(order).state == "refunded"
    assert stripe.charges(order)[0]["amount_refunded"] == order.total_minor
    assert list_findings() == []


def test_a_balance_transaction_that_comes_days_late_finds_its_place(stripe: Bench, clock: VirtualClock) -> None:
    from shop.payments.balance import import_balance  # noqa: PLC0415

    stripe.control("balance_delay", seconds=3 * 24 * 3600)
    order = make_order(currency="USD", country="US")
    stripe.settle(order)
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == -order.total_minor
    clock.advance(days=4)
    stripe.work()
    import_balance()
    assert sum_balance(accounts.STRIPE_PENDING, "USD") == 0
    assert import_balance() == 0
    assert list_findings() == []


def test_a_changed_cart_closes_the_earlier_payment_page(stripe: Bench) -> None:
    from shop.orders.cart import read_cart, remove_line  # noqa: PLC0415
    from shop.orders.models import Cart  # noqa: PLC0415
    from tests.builders import ADDRESS  # noqa: PLC0415

    first, second = make_product(), make_product()
    order = make_order(first, second)
    stripe.open(order)
    with transaction():
        cart = db.session.get_one(Cart, order.cart_id)
        remove_line(cart, second.id)
        token = cart.token
    view = read_cart(token, "fr")
    assert view is not None
    other = checkout.check_out(view, email="claire@example.org", address=ADDRESS, language="fr")
    assert other.id != order.id
    assert order_of(order).state == "cancelled"
    assert (shelf(first), shelf(second)) == (0, 1)


def test_sixty_buyers_at_once_for_twenty_pieces_get_exactly_twenty(stripe: Bench, app: Flask) -> None:
    from shop.orders.cart import add_to_cart, read_cart, set_choice  # noqa: PLC0415
    from shop.orders.checkout import place_order  # noqa: PLC0415
    from tests.builders import ADDRESS  # noqa: PLC0415

    piece = make_product(stock=20, kind="repeatable")
    tokens = []
    for _buyer in range(60):
        with transaction():
            cart = add_to_cart(None, piece.id, 1, "EUR")
            set_choice(cart, "EUR", "FR")
            tokens.append(cart.token)
    won: list[str] = []
    lost: list[str] = []
    broken: list[Exception] = []
    views = [read_cart(token, "fr") for token in tokens]
    db.session.rollback()
    gate = threading.Barrier(6)

    def buy(mine: list[Any]) -> None:
        with app.app_context():
            gate.wait()
            for view in mine:
                try:
                    with transaction():
                        won.append(place_order(view, email="a@example.org", address=ADDRESS, language="fr").number)
                except OutOfStock:
                    lost.append(view.token)
                except Exception as error:
                    broken.append(error)
            db.session.remove()

    threads = [threading.Thread(target=buy, args=(views[start::6],)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert (len(won), len(lost)) == (20, 40)
    assert shelf(piece) == 0
