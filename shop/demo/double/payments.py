"""What the pay page does: PaymentIntents and Charges, made when a buyer tries to pay."""

from dataclasses import dataclass
from typing import Any, Literal

from shop.demo.double import balance, fates, methods, sessions
from shop.demo.double.cards import CARDS, TestCard, failure_code, refusal
from shop.demo.double.events import emit
from shop.demo.double.operations import lists, reads
from shop.demo.double.params import DATED_PAGE, EXPAND, Fields, Text, absent
from shop.demo.double.state import State

Outcome = Literal["paid", "declined", "authenticate"]


class SessionClosed(Exception):
    """The session is complete or expired and takes no payment."""

    def __init__(self, session: dict[str, Any]) -> None:
        super().__init__(session["status"])
        self.session = session


class UnknownCard(ValueError):
    """A number that is not one of the test cards; nothing was recorded."""


@dataclass(frozen=True)
class Payer:
    """Who pays with what. Only the last four digits of `number` are kept."""

    number: str
    name: str | None = None
    email: str | None = None
    country: str = "FR"
    exp_month: int = 12
    exp_year: int = 2034
    # A PaymentMethod that stands already; without it one is made.
    method: str | None = None


def pay(state: State, session_id: str, payer: Payer, shipping_option: int = 0) -> Outcome:
    """Try to pay an open session; raises SessionClosed and UnknownCard."""
    card = CARDS.get(payer.number)
    with state.transaction():
        session = open_session(state, session_id)
        if card is None:
            raise UnknownCard(payer.number[-4:])
        choose_shipping(state, session, shipping_option)
        intent = intent_of(state, session)
        if card.authenticates:
            return _ask_bank(state, session, intent, payer)
        return _charge(state, session, intent, card, payer)


def authenticate(state: State, session_id: str, accepted: bool) -> Outcome:
    """The buyer answered the bank's question; raises SessionClosed."""
    with state.transaction():
        session = open_session(state, session_id)
        intent = state.find(session["payment_intent"] or "")
        if intent is None or intent["status"] != "requires_action":
            return "declined"
        payer = Payer(**state.hidden(intent["id"])["payer"])
        intent["next_action"] = None
        if accepted:
            return _charge(state, session, intent, CARDS[payer.number], payer)
        error = {
            "type": "invalid_request_error",
            "code": "payment_intent_authentication_failure",
            "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
            "message": "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a "
            "new PaymentMethod to attempt to fulfill this PaymentIntent again.",
        }
        fail(state, intent, error)
    return "declined"


def awaits_bank(state: State, session_id: str) -> bool:
    """Whether the session waits for the answer to 3-D Secure."""
    session = state.find(session_id, sessions.KIND)
    intent = state.find((session or {}).get("payment_intent") or "")
    return intent is not None and intent["status"] == "requires_action"


def last_message(state: State, session: dict[str, Any]) -> str | None:
    """The code of the last failure in a session, for the page to explain."""
    intent = state.find(session["payment_intent"] or "")
    error = (intent or {}).get("last_payment_error")
    return error and (error.get("decline_code") or error["code"])


def open_session(state: State, session_id: str) -> dict[str, Any]:
    """A session that can still be paid; raises SessionClosed for another."""
    session = sessions.get(state, session_id)
    if session["status"] != "open":
        raise SessionClosed(session)
    return session


def choose_shipping(state: State, session: dict[str, Any], option: int) -> None:
    """Take the chosen of several ways to ship, and its price."""
    options = session["shipping_options"]
    if len(options) > 1 and 0 <= option < len(options):
        sessions.ship(session, state.find(options[option]["shipping_rate"]))
        state.put(session)


def intent_of(state: State, session: dict[str, Any]) -> dict[str, Any]:
    """The session's PaymentIntent, made at the first try."""
    if session["payment_intent"]:
        intent = state.find(session["payment_intent"]) or {}
        return intent | {"amount": session["amount_total"]}
    data = state.hidden(session["id"])["intent"]
    intent = new_intent(state, session["amount_total"], session["currency"]) | {
        "description": data.get("description"),
        "excluded_payment_method_types": session["excluded_payment_method_types"] or None,
        "metadata": data.get("metadata", {}),
        "payment_method_types": session["payment_method_types"],
        "receipt_email": data.get("receipt_email"),
        "shipping": shipping(data.get("shipping")),
    }
    session["payment_intent"] = intent["id"]
    state.put(session)
    return state.add(intent)


def new_intent(state: State, amount: int, currency: str) -> dict[str, Any]:
    """A PaymentIntent that waits for its payment method."""
    identifier = state.new_id("pi_3")
    return {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": state.new_id(f"{identifier}_secret_"),
        "confirmation_method": "automatic",
        "created": state.now(),
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def shipping(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where a payment's goods go, with every field Stripe shows."""
    if data is None:
        return None
    blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "carrier": None,
        "phone": None,
        "tracking_number": None,
        **data,
        "address": blank | data["address"],
    }


def _ask_bank(state: State, session: dict[str, Any], intent: dict[str, Any], payer: Payer) -> Outcome:
    page = state.hidden(session["id"])["bank"]
    intent |= {
        "status": "requires_action",
        "next_action": {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": session["url"] or session["return_url"], "url": page},
        },
    }
    # Test numbers only: anything else was refused before, so nobody's card is ever written down.
    state.put(intent, hidden={"payer": vars(payer)})
    return "authenticate"


def _charge(state: State, session: dict[str, Any], intent: dict[str, Any], card: TestCard, payer: Payer) -> Outcome:
    method = state.find(payer.method or "") or _new_method(state, session, payer)
    charge = state.add(new_charge(state, intent, card, method), hidden=fates.hidden(card))
    intent |= {"latest_charge": charge["id"], "next_action": None}
    if card.decline:
        emit(state, "charge.failed", charge)
        fail(state, intent, refusal(card) | {"charge": charge["id"]})
        return "declined"
    methods.spend(state, method)
    balance.book(state, charge)
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "payment_method": charge["payment_method"],
        "status": "succeeded",
    }
    state.put(intent, hidden={})
    complete(state, session, payer)
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", intent)
    emit(state, "checkout.session.completed", session)
    fates.follow(state, charge, card)
    return "paid"


def complete(
    state: State, session: dict[str, Any], payer: Payer, payment_status: Literal["paid", "unpaid"] = "paid"
) -> None:
    """Close a session whose buyer has done what there was to do."""
    details = session["customer_details"] or {"tax_exempt": "none", "tax_ids": []}
    session |= {
        "customer_details": details
        | {
            "address": _address(payer),
            "business_name": None,
            "email": session["customer_email"] or payer.email,
            "individual_name": None,
            "name": payer.name,
            "phone": None,
            "tax_ids": [],
        },
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    state.put(session, due=None)


def fail(state: State, intent: dict[str, Any], error: dict[str, Any]) -> None:
    """Note why a try to pay came to nothing; another may follow."""
    intent |= {"last_payment_error": error, "payment_method": None, "status": "requires_payment_method"}
    state.put(intent, hidden={})
    emit(state, "payment_intent.payment_failed", intent)


def _new_method(state: State, session: dict[str, Any], payer: Payer) -> dict[str, Any]:
    expires = (payer.exp_month, payer.exp_year)
    return methods.new_card(state, payer.number, _billing(session, payer), country=payer.country, expires=expires)


def _billing(session: dict[str, Any], payer: Payer) -> dict[str, Any]:
    return {
        "address": _address(payer),
        "email": session["customer_email"] or payer.email,
        "name": payer.name,
        "phone": None,
        "tax_id": None,
    }


def _address(payer: Payer) -> dict[str, Any]:
    return {
        "city": None,
        "country": payer.country,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }


def new_charge(
    state: State, intent: dict[str, Any], card: TestCard, method: dict[str, Any], *, captured: bool = True
) -> dict[str, Any]:
    """The charge of one try to pay with a card: captured or only authorised, or failed where the card is declined."""
    failed = card.decline is not None
    captured = captured and not failed
    return blank_charge(state, "ch_3", intent, method) | {
        "amount_captured": intent["amount"] if captured else 0,
        "captured": captured,
        "failure_code": failure_code(card) if failed else None,
        "failure_message": refusal(card)["message"] if failed else None,
        "outcome": _outcome(card),
        "paid": not failed,
        "payment_method_details": {"card": _card_details(intent, card, method["card"]), "type": "card"},
        "status": "failed" if failed else "succeeded",
    }


def blank_charge(state: State, prefix: str, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    """A charge that has taken nothing, whatever it is to be paid with."""
    return {
        "id": state.new_id(prefix),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "DEMONSTRATION",
        "captured": False,
        "created": state.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": None,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(card: TestCard) -> dict[str, Any]:
    declined = card.decline is not None
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": "05" if declined else None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": card.decline,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": (
            "The bank did not return any further details with this decline." if declined else "Payment complete."
        ),
        "type": "issuer_declined" if declined else "authorized",
    }


def _card_details(intent: dict[str, Any], card: TestCard, shown: dict[str, Any]) -> dict[str, Any]:
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
    return {
        "amount_authorized": None if card.decline else intent["amount"],
        "authorization_code": None,
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "fail" if card.decline == "incorrect_cvc" else "pass",
        },
        "country": shown["country"],
        "exp_month": shown["exp_month"],
        "exp_year": shown["exp_year"],
        "fingerprint": shown["fingerprint"],
        "funding": shown["funding"],
        "installments": None,
        "last4": shown["last4"],
        "mandate": None,
        "network": card.brand,
        "network_transaction_id": None,
        "regulated_status": "unregulated",
        "three_d_secure": secure if card.authenticates else None,
        "wallet": None,
    }


OPERATIONS = (
    lists("GetPaymentIntents", "payment_intent", Fields({**DATED_PAGE, **absent("customer", "customer_account")})),
    reads("GetPaymentIntentsIntent", "payment_intent", Fields({**EXPAND, **absent("client_secret")})),
    lists(
        "GetCharges",
        "charge",
        Fields({**DATED_PAGE, "payment_intent": Text(), **absent("customer", "transfer_group")}),
    ),
    reads("GetChargesCharge", "charge"),
)
