"""Reads of programmes: who is enrolled, who may sell."""

from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from shop.artisans.models import Unit
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.programme.models import Edition, Membership, Programme, Recipient


@lru_cache(maxsize=8)  # a condition never changes, and building it costs more than sending it
def admitted_units(on: date) -> ColumnElement[bool]:
    """SQL condition on Unit: admitted to the exporter programme on a day, itself or through an enrolled aggregator.

    An aggregator is enrolled while it has a membership in a programme of kind 'aggregation' or 'export'; the units that
    staff put under it (unit.aggregator_id) sell through it.
    """
    carrier = aliased(Membership)

    def current(membership: type[Membership], kinds: tuple[str, ...]) -> ColumnElement[bool]:
        return and_(
            membership.from_on <= on,
            or_(membership.to_on.is_(None), membership.to_on >= on),
            membership.edition_id == Edition.id,
            Edition.programme_id == Programme.id,
            Programme.kind.in_(kinds),
        )

    direct = exists().where(Membership.unit_id == Unit.id, current(Membership, ("export",)))
    carried = exists().where(carrier.unit_id == Unit.aggregator_id, current(carrier, ("aggregation", "export")))
    return and_(Unit.archived_at.is_(None), or_(direct, carried))


def may_sell(unit_id: int, on: date | None = None) -> bool:
    """Whether a unit sells on a day (default today)."""
    day = on or clock.today()
    return db.session.execute(select(Unit.id).where(Unit.id == unit_id, admitted_units(day))).first() is not None


def list_memberships(unit_id: int, on: date | None = None) -> list[tuple[Membership, Edition, Programme]]:
    """A unit's memberships, newest first; only those that hold on `on` when it is given."""
    statement = (
        select(Membership, Edition, Programme)
        .join(Edition, Membership.edition_id == Edition.id)
        .join(Programme, Edition.programme_id == Programme.id)
        .where(Membership.unit_id == unit_id)
        .order_by(Membership.from_on.desc(), Membership.id.desc())
    )
    if on is not None:
        statement = statement.where(Membership.from_on <= on, or_(Membership.to_on.is_(None), Membership.to_on >= on))
    return [(membership, edition, programme) for membership, edition, programme in db.session.execute(statement)]


def list_programmes() -> list[Programme]:
    return list(db.session.scalars(select(Programme).order_by(Programme.id)))


def list_editions() -> list[tuple[Edition, Programme]]:
    """All editions with their programme, newest first."""
    statement = select(Edition, Programme).join(Programme, Edition.programme_id == Programme.id)
    rows = db.session.execute(statement.order_by(Edition.starts_on.desc(), Edition.id))
    return [(edition, programme) for edition, programme in rows]


def get_edition(code: str) -> Edition:
    """An edition by its code; raises NotFound."""
    edition = db.session.scalars(select(Edition).where(Edition.code == code)).first()
    if edition is None:
        raise NotFound("There is no such edition.", code=code)
    return edition


def list_recipients(programme_id: int | None = None) -> list[tuple[Recipient, Programme]]:
    statement = (
        select(Recipient, Programme).join(Programme, Recipient.programme_id == Programme.id).order_by(Recipient.id)
    )
    if programme_id is not None:
        statement = statement.where(Recipient.programme_id == programme_id)
    return [(recipient, programme) for recipient, programme in db.session.execute(statement)]
