"""SetupIntents: a card made ready for later, without money. Attempts are not kept, only what came of the last."""

from typing import Any

from shop.demo.double import customers, methods, resources
from shop.demo.double.cards import refusal
from shop.demo.double.errors import ApiError, Declined, not_implemented
from shop.demo.double.events import emit
from shop.demo.double.operations import operation, reads
from shop.demo.double.params import EXPAND, Boolean, Choice, Fields, Metadata, Text, absent
from shop.demo.double.state import State

KIND = "setup_intent"
SETUPS = resources.ADDRESSES[KIND]
CREATE_ABSENT = """
attach_to_self confirmation_token customer_account excluded_payment_method_types flow_directions mandate_data
on_behalf_of payment_method_configuration payment_method_data payment_method_options return_url single_use
use_stripe_sdk
"""
CREATE = Fields(
    {
        "confirm": Boolean(),
        "customer": Text(),
        "description": Text(1000),
        "metadata": Metadata(),
        "payment_method": Text(),
        "usage": Choice("off_session", "on_session"),
        **methods.OFFER,
        **EXPAND,
        **absent(*CREATE_ABSENT.split()),
    }
)
CONFIRM_ABSENT = """
client_secret confirmation_token mandate_data payment_method_data payment_method_options return_url
use_stripe_sdk
"""
CONFIRM = Fields(
    {
        "payment_method": Text(),
        **EXPAND,
        **absent(*CONFIRM_ABSENT.split()),
    }
)
CANCEL = Fields({"cancellation_reason": Choice("abandoned", "duplicate", "requested_by_customer"), **EXPAND})
WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Make a SetupIntent, and confirm it where that is asked."""
    if "customer" in params:
        customers.known(state, params["customer"])
    identifier = state.new_id("seti_1")
    setup: dict[str, Any] = {
        "id": identifier,
        "object": KIND,
        "application": None,
        **methods.offered(params, ["card"]),
        "cancellation_reason": None,
        "client_secret": state.new_id(f"{identifier}_secret_"),
        "created": state.now(),
        "customer": params.get("customer"),
        "customer_account": None,
        "description": params.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": params.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
    _choose(state, setup, params)
    state.add(setup)
    emit(state, "setup_intent.created", setup)
    return _confirm(state, setup) if params.get("confirm") else setup


def confirm(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Ask the bank; raises Declined where it says no."""
    setup = _waiting(state, identifier, "confirm")
    _choose(state, setup, params)
    return _confirm(state, setup)


def cancel(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Give up a SetupIntent that has not succeeded."""
    setup = _waiting(state, identifier, "cancel")
    setup |= {
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    state.put(setup)
    emit(state, "setup_intent.canceled", setup)
    return setup


def _waiting(state: State, identifier: str, verb: str) -> dict[str, Any]:
    setup = resources.get(state, KIND, identifier)
    if setup["status"] not in WAITING:
        raise _unexpected(
            setup,
            f"You cannot {verb} this SetupIntent because it has a status of {setup['status']}. Only a SetupIntent with "
            f"one of the following statuses allows it: {', '.join(WAITING)}.",
        )
    return setup


def _unexpected(setup: dict[str, Any], message: str) -> ApiError:
    return ApiError(400, message, code="setup_intent_unexpected_state", setup_intent=setup)


def _choose(state: State, setup: dict[str, Any], params: dict[str, Any]) -> None:
    if "payment_method" not in params:
        return
    method = methods.usable(state, params["payment_method"], setup["customer"])
    if method["type"] != "card":
        raise not_implemented(f"setting up {method['type']}")
    setup |= {"payment_method": method["id"], "status": "requires_confirmation"}


def _confirm(state: State, setup: dict[str, Any]) -> dict[str, Any]:
    if setup["payment_method"] is None:
        raise _unexpected(
            setup, "You cannot confirm this SetupIntent because it's missing a payment method to confirm with."
        )
    method = methods.usable(state, setup["payment_method"], setup["customer"])
    card = methods.card_of(state, method)
    if card.authenticates:
        setup |= methods.ASKS_BANK
        state.put(setup)
        emit(state, "setup_intent.requires_action", setup)
        return setup
    if card.decline and not card.saves:
        error = refusal(card) | {"payment_method": method}
        setup |= {"last_setup_error": error, "payment_method": None, "status": "requires_payment_method"}
        state.put(setup)
        emit(state, "setup_intent.setup_failed", setup)
        raise Declined(error | {"setup_intent": setup})
    setup |= {"last_setup_error": None, "next_action": None, "status": "succeeded"}
    state.put(setup)
    if setup["customer"]:
        methods.keep(state, method, setup["customer"])
    emit(state, "setup_intent.succeeded", setup)
    return setup


OPERATIONS = (
    operation("PostSetupIntents", "POST", SETUPS, CREATE, create),
    reads("GetSetupIntentsIntent", KIND, Fields({**EXPAND, **absent("client_secret")})),
    operation("PostSetupIntentsIntentConfirm", "POST", SETUPS + "/{}/confirm", CONFIRM, confirm),
    operation("PostSetupIntentsIntentCancel", "POST", SETUPS + "/{}/cancel", CANCEL, cancel),
)
