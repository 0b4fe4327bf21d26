"""What one operation of the API is. Each module of the room lists its own as `OPERATIONS`; `api` joins them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shop.demo.double import resources
from shop.demo.double.params import EXPAND, Fields

Work = Callable[..., dict[str, Any]]
ONE = Fields(EXPAND)


@dataclass(frozen=True)
class Operation:
    """`work(state, params, host, *identifiers)`; `name` is the specification's operation id.

    `guard(state, params, *identifiers)` lets a publishable key in, or raises; without one only a secret key may call.
    """

    name: str
    method: str
    path: re.Pattern[str]
    fields: Fields
    work: Work
    guard: Callable[..., None] | None = None


def operation(
    name: str, method: str, path: str, fields: Fields, work: Work, guard: Callable[..., None] | None = None
) -> Operation:
    """An operation; each `{}` of `path` stands for an identifier."""
    return Operation(name, method, re.compile(path.replace("{}", "([^/]+)")), fields, work, guard)


def reads(name: str, kind: str, fields: Fields = ONE) -> Operation:
    """The operation that gives one object of a kind."""
    path = resources.ADDRESSES[kind] + "/{}"
    return operation(name, "GET", path, fields, lambda state, params, host, id_: resources.get(state, kind, id_))


def lists(name: str, kind: str, fields: Fields) -> Operation:
    """The operation that lists the objects of a kind; every filter is the name of a field."""
    path = resources.ADDRESSES[kind]
    return operation(name, "GET", path, fields, lambda state, params, host: resources.page(state, kind, params))
