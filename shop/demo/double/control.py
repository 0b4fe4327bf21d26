"""Faults that can be switched on under `/_ctl/`, each an object of named values.

A control that is set replaces its values; what is left out goes back to its default, so `{}` switches it off.
"""

from typing import Any

from shop.demo.double.state import State

FOREVER = -1

DEFAULTS: dict[str, dict[str, Any]] = {
    "latency": {"seconds": 0},
    "refuse": {"times": 0},
    "reset_after_work": {"times": 0},
    "status": {"status": 500, "times": 0, "keep": None},
    "webhooks": {"duplicate": 0, "shuffle": False, "delay": 0, "drop": 0, "forge": False},
    "clock": {"offset": 0},
    "seed": {"seed": 1},
    "balance_delay": {"seconds": 0},
}
HELP = {
    "latency": "Wait so many seconds before working on each API call.",
    "refuse": "Close the connection of the next `times` API calls before anything is done (-1: of every call).",
    "reset_after_work": "Do the work of the next `times` API calls, then close the connection without an answer.",
    "status": "Answer the next `times` API calls with this status and do nothing; `keep` says whether an idempotency "
    "key remembers it (a 500 is kept unless told otherwise).",
    "webhooks": "`duplicate` extra copies; `shuffle` the order; `delay` seconds; lose `drop` per cent; `forge` sends "
    "beside each event a changed copy with a signature of somebody else.",
    "clock": "Move the double's clock by so many seconds.",
    "seed": "Begin the identifiers, rates and chances of another seed.",
    "balance_delay": "Seconds until a charge or refund has its balance transaction.",
}


class BadControl(ValueError):
    """A value this control cannot take."""


def describe(state: State) -> dict[str, Any]:
    """Every control with its meaning and its values now."""
    return {name: {"help": HELP[name], "value": value(state, name)} for name in DEFAULTS}


def value(state: State, name: str) -> dict[str, Any]:
    """The values of one control."""
    if name == "seed":
        return {"seed": state.seed}
    return {**DEFAULTS[name], **state.controls.get(name, {})}


def assign(state: State, name: str, values: Any) -> dict[str, Any]:
    """Set one control; raises BadControl, and KeyError for a name that is none."""
    defaults = DEFAULTS[name]
    if not isinstance(values, dict):
        raise BadControl("Send a JSON object.")
    for key, given in values.items():
        if key not in defaults:
            raise BadControl(f"{name} has no {key}; it has {', '.join(defaults)}.")
        _check(name, key, given)
    with state.transaction():
        if name == "seed":
            state.reseed(values.get("seed", 1))
        else:
            state.set_control(name, {**defaults, **values})
    return value(state, name)


def _check(name: str, key: str, given: Any) -> None:
    if key in ("shuffle", "forge", "keep"):
        good = isinstance(given, bool) or (key == "keep" and given is None)
    elif key == "seconds" and name == "latency":
        good = isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 60
    elif isinstance(given, bool) or not isinstance(given, int):
        good = False
    elif key == "status":
        good = 400 <= given <= 599
    elif key == "drop":
        good = 0 <= given <= 100
    elif key == "duplicate":
        good = 0 <= given <= 20
    else:
        good = key in ("offset", "seed") or given >= (FOREVER if key == "times" else 0)
    if not good:
        raise BadControl(f"{name}.{key} cannot be {given!r}.")


def spend(state: State, name: str) -> dict[str, Any] | None:
    """The values of a control that acts a number of times, counting this one; None when it is off."""
    with state.transaction():
        values = value(state, name)
        if values["times"] == 0:
            return None
        if values["times"] != FOREVER:
            state.set_control(name, {**values, "times": values["times"] - 1})
        return values
