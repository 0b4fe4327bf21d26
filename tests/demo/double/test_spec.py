"""The examiner of traffic is right where it is quick: what it lets pass, the validator would let pass, and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from shop.demo.double.app import state_of
from tests.demo.double.spec import _component, closed, document, fits

# One of each type, and what looks like one.
STRANGERS: tuple[Any, ...] = (None, True, 0, 7, -1.5, "", "another", "x" * 6_000, [], [7], {}, {"another": 7})


def changed(value: Any) -> Iterator[Any]:
    """A document with one thing in it replaced by a stranger, left out or added, at every place in turn."""
    yield from STRANGERS
    if isinstance(value, dict):
        yield {**value, "another": 7}
        for name, one in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: other} for other in changed(one))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed(one))


@pytest.mark.parametrize("kind", ["charge", "refund", "balance_transaction", "event"])
def test_what_is_said_quickly_is_what_the_validator_says(
    double: Flask, paid: Callable[..., Any], client: Any, kind: str
) -> None:
    client.v1.refunds.create({"charge": paid().id})
    (body, *_others), _more = state_of(double).page(kind, limit=1)
    validator, said = _component(kind), set()
    assert fits(validator.schema, body)
    for document_ in changed(body):
        quick = fits(validator.schema, document_)
        assert quick == validator.is_valid(document_), document_
        said.add(quick)
    assert said == {True, False}


def test_no_schema_says_what_is_said_quickly_without_being_read() -> None:
    known = {"$ref", "anyOf", "type", "enum", "maxLength", "items", "properties", "additionalProperties", "required"}

    def words(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from schema
            for word, inner in schema.items():
                for one in inner.values() if word == "properties" else inner if isinstance(inner, list) else [inner]:
                    yield from words(one)

    components = document()["components"]["schemas"].values()
    assert {word for schema in components for word in words(closed(schema))} == known
