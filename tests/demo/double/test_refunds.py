"""Refunds that are late, that fail, that begin at Stripe, and those a chargeback forbids."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.demo.double.conftest import Clock, plain

DAY = 86400
Refused = stripe.InvalidRequestError


def refund(client: stripe.StripeClient, charge: Any, **more: Any) -> Any:
    return client.v1.refunds.create({"charge": charge.id, **more})


def booked(client: stripe.StripeClient, identifier: Any) -> Any:
    return client.v1.balance_transactions.retrieve(str(identifier))


@pytest.mark.parametrize("by_card", [True, False], ids=["card", "control"])
def test_a_refund_can_be_pending_and_succeed_later(
    by_card: bool, client: stripe.StripeClient, paid: Any, control: Any, clock: Clock, events: Any
) -> None:
    if not by_card:
        control("refund_pending", times=1, seconds=180)
    charge = paid("4000000000007726" if by_card else "4242424242424242")
    made = refund(client, charge, amount=1000)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert booked(client, made.balance_transaction).net == -1000
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 1000
    before = len(events())
    clock.move(seconds=179)
    assert client.v1.refunds.retrieve(made.id).status == "pending"
    clock.move(seconds=1)
    assert client.v1.refunds.retrieve(made.id).status == "succeeded"
    assert events(before) == ["refund.updated", "charge.refund.updated"]
    if not by_card:
        assert refund(client, charge, amount=1000).status == "succeeded"


@pytest.mark.parametrize("by_card", [True, False], ids=["card", "control"])
def test_a_refund_that_succeeded_can_fail_days_later_and_the_money_is_back(
    by_card: bool, client: stripe.StripeClient, paid: Any, control: Any, clock: Clock, events: Any
) -> None:
    if not by_card:
        control("refund_fails", times=1, days=3, reason="lost_or_stolen_card")
    charge = paid("4000000000005126" if by_card else "4242424242424242", plain("usd", 20000))
    made = refund(client, charge)
    assert made.status == "succeeded"
    assert client.v1.charges.retrieve(charge.id).refunded
    before = len(events())
    clock.move(days=3)
    failed = client.v1.refunds.retrieve(made.id)
    reason = "expired_or_canceled_card" if by_card else "lost_or_stolen_card"
    assert (failed.status, failed.failure_reason) == ("failed", reason)
    sent, back = booked(client, made.balance_transaction), booked(client, failed.failure_balance_transaction)
    assert (back.type, back.reporting_category, back.source) == ("refund_failure", "refund_failure", made.id)
    assert (back.net, back.fee, back.exchange_rate) == (-sent.net, 0, sent.exchange_rate)
    assert back.created == clock.now
    after = client.v1.charges.retrieve(charge.id)
    assert (after.refunded, after.amount_refunded) == (False, 0)
    assert events(before) == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert refund(client, charge).amount == 20000


def test_each_event_tells_of_its_own_time_however_late_the_double_wakes(
    client: stripe.StripeClient, paid: Any, control: Any, clock: Clock
) -> None:
    control("refund_pending", times=1, days=1)
    control("refund_fails", times=1, days=3)
    made = refund(client, paid())
    clock.move(days=10)
    found = client.v1.events.list({"types": ["refund.updated", "refund.failed"]}).data
    told = [(event.data.object["status"], (event.created - made.created) // DAY) for event in reversed(found)]
    assert told == [("succeeded", 1), ("failed", 3), ("failed", 3)]


def test_a_refund_whose_transaction_is_late_fails_without_one(
    client: stripe.StripeClient, paid: Any, control: Any, clock: Clock
) -> None:
    charge = paid()
    control("balance_delay", seconds=3600)
    made = refund(client, charge)
    control("fail_refund", refund=made.id)
    clock.move(days=1)
    failed = client.v1.refunds.retrieve(made.id)
    assert (failed.status, failed.balance_transaction) == ("failed", None)
    assert not hasattr(failed, "failure_balance_transaction")
    assert [one.type for one in client.v1.balance_transactions.list().data] == ["charge"]


def test_a_given_refund_fails_once(client: stripe.StripeClient, paid: Any, control: Any, clock: Clock) -> None:
    charge = paid()
    first, second = refund(client, charge, amount=100), refund(client, charge, amount=200)
    control("fail_refund", refund=first.id, seconds=60)
    control("fail_refund", refund=second.id, reason="declined")
    clock.move(seconds=60)
    control("fail_refund", refund=first.id)
    assert client.v1.refunds.retrieve(second.id).failure_reason == "declined"
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0
    assert len(client.v1.balance_transactions.list({"type": "refund_failure"}).data) == 2


def test_a_refund_made_at_stripe_has_no_metadata(client: stripe.StripeClient, paid: Any, control: Any) -> None:
    charge = paid()
    part = control("refund", charge=charge.id, amount=500)["refund"]
    rest = control("refund", payment_intent=charge.payment_intent)["refund"]
    assert (part["amount"], rest["amount"]) == (500, 59000)
    assert part["metadata"] == rest["metadata"] == {}
    assert [one.id for one in client.v1.refunds.list().data] == [rest["id"], part["id"]]


def test_what_stripe_refuses_its_dashboard_refuses_too(paid: Any, browser: Any) -> None:
    charge = paid()
    answer = browser.post("/_ctl/refund", json={"charge": charge.id, "amount": 99999})
    assert (answer.status_code, "greater than unrefunded" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("endings", "allowed"),
    [
        ([], False),
        (["review"], False),
        (["lost"], False),
        (["won"], True),
    ],
)
def test_no_refund_while_a_chargeback_is_open_or_after_it_is_lost(
    endings: list[str], allowed: bool, client: stripe.StripeClient, paid: Any, control: Any
) -> None:
    charge = paid()
    dispute = control("dispute", charge=charge.id)["dispute"]
    for outcome in endings:
        control("dispute", dispute=dispute["id"], outcome=outcome)
    assert client.v1.disputes.retrieve(dispute["id"]).is_charge_refundable is allowed
    if allowed:
        assert refund(client, charge).status == "succeeded"
        return
    with pytest.raises(Refused, match="has been charged back; cannot issue a refund") as caught:
        refund(client, charge)
    assert caught.value.code == "charge_disputed"


def test_an_inquiry_allows_refunds_and_a_full_one_ends_it(
    client: stripe.StripeClient, paid: Any, events: Callable[..., list[str]]
) -> None:
    charge = paid("4000000000001976")
    dispute = client.v1.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    refund(client, charge, amount=1000)
    assert client.v1.disputes.retrieve(dispute.id).status == "warning_needs_response"
    refund(client, charge)
    ended = client.v1.disputes.retrieve(dispute.id)
    assert (ended.status, ended.is_charge_refundable, ended.balance_transactions) == ("warning_closed", False, [])
    assert events()[-1] == "charge.dispute.closed"


def test_a_refunds_metadata_can_change_and_it_cannot_be_cancelled(
    client: stripe.StripeClient, paid: Any, events: Callable[..., list[str]]
) -> None:
    made = refund(client, paid(), metadata={"return": "R-1", "by": "desk"})
    changed = client.v1.refunds.update(made.id, {"metadata": {"by": "", "why": "broken"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"return": "R-1", "why": "broken"}
    assert events()[-2:] == ["refund.updated", "charge.refund.updated"]
    with pytest.raises(Refused, match="cannot be canceled"):
        client.v1.refunds.cancel(made.id)
