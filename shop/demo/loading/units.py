"""Economic units with their makers, enrolled on the days the content says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from shop.artisans.aggregation import put_under_aggregator
from shop.artisans.services import add_person, create_unit, grant_delegate, write_unit_texts
from shop.core import clock
from shop.core.clock import VirtualClock
from shop.core.db import transaction
from shop.demo.content.load import Content, Unit
from shop.demo.loading.accounts import write_maker
from shop.demo.loading.calendar import Calendar, memberships_of
from shop.demo.loading.identifiers import make_public_id
from shop.programme.services import admit_unit

# Units that show buyers what reaches them: every third, so that both kinds can be seen.
SHOWS_SHARE_EVERY = 3
BEFORE_ADMISSION = timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A unit as it stands in the database, with the account that acts for it."""

    unit_id: int
    account_id: int


def write_units(content: Content, *, officer: int, seed: int) -> dict[str, Enrolled]:
    """All units with persons, texts and accounts, by key; one transaction each."""
    enrolled: dict[str, Enrolled] = {}
    for position, unit in enumerate(content.units.values()):
        with transaction():
            enrolled[unit.key] = _write_unit(unit, position, officer=officer, seed=seed)
    with transaction():
        for unit in content.units.values():
            if unit.aggregator is not None:
                carrier = enrolled[unit.aggregator]
                put_under_aggregator(enrolled[unit.key].unit_id, carrier.unit_id, actor=officer)
                grant_delegate(carrier.account_id, enrolled[unit.key].unit_id, granted_by=officer)
    return enrolled


def _write_unit(unit: Unit, position: int, *, officer: int, seed: int) -> Enrolled:
    row = create_unit(
        legal_form=unit.legal_form,
        names=unit.name.as_dict(),
        places=unit.place.as_dict(),
        region=unit.region,
        family=unit.family,
        lead_sex=unit.lead_sex,
        actor=officer,
        public_id=make_public_id(seed, "unit", unit.key),
        founded=unit.founded,
        members_f=unit.members_f,
        members_m=unit.members_m,
        phone=unit.phone,
        language=unit.language,
        nia=unit.nia,
        ice=unit.ice,
        rib=unit.rib,
        payee=unit.payee,
        postal_address=f"{unit.place.fr}, Maroc",
        email=f"{unit.key}@example.org",
        shows_share=position % SHOWS_SHARE_EVERY == 0,
    )
    for person in unit.persons:
        add_person(
            row.id,
            name_ar=person.name_ar,
            name_latin=person.name_latin,
            roles=person.role.as_dict(),
            sex=person.sex,
            share_bp=person.share,
        )
    texts = {"story": unit.story.as_dict(), "words": unit.words.as_dict()}
    write_unit_texts(row.id, texts, source_language=unit.language)
    return Enrolled(row.id, write_maker(unit, row, officer=officer))


def write_memberships(
    content: Content,
    enrolled: Mapping[str, Enrolled],
    editions: Mapping[str, int],
    calendar: Calendar,
    virtual: VirtualClock,
    *,
    officer: int,
) -> None:
    """Admissions, each on a day a little before it begins to hold, as staff would write them."""
    rows: list[tuple[date, int, str, date | None]] = []
    for unit in content.units.values():
        for membership in memberships_of(unit.memberships, dict(content.editions), calendar):
            unit_id = enrolled[unit.key].unit_id
            rows.append((membership.starts_on, unit_id, membership.edition, membership.ends_on))
    for from_on, unit_id, edition, to_on in sorted(rows, key=lambda row: row[:3]):
        virtual.move_to(min(clock.day_start(from_on) - BEFORE_ADMISSION + timedelta(hours=10), calendar.end))
        with transaction():
            admit_unit(unit_id, editions[edition], from_on=from_on, to_on=to_on, actor=officer)
