"""Lists and `expand`, by Stripe's rules for every kind of object. Source: https://docs.stripe.com/api/pagination"""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.demo.double.conftest import Clock, plain

Refused = stripe.InvalidRequestError


@pytest.fixture
def history(client: stripe.StripeClient, paid: Any, clock: Clock, control: Any) -> list[Any]:
    """Three paid charges a day apart, the first partly refunded twice, the second disputed, and one payout."""
    charges = []
    for card in ("4000000000000077", "4000000000000259", "4242424242424242"):
        charges.append(paid(card))
        clock.move(days=1)
    for amount in (100, 200):
        client.v1.refunds.create({"charge": charges[0].id, "amount": amount})
    clock.move(days=7)
    control("payout")
    return charges


def lists(client: stripe.StripeClient) -> dict[str, Callable[..., Any]]:
    v1 = client.v1
    return {
        "sessions": v1.checkout.sessions.list,
        "intents": v1.payment_intents.list,
        "charges": v1.charges.list,
        "refunds": v1.refunds.list,
        "disputes": v1.disputes.list,
        "payouts": v1.payouts.list,
        "transactions": v1.balance_transactions.list,
        "events": v1.events.list,
    }


def ids(found: Any) -> list[str]:
    return [one.id for one in found.data]


def test_every_list_pages_forth_and_back_without_loss_or_repetition(
    client: stripe.StripeClient, history: list[Any]
) -> None:
    counts = {}
    for name, fetch in lists(client).items():
        whole = fetch({"limit": 100})
        assert not whole.has_more
        counts[name] = len(whole.data)
        created = [one.created for one in whole.data]
        assert created == sorted(created, reverse=True), name
        assert [one.id for one in fetch({"limit": 1}).auto_paging_iter()] == ids(whole), name
        last = whole.data[-1].id
        back = fetch({"limit": 100, "ending_before": last})
        assert (ids(back), back.has_more) == (ids(whole)[:-1], False), name
        if len(whole.data) > 2:
            near = fetch({"limit": 1, "ending_before": last})
            assert (ids(near), near.has_more) == ([whole.data[-2].id], True), name
        assert ids(fetch({"starting_after": last})) == [], name
    assert counts == {
        "sessions": 3,
        "intents": 3,
        "charges": 3,
        "refunds": 2,
        "disputes": 1,
        "payouts": 1,
        "transactions": 7,
        "events": 17,
    }


@pytest.mark.parametrize("name", ["sessions", "charges", "events", "transactions", "payouts", "disputes"])
def test_a_list_refuses_what_stripe_refuses(name: str, client: stripe.StripeClient, history: list[Any]) -> None:
    fetch = lists(client)[name]
    one = fetch({"limit": 1}).data[0].id
    for params, code in (
        ({"limit": 0}, "parameter_invalid_integer"),
        ({"limit": 101}, "parameter_invalid_integer"),
        ({"limit": "many"}, "parameter_invalid_integer"),
        ({"starting_after": one, "ending_before": one}, None),
        ({"starting_after": "x_none"}, "resource_missing"),
        ({"ending_before": history[0].payment_method}, "resource_missing"),
        ({"colour": "red"}, "parameter_unknown"),
        ({"created": {"since": 1}}, "parameter_unknown"),
    ):
        with pytest.raises(Refused) as caught:
            fetch(params)
        assert (caught.value.http_status, caught.value.code) == (400, code), params


def test_times_bound_a_list_on_both_sides(client: stripe.StripeClient, history: list[Any]) -> None:
    first, second, third = history
    fetch = client.v1.charges.list
    assert ids(fetch({"created": {"gt": first.created}})) == [third.id, second.id]
    assert ids(fetch({"created": {"gte": first.created, "lt": third.created}})) == [second.id, first.id]
    assert ids(fetch({"created": {"gt": first.created, "lte": second.created}})) == [second.id]
    assert ids(fetch({"created": second.created})) == [second.id]
    assert ids(fetch({"created": {"gt": third.created}})) == []


def test_filters_name_what_belongs_together(client: stripe.StripeClient, history: list[Any], paid: Any) -> None:
    first, second, _third = history
    v1 = client.v1
    assert ids(v1.charges.list({"payment_intent": str(first.payment_intent)})) == [first.id]
    assert len(v1.refunds.list({"payment_intent": str(first.payment_intent)}).data) == 2
    assert v1.refunds.list({"charge": second.id}).data == []
    dispute = v1.disputes.list({"payment_intent": str(second.payment_intent)}).data[0]
    assert ids(v1.disputes.list({"charge": second.id})) == [dispute.id]
    transactions = v1.balance_transactions.list
    assert [one.source for one in transactions({"source": dispute.id}).data] == [dispute.id]
    assert len(transactions({"type": "refund", "created": {"lte": first.created}}).data) == 0
    assert transactions({"currency": "usd"}).data == []
    assert {one.type for one in v1.events.list({"type": "charge.dispute.*"}).data} == {
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    }
    with pytest.raises(Refused, match="only specify one"):
        v1.events.list({"type": "charge.*", "types": ["charge.succeeded"]})


def test_lists_and_objects_expand_to_four_levels(client: stripe.StripeClient, history: list[Any]) -> None:
    first, second, _third = history
    v1 = client.v1
    found: Any = v1.balance_transactions.list(
        {"type": "refund", "limit": 1, "expand": ["data.source.charge.payment_intent.latest_charge"]}
    ).data[0]
    assert found.source.object == "refund"
    assert found.source.charge.payment_intent.latest_charge.id == first.id
    dispute: Any = v1.disputes.list({"expand": ["data.charge.balance_transaction", "data.payment_intent"]}).data[0]
    assert (dispute.charge.id, dispute.payment_intent.object) == (second.id, "payment_intent")
    assert dispute.charge.balance_transaction.source == second.id
    payout: Any = v1.payouts.list({"expand": ["data.balance_transaction.source"]}).data[0]
    assert payout.balance_transaction.source.id == payout.id
    charge: Any = v1.charges.retrieve(first.id, {"expand": ["refunds.data.balance_transaction"]})
    assert [one.balance_transaction.net for one in charge.refunds.data] == [-200, -100]
    with pytest.raises(Refused, match="more than 4 levels"):
        v1.charges.retrieve(first.id, {"expand": [".".join(["payment_intent", "latest_charge"] * 3)]})
    for path in ("amount", "colour", "payment_intent.colour"):
        with pytest.raises(Refused, match="cannot be expanded"):
            v1.charges.retrieve(first.id, {"expand": [path]})


def test_a_list_of_another_currency_is_expanded_as_it_is_shown(client: stripe.StripeClient, paid: Any) -> None:
    paid(params=plain("usd", 5000))
    found: Any = client.v1.charges.list({"expand": ["data.balance_transaction"]}).data[0]
    assert (found.balance_transaction.status, found.balance_transaction.currency) == ("pending", "eur")
