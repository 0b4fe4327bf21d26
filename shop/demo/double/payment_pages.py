"""What Stripe's own pay page calls in the browser: no part of the published API, but its command line uses it.

Stripe answers with an object of the page that is not documented; here it is the Checkout Session.
"""

from typing import Any

from shop.demo.double import debits, ibans, methods, payments, sessions
from shop.demo.double.cards import refusal
from shop.demo.double.errors import ApiError, Declined, invalid, not_implemented
from shop.demo.double.operations import ONE, operation
from shop.demo.double.params import EXPAND, Fields, Integer, Text
from shop.demo.double.state import State

PAGES = "/v1/payment_pages/{}"
CONFIRM = Fields(
    {"payment_method": Text(), "expected_amount": Integer(), **EXPAND}, ("payment_method", "expected_amount")
)


def show(state: State, params: dict[str, Any], host: str, session_id: str) -> dict[str, Any]:
    """The session of a page."""
    return sessions.get(state, session_id)


def confirm(state: State, params: dict[str, Any], host: str, session_id: str) -> dict[str, Any]:
    """Pay as a buyer would who saw `expected_amount`; raises Declined where the bank says no."""
    session = sessions.get(state, session_id)
    method = methods.usable(state, params["payment_method"], None)
    if params["expected_amount"] != session["amount_total"]:
        raise invalid("The amount shown is no longer the amount of this page.", "expected_amount")
    try:
        (_debit if method["type"] == ibans.METHOD else _charge)(state, session_id, method)
    except payments.SessionClosed as closed:
        raise ApiError(400, f"This page is {closed.session['status']} and takes no payment.") from closed
    return sessions.get(state, session_id)


def _charge(state: State, session_id: str, method: dict[str, Any]) -> None:
    card = methods.card_of(state, method)
    if card.authenticates:
        raise not_implemented("3-D Secure of a page that nobody looks at")
    if payments.pay(state, session_id, _payer(method, card.number)) == "declined":
        raise Declined(refusal(card))


def _debit(state: State, session_id: str, method: dict[str, Any]) -> None:
    try:
        debits.pay(state, session_id, _payer(method, state.hidden(method["id"])["iban"]))
    except debits.UnknownAccount as error:
        raise invalid("This page cannot be paid with sepa_debit.", "payment_method") from error


def _payer(method: dict[str, Any], number: str) -> payments.Payer:
    billing = method["billing_details"]
    country = billing["address"]["country"] or method[method["type"]]["country"]
    return payments.Payer(number, billing["name"], billing["email"], country, method=method["id"])


OPERATIONS = (
    operation("GetPaymentPage", "GET", PAGES, ONE, show),
    operation("PostPaymentPageConfirm", "POST", PAGES + "/confirm", CONFIRM, confirm),
)
