"""Writes of programmes: staff admit a unit, and end its membership. Every write leaves an audit row."""

from datetime import date

from shop.core import clock
from shop.core.db import db
from shop.core.errors import Conflict, NotFound
from shop.core.policies import audit
from shop.programme.models import Edition, Membership
from shop.programme.queries import list_memberships


def admit_unit(unit_id: int, edition_id: int, *, from_on: date, to_on: date | None, actor: int | None) -> Membership:
    """Enrol a unit in an edition. Raises Conflict when it already is on that day."""
    if db.session.get(Edition, edition_id) is None:
        raise NotFound("There is no such edition.", edition_id=edition_id)
    if any(edition.id == edition_id for _, edition, _ in list_memberships(unit_id, from_on)):
        raise Conflict("The unit is already enrolled in this edition on that day.", unit_id=unit_id)
    membership = Membership(
        unit_id=unit_id,
        edition_id=edition_id,
        from_on=from_on,
        to_on=to_on,
        admitted_by=actor,
        admitted_at=clock.now(),
    )
    db.session.add(membership)
    audit(actor, "admit", "unit", unit_id, edition_id=edition_id, from_on=from_on.isoformat())
    return membership


def end_membership(membership_id: int, *, to_on: date, actor: int | None) -> None:
    """The last day of a membership; the unit's pieces leave the shop after it."""
    membership = db.session.get(Membership, membership_id)
    if membership is None:
        raise NotFound("There is no such membership.", membership_id=membership_id)
    if to_on < membership.from_on:
        raise Conflict("A membership cannot end before it began.", membership_id=membership_id)
    membership.to_on = to_on
    audit(actor, "end membership", "unit", membership.unit_id, membership_id=membership_id, to_on=to_on.isoformat())
