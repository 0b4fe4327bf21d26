"""The life of disputes: inquiries, chargebacks, evidence, what they cost and how they end."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.demo.double.conftest import Clock, plain

Refused = stripe.InvalidRequestError
CREATED = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def of(client: stripe.StripeClient, charge: Any) -> Any:
    return client.v1.disputes.list({"charge": charge.id, "limit": 1}).data[0]


def moved(dispute: Any) -> list[tuple[str, int, int, int]]:
    return [(one.reporting_category, one.amount, one.fee, one.net) for one in dispute.balance_transactions]


@pytest.mark.parametrize(
    ("card", "reason"), [("4000000000000259", "fraudulent"), ("4000000000002685", "product_not_received")]
)
def test_a_chargeback_takes_the_money_and_a_fee(
    card: str, reason: str, client: stripe.StripeClient, paid: Any, events: Callable[..., list[str]]
) -> None:
    charge = paid(card)
    dispute = of(client, charge)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 59500)
    assert (dispute.is_charge_refundable, dispute.payment_method_details.card.case_type) == (False, "chargeback")
    assert client.v1.charges.retrieve(charge.id).disputed
    assert moved(dispute) == [("dispute", -59500, 2000, -61500)]
    booked = client.v1.balance_transactions.list({"source": dispute.id}).data[0]
    assert (booked.id, booked.type, booked.status) == (
        dispute.balance_transactions[0].id,
        "adjustment",
        "available",
    )
    assert booked.fee_details[0].description == "Dispute fee"
    assert events(3) == CREATED


def test_an_inquiry_moves_no_money_until_it_becomes_a_chargeback(
    client: stripe.StripeClient, paid: Any, control: Any, events: Callable[..., list[str]]
) -> None:
    charge = paid("4000000000001976")
    inquiry = of(client, charge)
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert inquiry.payment_method_details.card.case_type == "inquiry"
    control("dispute", dispute=inquiry.id, outcome="escalated")
    escalated = of(client, charge)
    assert (escalated.id, escalated.status) == (inquiry.id, "needs_response")
    assert (escalated.is_charge_refundable, escalated.payment_method_details.card.case_type) == (False, "chargeback")
    assert moved(escalated) == [("dispute", -59500, 2000, -61500)]
    assert events(3) == ["charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn"]


@pytest.mark.parametrize("fee_returned", [False, True])
def test_a_chargeback_that_is_won_gives_the_money_back(
    fee_returned: bool, client: stripe.StripeClient, paid: Any, control: Any, events: Callable[..., list[str]]
) -> None:
    control("disputes", fee_returned=fee_returned)
    charge = paid("4000000000000259")
    dispute = of(client, charge)
    control("dispute", dispute=dispute.id, outcome="review")
    assert of(client, charge).status == "under_review"
    control("dispute", dispute=dispute.id, outcome="won")
    won = of(client, charge)
    assert (won.status, won.is_charge_refundable) == ("won", True)
    fee = -2000 if fee_returned else 0
    assert moved(won)[1:] == [("dispute_reversal", 59500, fee, 59500 - fee)]
    back = client.v1.balance_transactions.list({"source": dispute.id, "limit": 1}).data[0]
    assert (back.type, back.reporting_category, back.net) == ("adjustment", "dispute_reversal", 59500 - fee)
    assert events(5) == ["charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"]


def test_an_exchanged_dispute_settles_where_its_charge_did_at_the_rate_of_its_day(
    client: stripe.StripeClient, paid: Any, control: Any, clock: Clock
) -> None:
    charge = paid(params=plain("usd", 20000))
    control("settlement", currency="eur", also=["usd"])
    clock.move(days=20)
    dispute = control("dispute", charge=charge.id, amount=5000)["dispute"]
    clock.move(days=5)
    control("dispute", dispute=dispute["id"], outcome="won")
    out, back = client.v1.disputes.retrieve(dispute["id"]).balance_transactions
    assert out.currency == back.currency == "eur"
    assert 4500 < -out.amount < 4700
    assert out.exchange_rate != back.exchange_rate
    assert out.fee == 2000


def test_a_dispute_waits_for_no_late_transaction_of_its_charge(
    client: stripe.StripeClient, paid: Any, control: Any, clock: Clock
) -> None:
    control("balance_delay", seconds=3600)
    charge = paid("4000000000000259")
    assert [one.type for one in client.v1.balance_transactions.list().data] == ["adjustment", "charge"]
    clock.move(days=1)
    assert len(client.v1.balance_transactions.list({"source": charge.id}).data) == 1


@pytest.mark.parametrize(
    ("refunded", "asked", "disputed"), [(10000, None, 49500), (59500, None, 59500), (10000, 59500, 59500), (0, 1, 1)]
)
def test_after_a_refund_the_rest_is_disputed_unless_the_bank_says_more(
    refunded: int, asked: int | None, disputed: int, client: stripe.StripeClient, paid: Any, control: Any
) -> None:
    charge = paid()
    if refunded:
        client.v1.refunds.create({"charge": charge.id, "amount": refunded})
    more = {"amount": asked} if asked else {}
    dispute = control("dispute", charge=charge.id, reason="credit_not_processed", **more)["dispute"]
    assert (dispute["amount"], dispute["balance_transactions"][0]["amount"]) == (disputed, -disputed)


@pytest.mark.parametrize(
    ("card", "text", "status", "last"),
    [
        ("4000000000000259", "winning_evidence", "won", "charge.dispute.funds_reinstated"),
        ("4000000000000259", "losing_evidence", "lost", "charge.dispute.closed"),
        ("4000000000000259", "We sent it by post", "under_review", "charge.dispute.updated"),
        ("4000000000001976", "winning_evidence", "warning_closed", "charge.dispute.closed"),
        ("4000000000001976", "losing_evidence", "warning_closed", "charge.dispute.closed"),
        ("4000000000001976", "escalate_inquiry_evidence", "needs_response", "charge.dispute.funds_withdrawn"),
    ],
)
def test_evidence_decides_as_in_stripes_test_mode(
    card: str,
    text: str,
    status: str,
    last: str,
    client: stripe.StripeClient,
    paid: Any,
    events: Callable[..., list[str]],
) -> None:
    charge = paid(card)
    dispute = of(client, charge)
    answered = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
    assert answered.status.endswith("under_review")
    assert answered.evidence.uncategorized_text == text
    assert (answered.evidence_details.has_evidence, answered.evidence_details.submission_count) == (True, 1)
    assert of(client, charge).status == status
    assert events()[-1] == last


def test_evidence_can_be_kept_first_and_sent_later(client: stripe.StripeClient, paid: Any) -> None:
    dispute = of(client, paid("4000000000000259"))
    update = client.v1.disputes.update
    kept = update(dispute.id, {"evidence": {"shipping_carrier": "Amana", "customer_name": "B"}, "submit": False})
    assert (kept.status, kept.evidence_details.submission_count) == ("needs_response", 0)
    kept = update(dispute.id, {"evidence": {"customer_name": ""}, "submit": False, "metadata": {"case": "7"}})
    assert (kept.evidence.shipping_carrier, kept.evidence.customer_name) == ("Amana", None)
    sent = update(dispute.id, {"submit": True})
    assert (sent.status, sent.metadata.to_dict()) == ("under_review", {"case": "7"})
    with pytest.raises(Refused, match="takes no evidence any more"):
        update(dispute.id, {"evidence": {"customer_name": "C"}})
    assert update(dispute.id, {"metadata": {"case": ""}}).metadata.to_dict() == {}


def test_evidence_has_limits_and_files_are_not_pretended(client: stripe.StripeClient, paid: Any) -> None:
    dispute = of(client, paid("4000000000000259"))
    long: Any = dict.fromkeys(("access_activity_log", "cancellation_rebuttal", "product_description"), "x" * 20_000)
    more: Any = dict.fromkeys(("refund_policy_disclosure", "refund_refusal_explanation"), "x" * 20_000)
    for evidence in (
        {"product_description": "x" * 20_001},
        {
            **long,
            **more,
            "uncategorized_text": "x" * 20_000,
            "cancellation_policy_disclosure": "x" * 20_000,
            "duplicate_charge_explanation": "x" * 20_000,
        },
    ):
        with pytest.raises(Refused):
            client.v1.disputes.update(dispute.id, {"evidence": evidence})  # type: ignore[typeddict-item]
    with pytest.raises(stripe.APIError, match="does not implement"):
        client.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}})


def test_a_dispute_that_is_accepted_is_lost(
    client: stripe.StripeClient, paid: Any, events: Callable[..., list[str]]
) -> None:
    dispute = of(client, paid("4000000000000259"))
    lost = client.v1.disputes.close(dispute.id)
    assert (lost.status, lost.is_charge_refundable, len(lost.balance_transactions)) == ("lost", False, 1)
    assert events()[-1] == "charge.dispute.closed"
    with pytest.raises(Refused, match="cannot be closed"):
        client.v1.disputes.close(dispute.id)
    assert client.v1.disputes.close(of(client, paid("4000000000001976")).id).status == "warning_closed"


@pytest.mark.parametrize(
    ("card", "days", "status"), [("4000000000000259", 11, "lost"), ("4000000000001976", 122, "warning_closed")]
)
def test_a_dispute_nobody_answers_ends_when_its_time_has_passed(
    card: str, days: int, status: str, client: stripe.StripeClient, paid: Any, clock: Clock
) -> None:
    charge = paid(card)
    due = of(client, charge).evidence_details.due_by
    clock.move(days=8)
    assert of(client, charge).status.endswith("needs_response")
    clock.move(days=days - 8)
    assert clock.now > due
    ended = of(client, charge)
    assert (ended.status, ended.evidence_details.due_by) == (status, None)


def test_an_answered_dispute_waits_for_the_bank_however_long(
    client: stripe.StripeClient, paid: Any, clock: Clock
) -> None:
    charge = paid("4000000000000259")
    client.v1.disputes.update(of(client, charge).id, {"evidence": {"uncategorized_text": "tracking EE1"}})
    clock.move(days=75)
    assert of(client, charge).status == "under_review"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": 59501}, "does not fit"),
        ({"amount": 0}, "does not fit"),
        ({"reason": "because"}, "reason is one of"),
        ({"outcome": "vanished"}, "outcome is one of"),
        ({"dispute": "du_none", "outcome": "won"}, "Name a dispute"),
    ],
)
def test_a_dispute_that_cannot_be_is_refused(values: dict[str, Any], words: str, paid: Any, browser: Any) -> None:
    answer = browser.post("/_ctl/dispute", json={"charge": paid().id, **values})
    assert (answer.status_code, words in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(("outcome", "then"), [("won", "lost"), ("lost", "won"), ("lost", "review")])
def test_what_is_decided_stays_decided(outcome: str, then: str, paid: Any, control: Any, browser: Any) -> None:
    dispute = control("dispute", charge=paid().id)["dispute"]
    control("dispute", dispute=dispute["id"], outcome=outcome)
    answer = browser.post("/_ctl/dispute", json={"dispute": dispute["id"], "outcome": then})
    assert (answer.status_code, "its status is" in answer.json["error"]) == (400, True)


def test_a_charge_can_be_disputed_again_after_it_was_won(client: stripe.StripeClient, paid: Any, control: Any) -> None:
    charge = paid()
    first = control("dispute", charge=charge.id, amount=1000)["dispute"]
    control("dispute", dispute=first["id"], outcome="won")
    second = control("dispute", payment_intent=charge.payment_intent, amount=2000)["dispute"]
    assert [one.id for one in client.v1.disputes.list({"charge": charge.id}).data] == [second["id"], first["id"]]
