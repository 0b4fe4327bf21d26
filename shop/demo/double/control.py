"""What can be set under `/_ctl/`: faults and the account's ways, each an object of named values.

A control that is set replaces its values; what is left out goes back to its default, so `{}` switches it off. What is
done once, a dispute or a payout, is in `verbs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shop.demo.double.currencies import RATES
from shop.demo.double.state import State

FOREVER = -1
Check = Callable[[Any], bool]


class BadControl(ValueError):
    """A value this control cannot take."""


def _flag(given: Any) -> bool:
    return isinstance(given, bool)


def _whole(low: int | None = None, high: int | None = None) -> Check:
    def good(given: Any) -> bool:
        if isinstance(given, bool) or not isinstance(given, int):
            return False
        return (low is None or given >= low) and (high is None or given <= high)

    return good


def _pause(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 60


def _text(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= 100


def _optional(check: Check) -> Check:
    return lambda given: given is None or check(given)


def _currency(given: Any) -> bool:
    return isinstance(given, str) and given in RATES


def _currencies(given: Any) -> bool:
    return isinstance(given, list) and all(map(_currency, given))


TIMES, SOME = _whole(FOREVER), _whole(0)


@dataclass(frozen=True)
class Control:
    """One sentence for people, and for each value its default and what it may be."""

    help: str
    values: Mapping[str, tuple[Any, Check]]

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: default for name, (default, _check) in self.values.items()}


CONTROLS: dict[str, Control] = {
    "latency": Control("Wait so many seconds before working on each API call.", {"seconds": (0, _pause)}),
    "refuse": Control(
        "Close the connection of the next `times` API calls before anything is done (-1: of every call).",
        {"times": (0, TIMES)},
    ),
    "reset_after_work": Control(
        "Do the work of the next `times` API calls, then close the connection without an answer.",
        {"times": (0, TIMES)},
    ),
    "truncate": Control(
        "Do the work of the next `times` API calls, then answer with half of the body.", {"times": (0, TIMES)}
    ),
    "status": Control(
        "Answer the next `times` API calls with this status and do nothing, or with `after_work` what was asked; "
        "`keep` says whether an idempotency key remembers it (a 500 is kept unless told otherwise).",
        {
            "status": (500, _whole(400, 599)),
            "times": (0, TIMES),
            "keep": (None, _optional(_flag)),
            "after_work": (False, _flag),
        },
    ),
    "webhooks": Control(
        "`duplicate` extra copies; `shuffle` the order; `delay` seconds; lose `drop` per cent; `forge` sends beside "
        "each event a changed copy with a signature of somebody else; `early` delivers before a request is answered; "
        "`api_version` is what the events then call themselves.",
        {
            "duplicate": (0, _whole(0, 20)),
            "shuffle": (False, _flag),
            "delay": (0, SOME),
            "drop": (0, _whole(0, 100)),
            "forge": (False, _flag),
            "early": (False, _flag),
            "api_version": (None, _optional(_text)),
        },
    ),
    "clock": Control(
        "Move the double's clock: `offset` seconds from the real one, `advance` by some more, or `set` to a time in "
        "seconds since 1970.",
        {"offset": (0, _whole()), "advance": (None, _optional(_whole())), "set": (None, _optional(SOME))},
    ),
    "seed": Control("Begin the identifiers, rates and chances of another seed.", {"seed": (1, _whole())}),
    "balance_delay": Control("Seconds until a charge or refund has its balance transaction.", {"seconds": (0, SOME)}),
    "settlement": Control(
        "The `currency` of the account's balance; what is charged in one of `also` stays in its own.",
        {"currency": ("eur", _currency), "also": ([], _currencies)},
    ),
    "refund_pending": Control(
        "The next `times` refunds begin pending and succeed `days` and `seconds` later.",
        {"times": (0, TIMES), "days": (0, SOME), "seconds": (180, SOME)},
    ),
    "refund_fails": Control(
        "The next `times` refunds fail for this `reason`, `days` and `seconds` after they were made.",
        {
            "times": (0, TIMES),
            "days": (3, SOME),
            "seconds": (0, SOME),
            "reason": ("expired_or_canceled_card", _text),
        },
    ),
    "disputes": Control(
        "What Stripe keeps of a dispute that is won: the fee, or with `fee_returned` nothing.",
        {"fee_returned": (False, _flag)},
    ),
    "payouts": Control(
        "Pay out what is available `every_days` days at midnight (0: never) to arrive `arrive_days` later; the next "
        "`fail` payouts fail instead, with this `failure_code`.",
        {
            "every_days": (0, SOME),
            "arrive_days": (2, SOME),
            "fail": (0, TIMES),
            "failure_code": ("account_closed", _text),
        },
    ),
    "bank_debit": Control(
        "Whether the pay page offers SEPA debit for euro, and after how many `days` and `seconds` the bank decides.",
        {"offered": (True, _flag), "days": (5, SOME), "seconds": (0, SOME)},
    ),
}


def describe(state: State) -> dict[str, Any]:
    """Every control with its meaning and its values now."""
    return {name: {"help": one.help, "value": value(state, name)} for name, one in CONTROLS.items()}


def value(state: State, name: str) -> dict[str, Any]:
    """The values of one control."""
    if name == "seed":
        return {"seed": state.seed}
    if name == "clock":
        return {"offset": state.controls.get(name, {}).get("offset", 0)}
    return {**CONTROLS[name].defaults, **state.controls.get(name, {})}


def span(values: Mapping[str, Any]) -> int:
    """The `days` and `seconds` of a control, in seconds."""
    return int(values["days"]) * 24 * 3600 + int(values["seconds"])


def assign(state: State, name: str, values: Any) -> dict[str, Any]:
    """Set one control; raises BadControl, and KeyError for a name that is none."""
    control = CONTROLS[name]
    if not isinstance(values, dict):
        raise BadControl("Send a JSON object.")
    for key, given in values.items():
        if key not in control.values:
            raise BadControl(f"{name} has no {key}; it has {', '.join(control.values)}.")
        if not control.values[key][1](given):
            raise BadControl(f"{name}.{key} cannot be {given!r}.")
    with state.transaction():
        if name == "seed":
            state.reseed(values.get("seed", 1))
        elif name == "clock":
            state.set_control(name, {"offset": _offset(state, values)})
        else:
            state.set_control(name, {**control.defaults, **values})
    return value(state, name)


def _offset(state: State, values: dict[str, Any]) -> int:
    now = int(value(state, "clock")["offset"])
    if values.get("set") is not None:
        return int(values["set"]) - (state.real_now() - now)
    if values.get("advance") is not None:
        return now + int(values["advance"])
    return int(values.get("offset", 0))


def spend(state: State, name: str, key: str = "times") -> dict[str, Any] | None:
    """The values of a control that acts a number of times, counting this one; None when it is off."""
    values = value(state, name)
    if values[key] == 0:
        return None
    with state.transaction():
        values = value(state, name)
        if values[key] == 0:
            return None
        if values[key] != FOREVER:
            state.set_control(name, {**values, key: values[key] - 1})
        return values
