"""Decisions about zones: which countries, how long a parcel travels, what it costs by weight. Each in the audit trail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from shop.core import clock
from shop.core.db import db
from shop.core.errors import Invalid
from shop.core.money import smallest_charge
from shop.core.policies import audit
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.messages import gettext as _
from shop.shipping.levies import get_zone, list_zones
from shop.shipping.models import Zone, ZoneRate

HEAVIEST_GRAMS = 30_000_000
LONGEST_DAYS = 180
_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class ZoneDecision:
    """What an officer has decided of a zone; fields as in shipping.models.Zone."""

    countries: Sequence[str]
    days_min: int
    days_max: int
    source: str


def list_bands() -> dict[int, dict[int, dict[str, int]]]:
    """Postage by zone id, then by heaviest weight in grams, then by currency."""
    found: dict[int, dict[int, dict[str, int]]] = {}
    for rate in db.session.scalars(select(ZoneRate).order_by(ZoneRate.zone_id, ZoneRate.up_to_grams)):
        found.setdefault(rate.zone_id, {}).setdefault(rate.up_to_grams, {})[rate.currency] = rate.amount_minor
    return found


def open_zone(code: str, decision: ZoneDecision, *, actor: int | None) -> Zone:
    """A new zone, without postage yet: nothing is sent there before it has some. Inside a transaction. Raises Invalid."""
    fields = _wrong(decision, None)
    if not _CODE.fullmatch(code):
        fields["code"] = _("Enter a short name in small Latin letters, as in north-america.")
    elif any(zone.code == code for zone in list_zones()):
        fields["code"] = _("There is a zone of this name already.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    zone = Zone(code=code, tax_mode="none", **_columns(decision))
    db.session.add(zone)
    audit(actor, "open zone", "zone", code, countries=list(decision.countries))
    return zone


def decide_zone(code: str, decision: ZoneDecision, *, actor: int | None) -> None:
    """Change a zone; what was sold keeps what it was sold on. Inside a transaction. Raises NotFound, Invalid."""
    zone = get_zone(code)
    fields = _wrong(decision, zone)
    if fields:
        raise Invalid(_("There is a problem"), fields)
    before = {"countries": zone.countries, "days_min": zone.days_min, "days_max": zone.days_max}
    for name, value in _columns(decision).items():
        setattr(zone, name, value)
    after = {"countries": zone.countries, "days_min": zone.days_min, "days_max": zone.days_max}
    audit(actor, "decide zone", "zone", code, before=before, after=after, source=decision.source)


def decide_band(code: str, up_to_grams: int | None, amounts: Mapping[str, int], *, actor: int | None) -> None:
    """What a parcel of at most so many grams costs in each currency given; in the others it is not sent at that weight.

    No amount at all takes the band away. Inside a transaction. Raises NotFound, Invalid.
    """
    zone = get_zone(code)
    fields = {}
    if up_to_grams is None or not 0 < up_to_grams <= HEAVIEST_GRAMS:
        fields["up_to"] = _("Enter a weight in kilograms, for example 2.5.")
    for currency, minor in amounts.items():
        if minor < 0 or minor % smallest_charge(currency):
            fields[f"amount_{currency.lower()}"] = _("This amount cannot be charged in this currency.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    here = ZoneRate.zone_id == zone.id, ZoneRate.up_to_grams == up_to_grams
    before = {rate.currency: rate.amount_minor for rate in db.session.scalars(select(ZoneRate).where(*here))}
    db.session.execute(delete(ZoneRate).where(*here))
    db.session.add_all(
        ZoneRate(zone_id=zone.id, currency=currency, up_to_grams=up_to_grams, amount_minor=minor)
        for currency, minor in amounts.items()
    )
    zone.verified_on = clock.today()
    audit(actor, "decide postage", "zone", code, up_to_grams=up_to_grams, before=before, after=dict(amounts))


def _columns(decision: ZoneDecision) -> dict[str, object]:
    return {
        "countries": sorted(set(decision.countries)),
        "days_min": decision.days_min,
        "days_max": decision.days_max,
        "source": decision.source,
        "verified_on": clock.today(),
    }


def _wrong(decision: ZoneDecision, zone: Zone | None) -> dict[str, str]:
    fields = {}
    unknown = [code for code in decision.countries if code not in COUNTRY_CODES]
    elsewhere = {country: other.code for other in list_zones() if other is not zone for country in other.countries}
    taken = [code for code in decision.countries if code in elsewhere]
    if not decision.countries:
        fields["countries"] = _("Enter at least one country, as in FR, DE.")
    elif unknown:
        fields["countries"] = _("%(code)s is not the code of a country.", code=unknown[0])
    elif taken:
        text = _("%(code)s is in the zone %(zone)s: take it out there first.", code=taken[0], zone=elsewhere[taken[0]])
        fields["countries"] = text
    if not 0 < decision.days_min <= decision.days_max <= LONGEST_DAYS:
        fields["days_max"] = _("Enter the least and the most working days on the way.")
    if not decision.source:
        fields["source"] = _("Say where this is written: a price list, a letter of the carrier.")
    return fields
