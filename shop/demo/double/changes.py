"""Changing an object: what was there before is told with the event."""

from typing import Any

from shop.demo.double.events import emit
from shop.demo.double.state import State


def change(state: State, kind: str | None, thing: dict[str, Any], given: dict[str, Any], *also: str) -> dict[str, Any]:
    """Set fields of `thing` and emit `kind` and `also` with what they were; nothing is told where nothing changed.

    `kind` is None for what Stripe changes silently.

    `metadata` is a change as `params.MetadataChange` reads it, and is merged.
    """
    previous: dict[str, Any] = {}
    for name, value in given.items():
        before = thing[name]
        if name == "metadata":
            after = _merged(before, value)
            was = {key: before.get(key) for key in {**before, **after} if before.get(key) != after.get(key)}
        else:
            after, was = value, before
        if after != before:
            previous[name] = was
            thing[name] = after
    if previous:
        state.put(thing)
        for one in (kind, *also):
            if one:
                emit(state, one, thing, previous=previous)
    return thing


def _merged(before: dict[str, str], given: dict[str, str | None] | None) -> dict[str, str]:
    if given is None:
        return {}
    return {key: value for key, value in {**before, **given}.items() if value is not None}
