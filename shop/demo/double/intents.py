"""PaymentIntents of a shop that asks for cards itself: made, confirmed, captured and cancelled by the API.

What is missing is said aloud: capturing a part, giving up an authorised payment, and the bank's page of 3-D Secure
outside Checkout, so that a payment that asks for it stays `requires_action`.
"""

from typing import Any

from shop.demo.double import balance, customers, debits, fates, ibans, methods, payments, resources, sessions
from shop.demo.double.cards import refusal
from shop.demo.double.changes import change
from shop.demo.double.currencies import money_text, rate, settle
from shop.demo.double.errors import ApiError, Declined, invalid, not_implemented
from shop.demo.double.events import emit
from shop.demo.double.operations import operation
from shop.demo.double.params import (
    EXPAND,
    Boolean,
    Choice,
    Clearable,
    Currency,
    Email,
    Fields,
    Integer,
    Metadata,
    MetadataChange,
    Text,
    Url,
    absent,
)
from shop.demo.double.state import State

KIND = "payment_intent"
INTENTS = resources.ADDRESSES[KIND]
CREATE_ABSENT = """
amount_details application_fee_amount confirmation_token customer_account error_on_requires_action
excluded_payment_method_types hooks mandate off_session on_behalf_of payment_details
payment_method_configuration payment_method_data payment_method_options radar_options setup_future_usage
statement_descriptor statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk
"""
# A mandate is shown with the charge of its debit and not kept as an object.
MANDATE = Fields(
    {
        "customer_acceptance": Fields(
            {"accepted_at": Integer(), "type": Choice("offline", absent=("online",)), **absent("offline", "online")},
            ("type",),
        )
    },
    ("customer_acceptance",),
)
CREATE = Fields(
    {
        "amount": Integer(),
        "capture_method": Choice("automatic", "automatic_async", "manual"),
        "confirm": Boolean(),
        "confirmation_method": Choice("automatic", "manual"),
        "currency": Currency(),
        "customer": Text(),
        "description": Text(1000),
        "mandate_data": MANDATE,
        "metadata": Metadata(),
        "payment_method": Text(),
        **methods.OFFER,
        "receipt_email": Email(),
        "return_url": Url(),
        "shipping": sessions.SHIPPING,
        **EXPAND,
        **absent(*CREATE_ABSENT.split()),
    },
    ("amount", "currency"),
)
UPDATE_ABSENT = """
amount amount_details application_fee_amount capture_method currency customer customer_account
excluded_payment_method_types hooks payment_details payment_method payment_method_configuration
payment_method_data payment_method_options payment_method_types setup_future_usage statement_descriptor
statement_descriptor_suffix transfer_data transfer_group
"""
UPDATE = Fields(
    {
        "description": Text(1000),
        "metadata": MetadataChange(),
        "receipt_email": Clearable(Email()),
        "shipping": Clearable(sessions.SHIPPING),
        **EXPAND,
        **absent(*UPDATE_ABSENT.split()),
    }
)
CONFIRM_ABSENT = """
amount_details amount_to_confirm capture_method client_secret confirmation_token error_on_requires_action
excluded_payment_method_types hooks mandate off_session payment_details payment_method_data
payment_method_options payment_method_types radar_options receipt_email setup_future_usage shipping
use_stripe_sdk
"""
CONFIRM = Fields(
    {
        "mandate_data": MANDATE,
        "payment_method": Text(),
        "return_url": Url(),
        **EXPAND,
        **absent(*CONFIRM_ABSENT.split()),
    }
)
CAPTURE_ABSENT = """
amount_details amount_to_capture application_fee_amount final_capture hooks metadata payment_details
statement_descriptor statement_descriptor_suffix transfer_data
"""
CAPTURE = Fields({**EXPAND, **absent(*CAPTURE_ABSENT.split())})
REASONS = Choice("abandoned", "duplicate", "fraudulent", "requested_by_customer")
CANCEL = Fields({"cancellation_reason": REASONS, **EXPAND})
# Before the money: what may still be confirmed or given up.
WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Make a PaymentIntent, and confirm it where that is asked."""
    _check_amount(params["amount"], params["currency"])
    confirmed = params.get("confirm", False)
    if "return_url" in params and not confirmed:
        raise invalid("The parameter `return_url` cannot be passed unless `confirm` is set to true.", "return_url")
    if "customer" in params:
        customers.known(state, params["customer"])
    given = ("capture_method", "confirmation_method", "customer", "description", "metadata", "receipt_email")
    intent = {
        **payments.new_intent(state, params["amount"], params["currency"]),
        **{name: params[name] for name in given if name in params},
        **methods.offered(params, ibans.list_methods(state, params["currency"])),
        "shipping": payments.shipping(params.get("shipping")),
    }
    _choose(state, intent, params)
    state.add(intent)
    emit(state, "payment_intent.created", intent)
    return _confirm(state, intent, params) if confirmed else intent


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change what a PaymentIntent says of itself; Stripe tells nobody."""
    if "shipping" in params:
        params["shipping"] = payments.shipping(params["shipping"])
    return change(state, None, resources.get(state, KIND, identifier), params)


def confirm(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Try to take the money; raises Declined where the bank says no."""
    intent = _own(state, identifier)
    if intent["status"] not in WAITING:
        raise _unexpected(
            intent, f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        )
    _choose(state, intent, params)
    return _confirm(state, intent, params)


def capture(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Take the whole of what was authorised."""
    intent = _own(state, identifier)
    if intent["status"] != "requires_capture":
        raise _unexpected(
            intent,
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    charge = state.find(intent["latest_charge"]) or {}
    charge |= {"amount_captured": charge["amount"], "captured": True}
    state.put(charge)
    balance.book(state, charge)
    emit(state, "charge.captured", charge)
    _succeed(state, intent)
    fates.follow(state, charge, methods.card_of(state, state.find(charge["payment_method"]) or {}))
    return intent


def cancel(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Give up a PaymentIntent that has not been paid."""
    intent = _own(state, identifier)
    if intent["status"] == "requires_capture":
        raise not_implemented("giving up an authorised payment")
    if intent["status"] not in WAITING:
        raise _unexpected(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(WAITING)}.",
        )
    intent |= {
        "canceled_at": state.now(),
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    state.put(intent)
    emit(state, "payment_intent.canceled", intent)
    return intent


def _check_amount(amount: int, currency: str) -> None:
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if settle(amount, currency, rate(currency, 0, 0)) < sessions.SMALLEST_EURO_CENTS:
        text = money_text(amount, currency)
        raise invalid(f"Amount must convert to at least 50 cents. {text} does not.", "amount", "amount_too_small")
    if amount > sessions.LARGEST:
        text = money_text(sessions.LARGEST, currency)
        raise invalid(f"Amount must be no more than {text}", "amount", "amount_too_large")


def _own(state: State, identifier: str) -> dict[str, Any]:
    """A PaymentIntent the caller leads; raises for one that a Checkout Session leads."""
    intent = resources.get(state, KIND, identifier)
    if state.page(sessions.KIND, equal={"payment_intent": identifier}, limit=1)[0]:
        raise _unexpected(intent, "This PaymentIntent belongs to a Checkout Session, which alone may move it.")
    return intent


def _unexpected(intent: dict[str, Any], message: str) -> ApiError:
    return ApiError(400, message, code="payment_intent_unexpected_state", payment_intent=intent)


def _choose(state: State, intent: dict[str, Any], params: dict[str, Any]) -> None:
    """Note the payment method a call names."""
    if "payment_method" not in params:
        return
    method = methods.usable(state, params["payment_method"], intent["customer"])
    if method["type"] not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. It takes: "
            f"{', '.join(intent['payment_method_types'])}.",
            "payment_method",
        )
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


def _confirm(state: State, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    if intent["payment_method"] is None:
        raise _unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method.",
        )
    method = methods.usable(state, intent["payment_method"], intent["customer"])
    if method["type"] == ibans.METHOD:
        return _debit(state, intent, method, params)
    if not methods.card_of(state, method).authenticates:
        return _charge(state, intent, method)
    if "return_url" in params:
        raise not_implemented("the bank's page of 3-D Secure outside Checkout: leave out return_url")
    intent |= methods.ASKS_BANK
    state.put(intent)
    emit(state, "payment_intent.requires_action", intent)
    return intent


def _debit(state: State, intent: dict[str, Any], method: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    if intent["currency"] != ibans.CURRENCY:
        raise invalid(
            f"The currency provided ({intent['currency']}) is invalid for sepa_debit. It takes: {ibans.CURRENCY}.",
            "currency",
        )
    if intent["capture_method"] == "manual":
        raise invalid("A debit is never only authorised: sepa_debit takes no manual capture.", "capture_method")
    if "mandate_data" not in params:
        raise invalid("Missing required param: mandate_data.", "mandate_data", "parameter_missing")
    debits.order(state, intent, method)
    return intent


def _charge(state: State, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    card = methods.card_of(state, method)
    captured = intent["capture_method"] != "manual"
    charge = payments.new_charge(state, intent, card, method, captured=captured)
    state.add(charge, hidden=fates.hidden(card))
    intent |= {"latest_charge": charge["id"], "next_action": None}
    if card.decline:
        emit(state, "charge.failed", charge)
        error = refusal(card) | {"charge": charge["id"], "payment_method": method}
        payments.fail(state, intent, error)
        raise Declined(error | {"payment_intent": intent})
    methods.spend(state, method)
    if captured:
        balance.book(state, charge)
        emit(state, "charge.succeeded", charge)
        _succeed(state, intent)
        fates.follow(state, charge, card)
        return intent
    emit(state, "charge.succeeded", charge)
    intent |= {"amount_capturable": intent["amount"], "last_payment_error": None, "status": "requires_capture"}
    state.put(intent)
    emit(state, "payment_intent.amount_capturable_updated", intent)
    return intent


def _succeed(state: State, intent: dict[str, Any]) -> None:
    intent |= {
        "amount_capturable": 0,
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "status": "succeeded",
    }
    state.put(intent)
    emit(state, "payment_intent.succeeded", intent)


OPERATIONS = (
    operation("PostPaymentIntents", "POST", INTENTS, CREATE, create),
    operation("PostPaymentIntentsIntent", "POST", INTENTS + "/{}", UPDATE, update),
    operation("PostPaymentIntentsIntentConfirm", "POST", INTENTS + "/{}/confirm", CONFIRM, confirm),
    operation("PostPaymentIntentsIntentCapture", "POST", INTENTS + "/{}/capture", CAPTURE, capture),
    operation("PostPaymentIntentsIntentCancel", "POST", INTENTS + "/{}/cancel", CANCEL, cancel),
)
