"""Reads of units and their persons."""

from collections.abc import Iterable

from sqlalchemy import select

from shop.artisans.models import Delegate, Person, Unit
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n import current_language
from shop.i18n import gettext as _


def find_unit(public_id: str) -> Unit | None:
    """A unit by its public id, also an archived one; or None."""
    return db.session.scalars(select(Unit).where(Unit.public_id == public_id)).first()


def get_unit(public_id: str) -> Unit:
    """A unit by its public id. Raises NotFound."""
    unit = find_unit(public_id)
    if unit is None:
        raise NotFound(_("There is no such workshop."), public_id=public_id)
    return unit


def get_unit_by_id(unit_id: int) -> Unit:
    """A unit by its inner id. Raises NotFound."""
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise NotFound(_("There is no such workshop."), unit_id=unit_id)
    return unit


def list_units() -> list[Unit]:
    """Open units, by name in the current language."""
    units = db.session.scalars(select(Unit).where(Unit.archived_at.is_(None)))
    return sorted(units, key=lambda unit: (unit_name(unit), unit.id))


def units_of_account(account_id: int) -> list[Unit]:
    """The open units an account may act for, in the order they were granted."""
    statement = select(Unit).join(Delegate, Delegate.unit_id == Unit.id).where(Delegate.account_id == account_id)
    return list(db.session.scalars(statement.where(Unit.archived_at.is_(None)).order_by(Delegate.id)))


def list_persons(unit_id: int) -> list[Person]:
    """The makers a unit names, largest share first."""
    statement = select(Person).where(Person.unit_id == unit_id).order_by(Person.share_bp.desc(), Person.id)
    return list(db.session.scalars(statement))


def shares_of(unit_id: int) -> list[dict[str, int]]:
    """What an order line freezes: [{"person_id", "bp"}], summing to 10 000, or empty for a unit that names nobody."""
    return [{"person_id": person.id, "bp": person.share_bp} for person in list_persons(unit_id)]


def unit_names(ids: Iterable[int], language: str | None = None) -> dict[int, str]:
    """Names of some units in a language (default the current one), in one statement."""
    units = db.session.scalars(select(Unit).where(Unit.id.in_(set(ids))))
    return {unit.id: unit_name(unit, language) for unit in units}


def unit_name(unit: Unit, language: str | None = None) -> str:
    """The name of a unit in the script of a language."""
    return str(getattr(unit, f"name_{language or current_language()}"))


def unit_place(unit: Unit, language: str | None = None) -> str:
    """Where a unit works, in the script of a language."""
    return str(getattr(unit, f"place_{language or current_language()}"))


def person_name(person: Person, language: str | None = None) -> str:
    """A maker's name in the script of a language."""
    return person.name_ar if (language or current_language()) == "ar" else person.name_latin


def person_role(person: Person, language: str | None = None) -> str:
    """What a maker does in the unit."""
    return str(getattr(person, f"role_{language or current_language()}"))
