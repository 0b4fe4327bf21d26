"""SEPA debits: ordered on the pay page now, decided by the buyer's bank days later.

Whether Stripe writes the balance transaction of a debit before its bank has decided was not verified against Stripe;
here it does so after.
"""

from typing import Any

from shop.demo.double import balance, control, disputes, jobs, payments
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
        charge = state.add(_charge(state, session, intent, payer.number))
        intent |= {
            "last_payment_error": None,
            "latest_charge": charge["id"],
            "next_action": None,
            "payment_method": charge["payment_method"],
            "status": "processing",
        }
        state.put(intent, hidden={})
        emit(state, "charge.pending", charge)
        emit(state, "payment_intent.processing", intent)
        emit(state, "checkout.session.completed", session)
        due = state.now() + control.span(control.value(state, "bank_debit"))
        jobs.later(state, due, "decide_debit", charge["id"], session=session_id, iban=payer.number)


def decide(state: State, job: dict[str, Any]) -> None:
    """The bank has paid, or not."""
    charge = state.find(job["source"]) or {}
    intent = state.find(charge["payment_intent"]) or {}
    session = state.find(job["session"]) or {}
    account = ACCOUNTS[job["iban"]]
    if account.fails:
        _fail(state, session, intent, charge)
        return
    _succeed(state, session, intent, charge)
    if account.disputed:
        disputes.open_dispute(state, charge, reason="debit_not_authorized")


def _succeed(state: State, session: dict[str, Any], intent: dict[str, Any], charge: dict[str, Any]) -> None:
    charge |= {"amount_captured": charge["amount"], "captured": True, "paid": True, "status": "succeeded"}
    charge["outcome"] |= {"network_status": "approved_by_network", "seller_message": "Payment complete."}
    balance.book(state, state.put(charge))
    intent |= {"amount_received": intent["amount"], "status": "succeeded"}
    session |= {"payment_status": "paid"}
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", state.put(intent))
    emit(state, "checkout.session.async_payment_succeeded", state.put(session))


def _fail(state: State, session: dict[str, Any], intent: dict[str, Any], charge: dict[str, Any]) -> None:
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
    emit(state, "checkout.session.async_payment_failed", session)


def _charge(state: State, session: dict[str, Any], intent: dict[str, Any], iban: str) -> dict[str, Any]:
    details = session["customer_details"]
    billing = {name: details[name] for name in ("address", "email", "name", "phone")} | {"tax_id": None}
    return payments.blank_charge(state, "py_3", intent, billing) | {
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
        "payment_method": state.new_id("pm_1"),
        "payment_method_details": {METHOD: _account(iban), "type": METHOD},
        "status": "pending",
    }


def _account(iban: str) -> dict[str, Any]:
    """What Stripe shows of an account: never its number."""
    bank, branch = (iban[4:9], iban[9:14]) if iban.startswith("FR") else (iban[4:12], "")
    return {
        "bank_code": bank,
        "branch_code": branch,
        "country": iban[:2],
        "fingerprint": f"demo{iban[-4:]}{METHOD}",
        "last4": iban[-4:],
        "mandate": f"mandate_1{iban[-4:]}",
    }
