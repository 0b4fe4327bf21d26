"""How far each parcel of an order is, in its buyer's words: what has happened, what is to come, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shop.core import clock
from shop.fulfilment.carriers import tracking_url
from shop.fulfilment.models import Parcel
from shop.fulfilment.promises import Promise, arrival_window, promise_of
from shop.fulfilment.queries import list_parcels
from shop.i18n import formats
from shop.i18n.messages import gettext as _
from shop.orders.models import Order, OrderLine
from shop.orders.states import UNSENT
from shop.payments.queries import contested_lines, is_taken_back

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ParcelView:
    """What is sent together, or will be: its lines, where it stands in a sentence, and the steps behind that.

    `stage` is "asked" (a maker has still to answer), "making", "sent", "arrived", "withdrawn" (it has left and comes back)
    or "over" (it is not sent, or its money is back). `is_late`: it should have left, or arrived, before today. `public_id` is
    empty while it has not been handed over.
    """

    lines: tuple[OrderLine, ...]
    stage: str
    lead: str
    entries: tuple[Entry, ...]
    is_late: bool = False
    public_id: str = ""
    carrier: str = ""
    tracking: str = ""
    url: str = ""


@dataclass(slots=True)
class _Steps:
    """The steps of a parcel in order: first what is done, then one that is going on, then what is to come."""

    entries: list[Entry] = field(default_factory=list)

    def did(self, title: str, day: date | None) -> None:
        self.entries.append({"title": title, "when": formats.date(day) if day else "", "state": "done"})

    def to_do(self, title: str, when: str = "") -> None:
        state = "future" if any(entry["state"] == "current" for entry in self.entries) else "current"
        self.entries.append({"title": title, "when": when, "state": state})


def parcel_views(order: Order, lines: list[OrderLine], makers: Mapping[int, str]) -> list[ParcelView]:
    """One per parcel handed over, one per maker whose pieces have still to leave, one per maker for what is not sent."""
    if order.paid_at is None:
        return []
    by_id, withdrawn = {line.id: line for line in lines}, {line.id for line in lines if not line.kept}
    views, sent = [], set[int]()
    for parcel, ids in list_parcels(order.id):
        sent.update(ids)
        inside = tuple(by_id[line_id] for line_id in ids)
        views.append(_sent(order, parcel, inside, makers[parcel.unit_id], is_withdrawn=withdrawn.issuperset(ids)))
    unsent = [line for line in lines if line.id not in sent]
    lost = _list_lost(unsent)
    groups: dict[tuple[bool, int], list[OrderLine]] = {}
    for line in unsent:
        is_over = line.state not in UNSENT or line.refund_asked_at is not None or line.id in withdrawn | lost
        groups.setdefault((is_over, line.unit_id), []).append(line)
    for (is_over, unit_id), group in sorted(groups.items(), key=lambda item: item[0][0]):
        views.append(_not_sent(order, group, lost) if is_over else _waiting(order, group, makers[unit_id]))
    return views


def _list_lost(lines: list[OrderLine]) -> set[int]:
    """Lines whose buyer has all their money back from the bank: their makers are told to keep them."""
    contested = contested_lines(line.id for line in lines) if lines else {}
    return {line.id for line in lines if line.id in contested and is_taken_back(line, *contested[line.id])}


def _begin(order: Order) -> _Steps:
    steps = _Steps()
    steps.did(_("Paid"), clock.local_day(order.paid_at) if order.paid_at else None)
    return steps


def _sent(order: Order, parcel: Parcel, lines: tuple[OrderLine, ...], maker: str, *, is_withdrawn: bool) -> ParcelView:
    first, last = arrival_window(order, parcel.unit_id, parcel.handed_over_on)
    stage, lead = "sent", _on_its_way(first, last)
    if all(line.refunded_at is not None for line in lines):
        stage, lead = "over", _("Its money was given back.")
    elif is_withdrawn:
        stage, lead = "withdrawn", _("You have withdrawn from the contract about it.")
    elif parcel.arrived_on is not None:
        stage, lead = "arrived", _("It arrived on %(day)s.", day=formats.date(parcel.arrived_on))
    steps = _begin(order)
    steps.did(_accepted(maker), _latest(line.answered_at for line in lines))
    steps.did(_("Ready to travel"), _latest(line.ready_at for line in lines) or parcel.handed_over_on)
    steps.did(_("Hand-over to the carrier in Morocco"), parcel.handed_over_on)
    if parcel.arrived_on is not None:
        steps.did(_("Arrival with you"), parcel.arrived_on)
    elif stage == "sent":
        steps.to_do(_("On its way to you"))
        steps.to_do(_("Arrival with you"), _expected(first, last))
    return ParcelView(
        lines,
        stage,
        lead,
        tuple(steps.entries),
        stage == "sent" and last < clock.today(),
        parcel.public_id,
        parcel.carrier,
        parcel.tracking,
        tracking_url(parcel.carrier, parcel.tracking),
    )


def _on_its_way(first: date, last: date) -> str:
    if last < clock.today():
        return _("It was expected with you by %(day)s.", day=formats.date(last))
    if first <= clock.today() or first == last:
        return _("It is on its way, and expected with you by %(day)s.", day=formats.date(last))
    return _(
        "It is on its way, and expected with you from %(first)s to %(last)s.",
        first=formats.date(first),
        last=formats.date(last),
    )


def _waiting(order: Order, lines: list[OrderLine], maker: str) -> ParcelView:
    promise, states = promise_of(order, lines), {line.state for line in lines}
    steps = _begin(order)
    if "paid" in states:
        steps.to_do(_("%(maker)s reads your order", maker=formats.isolate(maker)))
    else:
        steps.did(_accepted(maker), _latest(line.answered_at for line in lines))
    if states == {"ready"}:
        steps.did(_("Ready to travel"), _latest(line.ready_at for line in lines))
    elif promise.ready_on is not None:
        is_made_now = "paid" not in states
        steps.to_do(_("Being made") if is_made_now else _("Made and ready to travel"), _expected(promise.ready_on))
    else:
        steps.to_do(_("Being made ready to travel") if "paid" not in states else _("Ready to travel"))
    steps.to_do(_("Hand-over to the carrier in Morocco"), _expected(promise.leaves_on))
    is_late = promise.leaves_on < clock.today()
    steps.to_do(_("On its way to you"))
    steps.to_do(
        _("Arrival with you"),
        _if_it_left_today(order, lines) if is_late else _expected(promise.earliest, promise.latest),
    )
    stage = "asked" if "paid" in states else "making"
    return ParcelView(tuple(lines), stage, _leaves(promise, is_late=is_late), tuple(steps.entries), is_late)


def _leaves(promise: Promise, *, is_late: bool) -> str:
    if is_late:
        return _("It was to leave the workshop by %(day)s, and has not left yet.", day=formats.date(promise.leaves_on))
    return _(
        "It leaves the workshop by %(day)s, and is expected with you from %(first)s to %(last)s.",
        day=formats.date(promise.leaves_on),
        first=formats.date(promise.earliest),
        last=formats.date(promise.latest),
    )


def _if_it_left_today(order: Order, lines: list[OrderLine]) -> str:
    first, last = arrival_window(order, lines[0].unit_id, clock.today())
    return _(
        "From %(first)s to %(last)s, if it left today.",
        first=formats.date(first),
        last=formats.date(last),
    )


def _not_sent(order: Order, lines: list[OrderLine], lost: set[int]) -> ParcelView:
    states, steps = {line.state for line in lines}, _begin(order)
    lead = _("It is not sent, and its money is given back.")
    if "refund_failed" in states:
        lead = _("It is not sent. Your bank has sent the money back to us, and it is still yours.")
    elif "declined" in states:
        lead = _("The maker could not make it. Your money is given back in full.")
    elif all(line.refunded_at is not None or line.id in lost for line in lines):
        lead = _("It is not sent, and its money was given back.")
    steps.to_do(_("Cancelled"))
    return ParcelView(tuple(lines), "over", lead, tuple(steps.entries))


def _accepted(maker: str) -> str:
    return _("Accepted by %(maker)s", maker=formats.isolate(maker))


def _expected(first: date, last: date | None = None) -> str:
    """A step that is to come: its day, or its first and last. One that has passed is not said to be expected."""
    end, today = last or first, clock.today()
    if end < today:
        return _("Was expected by %(day)s", day=formats.date(end))
    if last is None or first == last or first <= today:
        return _("Expected by %(day)s", day=formats.date(end))
    return _("Expected from %(first)s to %(last)s", first=formats.date(first), last=formats.date(last))


def _latest(moments: Iterable[Any]) -> date | None:
    return max((clock.local_day(moment) for moment in moments if moment is not None), default=None)
