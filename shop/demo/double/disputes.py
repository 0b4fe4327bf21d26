"""Disputes: inquiries that move no money, chargebacks that do, and how they end.

Source: https://docs.stripe.com/disputes/how-disputes-work. A chargeback nobody answers is lost when its time has passed;
an inquiry that does not become one is closed after 120 days. At what rate Stripe gives back what was exchanged was not
verified against Stripe; here it is that of the day it comes back, as with a refund.
"""

from typing import Any

from shop.demo.double import balance, control, jobs
from shop.demo.double.errors import ApiError, invalid
from shop.demo.double.events import emit
from shop.demo.double.state import State

KIND = "dispute"
DAY = 24 * 3600
ANSWER_WITHIN, INQUIRY_LASTS = 9 * DAY, 120 * DAY
REASONS = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
# Visa's codes, the nearest to each of Stripe's reasons. Source: https://docs.stripe.com/disputes/categories
NETWORK_CODES = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}
TEXTS = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
]
FILES = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
]
INQUIRY = ("warning_needs_response", "warning_under_review")
CHARGEBACK = ("needs_response", "under_review")


def list_for(state: State, charge: dict[str, Any]) -> list[dict[str, Any]]:
    """The disputes of a charge, newest first."""
    found, _more = state.page(KIND, equal={"charge": charge["id"]}, limit=100)
    return found


def blocks_refunds(state: State, charge: dict[str, Any]) -> bool:
    """Whether a chargeback of the charge is open or lost."""
    if not charge["disputed"]:
        return False
    return any(one["status"] in (*CHARGEBACK, "lost") for one in list_for(state, charge))


def open_dispute(
    state: State,
    charge: dict[str, Any],
    *,
    inquiry: bool = False,
    amount: int | None = None,
    reason: str = "fraudulent",
) -> dict[str, Any]:
    """Dispute a charge; without `amount` all that was not given back, or the whole of what was.

    Raises ApiError for a charge that took no money and an amount above what was charged.
    """
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} took no money that could be disputed.", "charge")
    by_card = charge["payment_method_details"]["type"] == "card"
    if inquiry and not by_card:
        raise invalid("Only a card's bank inquires before it disputes.", "charge")
    if amount is None:
        amount = charge["amount"] - charge["amount_refunded"] or charge["amount"]
    if not 0 < amount <= charge["amount"]:
        raise invalid(f"A dispute of {amount} does not fit a charge of {charge['amount']}.", "amount")
    dispute = state.add(_dispute(state, charge, amount, reason, inquiry))
    charge = state.put(charge | {"disputed": True})
    if not inquiry:
        withdrawn = _withdraw(state, dispute, charge)
    _await_answer(state, dispute)
    emit(state, "charge.dispute.created", dispute)
    if not inquiry:
        emit(state, "charge.dispute.funds_withdrawn", dispute, previous={"balance_transactions": withdrawn})
    # Against a debit that was called back nothing can be said.
    return dispute if by_card else lose(state, dispute)


def escalate(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    """The bank was not content: an inquiry becomes a chargeback, and the money goes."""
    _require(dispute, INQUIRY, "escalated")
    before = _set(dispute, "needs_response")
    charge = state.find(dispute["charge"]) or {}
    withdrawn = _withdraw(state, dispute, charge)
    _await_answer(state, dispute)
    emit(state, "charge.dispute.updated", dispute, previous=before)
    emit(state, "charge.dispute.funds_withdrawn", dispute, previous={"balance_transactions": withdrawn})
    return dispute


def review(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    """The evidence is with the bank."""
    _require(dispute, ("needs_response", "warning_needs_response"), "answered")
    inquiry = dispute["status"] in INQUIRY
    before = _set(dispute, "warning_under_review" if inquiry else "under_review")
    if not inquiry:
        jobs.drop(state, "decide_dispute", dispute["id"])
    emit(state, "charge.dispute.updated", state.put(dispute), previous=before)
    return dispute


def win(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    """The bank decides for us: the money comes back. An inquiry is closed."""
    if dispute["status"] in INQUIRY:
        return close_inquiry(state, dispute)
    _require(dispute, CHARGEBACK, "won")
    before = _set(dispute, "won")
    written = _reinstate(state, dispute)
    jobs.drop(state, "decide_dispute", dispute["id"])
    emit(state, "charge.dispute.closed", state.put(dispute), previous=before)
    previous = {"balance_transactions": [one for one in dispute["balance_transactions"] if one != written]}
    emit(state, "charge.dispute.funds_reinstated", dispute, previous=previous)
    return dispute


def lose(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    """The bank decides for the buyer, or nobody answered in time."""
    _require(dispute, CHARGEBACK, "lost")
    before = _set(dispute, "lost")
    jobs.drop(state, "decide_dispute", dispute["id"])
    emit(state, "charge.dispute.closed", state.put(dispute), previous=before)
    return dispute


def close_inquiry(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    """Nothing comes of an inquiry."""
    _require(dispute, INQUIRY, "closed")
    before = _set(dispute, "warning_closed")
    jobs.drop(state, "decide_dispute", dispute["id"])
    emit(state, "charge.dispute.closed", state.put(dispute), previous=before)
    return dispute


def end_inquiries(state: State, charge: dict[str, Any]) -> None:
    """A charge was given back in full: an inquiry about it has nothing left to become."""
    for dispute in list_for(state, charge):
        if dispute["status"] in INQUIRY:
            close_inquiry(state, dispute | {"is_charge_refundable": False})


def decide(state: State, job: dict[str, Any]) -> None:
    """What becomes of a dispute by itself: `outcome` says what the bank found, without it the time has passed."""
    dispute = state.find(job["source"]) or {}
    outcome = job.get("outcome")
    if dispute["status"] in INQUIRY:
        (escalate if outcome == "escalated" else close_inquiry)(state, dispute)
    elif dispute["status"] in CHARGEBACK:
        (win if outcome == "won" else lose)(state, dispute)


def _require(dispute: dict[str, Any], statuses: tuple[str, ...], what: str) -> None:
    if dispute["status"] not in statuses:
        raise ApiError(400, f"Dispute {dispute['id']} cannot be {what}: its status is {dispute['status']}.")


def _set(dispute: dict[str, Any], status: str) -> dict[str, Any]:
    """Change the status and what follows from it; what was there before."""
    open_to_refunds = status.startswith("warning") and dispute["is_charge_refundable"]
    changed = {"status": status, "is_charge_refundable": status == "won" or open_to_refunds}
    if status not in ("needs_response", "warning_needs_response"):
        changed["evidence_details"] = dispute["evidence_details"] | {"due_by": None}
    before = {name: dispute[name] for name, value in changed.items() if dispute[name] != value}
    dispute |= changed
    if "payment_method_details" in dispute:
        case = "inquiry" if status.startswith("warning") else "chargeback"
        dispute["payment_method_details"]["card"]["case_type"] = case
    return before


def _await_answer(state: State, dispute: dict[str, Any]) -> None:
    jobs.drop(state, "decide_dispute", dispute["id"])
    inquiry = dispute["status"] in INQUIRY
    due = state.now() + (INQUIRY_LASTS if inquiry else ANSWER_WITHIN)
    dispute["evidence_details"]["due_by"] = due - due % DAY + DAY - 1
    state.put(dispute)
    jobs.later(state, dispute["evidence_details"]["due_by"], "decide_dispute", dispute["id"])


def _withdraw(state: State, dispute: dict[str, Any], charge: dict[str, Any]) -> list[dict[str, Any]]:
    """Take the money and the fee; the transactions there were before."""
    charge = balance.book_now(state, charge)
    settlement = balance.settled_in(state, charge, dispute["currency"])
    written = balance.record(
        state,
        "adjustment",
        "dispute",
        dispute["id"],
        balance.settle(state, -dispute["amount"], dispute["currency"], settlement),
        f"Chargeback withdrawal for {charge['id']}",
        fee=balance.euro_fee(balance.DISPUTE_FEE, settlement),
        fee_name="Dispute fee",
    )
    before: list[dict[str, Any]] = dispute["balance_transactions"]
    dispute["balance_transactions"] = [*before, written | {"status": "available"}]
    return before


def _reinstate(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    withdrawn = dispute["balance_transactions"][0]
    settled = balance.settle(state, dispute["amount"], dispute["currency"], withdrawn["currency"])
    returned = control.value(state, "disputes")["fee_returned"]
    written = balance.record(
        state,
        "adjustment",
        "dispute_reversal",
        dispute["id"],
        settled,
        f"Chargeback reversal for {dispute['charge']}",
        fee=-withdrawn["fee"] if returned else 0,
        fee_name="Dispute fee refund",
    ) | {"status": "available"}
    dispute["balance_transactions"] = [*dispute["balance_transactions"], written]
    return written


def _dispute(state: State, charge: dict[str, Any], amount: int, reason: str, inquiry: bool) -> dict[str, Any]:
    dispute = {
        "id": state.new_id("du_1"),
        "object": KIND,
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": state.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys([*TEXTS, *FILES]) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry and not charge["refunded"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    card = charge["payment_method_details"].get("card")
    if card:
        details = {
            "brand": card["brand"],
            "case_type": "inquiry" if inquiry else "chargeback",
            "network_reason_code": NETWORK_CODES.get(reason, "13.7"),
        }
        dispute["payment_method_details"] = {"card": details, "type": "card"}
    return dispute
