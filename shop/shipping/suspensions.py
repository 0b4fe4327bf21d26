"""Where a carrier takes nothing for a while: dated decisions of staff, each in the audit trail."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from shop.core import clock
from shop.core.db import db
from shop.core.errors import Invalid, NotFound
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.shipping.models import Suspension, Zone


@dataclass(frozen=True, slots=True)
class Notice:
    """What an officer has learnt of a carrier; fields as in shipping.models.Suspension."""

    country: str
    carrier: str
    from_on: date
    until_on: date | None
    source: str


def list_suspensions() -> list[Suspension]:
    """Those that hold today or later, by first day."""
    still = or_(Suspension.until_on.is_(None), Suspension.until_on >= clock.today())
    return list(db.session.scalars(select(Suspension).where(still).order_by(Suspension.from_on, Suspension.id)))


def suspend(notice: Notice, *, actor: int | None) -> Suspension:
    """From a day on nothing is carried to a country. Inside a transaction. Raises Invalid, which names the fields."""
    fields = {}
    if not any(notice.country in zone.countries for zone in db.session.scalars(select(Zone))):
        fields["country"] = _("Choose a country from the list.")
    if not notice.carrier:
        fields["carrier"] = _("Enter the name of the carrier.")
    if not notice.source:
        fields["source"] = _("Say where this is written: a page, a letter, a call.")
    if notice.until_on is not None and notice.until_on < max(notice.from_on, clock.today()):
        fields["until_on"] = _("Enter a last day that is not past, or none.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    row = Suspension(
        country=notice.country,
        carrier=notice.carrier,
        from_on=notice.from_on,
        until_on=notice.until_on,
        source=notice.source,
    )
    db.session.add(row)
    days = {"from_on": notice.from_on.isoformat(), "until_on": notice.until_on and notice.until_on.isoformat()}
    audit(actor, "suspend", "destination", notice.country, carrier=notice.carrier, source=notice.source, **days)
    return row


def resume(suspension_id: int, *, actor: int | None) -> None:
    """Parcels are carried again from today. Inside a transaction. Raises NotFound."""
    row = db.session.get(Suspension, suspension_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such suspension."))
    audit(actor, "resume", "destination", row.country, carrier=row.carrier, from_on=row.from_on.isoformat())
    db.session.delete(row)
