"""The maker's answer, readiness, hand-over, arrival. Called inside a transaction; each locks the order first."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, record
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.ids import public_id
from shop.core.policies import audit
from shop.fulfilment.events import LineAnswered, ParcelArrived, ParcelHandedOver
from shop.fulfilment.models import Parcel, ParcelLine
from shop.i18n.messages import gettext as _
from shop.ledger.services import post_hand_over
from shop.orders.models import OrderLine
from shop.orders.queries import get_unit_line, list_lines, lock_order
from shop.orders.services import note
from shop.orders.states import TransitionRefused, next_line_state


def _locked_line(line_id: int, unit_id: int) -> OrderLine:
    line, _order = get_unit_line(unit_id, line_id)
    order = lock_order(line.order_id)
    if order.state != "paid":
        raise TransitionRefused(order.state, "prepare")
    db.session.refresh(line)
    if line.refund_asked_at is not None:
        raise TransitionRefused(line.state, "prepare")
    return line


def accept_line(line_id: int, *, unit_id: int, actor: int | None) -> OrderLine:
    """The maker says yes. Raises NotFound for another unit's line, TransitionRefused when it was answered before."""
    line = _locked_line(line_id, unit_id)
    line.state = next_line_state(line.state, "accept")
    line.answered_at = clock.now()
    note(line.order_id, "accepted", line_id=line.id, actor=actor)
    record(LineAnswered(line.id, "accepted"))
    return line


def decline_line(line_id: int, *, unit_id: int, actor: int | None, reason: str) -> OrderLine:
    """The maker says no; the subscriber of LineAnswered gives the buyer's money back."""
    if not reason.strip():
        raise Invalid(_("Choose why the piece cannot be made."), {"reason": _("Choose why the piece cannot be made.")})
    line = _locked_line(line_id, unit_id)
    line.state = next_line_state(line.state, "decline")
    line.answered_at = clock.now()
    note(line.order_id, "declined", line_id=line.id, actor=actor, reason=reason)
    record(LineAnswered(line.id, "declined"))
    return line


def ask_call(line_id: int, *, unit_id: int, actor: int | None) -> OrderLine:
    """The maker asks staff to call before answering."""
    line = _locked_line(line_id, unit_id)
    line.call_asked_at = clock.now()
    note(line.order_id, "call_asked", line_id=line.id, actor=actor)
    record(LineAnswered(line.id, "call"))
    return line


def mark_ready(line_id: int, *, unit_id: int, actor: int | None) -> OrderLine:
    """The piece is made and wrapped."""
    line = _locked_line(line_id, unit_id)
    line.state = next_line_state(line.state, "make_ready")
    line.ready_at = clock.now()
    note(line.order_id, "ready", line_id=line.id, actor=actor)
    return line


def hand_over(
    order_id: int,
    *,
    unit_id: int,
    line_ids: Iterable[int],
    carrier: str,
    tracking: str,
    handed_over_on: date,
    actor: int | None,
    on_behalf: bool,
) -> Parcel:
    """A unit's parcel is with the carrier: the only thing that makes a line exported.

    Every line must be this unit's, paid and ready, and not on its way to being refunded; staff acting for a maker may
    also take an accepted one. The day may not lie in the future or before the payment. Raises NotFound, Invalid,
    TransitionRefused.
    """
    order = lock_order(order_id)
    wanted = set(line_ids)
    every = list_lines(order_id)
    lines = [line for line in every if line.id in wanted and line.unit_id == unit_id]
    if not lines or len(lines) != len(wanted) or order.paid_at is None:
        raise NotFound(_("There is no such order."), order_id=order_id)
    if not all(line.kept for line in lines):
        # Its buyer has withdrawn from the contract; while the payment is contested no refund says so.
        raise TransitionRefused("withdrawn", "hand_over")
    _check_parcel(carrier, tracking, handed_over_on, clock.local_day(order.paid_at))
    now = clock.now()
    parcel = Parcel(
        public_id=public_id(),
        order_id=order_id,
        unit_id=unit_id,
        carrier=carrier.strip(),
        tracking=tracking.strip(),
        handed_over_on=handed_over_on,
        recorded_at=now,
        recorded_by=actor,
        on_behalf=on_behalf,
    )
    db.session.add(parcel)
    db.session.flush()
    moment = now if handed_over_on == clock.today() else clock.day_start(handed_over_on)
    for line in lines:
        if order.state != "paid" or line.refund_asked_at or (line.state == "accepted" and not on_behalf):
            raise TransitionRefused(line.state, "hand_over")
        line.state = next_line_state(line.state, "hand_over")
        line.handed_over_at = moment
        db.session.add(ParcelLine(parcel_id=parcel.id, line_id=line.id))
        note(order_id, "handed_over", line_id=line.id, actor=actor, parcel=parcel.public_id)
    db.session.flush()
    post_hand_over(order_id, every, [line.id for line in lines], parcel.id, handed_over_on)
    audit(actor, "hand over", "order", order.number, parcel=parcel.public_id, unit_id=unit_id, on_behalf=on_behalf)
    record(ParcelHandedOver(parcel.id))
    return parcel


def _check_parcel(carrier: str, tracking: str, handed_over_on: date, paid_on: date) -> None:
    fields: dict[str, str] = {}
    if not carrier.strip():
        fields["carrier"] = _("Enter the carrier.")
    if not tracking.strip():
        fields["tracking"] = _("Enter the tracking number.")
    if handed_over_on > clock.today():
        fields["handed_over_on"] = _("The day of hand-over cannot lie in the future.")
    elif handed_over_on < paid_on:
        fields["handed_over_on"] = _("The day of hand-over cannot lie before the payment.")
    if fields:
        raise Invalid(_("Something is missing about the parcel."), fields)


def note_arrival(order_id: int, known_as: str, *, actor: int | None, arrived_on: date | None = None) -> Parcel:
    """A parcel is in its buyer's hands: today, or on the day an officer has learnt of.

    Said before, it stays as it was said: the buyer's days to withdraw run from that day, and a second word must not shorten
    them. Raises NotFound, Invalid for a day before the hand-over or in the future, Conflict for another day than is known.
    """
    parcel, lines = _locked_parcel(order_id, known_as)
    day = arrived_on or clock.today()
    if parcel.arrived_on is not None:
        if arrived_on is not None and arrived_on != parcel.arrived_on:
            raise Conflict(_("The arrival is recorded with another day. Take that back first, if it is wrong."))
        return parcel
    wrong = ""
    if day > clock.today():
        wrong = _("The day of arrival cannot lie in the future.")
    elif day < parcel.handed_over_on:
        wrong = _("The day of arrival cannot lie before the hand-over.")
    if wrong:
        raise Invalid(wrong, {"arrived_on": wrong})
    _set_arrival(parcel, lines, day)
    note(order_id, "arrived", actor=actor, parcel=parcel.public_id, arrived_on=day.isoformat())
    record(ParcelArrived(parcel.id, by_staff=actor is not None))
    return parcel


def take_back_arrival(order_id: int, known_as: str, *, actor: int) -> Parcel:
    """It has not arrived, whatever was said: its buyer's days to withdraw have not begun. Raises NotFound."""
    parcel, lines = _locked_parcel(order_id, known_as)
    if parcel.arrived_on is not None:
        said = parcel.arrived_on.isoformat()
        note(order_id, "arrival_taken_back", actor=actor, parcel=parcel.public_id, arrived_on=said)
        _set_arrival(parcel, lines, None)
    return parcel


def _locked_parcel(order_id: int, known_as: str) -> tuple[Parcel, list[OrderLine]]:
    """A parcel of an order and its lines, read anew under the order's lock."""
    lock_order(order_id)
    anew = {"populate_existing": True}
    found = select(Parcel).where(Parcel.public_id == known_as, Parcel.order_id == order_id)
    parcel = db.session.scalars(found.execution_options(**anew)).first()
    if parcel is None:
        raise NotFound(_("There is no such parcel."), order_id=order_id)
    inside = select(OrderLine).join(ParcelLine, ParcelLine.line_id == OrderLine.id)
    lines = db.session.scalars(inside.where(ParcelLine.parcel_id == parcel.id).execution_options(**anew))
    return parcel, list(lines)


def _set_arrival(parcel: Parcel, lines: Iterable[OrderLine], day: date | None) -> None:
    parcel.arrived_on = day
    for line in lines:
        line.arrived_on = day
