"""Cards kept with a customer the old way, as sources: still in Stripe's API, by token only."""

from typing import Any

from shop.demo.double import customers, methods
from shop.demo.double.cards import CARDS, refusal
from shop.demo.double.changes import change
from shop.demo.double.errors import Declined, missing_resource
from shop.demo.double.events import emit
from shop.demo.double.operations import operation
from shop.demo.double.params import EXPAND, Fields, Metadata, MetadataChange, Text, absent
from shop.demo.double.state import State

KIND = "card"
ADDRESS_PARTS = ("city", "country", "line1", "line1_check", "line2", "state", "zip", "zip_check")
BRANDS = {"visa": "Visa", "mastercard": "MasterCard", "amex": "American Express"}
SOURCES = customers.CUSTOMERS + "/{}/sources"
CREATE = Fields(
    {
        "source": Text(),
        "metadata": Metadata(),
        **EXPAND,
        **absent("alipay_account", "bank_account", "card"),
    },
    ("source",),
)
UPDATE_ABSENT = """
account_holder_name account_holder_type address_city address_country address_line1 address_line2
address_state address_zip exp_month exp_year owner
"""
UPDATE = Fields(
    {
        "metadata": MetadataChange(),
        "name": Text(),
        **EXPAND,
        **absent(*UPDATE_ABSENT.split()),
    }
)


def create(state: State, params: dict[str, Any], host: str, customer_id: str) -> dict[str, Any]:
    """Keep the card of a token with a customer; the first becomes the default."""
    customer = customers.known(state, customer_id, "id", 404)
    number = methods.number_of(params["source"], "tok_")
    if number is None:
        raise missing_resource("token", params["source"], "source", 400)
    card = CARDS[number]
    if card.decline and not card.saves:
        raise Declined(refusal(card))
    source = {
        "id": state.new_id("card_1"),
        "object": KIND,
        **dict.fromkeys(f"address_{part}" for part in ADDRESS_PARTS),
        "allow_redisplay": "unspecified",
        "brand": BRANDS[card.brand],
        "country": "US",
        "customer": customer_id,
        "cvc_check": None,
        "dynamic_last4": None,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"demo{number[-4:]}{card.brand}",
        "funding": "credit",
        "last4": number[-4:],
        "metadata": params.get("metadata", {}),
        "name": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
    }
    # The API shows no time of a card; the double keeps everything by time.
    state.add(source | {"created": state.now()})
    state.put(source)
    emit(state, "customer.source.created", source)
    if customer["default_source"] is None:
        change(state, "customer.updated", customer, {"default_source": source["id"]})
    return source


def update(state: State, params: dict[str, Any], host: str, customer_id: str, identifier: str) -> dict[str, Any]:
    """Change what is written on a card."""
    source = state.find(identifier, KIND)
    if source is None or source["customer"] != customers.known(state, customer_id, "id", 404)["id"]:
        raise missing_resource("source", identifier, "id")
    return change(state, "customer.source.updated", source, params)


OPERATIONS = (
    operation("PostCustomersCustomerSources", "POST", SOURCES, CREATE, create),
    operation("PostCustomersCustomerSourcesId", "POST", SOURCES + "/{}", UPDATE, update),
)
