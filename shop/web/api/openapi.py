"""The description of the API (OpenAPI 3.1), written by hand beside the routes it describes."""

from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, current_app, json

from shop.reports.filters import BASES, SOURCES
from shop.reports.sales import COLUMNS, CurrencyTotal

blueprint = Blueprint("openapi", __name__)

TEXTS = frozenset(["unit_id", "unit_name", "programmes", "cohorts", "family", "region", "currency"])
NOTES = {
    "unit_id": "Public id of the economic unit.",
    "unit_name": "Name in the language asked for by Accept-Language.",
    "programmes": "Codes joined by “;”, as frozen on the lines.",
    "cohorts": "Codes of editions joined by “;”.",
    "family": "Code of the family that sold most.",
    "region": "ISO 3166-2 code, as in MA-07.",
    "currency": "ISO 4217 code of every amount of the row except net_mad_minor.",
    "orders": "Distinct orders with a sale or a refund in the period.",
    "lines": "Distinct lines with a sale or a refund in the period.",
    "quantity": "Sold less returned.",
    "gross_minor": "Goods without tax and postage, in minor units.",
    "refunds_minor": "Given back in the period, a positive number.",
    "net_minor": "gross_minor less refunds_minor.",
    "net_mad_minor": "The net amount in centimes of a dirham; lines without a rate are left out.",
    "commission_minor": "The operator's commission, less what went back with refunds.",
    "fees_minor": "The maker's share of the payment provider's fee, as far as known.",
    "payable_minor": "net_minor less commission_minor and fees_minor.",
    "unconverted_lines": "Lines without an exchange rate.",
}


@blueprint.get("/openapi.json")
def show() -> Response:
    base = current_app.config["SETTINGS"].base_url
    return Response(json.dumps(describe(base), ensure_ascii=False), content_type="application/json")


def describe(base_url: str) -> dict[str, Any]:
    """The whole document."""
    answers = {
        "401": _problem("No key, or one that opens nothing."),
        "422": _problem("A filter is missing, unknown or senseless; `errors` names each."),
    }
    report = {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}}
    table = {"text/csv": {"schema": {"type": "string"}}}
    common = {"tags": ["reports"], "parameters": _parameters()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Export shop of Moroccan artisans",
            "version": version("artisan-export-shop"),
            "description": "Sales per artisan. Amounts are integers in minor units; days are those of Africa/Casablanca.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": {
            "/api/v1/reports/artisan-sales": {
                "get": {
                    **common,
                    "operationId": "artisanSales",
                    "summary": "Sales per economic unit and order currency.",
                    "responses": {"200": {"description": "The report.", "content": report}, **answers},
                }
            },
            "/api/v1/reports/artisan-sales.csv": {
                "get": {
                    **common,
                    "operationId": "artisanSalesTable",
                    "summary": "The rows of the same report as CSV.",
                    "responses": {"200": {"description": "UTF-8 with BOM, comma.", "content": table}, **answers},
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Report": _report(),
                "Row": _row(),
                "Filters": _filters(),
                "Totals": _totals(),
                "Problem": _problem_schema(),
            },
        },
    }


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        **more,
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _parameters() -> list[dict[str, Any]]:
    day = {"type": "string", "format": "date"}
    code = {"type": "string"}
    known: tuple[tuple[str, bool, dict[str, Any], str], ...] = (
        ("from", True, day, "First day."),
        ("to", True, day, "Last day, included."),
        ("basis", False, {"enum": [*BASES], "default": "exported"}, "What makes a sale count."),
        ("source", False, {"enum": [*SOURCES], "default": "platform"}, "Declared sales never enter the ledger."),
        ("programme", False, code, "Code of a programme."),
        ("edition", False, code, "Code of an edition."),
        ("family", False, code, "Code of an export family."),
        ("country", False, {"type": "string", "pattern": "^[A-Za-z]{2}$"}, "Destination, ISO 3166-1."),
    )
    return [
        {"name": name, "in": "query", "required": required, "schema": schema, "description": words}
        for name, required, schema, words in known
    ]


def _report() -> dict[str, Any]:
    rows = {"type": "array", "items": _reference("Row")}
    moment = {"type": "string", "format": "date-time"}
    return _object(
        {"filters": _reference("Filters"), "rows": rows, "totals": _reference("Totals"), "as_of": moment},
    )


def _filters() -> dict[str, Any]:
    schema = _object({entry["name"]: entry["schema"] for entry in _parameters()})
    return {**schema, "required": ["from", "to", "basis", "source"]}


def _row() -> dict[str, Any]:
    return _object(
        {name: {"type": "string" if name in TEXTS else "integer", "description": NOTES[name]} for name in COLUMNS}
    )


def _totals() -> dict[str, Any]:
    whole = {"type": "integer"}
    counts = ("units", "orders", "lines", "quantity", "net_mad_minor", "unconverted_lines")
    amounts = [name for name in CurrencyTotal.__dataclass_fields__ if name != "currency"]
    currencies = {
        "type": "object",
        "description": "By ISO 4217 code.",
        "propertyNames": {"pattern": "^[A-Z]{3}$"},
        "additionalProperties": _object(dict.fromkeys(amounts, whole)),
    }
    return _object(
        {**dict.fromkeys(counts, whole), "currencies": currencies},
        description="Distinct units, orders and lines: a unit in two programmes counts once.",
    )


def _problem(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/problem+json": {"schema": _reference("Problem")}}}


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    field = _object({"field": text, "detail": text})
    return {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "errors": {"type": "array", "items": field},
        },
        "required": ["type", "title", "status", "detail"],
    }
