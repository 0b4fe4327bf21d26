"""Payments that buyers contest at their bank: inquiries and chargebacks, won and lost, heard of in any order."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from shop.core.db import db, transaction
from shop.core.errors import Conflict
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.orders.models import OrderLine
from shop.payments.dispute_news import settle_dispute
from shop.payments.disputes import apply_dispute
from shop.payments.gateway import gateway
from shop.payments.queries import find_charge, list_attempts, list_disputes
from shop.payments.settle import settle_order
from tests.payments.sales import POSTAGE, PRICE, Sale, at_stripe, nothing_pends, pay_twice, sell, standing
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases

# What Stripe takes for a dispute, whatever becomes of it.
FEE = 2000


def total(currency: str = "EUR") -> int:
    return 2 * PRICE[currency] + POSTAGE[currency]


def bear(sale: Sale, bearer: str) -> None:
    """Who bears the losses of an order, as if it had been frozen so."""
    with transaction():
        db.session.execute(update(OrderLine).where(OrderLine.order_id == sale.order.id).values(loss_bearer=bearer))


def of_disputes() -> dict[str, int]:
    """What stands where only disputes put anything."""
    return {
        account: minor
        for (account, _currency), minor in standing().items()
        if account in {accounts.LOSSES, accounts.DISPUTE_FEES}
    }


def test_an_inquiry_moves_no_money_and_may_be_answered_with_a_refund(stripe: Bench) -> None:
    closed, answered = sell(stripe), sell(stripe)
    inquiry = stripe.dispute(closed.order, inquiry=True, reason="unrecognized")
    stripe.dispute(answered.order, inquiry=True)
    stripe.work()
    assert closed.disputes == answered.disputes == ["warning_needs_response"]
    assert closed.reported == 2 * PRICE["EUR"]
    answered.give_back(1, amount_minor=5000)
    answered.give_back()
    stripe.end_dispute(inquiry, "closed")
    stripe.work()
    assert closed.disputes == answered.disputes == ["warning_closed"]
    assert (answered.state, answered.owed, closed.state) == ("refunded", 0, "paid")
    assert of_disputes() == {}
    closed.check()


def test_an_inquiry_that_becomes_a_chargeback_takes_what_was_left_and_stops_refunds(stripe: Bench) -> None:
    sale = sell(stripe, currency="USD")
    inquiry = stripe.dispute(sale.order, inquiry=True)
    stripe.work()
    sale.give_back(1)
    stripe.end_dispute(inquiry, "escalated")
    stripe.work()
    # The bank takes the whole charge, though a part has gone back: what is more than was left is the operator's loss.
    assert sale.disputes == ["needs_response"]
    assert (sale.left.total, sale.reported, sale.owed) == (0, 0, 0)
    assert of_disputes()[accounts.LOSSES] < 0
    with pytest.raises(Conflict):
        sale.ask()
    with transaction():
        fulfilment.decline_line(sale.lines[1].id, unit_id=sale.unit.id, actor=None, reason="wool")
    assert [line.state for line in sale.lines] == ["refunded", "declined"]
    sale.check()
    stripe.end_dispute(inquiry, "won")
    stripe.work()
    # What the maker could not make while nothing could be given back goes back now, with the postage.
    assert (sale.disputes, sale.state) == (["won"], "refunded")
    assert [refund.reason for refund in sale.refunds] == ["buyer", "declined"]
    assert nothing_pends()
    sale.check()


@pytest.mark.parametrize(
    ("currency", "exported", "bearer"),
    [("EUR", True, "operator"), ("EUR", False, "maker"), ("USD", False, "operator"), ("USD", True, "maker")],
)
def test_a_chargeback_takes_the_money_and_who_bears_it_is_on_the_line(
    stripe: Bench, currency: str, exported: bool, bearer: str
) -> None:
    won, lost = sell(stripe, currency=currency), sell(stripe, currency=currency)
    for sale in (won, lost):
        bear(sale, bearer)
        if exported:
            sale.hand_over()
    before = lost.owed
    disputes = [stripe.dispute(sale.order, reason="product_not_received") for sale in (won, lost)]
    stripe.work()
    for sale in (won, lost):
        # What was sold was sold: only the money is gone.
        assert {line.state for line in sale.lines} == {"handed_over" if exported else "paid"}
        assert (sale.state, sale.reported, sale.left.total, sale.returned) == ("paid", 0, 0, [0, 0])
        # Stripe keeps its fee on the sale; whoever bears losses bears that.
        assert (sale.owed == 0) if bearer == "operator" else (-before // 20 < sale.owed < 0)
    assert of_disputes() == {accounts.DISPUTE_FEES: -2 * FEE}
    stripe.end_dispute(disputes[0], "won")
    stripe.end_dispute(disputes[1], "lost")
    stripe.work()
    assert (won.disputes, lost.disputes) == (["won"], ["lost"])
    assert won.reported == 2 * PRICE[currency]
    # Only an exchange that came out worse the second time is left, for a maker who bears that.
    assert abs(won.owed - before) <= (before // 50 if (currency, bearer) == ("USD", "maker") else 0)
    # The sale is gone from the report either way; the operator makes good what the maker lost, or does not.
    assert lost.reported == 0
    assert (lost.owed == before) if bearer == "operator" else (lost.owed < 0)
    with pytest.raises(Conflict):
        lost.ask()
    won.give_back(amount_minor=100)
    assert won.states == ["succeeded"]
    assert lost.letters[-2:] == ["dispute_changed", "dispute_changed"]
    assert nothing_pends()
    won.check()
    lost.check()


def test_a_part_of_a_payment_is_contested_and_lost_and_the_rest_stays_sold(stripe: Bench) -> None:
    sale = sell(stripe)
    before = sale.owed
    dispute = stripe.dispute(sale.order, amount=10000)
    stripe.end_dispute(dispute, "lost")
    stripe.work()
    assert (sale.disputes, sale.left.total, sale.owed) == (["lost"], total() - 10000, before)
    assert of_disputes()[accounts.LOSSES] < 0
    sale.check()


def test_a_chargeback_after_everything_was_given_back_is_the_operators_loss_alone(stripe: Bench) -> None:
    sale = sell(stripe)
    sale.give_back()
    dispute = stripe.dispute(sale.order)
    stripe.work()
    assert of_disputes() == {accounts.LOSSES: -total(), accounts.DISPUTE_FEES: -FEE}
    sale.check()
    stripe.end_dispute(dispute, "won")
    stripe.work()
    assert (sale.state, sale.owed, of_disputes()) == ("refunded", 0, {accounts.DISPUTE_FEES: -FEE})
    sale.check()


def test_a_second_payment_that_is_contested_leaves_the_sale_as_it_is(stripe: Bench) -> None:
    sale = pay_twice(stripe)
    # The bank is quicker than our refund.
    extra = second_payment(sale)
    stripe.control("dispute", payment_intent=extra, reason="duplicate")
    stripe.work()
    duplicate = [refund for refund in sale.refunds if refund.reason == "duplicate"]
    assert [refund.state for refund in duplicate] == ["failed"]
    assert (accounts.SUSPENSE, "EUR") not in standing()
    assert (sale.state, sale.reported) == ("paid", PRICE["EUR"])
    sale.check()
    # The sale itself is not contested.
    sale.give_back(amount_minor=100)
    assert sale.states == ["failed", "succeeded"]
    sale.check()


def second_payment(sale: Sale) -> str:
    """The payment that buys nothing, once the shop knows which of the two that is."""
    settle_order(sale.order.id)
    charge = find_charge(sale.order.id)
    assert charge is not None
    return next(str(one.payment_intent) for one in list_attempts(sale.order.id) if one.id != charge.id)


def test_a_dispute_lost_before_its_movement_arrives_is_borne_when_it_does(stripe: Bench) -> None:
    sale = sell(stripe, currency="USD")
    before = sale.owed
    dispute = stripe.dispute(sale.order)
    stripe.end_dispute(dispute, "lost")
    # Asked about twice, and not a movement read yet.
    assert settle_dispute(dispute["id"])
    assert settle_dispute(dispute["id"])
    assert (sale.disputes, of_disputes()) == (["lost"], {})
    stripe.work()
    assert sale.owed == before
    assert of_disputes()[accounts.LOSSES] < 0
    sale.check()


def test_what_was_called_lost_and_is_won_after_all_is_not_made_good_twice(stripe: Bench) -> None:
    sale = sell(stripe)
    dispute = stripe.dispute(sale.order)
    stripe.end_dispute(dispute, "lost")
    stripe.work()
    (row,) = list_disputes(sale.order.id)
    view = replace(gateway().fetch_dispute(dispute["id"]), status="won", reinstated=True, is_refundable=True)
    order_id, attempt_id = row.order_id, row.attempt_id
    for _again in range(2):
        with transaction():
            apply_dispute(order_id, attempt_id, view)
    # Their shares whole; Stripe's fee on the sale is theirs again once the money's movement has come.
    assert (sale.owed, of_disputes()) == (57600, {accounts.DISPUTE_FEES: -FEE})
    sale.check()


@pytest.mark.parametrize("card", ["4000000000000259", "4000000000001976"], ids=["chargeback", "inquiry"])
def test_news_of_a_dispute_comes_in_any_order_and_more_than_once(stripe: Bench, card: str) -> None:
    stripe.control("webhooks", duplicate=2, shuffle=True)
    # Another order waits for its payment: the dispute is not taken for one of that.
    other = sell(stripe, pay=False)
    stripe.open(other.order)
    sale = sell(stripe, pay=False)
    stripe.control("webhooks", drop=100)
    stripe.pay(sale.order, card)
    stripe.control("webhooks", duplicate=2, shuffle=True)
    newest = newest_dispute(stripe)
    if card.endswith("0259"):
        stripe.end_dispute(newest, "review")
        stripe.end_dispute(newest, "won")
    else:
        stripe.end_dispute(newest, "escalated")
        stripe.end_dispute(newest, "lost")
    stripe.work()
    assert (sale.state, other.disputes) == ("paid", [])
    assert sale.disputes == ["won" if card.endswith("0259") else "lost"]
    assert nothing_pends()
    sale.check()


def newest_dispute(stripe: Bench) -> Any:
    return at_stripe(stripe, "disputes?limit=1")["data"][0]


def test_an_older_word_about_a_dispute_changes_nothing(stripe: Bench) -> None:
    sale = sell(stripe)
    dispute = stripe.dispute(sale.order, inquiry=True)
    early = gateway().fetch_dispute(dispute["id"])
    stripe.end_dispute(dispute, "closed")
    stripe.work()
    attempt = find_charge(sale.order.id)
    assert attempt is not None
    order_id, attempt_id = sale.order.id, attempt.id
    with transaction():
        apply_dispute(order_id, attempt_id, early)
    (row,) = list_disputes(order_id)
    assert (row.status, row.answer_by, row.closed_at is not None) == ("warning_closed", None, True)
