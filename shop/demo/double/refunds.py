"""Refunds: of a whole charge or a part, never of more than is left."""

from typing import Any

from shop.demo.double import balance
from shop.demo.double.currencies import money_text
from shop.demo.double.errors import ApiError, invalid, missing_resource, not_implemented
from shop.demo.double.events import emit
from shop.demo.double.operations import lists, operation, reads
from shop.demo.double.params import DATED_PAGE, EXPAND, Choice, Fields, Integer, Metadata, Text, absent
from shop.demo.double.state import State

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
    """Give money back; raises Stripe's refusals for a charge that is spent or smaller."""
    charge = _charge(state, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if amount <= 0 and "amount" in params:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if left == 0:
        raise ApiError(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        asked, rest = money_text(amount, charge["currency"]), money_text(left, charge["currency"])
        raise ApiError(
            400, f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount"
        )
    refund = state.add(_refund(state, charge, amount, params))
    balance.book(state, refund, not_before=balance.expected_at(state, charge["id"]))
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    state.put(charge)
    emit(state, "refund.created", refund)
    emit(state, "charge.refunded", charge, previous=before)
    return refund


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
    return {
        "id": state.new_id("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": state.now(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
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
    lists("GetRefunds", "refund", Fields({**DATED_PAGE, "charge": Text(), "payment_intent": Text()})),
    reads("GetRefundsRefund", "refund"),
)
