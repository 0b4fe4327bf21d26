"""Events: what happened, as it stood then."""

import copy
from typing import Any

from shop.demo.double import webhooks
from shop.demo.double.operations import lists, reads
from shop.demo.double.params import DATED_PAGE, Fields, ListOf, Text, absent
from shop.demo.double.state import State

API_VERSION = "2026-05-27.dahlia"


def emit(
    state: State,
    kind: str,
    thing: dict[str, Any],
    *,
    previous: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Record an event about `thing` and line up its webhooks."""
    data: dict[str, Any] = {"object": copy.deepcopy(thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = {
        "id": state.new_id("evt_1"),
        "object": "event",
        "api_version": API_VERSION,
        "created": state.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    event["pending_webhooks"] = webhooks.enqueue(state, event)
    return state.add(event)


OPERATIONS = (
    lists(
        "GetEvents",
        "event",
        Fields({**DATED_PAGE, "type": Text(), "types": ListOf(Text()), **absent("delivery_success")}),
    ),
    reads("GetEventsId", "event"),
)
