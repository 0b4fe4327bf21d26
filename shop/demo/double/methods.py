"""PaymentMethods: cards and SEPA debits, made by number, by token or by one of Stripe's shortcuts.

Source of the shortcuts: https://docs.stripe.com/testing. A `pm_card_…` is no object but a recipe: each use makes a new
PaymentMethod. The API shows the last four digits; the number is kept beside them to know which test card it is.
"""

from typing import Any

from shop.demo.double import customers, ibans, resources
from shop.demo.double.cards import CARDS, TestCard, expired, passes_luhn, refusal
from shop.demo.double.changes import change
from shop.demo.double.errors import ApiError, Declined, invalid, missing_resource
from shop.demo.double.events import emit
from shop.demo.double.operations import ONE, operation, reads
from shop.demo.double.params import (
    EXPAND,
    Boolean,
    Choice,
    Clearable,
    Email,
    Fields,
    Integer,
    ListOf,
    Metadata,
    MetadataChange,
    Shape,
    Text,
    absent,
)
from shop.demo.double.state import State

KIND = "payment_method"
METHODS = resources.ADDRESSES[KIND]
SHORTCUTS = {
    "visa": "4242424242424242",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "authenticationRequired": "4000002760003184",
    "bypassPending": "4000000000000077",
    "chargeCustomerFail": "4000000000000341",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclined": "4000000000000002",
    "createDispute": "4000000000000259",
    "createDisputeInquiry": "4000000000001976",
}
# What this account takes; Stripe's other types answer 501.
TYPES = ("card", ibans.METHOD)
OTHER_TYPES = """
acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie bizum blik boleto
cashapp crypto custom customer_balance eps fpx giropay grabpay ideal kakao_pay klarna konbini kr_card link mb_way
mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow paypal payto pix promptpay revolut_pay
samsung_pay satispay scalapay sofort sunbit swish twint upi us_bank_account wechat_pay zip
"""
# What an intent shows while 3-D Secure is asked for in the buyer's browser.
ASKS_BANK = {
    "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
    "status": "requires_action",
}
BILLING = Fields(
    {
        "address": Clearable(customers.ADDRESS),
        "email": Clearable(Email()),
        "name": Clearable(Text()),
        "phone": Clearable(Text()),
        **absent("tax_id"),
    }
)
CARD = Fields(
    {
        "token": Text(),
        "number": Text(),
        "exp_month": Integer(),
        "exp_year": Integer(),
        "cvc": Text(4),
        **absent("networks"),
    }
)
REDISPLAY = Choice("always", "limited", "unspecified")
GIVEN: dict[str, Shape] = {"allow_redisplay": REDISPLAY, "billing_details": BILLING, **EXPAND}
CREATE = Fields(
    {
        **GIVEN,
        "type": Choice(*TYPES, absent=(*OTHER_TYPES.split(), "interac_present")),
        "card": CARD,
        "sepa_debit": Fields({"iban": Text(34)}, ("iban",)),
        "metadata": Metadata(),
        **absent(*OTHER_TYPES.split(), "interac_present", "customer", "payment_method", "radar_options"),
    },
    ("type",),
)
# How an intent says which types it takes: it names them, or leaves the choice to the account.
OFFER: dict[str, Shape] = {
    "automatic_payment_methods": Fields(
        {"enabled": Boolean(), "allow_redirects": Choice("always", "never")}, ("enabled",)
    ),
    "payment_method_types": ListOf(Choice(*TYPES, absent=tuple(OTHER_TYPES.split()))),
}
UPDATE = Fields({**GIVEN, "metadata": MetadataChange(), **absent("card", "payto", "us_bank_account")})


def offered(params: dict[str, Any], account: list[str]) -> dict[str, Any]:
    """The two fields of an intent in which it shows the types it takes; `account` are those it has by itself."""
    named, automatic = params.get("payment_method_types"), params.get("automatic_payment_methods")
    if automatic and automatic["enabled"]:
        if named:
            raise invalid(
                "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
                "automatic_payment_methods",
            )
    elif automatic or named:
        return {"automatic_payment_methods": None, "payment_method_types": named or account}
    chosen = {"allow_redirects": "always", "enabled": True} | (automatic or {})
    return {"automatic_payment_methods": chosen, "payment_method_types": account}


def new_card(
    state: State,
    number: str,
    billing: dict[str, Any],
    *,
    country: str = "US",
    expires: tuple[int, int] = (12, 2034),
) -> dict[str, Any]:
    """The PaymentMethod of one of the test cards, kept."""
    card = CARDS[number]
    shown = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": None},
        "country": country,
        "display_brand": card.brand,
        "exp_month": expires[0],
        "exp_year": expires[1],
        "fingerprint": f"demo{number[-4:]}{card.brand}",
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    # Test numbers only: anything else was refused before, so nobody's card is ever written down.
    return state.add(_method(state, "card", shown, billing), hidden={"number": number})


def new_debit(state: State, iban: str, billing: dict[str, Any]) -> dict[str, Any]:
    """The PaymentMethod of one of the test accounts, kept."""
    shown = {**ibans.shown(iban), "generated_from": {"charge": None, "setup_attempt": None}}
    return state.add(_method(state, ibans.METHOD, shown, billing), hidden={"iban": iban})


def card_of(state: State, method: dict[str, Any]) -> TestCard:
    """Which test card a PaymentMethod is."""
    return CARDS[state.hidden(method["id"])["number"]]


def number_of(name: str, prefix: str) -> str | None:
    """The number behind a shortcut such as `pm_card_visa` or `tok_visa`."""
    return SHORTCUTS.get(name.removeprefix(prefix)) if name.startswith(prefix) else None


def known(state: State, identifier: str, param: str = KIND) -> dict[str, Any]:
    """The PaymentMethod a parameter names, new for a shortcut; raises Stripe's refusal where there is none."""
    number = number_of(identifier, "pm_card_")
    if number:
        return new_card(state, number, full_billing({}))
    method = state.find(identifier, KIND)
    if method is None:
        raise missing_resource("PaymentMethod", identifier, param, 400)
    return method


def usable(state: State, identifier: str, customer: str | None) -> dict[str, Any]:
    """The PaymentMethod to charge or to set up for `customer`, who may be nobody."""
    method = known(state, identifier)
    if method["customer"] not in (None, customer):
        raise invalid(
            "The PaymentMethod you provided is attached to another customer or to one while no customer was given: "
            f"{identifier}.",
            KIND,
        )
    if method["customer"] is None and state.hidden(method["id"]).get("spent"):
        raise ApiError(
            400,
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again.",
            param=KIND,
        )
    return method


def spend(state: State, method: dict[str, Any]) -> None:
    """A PaymentMethod that belongs to nobody is used once."""
    if method["customer"] is None:
        state.put(method, hidden=state.hidden(method["id"]) | {"spent": True})


def keep(state: State, method: dict[str, Any], customer: str) -> dict[str, Any]:
    """Attach a PaymentMethod to a customer, unless it is already."""
    if method["customer"] is None:
        method["customer"] = customer
        state.put(method)
        emit(state, "payment_method.attached", method)
    return method


def full_billing(given: dict[str, Any]) -> dict[str, Any]:
    """Billing details with every field Stripe shows."""
    blank = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    address = customers.full_address(given.get("address")) or dict.fromkeys(customers.ADDRESS_PARTS)
    return blank | given | {"address": address}


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Make a PaymentMethod that belongs to nobody yet."""
    kind = params["type"]
    if kind not in params:
        raise invalid(f"Missing required param: {kind}.", kind, "parameter_missing")
    billing = full_billing(params.get("billing_details", {}))
    method = _card(state, params["card"], billing) if kind == "card" else _sepa(state, params["sepa_debit"], billing)
    given = {name: params[name] for name in ("allow_redisplay", "metadata") if name in params}
    return state.put(method | given)


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change the details of a PaymentMethod that is kept with a customer."""
    method = resources.get(state, KIND, identifier)
    if method["customer"] is None:
        raise ApiError(400, "You must save this PaymentMethod to a customer before you can update it.")
    if "billing_details" in params:
        given = dict(params["billing_details"])
        if "address" in given:
            given["address"] = customers.full_address(given["address"] or {})
        params["billing_details"] = method["billing_details"] | given
    return change(state, "payment_method.updated", method, params)


def attach(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Keep a PaymentMethod with a customer; the bank is asked."""
    customer = customers.known(state, params["customer"])["id"]
    method = known(state, identifier)
    if method["customer"]:
        raise ApiError(400, "The payment method you provided has already been attached to a customer.")
    method = usable(state, method["id"], customer)
    verify(state, method)
    return keep(state, method, customer)


def verify(state: State, method: dict[str, Any]) -> None:
    """Ask the bank whether a card may be kept; raises Declined."""
    if method["type"] != "card":
        return
    card = card_of(state, method)
    if card.decline and not card.saves:
        raise Declined(refusal(card))


def detach(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Take a PaymentMethod from its customer; it can never be used again."""
    method = resources.get(state, KIND, identifier)
    customer = method["customer"]
    if customer is None:
        raise ApiError(
            400,
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param=KIND,
        )
    method["customer"] = None
    state.put(method, hidden=state.hidden(identifier) | {"spent": True})
    emit(state, "payment_method.detached", method, previous={"customer": customer})
    return method


def _card(state: State, given: dict[str, Any], billing: dict[str, Any]) -> dict[str, Any]:
    if "token" in given:
        number = number_of(given["token"], "tok_")
        if number is None:
            raise missing_resource("token", given["token"], "card[token]", 400)
        return new_card(state, number, billing)
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise invalid(f"Missing required param: card[{name}].", f"card[{name}]", "parameter_missing")
    number = given["number"]
    if not number.isdecimal() or not passes_luhn(number):
        raise _wrong_card("Your card number is incorrect.", "number", "incorrect_number")
    if number not in CARDS:
        # Stripe says this of a real card in test mode.
        message = "Your card was declined. Your request was in test mode, but used a non test card."
        raise ApiError(402, message, kind="card_error", code="card_declined", decline_code="test_mode_live_card")
    month, year = given["exp_month"], given["exp_year"]
    if not 1 <= month <= 12:
        raise _wrong_card("Your card's expiration month is invalid.", "exp_month", "invalid_expiry_month")
    if expired(month, year, state.now()):
        raise _wrong_card("Your card's expiration year is invalid.", "exp_year", "invalid_expiry_year")
    return new_card(state, number, billing, expires=(month, year))


def _wrong_card(message: str, field: str, code: str) -> ApiError:
    return ApiError(402, message, kind="card_error", code=code, param=f"card[{field}]")


def _sepa(state: State, given: dict[str, Any], billing: dict[str, Any]) -> dict[str, Any]:
    for name in ("name", "email"):
        if not billing[name]:
            param = f"billing_details[{name}]"
            raise invalid(f"Missing required param: {param}.", param, "parameter_missing")
    iban = given["iban"]
    if iban not in ibans.ACCOUNTS:
        raise invalid(
            f"The IBAN you provided is invalid: {iban[:4]}….", "sepa_debit[iban]", "invalid_bank_account_iban"
        )
    return new_debit(state, iban, billing)


def _method(state: State, kind: str, shown: dict[str, Any], billing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": state.new_id("pm_1"),
        "object": KIND,
        "allow_redisplay": "unspecified",
        "billing_details": billing,
        kind: shown,
        "created": state.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


OPERATIONS = (
    # Anybody may make one of a card: that alone moves nothing.
    operation("PostPaymentMethods", "POST", METHODS, CREATE, create, guard=lambda state, params: None),
    reads("GetPaymentMethodsPaymentMethod", KIND),
    operation("PostPaymentMethodsPaymentMethod", "POST", METHODS + "/{}", UPDATE, update),
    operation(
        "PostPaymentMethodsPaymentMethodAttach",
        "POST",
        METHODS + "/{}/attach",
        Fields({"customer": Text(), **EXPAND, **absent("customer_account")}, ("customer",)),
        attach,
    ),
    operation("PostPaymentMethodsPaymentMethodDetach", "POST", METHODS + "/{}/detach", ONE, detach),
)
