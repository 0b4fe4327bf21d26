"""Checkout Sessions in payment mode, on the hosted page or in elements of the shop's own page."""

from typing import Any

from shop.demo.double import currencies, products, resources
from shop.demo.double.errors import ApiError, invalid, missing_resource, not_implemented
from shop.demo.double.events import emit
from shop.demo.double.ibans import list_methods
from shop.demo.double.operations import ONE, lists, operation, reads
from shop.demo.double.params import (
    DATED_PAGE,
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Currency,
    Email,
    Fields,
    Integer,
    ListOf,
    Metadata,
    Shape,
    Text,
    Url,
    absent,
)
from shop.demo.double.state import State

KIND = "checkout.session"
SESSIONS = resources.ADDRESSES[KIND]
SHORTEST, LONGEST = 30 * 60, 24 * 3600
SMALLEST_EURO_CENTS = 50
LARGEST = 99_999_999
LOCALES = """
auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl
sv th tr vi zh zh-HK zh-TW
"""
CARD_SHOWN = {"request_three_d_secure": "automatic"}
ABSENT = """
after_expiration allow_promotion_codes automatic_tax billing_address_collection branding_settings consent_collection
custom_fields custom_text customer customer_account customer_creation customer_update discounts integration_identifier
invoice_creation managed_payments name_collection optional_items origin_context payment_method_collection
payment_method_configuration payment_method_data permissions phone_number_collection redirect_on_completion
saved_payment_method_options setup_intent_data shipping_address_collection subscription_data tax_id_collection
wallet_options
"""
PRODUCT_DATA = Fields(
    {
        "name": Text(),
        "description": Text(40000),
        "images": ListOf(Url()),
        "metadata": Metadata(),
        **absent("tax_code", "unit_label"),
    },
    ("name",),
)
PRICE_DATA = Fields(
    {
        "currency": Currency(),
        "unit_amount": Integer(),
        "product_data": PRODUCT_DATA,
        "tax_behavior": products.TAX_BEHAVIOUR,
        **absent("product", "recurring", "unit_amount_decimal"),
    },
    ("currency", "unit_amount", "product_data"),
)
LINE = Fields(
    {
        "price_data": PRICE_DATA,
        "quantity": Integer(),
        "metadata": Metadata(),
        "price": Text(),
        **absent("adjustable_quantity", "dynamic_tax_rates", "tax_rates"),
    },
    ("quantity",),
)
BOUND = Fields({"unit": Choice("business_day", "day", "hour", "month", "week"), "value": Integer()}, ("unit", "value"))
SHIPPING_RATE = Fields(
    {
        "display_name": Text(100),
        "type": Choice("fixed_amount"),
        "fixed_amount": Fields(
            {"amount": Integer(), "currency": Currency(), **absent("currency_options")}, ("amount", "currency")
        ),
        "delivery_estimate": Fields({"minimum": BOUND, "maximum": BOUND}),
        "metadata": Metadata(),
        "tax_behavior": products.TAX_BEHAVIOUR,
        **absent("tax_code"),
    },
    ("display_name", "fixed_amount"),
)
ADDRESS = Fields({name: Text() for name in ("city", "country", "line1", "line2", "postal_code", "state")}, ("line1",))
SHIPPING = Fields(
    {"address": ADDRESS, "name": Text(), "carrier": Text(), "phone": Text(), "tracking_number": Text()},
    ("address", "name"),
)
INTENT_DATA = Fields(
    {
        "metadata": Metadata(),
        "description": Text(1000),
        "receipt_email": Email(),
        "shipping": SHIPPING,
        **absent(
            "application_fee_amount",
            "capture_method",
            "on_behalf_of",
            "setup_future_usage",
            "statement_descriptor",
            "statement_descriptor_suffix",
            "transfer_data",
            "transfer_group",
        ),
    }
)


class Refused:
    """`payment_method_types`: gone from the API since 2026-09-30; payment methods are dynamic."""

    def read(self, value: Any, name: str) -> Any:
        raise invalid(
            "The parameter payment_method_types is no longer supported. Remove it: payment methods are chosen "
            "dynamically.",
            name,
            "payment_method_types_no_longer_supported",
        )


CARD_OPTIONS: dict[str, Shape] = {
    "request_three_d_secure": Choice("automatic", absent=("any", "challenge")),
    **absent("capture_method", "installments", "setup_future_usage", "statement_descriptor_suffix_kana"),
}

CREATE = Fields(
    {
        "mode": Choice("payment", absent=("setup", "subscription")),
        "ui_mode": Choice("hosted_page", "elements", absent=("embedded_page",)),
        "line_items": ListOf(LINE),
        "shipping_options": ListOf(
            Fields({"shipping_rate_data": SHIPPING_RATE, **absent("shipping_rate")}, ("shipping_rate_data",))
        ),
        "customer_email": Email(),
        "client_reference_id": Text(200),
        "metadata": Metadata(),
        "payment_intent_data": INTENT_DATA,
        "expires_at": Integer(),
        "locale": Choice(*LOCALES.split()),
        "success_url": Url(),
        "cancel_url": Url(),
        "return_url": Url(),
        "currency": Currency(),
        "payment_method_options": Fields({"card": Fields(CARD_OPTIONS)}),
        "excluded_payment_method_types": ListOf(Text()),
        "adaptive_pricing": Fields({"enabled": Boolean()}),
        "submit_type": Choice("auto", "pay", absent=("book", "donate", "subscribe")),
        "payment_method_types": Refused(),
        **EXPAND,
        **absent(*ABSENT.split()),
    },
    ("mode", "line_items"),
)
# Which addresses, and what else, belong to which mode of a session.
NOT_IN_ELEMENTS = ("success_url", "cancel_url", "submit_type")


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Open a session; `host` is where its pay page is served, with a final slash."""
    now = state.now()
    expires_at = _expiry(params, now)
    _refuse_unsupported(params)
    in_elements = _is_in_elements(params)
    prices = [_price(state, line, i) for i, line in enumerate(params["line_items"])]
    currency = _currency(params, prices)
    items = [_item(state, line, price) for line, price in zip(params["line_items"], prices, strict=True)]
    rates = [_shipping_rate(state, option["shipping_rate_data"], now) for option in params.get("shipping_options", [])]
    excluded = params.get("excluded_payment_method_types", [])
    types = [name for name in list_methods(state, currency) if name not in excluded]
    if not types:
        raise invalid("No valid payment method types for this Checkout Session.", "excluded_payment_method_types")
    subtotal = sum(item["amount_total"] for item in items)
    identifier = state.new_id("cs_test_a1", 56)
    session = _blank(identifier, now) | {
        "amount_subtotal": subtotal,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "currency": currency,
        "customer_details": _customer_details(params.get("customer_email")),
        "customer_email": params.get("customer_email"),
        "excluded_payment_method_types": params.get("excluded_payment_method_types", []),
        "expires_at": expires_at,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "payment_method_options": {name: CARD_SHOWN if name == "card" else {} for name in types},
        "payment_method_types": types,
        "shipping_options": [
            {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
        ],
        "submit_type": params.get("submit_type"),
        "success_url": params.get("success_url"),
        **_way_in(state, params, host, identifier, in_elements),
    }
    ship(session, rates[0] if rates else None)
    _check_total(session["amount_total"], currency)
    bank = f"{host}{'elements' if in_elements else 'c'}/authenticate/{identifier}"
    hidden = {"items": items, "intent": params.get("payment_intent_data", {}), "bank": bank}
    return state.add(session, due=expires_at, hidden=hidden)


def _is_in_elements(params: dict[str, Any]) -> bool:
    """Whether a session is shown in elements; raises where addresses do not belong to its mode."""
    if params.get("ui_mode") != "elements":
        if "success_url" not in params:
            raise invalid("Missing required param: success_url.", "success_url", "parameter_missing")
        if "return_url" in params:
            raise invalid("`return_url` can only be used with `ui_mode: embedded_page` or `elements`.", "return_url")
        return False
    for name in NOT_IN_ELEMENTS:
        if name in params:
            raise invalid(f"`{name}` cannot be used with `ui_mode: elements`.", name)
    if "return_url" not in params:
        raise invalid("Missing required param: return_url.", "return_url", "parameter_missing")
    return True


def _way_in(state: State, params: dict[str, Any], host: str, identifier: str, in_elements: bool) -> dict[str, Any]:
    """What leads a buyer to a session: the address of its page, or the secret that its elements are shown with."""
    if not in_elements:
        return {"url": f"{host}c/pay/{identifier}"}
    secret = state.new_id(f"{identifier}_secret_", 40)
    return {"client_secret": secret, "return_url": params["return_url"], "ui_mode": "elements", "url": None}


def ship(session: dict[str, Any], rate: dict[str, Any] | None) -> None:
    """Set a session's shipping and with it the total."""
    amount = rate["fixed_amount"]["amount"] if rate else 0
    session["shipping_cost"] = rate and {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate["id"],
    }
    session["total_details"] = {"amount_discount": 0, "amount_shipping": amount, "amount_tax": 0}
    session["amount_total"] = session["amount_subtotal"] + amount


def get(state: State, identifier: str) -> dict[str, Any]:
    """A session; raises Stripe's 404."""
    session = state.find(identifier, KIND)
    if session is None:
        raise missing_resource(KIND, identifier, "session")
    return session


def expire(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Close an open session before its time."""
    session = get(state, identifier)
    if session["status"] != "open":
        raise ApiError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}.",
        )
    return close(state, session)


def close(state: State, session: dict[str, Any]) -> dict[str, Any]:
    """Mark an open session expired, and cancel the payment that was begun in it."""
    session |= {"status": "expired", "url": None}
    state.put(session, due=None)
    if session["payment_intent"]:
        intent = state.find(session["payment_intent"]) or {}
        intent |= {
            "status": "canceled",
            "canceled_at": state.now(),
            "cancellation_reason": "automatic",
            "next_action": None,
        }
        state.put(intent)
        emit(state, "payment_intent.canceled", intent)
    emit(state, "checkout.session.expired", session)
    return session


def line_items(state: State, identifier: str) -> list[dict[str, Any]]:
    """All lines of a session."""
    items: list[dict[str, Any]] = state.hidden(identifier)["items"]
    return items


def _currency(params: dict[str, Any], prices: list[dict[str, Any]]) -> str:
    if not prices:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    named = [
        (price["currency"], f"line_items[{i}]" + ("[price]" if "price" in line else "[price_data][currency]"))
        for i, (line, price) in enumerate(zip(params["line_items"], prices, strict=True))
    ]
    for i, option in enumerate(params.get("shipping_options", [])):
        name = f"shipping_options[{i}][shipping_rate_data][fixed_amount][currency]"
        named.append((option["shipping_rate_data"]["fixed_amount"]["currency"], name))
    currency: str = params.get("currency", named[0][0])
    for other, name in named:
        if other != currency:
            raise invalid(
                f"All prices on a Checkout Session must use the same currency: `{currency}` and `{other}` were given.",
                name,
            )
    return currency


def _expiry(params: dict[str, Any], now: int) -> int:
    expires_at: int = params.get("expires_at", now + LONGEST)
    if expires_at < now + SHORTEST:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at"
        )
    if expires_at > now + LONGEST:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at"
        )
    return expires_at


def _refuse_unsupported(params: dict[str, Any]) -> None:
    if params.get("adaptive_pricing", {}).get("enabled"):
        raise not_implemented("adaptive_pricing[enabled]=true")
    if len(params.get("shipping_options", [])) > 5:
        raise invalid("You can only include up to 5 shipping options.", "shipping_options")


def _check_total(total: int, currency: str) -> None:
    floor = currencies.settle(total, currency, currencies.rate(currency, 0, 0))
    if floor < SMALLEST_EURO_CENTS:
        raise invalid(
            "The Checkout Session's total amount must convert to at least 50 cents. "
            f"{currencies.money_text(total, currency)} does not.",
            code="amount_too_small",
        )
    if total > LARGEST:
        text = currencies.money_text(LARGEST, currency)
        raise invalid(f"The Checkout Session's total amount must be no more than {text}.", code="amount_too_large")


def _price(state: State, line: dict[str, Any], position: int) -> dict[str, Any]:
    """The price of a line: one that stands already, or one made for this line alone."""
    name = f"line_items[{position}]"
    if ("price" in line) == ("price_data" in line):
        raise invalid(f"You must specify either `price` or `price_data` in {name}.", name)
    if "price" not in line:
        data = line["price_data"]
        products.check_amount(data["unit_amount"], data["currency"], "line_items[][price_data][unit_amount]")
        product = products.new_product(state, data["product_data"] | {"active": False})
        return products.new_price(state, {**data, "active": False, "product": state.add(product)["id"]})
    price = products.known_price(state, line["price"], f"{name}[price]")
    if price["type"] == "recurring":
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            f"{name}[price]",
        )
    return price


def _item(state: State, line: dict[str, Any], price: dict[str, Any]) -> dict[str, Any]:
    quantity = line["quantity"]
    if quantity < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            "line_items[][quantity]",
            "parameter_invalid_integer",
        )
    amount = price["unit_amount"] * quantity
    return {
        "id": state.new_id("li_1"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": (state.find(price["product"]) or {})["name"],
        "metadata": line.get("metadata", {}),
        "price": price,
        "quantity": quantity,
    }


def _shipping_rate(state: State, data: dict[str, Any], now: int) -> dict[str, Any]:
    fixed = data["fixed_amount"]
    products.check_amount(
        fixed["amount"], fixed["currency"], "shipping_options[][shipping_rate_data][fixed_amount][amount]"
    )
    estimate = data.get("delivery_estimate")
    rate = {
        "id": state.new_id("shr_1"),
        "object": "shipping_rate",
        "active": True,
        "created": now,
        "delivery_estimate": estimate and {"maximum": None, "minimum": None, **estimate},
        "display_name": data["display_name"],
        "fixed_amount": fixed,
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tax_code": None,
        "type": "fixed_amount",
    }
    return state.add(rate)


def _customer_details(email: str | None) -> dict[str, Any] | None:
    if email is None:
        return None
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _blank(identifier: str, now: int) -> dict[str, Any]:
    return {
        "id": identifier,
        "object": KIND,
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": "if_required",
        "discounts": [],
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "redirect_on_completion": "always",
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "status": "open",
        "subscription": None,
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }


OPERATIONS = (
    operation("PostCheckoutSessions", "POST", SESSIONS, CREATE, create),
    lists(
        "GetCheckoutSessions",
        KIND,
        Fields(
            {
                **DATED_PAGE,
                "payment_intent": Text(),
                "status": Choice("complete", "expired", "open"),
                **absent("customer", "customer_account", "customer_details", "payment_link", "subscription"),
            }
        ),
    ),
    reads("GetCheckoutSessionsSession", KIND),
    operation("PostCheckoutSessionsSessionExpire", "POST", SESSIONS + "/{}/expire", ONE, expire),
    operation(
        "GetCheckoutSessionsSessionLineItems",
        "GET",
        SESSIONS + "/{}/line_items",
        Fields(PAGE),
        lambda state, params, host, identifier: resources.items(state, identifier, params),
    ),
)
