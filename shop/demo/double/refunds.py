"""Refunds: of a whole charge or a part, never of more than is left; some succeed later, some fail days after.

Source: https://docs.stripe.com/refunds. Stripe does not say whether a pending refund has its balance transaction
already; here it has, because the money is no longer ours.
"""

from typing import Any

from shop.demo.double import balance, control, disputes, jobs
from shop.demo.double.changes import change
from shop.demo.double.currencies import money_text
from shop.demo.double.errors import ApiError, invalid, missing_resource, not_implemented
from shop.demo.double.events import emit
from shop.demo.double.operations import ONE, lists, operation, reads
from shop.demo.double.params import (
    DATED_PAGE,
    EXPAND,
    Choice,
    Fields,
    Integer,
    Metadata,
    MetadataChange,
    Text,
    absent,
)
from shop.demo.double.resources import get
from shop.demo.double.state import State

KIND = "refund"
CREATE = Fields(
    {
        "amount": Integer(),
        "charge": Text(),
        "payment_intent": Text(),
        "metadata": Metadata(),
        "reason": Choice("duplicate", "fraudulent", "requested_by_customer"),
        **EXPAND,
        **absent("currency", "customer", "instructions_email", "origin", "refund_application_fee", "reverse_transfer"),
    }
)


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Give money back; raises Stripe's refusals for a charge that is spent, smaller or charged back."""
    charge = _charge(state, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if amount <= 0 and "amount" in params:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if disputes.blocks_refunds(state, charge):
        raise ApiError(
            400, f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if left == 0:
        raise ApiError(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        asked, rest = money_text(amount, charge["currency"]), money_text(left, charge["currency"])
        raise ApiError(
            400, f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount"
        )
    return _make(state, charge, amount, params)


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change a refund's metadata."""
    return change(state, "refund.updated", get(state, KIND, identifier), params, "charge.refund.updated")


def cancel(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Refused: only a refund that waits for the buyer can be cancelled, and those to a card never do."""
    refund = get(state, KIND, identifier)
    raise ApiError(400, f"Refund {identifier} cannot be canceled: its status is {refund['status']}.")


def succeed(state: State, job: dict[str, Any]) -> None:
    """A pending refund reached the buyer."""
    refund = state.find(job["source"])
    if refund is not None and refund["status"] == "pending":
        refund["status"] = "succeeded"
        del refund["pending_reason"]
        _tell(state, state.put(refund), {"status": "pending"})


def fail_in(state: State, refund: dict[str, Any], seconds: int, reason: str) -> None:
    """Let a refund fail after some time: the buyer's bank sends the money back."""
    jobs.later(state, state.now() + seconds, "fail_refund", refund["id"], reason=reason)


def fail(state: State, job: dict[str, Any]) -> None:
    """The money of a refund came back: it is ours again, and can be refunded again."""
    refund = state.find(job["source"])
    if refund is None or refund["status"] == "failed":
        return
    before = {"status": refund["status"]}
    refund |= {"status": "failed", "failure_reason": job["reason"]}
    refund.pop("pending_reason", None)
    jobs.drop(state, "succeed_refund", refund["id"])
    booked = state.find(refund["balance_transaction"] or "")
    if booked:
        description = f"REFUND FAILURE ({refund['charge']})"
        written = balance.mirror(state, booked, "refund_failure", "refund_failure", description)
        refund["failure_balance_transaction"] = written["id"]
    else:
        jobs.drop(state, "book", refund["id"])
    charge = state.find(refund["charge"]) or {}
    state.put(charge | {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False})
    _tell(state, state.put(refund), before)
    emit(state, "refund.failed", refund)


def _make(state: State, charge: dict[str, Any], amount: int, params: dict[str, Any]) -> dict[str, Any]:
    refund = state.add(_refund(state, charge, amount, params))
    _follow_fate(state, charge, refund)
    balance.book(state, refund)
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    state.put(charge)
    emit(state, "refund.created", refund)
    emit(state, "charge.refunded", charge, previous=before)
    if charge["disputed"] and charge["refunded"]:
        disputes.end_inquiries(state, charge)
    return refund


def _follow_fate(state: State, charge: dict[str, Any], refund: dict[str, Any]) -> None:
    """Let the refund be pending or fail, as the card or a control says."""
    fate = state.hidden(charge["id"]).get("refunds")
    pending = control.spend(state, "refund_pending")
    if fate == "pending" or pending:
        refund |= {"status": "pending", "pending_reason": "processing"}
        values = pending or control.value(state, "refund_pending")
        jobs.later(state, state.now() + control.span(values), "succeed_refund", refund["id"])
    fails = control.spend(state, "refund_fails")
    if fate == "failed" or fails:
        values = fails or control.value(state, "refund_fails")
        fail_in(state, refund, control.span(values), values["reason"])


def _tell(state: State, refund: dict[str, Any], before: dict[str, Any]) -> None:
    emit(state, "refund.updated", refund, previous=before)
    emit(state, "charge.refund.updated", refund, previous=before)


def _charge(state: State, params: dict[str, Any]) -> dict[str, Any]:
    if ("charge" in params) == ("payment_intent" in params):
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code=None if "charge" in params else "parameter_missing",
        )
    if "charge" in params:
        charge = state.find(params["charge"], "charge")
        if charge is None:
            raise missing_resource("charge", params["charge"], "charge")
    else:
        intent = state.find(params["payment_intent"], "payment_intent")
        if intent is None:
            raise missing_resource("payment_intent", params["payment_intent"], "payment_intent")
        charge = state.find(intent["latest_charge"] or "", "charge")
        if charge is None or not charge["paid"]:
            raise ApiError(400, f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    if not charge["paid"]:
        raise ApiError(400, f"Charge {charge['id']} failed, and can't be refunded.", param="charge")
    if not charge["captured"]:
        raise not_implemented("giving up an authorised payment")
    return charge


def _refund(state: State, charge: dict[str, Any], amount: int, params: dict[str, Any]) -> dict[str, Any]:
    method = charge["payment_method_details"]["type"]
    way = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {
        "id": state.new_id("re_3" if method == "card" else "pyr_1"),
        "object": KIND,
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": state.now(),
        "currency": charge["currency"],
        "destination_details": {"card": way, "type": "card"} if method == "card" else {"type": method},
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


OPERATIONS = (
    operation("PostRefunds", "POST", "/v1/refunds", CREATE, create),
    lists("GetRefunds", KIND, Fields({**DATED_PAGE, "charge": Text(), "payment_intent": Text()})),
    reads("GetRefundsRefund", KIND),
    operation("PostRefundsRefund", "POST", "/v1/refunds/{}", Fields({"metadata": MetadataChange(), **EXPAND}), update),
    operation("PostRefundsRefundCancel", "POST", "/v1/refunds/{}/cancel", ONE, cancel),
)
