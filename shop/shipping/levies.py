"""Decisions about what a destination asks for, each in the audit trail. What was sold keeps what it was sold on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from shop.catalogue.currencies import list_currencies
from shop.core import clock
from shop.core.db import db
from shop.core.errors import Invalid, NotFound
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.shipping.models import Levy, Zone

TAX_MODES = ("none", "included", "added")
KINDS = ("tax", "duty")
LONGEST_HEADING = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer has decided of a levy; fields as in shipping.models.Levy."""

    kind: str
    country: str
    heading: str
    from_on: date
    rate_bp: int
    on_shipping: bool
    amounts: Mapping[str, int]
    limits: Mapping[str, int]
    source: str
    collected: bool = True


def list_zones() -> list[Zone]:
    """All zones in their order."""
    return list(db.session.scalars(select(Zone).order_by(Zone.id)))


def list_levies() -> list[Levy]:
    """All levies, also past and future ones: by zone, kind, country and heading, the newest first."""
    order = (Levy.zone_id, Levy.kind.desc(), Levy.country, Levy.heading, Levy.from_on.desc())
    return list(db.session.scalars(select(Levy).order_by(*order)))


def get_zone(code: str) -> Zone:
    """A zone by its code; raises NotFound."""
    zone = db.session.scalars(select(Zone).where(Zone.code == code)).first()
    if zone is None:
        raise NotFound(_("There is no such zone."), code=code)
    return zone


def set_tax_mode(code: str, mode: str, *, actor: int | None) -> None:
    """How the tax of a zone is asked for from now on: none, included or added. Inside a transaction."""
    if mode not in TAX_MODES:
        raise Invalid("", {"tax_mode": _("Choose from the list.")})
    zone = get_zone(code)
    audit(actor, "set tax mode", "zone", code, before=zone.tax_mode, after=mode)
    zone.tax_mode = mode


def decide_levy(code: str, decision: Decision, *, actor: int | None) -> None:
    """Write a levy of a zone; one of the same kind, country, heading and day is replaced. Inside a transaction.

    Raises NotFound for an unknown zone and Invalid, which names the fields.
    """
    zone = get_zone(code)
    _check(zone, decision)
    values = {
        "rate_bp": decision.rate_bp,
        "on_shipping": decision.on_shipping and decision.kind == "tax",
        "amounts": dict(decision.amounts) if decision.kind == "duty" else {},
        "limits": dict(decision.limits),
        "source": decision.source,
    }
    known = db.session.scalars(
        select(Levy).where(
            Levy.zone_id == zone.id,
            Levy.kind == decision.kind,
            Levy.country == decision.country,
            Levy.heading == decision.heading,
            Levy.from_on == decision.from_on,
            Levy.collected == decision.collected,
        )
    ).first()
    levy = known or Levy(
        zone_id=zone.id,
        kind=decision.kind,
        country=decision.country,
        heading=decision.heading,
        from_on=decision.from_on,
        collected=decision.collected,
    )
    before = {name: getattr(levy, name) for name in values} if known else None
    for name, value in values.items():
        setattr(levy, name, value)
    db.session.add(levy)
    named: dict[str, Any] = {"kind": decision.kind, "country": decision.country, "heading": decision.heading}
    named["collected"] = decision.collected
    day = decision.from_on.isoformat()
    audit(actor, "decide levy", "zone", code, from_on=day, before=before, after=values, **named)


def _check(zone: Zone, decision: Decision) -> None:
    fields = {}
    if decision.kind not in KINDS:
        fields["kind"] = _("Choose from the list.")
    if decision.country and decision.country not in zone.countries:
        fields["country"] = _("This country is not in the zone.")
    if decision.heading and not (decision.heading.isascii() and decision.heading.isdigit()):
        fields["heading"] = _("A tariff heading is digits only, for example 5701.")
    elif len(decision.heading) > LONGEST_HEADING:
        fields["heading"] = _("A tariff heading has up to %(most)s digits.", most=LONGEST_HEADING)
    if decision.from_on < clock.today():
        fields["from_on"] = _("Choose today or a later day: what was sold keeps what it was sold on.")
    if not 0 <= decision.rate_bp <= 10_000:
        fields["rate"] = _("Enter a percentage between 0 and 100.")
    if not decision.source:
        fields["source"] = _("Say where this is written: a law, a tariff, a letter of the authority.")
    for name, figures in (("amount", decision.amounts), ("limit", decision.limits)):
        missing = [code for code in list_currencies() if code not in figures]
        if figures and missing:
            fields[f"{name}_{missing[0].lower()}"] = _("Fill in every currency, or none.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
