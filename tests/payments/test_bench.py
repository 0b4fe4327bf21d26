"""What the bench lets begin at Stripe or a bank really begins there, and the shop hears of a debit's end."""

import pytest

from shop.core.clock import VirtualClock
from shop.core.db import db
from shop.orders.models import Order
from tests.builders import make_order, make_product
from tests.stripe_bench import BAD_ACCOUNT, GOOD_ACCOUNT, Bench


def state_of(order: Order) -> str:
    return db.session.get_one(Order, order.id, populate_existing=True).state


@pytest.mark.parametrize(("account", "ends"), [(GOOD_ACCOUNT, "paid"), (BAD_ACCOUNT, "expired")])
def test_a_debit_is_awaited_for_days_and_then_pays_or_does_not(
    stripe: Bench, clock: VirtualClock, account: str, ends: str
) -> None:
    order = make_order(make_product(kind="repeatable"))
    stripe.debit(order, account)
    stripe.work()
    assert state_of(order) == "processing"
    clock.advance(days=5)
    stripe.work()
    assert state_of(order) == ends


def test_what_begins_at_stripe_stands_there(stripe: Bench, clock: VirtualClock) -> None:
    order, other = make_order(make_product()), make_order(make_product())
    stripe.settle(order)
    stripe.settle(other)
    part = stripe.refund_at_stripe(order, 100)
    assert (part["amount"], part["metadata"], part["status"]) == (100, {}, "succeeded")
    assert stripe.fail_refund(part["id"])["status"] == "failed"
    dispute = stripe.dispute(other, amount=500, reason="product_not_received")
    assert (dispute["amount"], dispute["status"]) == (500, "needs_response")
    assert stripe.end_dispute(dispute, "won")["status"] == "won"
    clock.advance(days=8)
    assert stripe.payout()[0]["status"] == "in_transit"
