"""The operator's dated decisions that officers may take: which there are, what each may be, taking one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shop.core import clock
from shop.core.errors import Invalid, NotFound
from shop.core.policies import audit, decide_policy
from shop.i18n.messages import gettext as _

BEARERS = ("maker", "operator")
WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be decided under a key: `unit` is percent (stored in basis points), days, or bearer; numbers up to `most`."""

    key: str
    unit: str
    most: int = 0


KINDS = (
    Kind("commission_bp", "percent", 5_000),
    Kind("fee_bearer", "bearer"),
    Kind("loss_bearer", "bearer"),
    Kind("dispute_fee_bearer", "bearer"),
    Kind("freight_bearer", "bearer"),
    Kind("available_after_days", "days", 365),
    Kind("refund_window_days", "days", 365),
    Kind("price_margin_bp", "percent", WHOLE_BP),
    Kind("fee_estimate_bp", "percent", 2_000),
)


def get_kind(key: str) -> Kind:
    """What may be decided under a key; raises NotFound."""
    kind = next((kind for kind in KINDS if kind.key == key), None)
    if kind is None:
        raise NotFound(_("There is no such setting."), key=key)
    return kind


def decide(key: str, value: Any, from_on: date, *, actor: int) -> None:
    """Take a decision that holds from a day on, which may not lie in the past: what was sold has its terms frozen.

    A number in basis points or days, or one of BEARERS. A second decision for the same day takes the place of the first;
    the trail keeps both. Raises Invalid, NotFound.
    """
    kind = get_kind(key)
    known = value in BEARERS if kind.unit == "bearer" else isinstance(value, int) and 0 <= value <= kind.most
    if not known:
        text = _("This value is outside of what may be decided.")
        raise Invalid(text, {"value": text})
    write_decision(key, value, from_on, actor=actor)


def write_decision(key: str, value: Any, from_on: date, *, actor: int) -> None:
    """Write a decision whose value has been checked, with a line in the trail. Raises Invalid for a day in the past."""
    if from_on < clock.today():
        text = _("A decision cannot begin in the past.")
        raise Invalid(text, {"from_on": text})
    before = decide_policy(key, value, from_on)
    audit(actor, "decide", "policy", key, value=value, from_on=from_on.isoformat(), instead_of=before)
