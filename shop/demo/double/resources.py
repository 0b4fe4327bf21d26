"""Reading: one object, lists of objects, and `expand`."""

from typing import Any

from shop.demo.double.errors import invalid, missing_resource, not_implemented
from shop.demo.double.state import State

EXPANDABLE = {
    "balance_transaction",
    "charge",
    "customer",
    "failure_balance_transaction",
    "latest_charge",
    "payment_intent",
    "payment_method",
    "product",
    "shipping_rate",
    "source",
}
NOT_STORED = {"invoice", "latest_attempt", "payment_link", "review", "setup_intent", "subscription"}
DEEPEST = 4
# Error messages name the parameter of the path.
PARAMS = {
    "checkout.session": "session",
    "dispute": "dispute",
    "payment_intent": "intent",
    "payment_method": "payment_method",
    "payout": "payout",
    "price": "price",
    "setup_intent": "intent",
}
# Stripe lists and gives out events for thirty days.
EVENTS_KEPT = 30 * 24 * 3600
ADDRESSES = {
    "balance_transaction": "/v1/balance_transactions",
    "charge": "/v1/charges",
    "checkout.session": "/v1/checkout/sessions",
    "customer": "/v1/customers",
    "dispute": "/v1/disputes",
    "event": "/v1/events",
    "payment_intent": "/v1/payment_intents",
    "payment_method": "/v1/payment_methods",
    "payout": "/v1/payouts",
    "price": "/v1/prices",
    "product": "/v1/products",
    "refund": "/v1/refunds",
    "setup_intent": "/v1/setup_intents",
}


def get(state: State, kind: str, identifier: str) -> dict[str, Any]:
    """One object as the API shows it; raises Stripe's 404."""
    found = state.find(identifier, kind)
    if found is None or (kind == "event" and found["created"] < state.now() - EVENTS_KEPT):
        raise missing_resource(kind, identifier, PARAMS.get(kind, "id"))
    return _shown(state, found)


def page(state: State, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """A list object, newest first; every filter is the name of a field, but for a payout's transactions."""
    params = dict(params)
    params.pop("expand", None)
    created = dict(params.pop("created", {}))
    arrival = params.pop("arrival_date", {})
    payout = params.pop("payout", None)
    if payout:
        _check_automatic(state, payout)
    limit = _limit(params)
    after, before = _cursors(state, kind, params)
    types = _types(params) if kind == "event" else None
    if kind == "event":
        created["gte"] = max(created.get("gte", 0), state.now() - EVENTS_KEPT)
    found, more = state.page(
        kind,
        equal=params,
        ranges={"created": created, "arrival_date": arrival},
        payout=payout,
        types=types,
        after=after,
        before=before,
        limit=limit,
    )
    return listing([_shown(state, one) for one in found], more, ADDRESSES[kind])


def items(state: State, identifier: str, params: dict[str, Any]) -> dict[str, Any]:
    """The lines of a session, in their order."""
    get(state, "checkout.session", identifier)
    found: list[dict[str, Any]] = state.hidden(identifier)["items"]
    limit = _limit(params)
    ids = [item["id"] for item in found]
    start, end = 0, len(found)
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in ids:
            raise missing_resource("line item", params[name], name, 400)
    if "starting_after" in params:
        start = ids.index(params["starting_after"]) + 1
    if "ending_before" in params:
        end = ids.index(params["ending_before"])
        start = max(start, end - limit)
    more = end - start > limit or ("ending_before" in params and start > 0)
    address = f"/v1/checkout/sessions/{identifier}/line_items"
    return listing(found[start : min(end, start + limit)], more, address)


def listing(data: list[dict[str, Any]], more: bool, address: str) -> dict[str, Any]:
    """Stripe's list object."""
    return {"object": "list", "data": data, "has_more": more, "url": address}


def expand(state: State, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Put objects in the place of their identifiers, as `expand` names them."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property.", "expand")
        if parts[0] == "data" and answer.get("object") == "list":
            for one in answer["data"]:
                _expand_in(state, one, parts[1:], path)
        else:
            _expand_in(state, answer, parts, path)
    return answer


def _expand_in(state: State, thing: dict[str, Any], parts: list[str], path: str) -> None:
    if not parts:
        return
    name, rest = parts[0], parts[1:]
    if name == "line_items" and thing.get("object") == "checkout.session":
        thing.setdefault(name, items(state, thing["id"], {}))
    elif name == "refunds" and thing.get("object") == "charge":
        found, more = state.page("refund", equal={"charge": thing["id"]})
        thing[name] = listing(found, more, f"/v1/charges/{thing['id']}/refunds")
    elif name in NOT_STORED and name in thing:
        if thing[name] is not None:
            raise not_implemented(f"expand={path}")
    elif isinstance(thing.get(name), str) and name in EXPANDABLE:
        thing[name] = _shown(state, state.find(thing[name]) or {})
    elif name not in thing or not (rest or name in EXPANDABLE):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    child = thing.get(name)
    for one in child if isinstance(child, list) else [child]:
        if not isinstance(one, dict):
            continue
        if one.get("object") == "list" and rest[:1] == ["data"]:
            for member in one["data"]:
                _expand_in(state, member, rest[1:], path)
        else:
            _expand_in(state, one, rest, path)


def _shown(state: State, thing: dict[str, Any]) -> dict[str, Any]:
    """As the API shows it: a balance transaction is pending until its day."""
    if thing.get("object") != "balance_transaction":
        return thing
    available = state.now() >= thing["available_on"]
    return thing | {"status": "available" if available else "pending"}


def _limit(params: dict[str, Any]) -> int:
    limit: int = params.pop("limit", 10) if params else 10
    if not 1 <= limit <= 100:
        raise invalid(f"Invalid limit: {limit}; must be between 1 and 100", "limit", "parameter_invalid_integer")
    return limit


def _cursors(state: State, kind: str, params: dict[str, Any]) -> tuple[str | None, str | None]:
    after, before = params.pop("starting_after", None), params.pop("ending_before", None)
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.")
    for cursor, name in ((after, "starting_after"), (before, "ending_before")):
        if cursor and state.find(cursor, kind) is None:
            raise missing_resource(kind, cursor, name, 400)
    return after, before


def _check_automatic(state: State, identifier: str) -> None:
    payout = state.find(identifier, "payout")
    if payout is None:
        raise missing_resource("payout", identifier, "payout", 400)
    if not payout["automatic"]:
        raise invalid("Balance transaction history can only be filtered on automatic transfers, not manual.", "payout")


def _types(params: dict[str, Any]) -> list[str] | None:
    one, many = params.pop("type", None), params.pop("types", None)
    if one and many:
        raise invalid("You may only specify one of these parameters: type, types.")
    return [one] if one else many
