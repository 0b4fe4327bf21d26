"""The account's balance and how it leaves for the bank, by itself or on request, and comes back."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.demo.double.conftest import Clock, plain

DAY = 86400
Refused = stripe.InvalidRequestError


def held(client: stripe.StripeClient) -> dict[str, tuple[int, int]]:
    """Available and pending by currency."""
    found = client.v1.balance.retrieve()
    pending = {one.currency: one.amount for one in found.pending}
    return {one.currency: (one.amount, pending[one.currency]) for one in found.available}


def test_the_balance_is_the_sum_of_its_transactions(client: stripe.StripeClient, paid: Any, clock: Clock) -> None:
    assert held(client) == {"eur": (0, 0)}
    charge = paid()
    fee = round(59500 * 0.029) + 30
    assert held(client) == {"eur": (0, 59500 - fee)}
    clock.move(days=7)
    assert held(client) == {"eur": (59500 - fee, 0)}
    client.v1.refunds.create({"charge": charge.id, "amount": 500})
    assert sum(held(client)["eur"]) == 59000 - fee


def test_a_payout_takes_what_is_available_and_knows_its_transactions(
    client: stripe.StripeClient, paid: Any, clock: Clock, control: Any, events: Callable[..., list[str]]
) -> None:
    paid()
    clock.move(days=7)
    late = paid()
    before = len(events())
    payout = client.v1.payouts.retrieve(control("payout")["payout"][0]["id"])
    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("in_transit", True, "completed")
    listed = client.v1.balance_transactions.list({"payout": payout.id}).data
    assert [one.type for one in listed] == ["payout", "charge"]
    assert late.balance_transaction not in [one.id for one in listed]
    assert listed[0].id == payout.balance_transaction
    assert (listed[0].net, listed[0].reporting_category) == (-payout.amount, "payout")
    assert sum(one.net for one in listed) == 0
    assert held(client)["eur"][0] == 0
    assert control("payout")["payout"] == []
    assert events(before) == ["payout.created", "payout.reconciliation_completed"]
    clock.move(days=2)
    assert client.v1.payouts.retrieve(payout.id).status == "paid"
    assert events()[-1] == "payout.paid"


def test_a_schedule_pays_out_each_currency_by_itself(
    client: stripe.StripeClient, paid: Any, clock: Clock, control: Any
) -> None:
    control("settlement", currency="eur", also=["usd", "jpy"])
    control("payouts", every_days=1, arrive_days=0)
    for params in (plain("usd", 20000), plain("jpy", 20000), plain("gbp", 20000)):
        paid(params=params)
    clock.move(days=8)
    made = client.v1.payouts.list({"status": "paid"}).data
    assert sorted(one.currency for one in made) == ["eur", "jpy", "usd"]
    assert {one.created % DAY for one in made} == {0}
    assert all(held == (0, 0) for held in held(client).values())
    booked = {one.currency: one for one in client.v1.balance_transactions.list({"type": "charge"}).data}
    assert (booked["jpy"].amount, booked["jpy"].fee) == (20000, round(20000 * 0.029) + 49)
    paid()
    control("payouts")
    clock.move(days=30)
    assert len(client.v1.payouts.list().data) == 3


def test_a_payout_that_fails_comes_back_and_leaves_with_the_next(
    client: stripe.StripeClient, paid: Any, clock: Clock, control: Any, events: Callable[..., list[str]]
) -> None:
    paid()
    clock.move(days=7)
    control("payouts", fail=1, failure_code="no_account")
    payout = control("payout")["payout"][0]
    clock.move(days=2)
    failed = client.v1.payouts.retrieve(payout["id"], {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_code) == ("failed", "no_account")
    back: Any = failed.failure_balance_transaction
    assert (back.type, back.reporting_category, back.net) == ("payout_failure", "payout_reversal", payout["amount"])
    assert events()[-1] == "payout.failed"
    again = control("payout")["payout"][0]
    assert again["amount"] == payout["amount"]
    listed = client.v1.balance_transactions.list({"payout": again["id"]}).data
    assert [one.type for one in listed] == ["payout", "payout_failure"]


def test_a_payout_that_was_paid_can_still_fail(
    client: stripe.StripeClient, paid: Any, clock: Clock, control: Any, browser: Any
) -> None:
    paid("4000000000000077")
    payout = control("payout")["payout"][0]
    assert control("payout", payout=payout["id"], outcome="paid")["payout"]["status"] == "paid"
    assert control("payout", payout=payout["id"], outcome="failed")["payout"]["failure_code"] == "account_closed"
    for outcome in ("paid", "failed", "lost"):
        assert browser.post("/_ctl/payout", json={"payout": payout["id"], "outcome": outcome}).status_code == 400
    clock.move(days=9)
    assert client.v1.payouts.retrieve(payout["id"]).status == "failed"
    assert held(client)["eur"][0] == payout["amount"]


def test_a_manual_payout_takes_no_more_than_there_is_and_knows_no_transactions(
    client: stripe.StripeClient, paid: Any, clock: Clock, events: Callable[..., list[str]]
) -> None:
    paid("4000000000000077")
    create = client.v1.payouts.create
    for params, words in (
        ({"amount": 99999, "currency": "eur"}, "insufficient funds"),
        ({"amount": 1, "currency": "usd"}, "insufficient funds"),
        ({"amount": 0, "currency": "eur"}, "positive"),
        ({"currency": "eur"}, "Missing required param: amount"),
    ):
        with pytest.raises(Refused, match=words):
            create(params)  # type: ignore[arg-type]
    payout = create({"amount": 1000, "currency": "eur", "metadata": {"batch": "7"}, "statement_descriptor": "SOUK"})
    assert (payout.status, payout.automatic, payout.metadata and payout.metadata["batch"]) == ("pending", False, "7")
    with pytest.raises(Refused, match="only be filtered on automatic"):
        client.v1.balance_transactions.list({"payout": payout.id})
    with pytest.raises(Refused, match="No such payout"):
        client.v1.balance_transactions.list({"payout": "po_none"})
    before = held(client)["eur"][0]
    assert client.v1.payouts.cancel(payout.id).status == "canceled"
    assert held(client)["eur"][0] == before + 1000
    with pytest.raises(Refused, match="while pending"):
        client.v1.payouts.cancel(payout.id)
    assert client.v1.payouts.update(payout.id, {"metadata": {"batch": "8"}}).metadata["batch"] == "8"
    assert events()[-3:] == ["payout.created", "payout.canceled", "payout.updated"]
    arriving = clock.now + 2 * DAY
    create({"amount": 1000, "currency": "eur"})
    assert len(client.v1.payouts.list({"arrival_date": {"lte": arriving}}).data) == 2
    assert client.v1.payouts.list({"arrival_date": {"gt": arriving}}).data == []


@pytest.mark.parametrize(
    ("settlement", "currency", "amount", "low", "high", "fixed"),
    [
        ("usd", "eur", 20000, 21500, 21980, 33),
        ("gbp", "usd", 20000, 15500, 15900, 26),
        ("jpy", "eur", 20000, 32400, 33200, 49),
        ("kwd", "jpy", 20000, 40200, 41200, 100),
        ("eur", "kwd", 20000, 5940, 6060, 30),
        ("usd", "tnd", 20000, 635, 652, 33),
        ("mad", "aed", 20000, 53600, 54720, 324),
        ("mad", "mad", 20000, 20000, 20000, 324),
    ],
)
def test_any_currency_settles_in_any_other(
    settlement: str, currency: str, amount: int, low: int, high: int, fixed: int, paid: Any, client: Any, control: Any
) -> None:
    control("settlement", currency=settlement)
    charge = paid(params=plain(currency, amount))
    booked = client.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (booked.currency, booked.exchange_rate is None) == (settlement, settlement == currency)
    assert low <= booked.amount <= high
    assert abs(booked.fee - fixed - booked.amount * 0.029) <= 0.5
    assert booked.net == booked.amount - booked.fee
    refund = client.v1.refunds.create({"charge": charge.id})
    back = client.v1.balance_transactions.retrieve(refund.balance_transaction)
    assert (back.net, back.currency) == (-booked.amount, settlement)


def test_a_refund_leaves_from_where_its_charge_settled(paid: Any, client: Any, control: Any) -> None:
    charge = paid(params=plain("usd", 20000))
    control("settlement", currency="gbp")
    refund = client.v1.refunds.create({"charge": charge.id})
    assert client.v1.balance_transactions.retrieve(refund.balance_transaction).currency == "eur"
