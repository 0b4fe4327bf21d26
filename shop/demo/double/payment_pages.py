"""What Stripe's own pay page and its script call in the browser: no part of the published API.

Stripe's command line uses it, and so does the script of `elements`. Stripe answers with an object of the page that is
not documented; here it is the Checkout Session. With a publishable key the session's client secret is asked for.
"""

import hmac
from typing import Any

from shop.demo.double import debits, ibans, methods, payments, sessions
from shop.demo.double.cards import refusal
from shop.demo.double.errors import ApiError, Declined, invalid, missing_resource, not_implemented
from shop.demo.double.operations import operation
from shop.demo.double.params import EXPAND, Fields, Integer, Shape, Text
from shop.demo.double.state import State

PAGES = "/v1/payment_pages/{}"
BROWSERS: dict[str, Shape] = {"key": Text(), "client_secret": Text(), **EXPAND}
SHOW = Fields(BROWSERS)
CONFIRM = Fields(
    {"payment_method": Text(), "expected_amount": Integer(), **BROWSERS}, ("payment_method", "expected_amount")
)


def check_secret(state: State, params: dict[str, Any], session_id: str) -> None:
    """Let in whoever has the secret of a session; to others there is no such session."""
    secret = (state.find(session_id, sessions.KIND) or {}).get("client_secret") or ""
    if not secret or not hmac.compare_digest(secret.encode(), params.get("client_secret", "").encode()):
        raise missing_resource(sessions.KIND, session_id, "session")


def show(state: State, params: dict[str, Any], host: str, session_id: str) -> dict[str, Any]:
    """The session of a page."""
    return sessions.get(state, session_id)


def confirm(state: State, params: dict[str, Any], host: str, session_id: str) -> dict[str, Any]:
    """Pay as a buyer would who saw `expected_amount`; raises Declined where the bank says no.

    A session in elements whose bank asks the buyer is still open in the answer; its intent says where the bank asks.
    """
    session = sessions.get(state, session_id)
    method = methods.usable(state, params["payment_method"], None)
    if params["expected_amount"] != session["amount_total"]:
        raise invalid("The amount shown is no longer the amount of this page.", "expected_amount")
    try:
        (_debit if method["type"] == ibans.METHOD else _charge)(state, session, method)
    except payments.SessionClosed as closed:
        raise ApiError(400, f"This page is {closed.session['status']} and takes no payment.") from closed
    return sessions.get(state, session_id)


def _charge(state: State, session: dict[str, Any], method: dict[str, Any]) -> None:
    card = methods.card_of(state, method)
    if card.authenticates and session["ui_mode"] != "elements":
        raise not_implemented("3-D Secure of a page that nobody looks at")
    if payments.pay(state, session["id"], _payer(method, card.number)) == "declined":
        raise Declined(refusal(card))


def _debit(state: State, session: dict[str, Any], method: dict[str, Any]) -> None:
    try:
        debits.pay(state, session["id"], _payer(method, state.hidden(method["id"])["iban"]))
    except debits.UnknownAccount as error:
        raise invalid("This page cannot be paid with sepa_debit.", "payment_method") from error


def _payer(method: dict[str, Any], number: str) -> payments.Payer:
    billing = method["billing_details"]
    country = billing["address"]["country"] or method[method["type"]]["country"]
    return payments.Payer(number, billing["name"], billing["email"], country, method=method["id"])


OPERATIONS = (
    operation("GetPaymentPage", "GET", PAGES, SHOW, show, guard=check_secret),
    operation("PostPaymentPageConfirm", "POST", PAGES + "/confirm", CONFIRM, confirm, guard=check_secret),
)
