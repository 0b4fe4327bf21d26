"""What can be done once under `/_ctl/`: things that begin at Stripe, a bank or in its dashboard, not with a call of ours.

Each verb takes named values and answers with what came of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shop.demo.double import disputes, endpoints, jobs, payouts, refunds, timeline, webhooks
from shop.demo.double.control import BadControl
from shop.demo.double.state import State

Values = dict[str, Any]


@dataclass(frozen=True)
class Verb:
    """One sentence for people, and each value it takes with the type of it."""

    help: str
    takes: Mapping[str, type]
    work: Callable[[State, Values], Any]


def act(state: State, name: str, values: Any) -> Any:
    """Do one verb; raises BadControl, ApiError for what Stripe would refuse, and KeyError for a name that is none."""
    verb = VERBS[name]
    if not isinstance(values, dict):
        raise BadControl("Send a JSON object.")
    for key, given in values.items():
        if key not in verb.takes:
            raise BadControl(f"{name} has no {key}; it has {', '.join(verb.takes)}.")
        if type(given) is not verb.takes[key]:
            raise BadControl(f"{name}.{key} cannot be {given!r}.")
    timeline.tick(state)
    with state.transaction():
        return verb.work(state, values)


def describe(state: State) -> dict[str, Any]:
    """Every verb with its meaning, what it takes, and what stands now where that can be told."""
    shown = {"endpoint": endpoints.show, "secrets": endpoints.show}
    return {
        name: {
            "help": verb.help,
            "takes": {key: kind.__name__ for key, kind in verb.takes.items()},
            **({"value": shown[name](state)} if name in shown else {}),
        }
        for name, verb in VERBS.items()
    }


def _charge(state: State, values: Values) -> Values:
    """The charge that is meant: by itself, or the one that paid an intent."""
    intent = state.find(values.get("payment_intent", ""), "payment_intent") or {}
    charge = state.find(values.get("charge") or intent.get("latest_charge") or "", "charge")
    if charge is None:
        raise BadControl("Name a charge, or a payment_intent that has one.")
    return charge


def _known(state: State, kind: str, values: Values) -> Values:
    found = state.find(values.get(kind, ""), kind)
    if found is None:
        raise BadControl(f"Name a {kind} that there is.")
    return found


ENDINGS = {
    "won": disputes.win,
    "lost": disputes.lose,
    "review": disputes.review,
    "escalated": disputes.escalate,
    "closed": disputes.close_inquiry,
}


def _dispute(state: State, values: Values) -> Values:
    outcome = values.get("outcome")
    if outcome is None:
        reason = values.get("reason", "fraudulent")
        if reason not in disputes.REASONS:
            raise BadControl(f"A dispute's reason is one of {', '.join(disputes.REASONS)}.")
        inquiry, amount = values.get("inquiry", False), values.get("amount")
        return disputes.open_dispute(state, _charge(state, values), inquiry=inquiry, amount=amount, reason=reason)
    if outcome not in ENDINGS:
        raise BadControl(f"A dispute's outcome is one of {', '.join(ENDINGS)}.")
    return ENDINGS[outcome](state, _known(state, "dispute", values))


def _refund(state: State, values: Values) -> Values:
    params = {"charge": _charge(state, values)["id"]}
    if "amount" in values:
        params["amount"] = values["amount"]
    return refunds.create(state, params, "")


def _fail_refund(state: State, values: Values) -> Values:
    refund = _known(state, "refund", values)
    reason = values.get("reason", "expired_or_canceled_card")
    seconds = values.get("seconds", 0)
    if seconds > 0:
        refunds.fail_in(state, refund, seconds, reason)
    else:
        refunds.fail(state, {"source": refund["id"], "reason": reason})
    return state.find(refund["id"]) or {}


def _payout(state: State, values: Values) -> Any:
    outcome = values.get("outcome")
    if "payout" not in values:
        return payouts.pay_out(state)
    payout = _known(state, "payout", values)
    if outcome == "failed":
        return payouts.fail(state, payout, values.get("failure_code", "account_closed"))
    if outcome in (None, "paid"):
        return payouts.settle(state, payout)
    raise BadControl("A payout's outcome is paid or failed.")


def _hurry(state: State, values: Values) -> int:
    hurried = jobs.hurry(state, values.get("object"))
    timeline.tick(state)
    return hurried


def _resend(state: State, values: Values) -> Values:
    event = _known(state, "event", values)
    webhooks.resend(state, event["id"])
    return {"id": event["id"], "type": event["type"]}


def _secrets(state: State, values: Values) -> Values:
    if "add" in values:
        endpoints.rotate(state, values["add"], values.get("keep_seconds"))
    if "expire" in values:
        endpoints.expire(state, values["expire"])
    return endpoints.show(state)


def _endpoint(state: State, values: Values) -> Values:
    if "url" not in values or ("secret" in values) == values.get("remove", False):
        raise BadControl("Give a url, and either its secret or `remove`.")
    if values.get("remove"):
        endpoints.remove(state, values["url"])
    else:
        endpoints.add(state, values["url"], values["secret"])
    return endpoints.show(state)


VERBS: dict[str, Verb] = {
    "dispute": Verb(
        "Dispute a `charge` (or that of a `payment_intent`) for a `reason` and an `amount`, as an `inquiry` or a "
        "chargeback; or say the `outcome` of a `dispute`: review, won, lost, escalated or closed.",
        {
            "charge": str,
            "payment_intent": str,
            "amount": int,
            "reason": str,
            "inquiry": bool,
            "dispute": str,
            "outcome": str,
        },
        _dispute,
    ),
    "refund": Verb(
        "Refund a `charge` (or that of a `payment_intent`), all that is left or an `amount`, as from Stripe's dashboard: "
        "without metadata.",
        {"charge": str, "payment_intent": str, "amount": int},
        _refund,
    ),
    "fail_refund": Verb(
        "Let a `refund` fail for a `reason`, now or after `seconds`.",
        {"refund": str, "reason": str, "seconds": int},
        _fail_refund,
    ),
    "payout": Verb(
        "Pay out what is available in every currency, or say the `outcome` of a `payout`: paid, or failed with a "
        "`failure_code`.",
        {"payout": str, "outcome": str, "failure_code": str},
        _payout,
    ),
    "hurry": Verb(
        "Do now what would come later, for one `object` or for all: debits, refunds, disputes, payouts.",
        {"object": str},
        _hurry,
    ),
    "resend": Verb("Send an `event` once more to every endpoint, however old it is.", {"event": str}, _resend),
    "secrets": Verb(
        "Rotate the webhook secret: `add` one and let those before it sign for `keep_seconds` more, or until they are "
        "told to `expire`.",
        {"add": str, "keep_seconds": int, "expire": str},
        _secrets,
    ),
    "endpoint": Verb(
        "Send every event to another `url` too, signed with its `secret`; or `remove` it again.",
        {"url": str, "secret": str, "remove": bool},
        _endpoint,
    ),
}
