"""What our data for machines must hold (JSON Schema 2020-12): the part of schema.org that search engines ask for."""

from typing import Any

ADDRESS = {"type": "string", "pattern": "^http://localhost/"}
TEXT = {"type": "string", "minLength": 1}
AMOUNT = {"type": "string", "pattern": r"^\d+(\.\d{2,3})?$"}
DAYS = {
    "required": ["minValue", "maxValue", "unitCode"],
    "properties": {"minValue": {"type": "integer"}, "maxValue": {"type": "integer"}, "unitCode": {"const": "DAY"}},
}
LIST_ITEM = {
    "required": ["@type", "position"],
    "properties": {
        "@type": {"const": "ListItem"},
        "position": {"type": "integer", "minimum": 1},
        "name": TEXT,
        "item": ADDRESS,
        "url": ADDRESS,
    },
    "additionalProperties": False,
}


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["@type", *required], "properties": properties}


OFFER = thing(
    "price",
    "priceCurrency",
    "availability",
    "url",
    "itemCondition",
    "hasMerchantReturnPolicy",
    price=AMOUNT,
    priceCurrency={"pattern": "^[A-Z]{3}$"},
    availability={"pattern": "^https://schema.org/"},
    hasMerchantReturnPolicy=thing("returnPolicyCategory"),
    shippingDetails=thing(
        "shippingDestination",
        "shippingRate",
        "deliveryTime",
        shippingRate=thing("value", "currency", value=AMOUNT),
        deliveryTime=thing("handlingTime", "transitTime", handlingTime=DAYS, transitTime=DAYS),
    ),
)
TYPES: dict[str, dict[str, Any]] = {
    "Product": thing(
        "name",
        "url",
        "image",
        "description",
        "sku",
        "brand",
        "offers",
        "countryOfOrigin",
        name=TEXT,
        url=ADDRESS,
        image={"type": "array", "minItems": 1, "items": {**ADDRESS, "pattern": r"^http://localhost/media/.*\.jpg$"}},
        offers={"type": "array", "minItems": 1, "items": OFFER},
        material={"type": "array", "minItems": 1, "items": TEXT},
        countryOfOrigin=thing("name", name={"const": "MA"}),
        brand=thing("name", name=TEXT),
    ),
    "ItemList": thing(
        "itemListElement", itemListElement={"type": "array", "items": {**LIST_ITEM, "required": ["position", "url"]}}
    ),
    "BreadcrumbList": thing(
        "itemListElement",
        itemListElement={"type": "array", "minItems": 2, "items": {**LIST_ITEM, "required": ["name", "item"]}},
    ),
    "Organization": thing("name", "url", name=TEXT, url=ADDRESS),
    "Person": thing("name", "url", name=TEXT, url=ADDRESS),
    "WebSite": thing(
        "name",
        "url",
        "inLanguage",
        "potentialAction",
        potentialAction=thing(
            "target",
            "query-input",
            target=thing("urlTemplate", urlTemplate={"pattern": r"\?q=\{search_term_string\}$"}),
            **{"query-input": {"const": "required name=search_term_string"}},
        ),
    ),
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "required": ["@context", "@graph"],
    "properties": {
        "@context": {"const": "https://schema.org"},
        "@graph": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["@type"],
                "properties": {"@type": {"enum": sorted(TYPES)}},
                "allOf": [
                    {"if": {"properties": {"@type": {"const": name}}}, "then": rules} for name, rules in TYPES.items()
                ],
            },
        },
    },
}
