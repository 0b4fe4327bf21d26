"""Customers: people Stripe remembers. Not their balance, taxes, coupons or subscriptions."""

from typing import Any

from shop.demo.double import resources
from shop.demo.double.changes import change
from shop.demo.double.errors import missing_resource
from shop.demo.double.events import emit
from shop.demo.double.operations import operation, reads
from shop.demo.double.params import (
    DATED_PAGE,
    EXPAND,
    Clearable,
    Email,
    Fields,
    Metadata,
    MetadataChange,
    Shape,
    Text,
    absent,
)
from shop.demo.double.state import State

KIND = "customer"
CUSTOMERS = resources.ADDRESSES[KIND]
ADDRESS_PARTS = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS = Fields({name: Text() for name in ADDRESS_PARTS})
SHIPPING = Fields({"address": ADDRESS, "name": Text(), "phone": Text()}, ("address", "name"))
ABSENT = """
balance business_name cash_balance individual_name invoice_prefix invoice_settings next_invoice_sequence
preferred_locales source tax tax_exempt
"""
GIVEN: dict[str, Shape] = {
    "address": Clearable(ADDRESS),
    "description": Text(),
    "email": Email(),
    "name": Text(256),
    "phone": Text(20),
    "shipping": Clearable(SHIPPING),
    **EXPAND,
    **absent(*ABSENT.split()),
}
CREATE = Fields(
    {**GIVEN, "metadata": Clearable(Metadata()), **absent("payment_method", "tax_id_data", "test_clock")},
)
UPDATE = Fields(
    {
        **GIVEN,
        "metadata": MetadataChange(),
        **absent(
            "bank_account", "card", "default_alipay_account", "default_bank_account", "default_card", "default_source"
        ),
    }
)


def full_address(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """An address with every field Stripe shows."""
    return given and dict.fromkeys(ADDRESS_PARTS) | given


def known(state: State, identifier: str, param: str = KIND, status: int = 400) -> dict[str, Any]:
    """The customer a parameter names; raises Stripe's refusal where there is none any more."""
    customer = state.find(identifier, KIND)
    if customer is None or "deleted" in customer:
        raise missing_resource(KIND, identifier, param, status)
    return customer


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Remember somebody."""
    customer = {
        "id": state.new_id("cus_", 14),
        "object": KIND,
        "address": None,
        "balance": 0,
        "created": state.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": state.new_id("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **_shown(params),
        "metadata": params.get("metadata") or {},
    }
    state.add(customer)
    emit(state, "customer.created", customer)
    return customer


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change what is known of somebody."""
    customer = known(state, identifier, "id", 404)
    return change(state, "customer.updated", customer, _shown(params))


def delete(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Forget somebody. Who asks later is told that there was a customer."""
    emit(state, "customer.deleted", known(state, identifier, "id", 404))
    return state.put({"id": identifier, "object": KIND, "deleted": True})


def listed(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """The customers there are; of one that was deleted no field is left to find it by."""
    return resources.page(state, KIND, {**params, "livemode": False})


def _shown(params: dict[str, Any]) -> dict[str, Any]:
    """What was given, with whole addresses."""
    shown = dict(params)
    if "address" in shown:
        shown["address"] = full_address(shown["address"])
    if shown.get("shipping"):
        shipping = shown["shipping"]
        shown["shipping"] = {"phone": None, **shipping, "address": full_address(shipping["address"])}
    return shown


OPERATIONS = (
    operation("PostCustomers", "POST", CUSTOMERS, CREATE, create),
    operation(
        "GetCustomers",
        "GET",
        CUSTOMERS,
        Fields({**DATED_PAGE, "email": Text(512), **absent("test_clock")}),
        listed,
    ),
    reads("GetCustomersCustomer", KIND),
    operation("PostCustomersCustomer", "POST", CUSTOMERS + "/{}", UPDATE, update),
    operation("DeleteCustomersCustomer", "DELETE", CUSTOMERS + "/{}", Fields({}), delete),
)
