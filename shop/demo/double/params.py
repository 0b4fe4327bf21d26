"""Parameters in Stripe's bracket form, and the shapes they are read by.

A shape refuses what Stripe would refuse, and says 501 for what Stripe knows and the double does not (`Absent`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from shop.demo.double.currencies import RATES
from shop.demo.double.errors import invalid, not_implemented

PARTS = re.compile(r"\[([^\]]*)\]")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
URL = re.compile(r"https?://[^\s]+", re.IGNORECASE)


def decode(text: str) -> dict[str, Any]:
    """`a[0][b]=1&c[]=2` as nested dictionaries; list positions are keys until a shape reads them."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, tail = name.partition("[")
        parts = [head, *PARTS.findall("[" + tail if tail else "")]
        node = root
        for part in parts[:-1]:
            child = node.setdefault(part or str(len(node)), {})
            if not isinstance(child, dict):
                raise invalid(f"Invalid parameter: {name}", name)
            node = child
        node[parts[-1] or str(len(node))] = value
    return root


class Shape(Protocol):
    """Reads one raw parameter, or raises."""

    def read(self, value: Any, name: str) -> Any: ...


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {value}", name)
    if value == "":
        raise invalid(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset.",
            name,
            "parameter_invalid_empty",
        )
    return value


@dataclass(frozen=True)
class Text:
    """A string of at most `longest` characters."""

    longest: int = 5000

    def read(self, value: Any, name: str) -> str:
        text = _text(value, name)
        if len(text) > self.longest:
            raise invalid(f"Invalid string: {text[:8]}…; must be at most {self.longest} characters", name)
        return text


class Integer:
    def read(self, value: Any, name: str) -> int:
        text = _text(value, name)
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise invalid(f"Invalid integer: {text}", name, "parameter_invalid_integer")
        return int(text)


class Boolean:
    def read(self, value: Any, name: str) -> bool:
        text = _text(value, name)
        if text not in ("true", "false"):
            raise invalid(f"Invalid boolean: {text}", name)
        return text == "true"


class Choice:
    def __init__(self, *names: str, absent: tuple[str, ...] = ()) -> None:
        self.names = names
        self.absent = absent

    def read(self, value: Any, name: str) -> str:
        text = _text(value, name)
        if text in self.absent:
            raise not_implemented(f"{name}={text}")
        if text not in self.names:
            known = ", ".join(self.names + self.absent)
            raise invalid(f"Invalid {name}: must be one of {known}", name)
        return text


class Currency:
    def read(self, value: Any, name: str) -> str:
        code = _text(value, name).lower()
        if code not in RATES:
            known = ", ".join(RATES)
            raise invalid(f"Invalid currency: {code}. Stripe currently supports these currencies: {known}", name)
        return code


class Email:
    def read(self, value: Any, name: str) -> str:
        text = _text(value, name)
        if not EMAIL.fullmatch(text):
            raise invalid(f"Invalid email address: {text}", name, "email_invalid")
        return text


class Url:
    def read(self, value: Any, name: str) -> str:
        text = Text(5000).read(value, name)
        if not URL.fullmatch(text):
            raise invalid("Not a valid URL", name, "url_invalid")
        return text


class Metadata:
    """At most 50 keys of 40 characters, values of 500."""

    def read(self, value: Any, name: str) -> dict[str, str]:
        if not isinstance(value, dict):
            if value == "":
                return {}
            raise invalid(f"Invalid object: {value}", name)
        if len(value) > 50:
            raise invalid("Metadata can have up to 50 keys.", name)
        for key, text in value.items():
            if len(key) > 40 or not isinstance(text, str) or len(text) > 500:
                raise invalid(
                    "Metadata keys can have up to 40 characters and values up to 500 characters.", f"{name}[{key}]"
                )
        return {key: text for key, text in value.items() if text != ""}


class MetadataChange:
    """Metadata to add: None at a key removes that key, None for the whole removes them all."""

    def read(self, value: Any, name: str) -> dict[str, str | None] | None:
        if value == "":
            return None
        kept = Metadata().read(value, name)
        return {key: kept.get(key) for key in value}


@dataclass(frozen=True)
class Clearable:
    """What an empty value unsets: None then."""

    shape: Shape

    def read(self, value: Any, name: str) -> Any:
        return None if value == "" else self.shape.read(value, name)


@dataclass(frozen=True)
class ListOf:
    item: Shape

    def read(self, value: Any, name: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
            raise invalid(f"Invalid array: {value}", name)
        return [self.item.read(value[key], f"{name}[{key}]") for key in sorted(value, key=int)]


@dataclass(frozen=True)
class Fields:
    """An object with these fields and no others."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = field(default=())

    def read(self, value: Any, name: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {value}", name)
        named = {key: f"{name}[{key}]" if name else key for key in {*value, *self.required}}
        for key in value:
            if key not in self.fields:
                raise invalid(f"Received unknown parameter: {named[key]}", named[key], "parameter_unknown")
            if isinstance(self.fields[key], Absent):
                self.fields[key].read(value[key], named[key])
        for key in self.required:
            if key not in value:
                raise invalid(f"Missing required param: {named[key]}.", named[key], "parameter_missing")
        return {key: self.fields[key].read(raw, named[key]) for key, raw in value.items()}


class Absent:
    """A parameter Stripe knows and the double does not."""

    def read(self, value: Any, name: str) -> Any:
        raise not_implemented(f"the parameter {name}")


def absent(*names: str) -> dict[str, Shape]:
    """Fields that answer 501."""
    return {name: Absent() for name in names}


class Created:
    """A time, or a range of times."""

    RANGE = Fields({name: Integer() for name in ("gt", "gte", "lt", "lte")})

    def read(self, value: Any, name: str) -> dict[str, int]:
        if isinstance(value, dict):
            return self.RANGE.read(value, name)
        moment = Integer().read(value, name)
        return {"gte": moment, "lte": moment}


EXPAND: dict[str, Shape] = {"expand": ListOf(Text())}
PAGE: dict[str, Shape] = {
    "limit": Integer(),
    "starting_after": Text(),
    "ending_before": Text(),
    **EXPAND,
}
DATED_PAGE: dict[str, Shape] = {"created": Created(), **PAGE}
