"""Products and their prices. Amounts per unit only: no tiers, no quantities transformed, no amount the buyer names."""

from typing import Any

from shop.demo.double import resources
from shop.demo.double.changes import change
from shop.demo.double.currencies import step
from shop.demo.double.errors import ApiError, invalid, missing_resource
from shop.demo.double.events import emit
from shop.demo.double.operations import lists, operation, reads
from shop.demo.double.params import (
    DATED_PAGE,
    EXPAND,
    Boolean,
    Choice,
    Clearable,
    Currency,
    Fields,
    Integer,
    ListOf,
    Metadata,
    MetadataChange,
    Shape,
    Text,
    Url,
    absent,
)
from shop.demo.double.state import State

KIND = "product"
PRICE = "price"
PRODUCTS = resources.ADDRESSES[KIND]
PRICES = resources.ADDRESSES[PRICE]
TAX_BEHAVIOUR = Choice("exclusive", "inclusive", "unspecified")
ABSENT = ("marketing_features", "package_dimensions", "shippable", "statement_descriptor", "tax_code", "unit_label")
CREATE = Fields(
    {
        "active": Boolean(),
        "description": Text(40000),
        "images": ListOf(Url()),
        "metadata": Metadata(),
        "name": Text(),
        "url": Url(),
        **EXPAND,
        **absent("default_price_data", "id", *ABSENT),
    },
    ("name",),
)
UPDATE = Fields(
    {
        "active": Boolean(),
        "description": Clearable(Text(40000)),
        "images": Clearable(ListOf(Url())),
        "metadata": MetadataChange(),
        "name": Text(),
        "url": Clearable(Url()),
        **EXPAND,
        **absent("default_price", *ABSENT),
    }
)
RECURRING = Fields(
    {
        "interval": Choice("day", "month", "week", "year"),
        "interval_count": Integer(),
        "usage_type": Choice("licensed", absent=("metered",)),
        **absent("meter"),
    },
    ("interval",),
)
PRICE_GIVEN: dict[str, Shape] = {
    "active": Boolean(),
    "nickname": Text(),
    "tax_behavior": TAX_BEHAVIOUR,
    **EXPAND,
    **absent("currency_options", "lookup_key", "transfer_lookup_key"),
}
CREATE_PRICE = Fields(
    {
        **PRICE_GIVEN,
        "currency": Currency(),
        "metadata": Metadata(),
        "product": Text(),
        "recurring": RECURRING,
        "unit_amount": Integer(),
        **absent(
            "billing_scheme",
            "custom_unit_amount",
            "product_data",
            "tiers",
            "tiers_mode",
            "transform_quantity",
            "unit_amount_decimal",
        ),
    },
    ("currency", "product", "unit_amount"),
)
UPDATE_PRICE = Fields({**PRICE_GIVEN, "metadata": MetadataChange()})


def check_amount(amount: int, currency: str, param: str) -> None:
    """Raise Stripe's refusal of an amount a price in this currency cannot have."""
    if amount < 0:
        raise invalid("This value must be greater than or equal to 0.", param, "parameter_invalid_integer")
    if amount % step(currency):
        raise invalid(
            f"Invalid amount: amounts in {currency} must be multiples of {step(currency)}.",
            param,
            "parameter_invalid_integer",
        )


def new_product(state: State, given: dict[str, Any]) -> dict[str, Any]:
    """A product as it begins; not kept yet."""
    now = state.now()
    return {
        "id": state.new_id("prod_", 14),
        "object": KIND,
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": None,
        "updated": now,
        "url": None,
        **given,
    }


def new_price(state: State, given: dict[str, Any]) -> dict[str, Any]:
    """A price as it begins; not kept yet. `given` names at least `currency`, `product` and `unit_amount`."""
    recurring = given.get("recurring")
    return {
        "id": state.new_id("price_1"),
        "object": PRICE,
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": state.now(),
        "currency": given["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": given.get("metadata", {}),
        "nickname": given.get("nickname"),
        "product": given["product"],
        "recurring": recurring and {"interval_count": 1, "meter": None, "usage_type": "licensed", **recurring},
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }


def known_price(state: State, identifier: str, param: str) -> dict[str, Any]:
    """The price a parameter names, which must be for sale."""
    price = state.find(identifier, PRICE)
    if price is None:
        raise missing_resource(PRICE, identifier, param, 400)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param)
    return price


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Add a product."""
    product = state.add(new_product(state, params))
    emit(state, "product.created", product)
    return product


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change a product."""
    product = resources.get(state, KIND, identifier)
    if params.get("images", ()) is None:
        params["images"] = []
    return change(state, "product.updated", product, params | {"updated": state.now()})


def delete(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Remove a product that never had a price."""
    product = resources.get(state, KIND, identifier)
    if state.page(PRICE, equal={"product": identifier}, limit=1)[0]:
        raise ApiError(
            400, "This product cannot be deleted because it has one or more user-created prices.", param="id"
        )
    state.remove(identifier)
    emit(state, "product.deleted", product)
    return {"id": identifier, "object": KIND, "deleted": True}


def create_price(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Add a price to a product."""
    if state.find(params["product"], KIND) is None:
        raise missing_resource(KIND, params["product"], KIND, 400)
    check_amount(params["unit_amount"], params["currency"], "unit_amount")
    price = state.add(new_price(state, params))
    emit(state, "price.created", price)
    return price


def update_price(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change what may be changed of a price; its amount never."""
    price = resources.get(state, PRICE, identifier)
    if "tax_behavior" in params and price["tax_behavior"] != "unspecified":
        raise invalid("You cannot change the tax_behavior once it is set.", "tax_behavior")
    return change(state, "price.updated", price, params)


OPERATIONS = (
    operation("PostProducts", "POST", PRODUCTS, CREATE, create),
    lists("GetProducts", KIND, Fields({**DATED_PAGE, "active": Boolean(), "url": Url(), **absent("ids", "shippable")})),
    reads("GetProductsId", KIND),
    operation("PostProductsId", "POST", PRODUCTS + "/{}", UPDATE, update),
    operation("DeleteProductsId", "DELETE", PRODUCTS + "/{}", Fields({}), delete),
    operation("PostPrices", "POST", PRICES, CREATE_PRICE, create_price),
    lists(
        "GetPrices",
        PRICE,
        Fields(
            {
                **DATED_PAGE,
                "active": Boolean(),
                "currency": Currency(),
                "product": Text(),
                "type": Choice("one_time", "recurring"),
                **absent("lookup_keys", "recurring"),
            }
        ),
    ),
    reads("GetPricesPrice", PRICE),
    operation("PostPricesPrice", "POST", PRICES + "/{}", UPDATE_PRICE, update_price),
)
