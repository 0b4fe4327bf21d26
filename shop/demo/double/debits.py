"""SEPA debits: ordered now, on the pay page or by the API, and decided by the buyer's bank days later.

Whether Stripe writes the balance transaction of a debit before its bank has decided was not verified against Stripe;
here it does so after.
"""

from typing import Any

from shop.demo.double import balance, control, disputes, jobs, methods, payments
from shop.demo.double.events import emit
from shop.demo.double.ibans import ACCOUNTS, METHOD
from shop.demo.double.state import State

REFUSAL = {
    "type": "invalid_request_error",
    "code": "payment_intent_payment_attempt_failed",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed",
    "message": "The payment failed.",
}


class UnknownAccount(ValueError):
    """An IBAN that is not one of the test accounts; nothing was recorded."""


def pay(state: State, session_id: str, payer: payments.Payer, shipping_option: int = 0) -> None:
    """Order the debit that pays an open session; raises payments.SessionClosed and UnknownAccount.

    `payer.number` is an IBAN. The session is complete then, and not paid.
    """
    with state.transaction():
        session = payments.open_session(state, session_id)
        if payer.number not in ACCOUNTS or METHOD not in session["payment_method_types"]:
            raise UnknownAccount(payer.number[-4:])
        payments.choose_shipping(state, session, shipping_option)
        intent = payments.intent_of(state, session)
        payments.complete(state, session, payer, "unpaid")
        order(state, intent, state.find(payer.method or "") or _new_method(state, session, payer), session_id)
        emit(state, "checkout.session.completed", session)


def order(state: State, intent: dict[str, Any], method: dict[str, Any], session_id: str | None = None) -> None:
    """Order the debit of an account that pays an intent."""
    charge = state.add(_charge(state, intent, method))
    methods.spend(state, method)
    intent |= {
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": method["id"],
        "status": "processing",
    }
    state.put(intent, hidden={})
    emit(state, "charge.pending", charge)
    emit(state, "payment_intent.processing", intent)
    due = state.now() + control.span(control.value(state, "bank_debit"))
    iban = state.hidden(method["id"])["iban"]
    jobs.later(state, due, "decide_debit", charge["id"], session=session_id, iban=iban)


def decide(state: State, job: dict[str, Any]) -> None:
    """The bank has paid, or not."""
    charge = state.find(job["source"]) or {}
    intent = state.find(charge["payment_intent"]) or {}
    session = state.find(job["session"] or "")
    account = ACCOUNTS[job["iban"]]
    if account.fails:
        _fail(state, session, intent, charge)
        return
    _succeed(state, session, intent, charge)
    if account.disputed:
        disputes.open_dispute(state, charge, reason="debit_not_authorized")


def _succeed(state: State, session: dict[str, Any] | None, intent: dict[str, Any], charge: dict[str, Any]) -> None:
    charge |= {"amount_captured": charge["amount"], "captured": True, "paid": True, "status": "succeeded"}
    charge["outcome"] |= {"network_status": "approved_by_network", "seller_message": "Payment complete."}
    balance.book(state, state.put(charge))
    intent |= {"amount_received": intent["amount"], "status": "succeeded"}
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", state.put(intent))
    if session:
        emit(state, "checkout.session.async_payment_succeeded", state.put(session | {"payment_status": "paid"}))


def _fail(state: State, session: dict[str, Any] | None, intent: dict[str, Any], charge: dict[str, Any]) -> None:
    charge |= {
        "failure_code": "insufficient_funds",
        "failure_message": "The account has insufficient funds to cover this payment.",
        "status": "failed",
    }
    intent |= {
        "last_payment_error": REFUSAL | {"charge": charge["id"]},
        "payment_method": None,
        "status": "requires_payment_method",
    }
    emit(state, "charge.failed", state.put(charge))
    emit(state, "payment_intent.payment_failed", state.put(intent))
    if session:
        emit(state, "checkout.session.async_payment_failed", session)


def _new_method(state: State, session: dict[str, Any], payer: payments.Payer) -> dict[str, Any]:
    details = session["customer_details"]
    billing = {name: details[name] for name in ("address", "email", "name", "phone")} | {"tax_id": None}
    return methods.new_debit(state, payer.number, billing)


def _charge(state: State, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in method[METHOD].items() if name != "generated_from"}
    return payments.blank_charge(state, "py_3", intent, method) | {
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "not_sent_to_network",
            "reason": None,
            "risk_level": "not_assessed",
            "seller_message": "Payment in process.",
            "type": "authorized",
        },
        "payment_method_details": {METHOD: shown | {"mandate": f"mandate_1{shown['last4']}"}, "type": METHOD},
    }
