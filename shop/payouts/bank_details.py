"""Where a unit's money goes: its RIB, in whose name the account is, and the consent where that is another's."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from shop.artisans.models import Person, Unit
from shop.artisans.queries import get_unit_by_id
from shop.core import clock
from shop.core.db import db
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.payouts.bank_text import bank_text, can_be_written
from shop.payouts.models import PayeeConsent
from shop.payouts.rib import RibWrong, is_rib, masked, parse_rib


def payee_of(unit: Unit) -> str:
    """In whose name the unit's account is; its own where nothing else is said."""
    return unit.payee or unit.name_fr


def _same(one: str, other: str) -> bool:
    return bank_text(one).casefold() == bank_text(other).casefold()


def _is_own(unit: Unit, persons: list[Person]) -> bool:
    """Whether the account is the unit's: in its name, or in that of the one maker it names."""
    names = [unit.name_fr, unit.name_en] + [person.name_latin for person in persons if len(persons) == 1]
    return any(_same(payee_of(unit), name) for name in names)


def needs_consent(unit: Unit) -> bool:
    """Whether the money goes to an account in another name than the unit's."""
    persons = list(db.session.scalars(select(Person).where(Person.unit_id == unit.id)))
    return not _is_own(unit, persons)


def list_consents(unit_id: int) -> list[PayeeConsent]:
    """All consents of a unit, also withdrawn ones, the newest first."""
    statement = select(PayeeConsent).where(PayeeConsent.unit_id == unit_id).order_by(PayeeConsent.id.desc())
    return list(db.session.scalars(statement))


def obstacles(units: Iterable[Unit], on: date) -> dict[int, str]:
    """Why money cannot go to some units on a day, {unit id: no_rib | bad_rib | letters | no_consent}; in two statements."""
    units = list(units)
    ids = {unit.id for unit in units}
    persons: dict[int, list[Person]] = {}
    for person in db.session.scalars(select(Person).where(Person.unit_id.in_(ids))):
        persons.setdefault(person.unit_id, []).append(person)
    consents: dict[int, list[PayeeConsent]] = {}
    for consent in db.session.scalars(select(PayeeConsent).where(PayeeConsent.unit_id.in_(ids))):
        consents.setdefault(consent.unit_id, []).append(consent)
    found = {}
    for unit in units:
        why = _obstacle(unit, persons.get(unit.id, []), consents.get(unit.id, []), on)
        if why:
            found[unit.id] = why
    return found


def _obstacle(unit: Unit, persons: list[Person], consents: list[PayeeConsent], on: date) -> str:
    if not unit.rib:
        return "no_rib"
    if not is_rib(unit.rib):
        return "bad_rib"
    if not can_be_written(payee_of(unit)):
        return "letters"
    if not _is_own(unit, persons) and not any(_holds(consent, unit, on) for consent in consents):
        return "no_consent"
    return ""


def _holds(consent: PayeeConsent, unit: Unit, on: date) -> bool:
    open_ = consent.withdrawn_on is None or on < consent.withdrawn_on
    return consent.given_on <= on and open_ and _same(consent.payee, payee_of(unit))


def rib_problem(why: str) -> str:
    """What is wrong with a RIB as it was typed, and what to do."""
    return {
        "digits": _("A RIB has digits only. Copy it from the bank’s certificate."),
        "length": _("A RIB has 24 digits: bank 3, locality 3, account 16, key 2. Count them again."),
        "key": _("The last two digits do not fit the others: one is wrong or two have changed places."),
    }[why]


def set_bank_details(unit_id: int, *, rib: str, payee: str, actor: int | None) -> Unit:
    """Write a unit's RIB and in whose name the account is; empty ones take them away. Raises Invalid, NotFound.

    The trail keeps who changed them; of a RIB only what its owner knows it by.
    """
    unit = get_unit_by_id(unit_id)
    fields: dict[str, str] = {}
    number: str | None = None
    if rib.strip():
        try:
            number = parse_rib(rib)
        except RibWrong as wrong:
            fields["rib"] = rib_problem(wrong.why)
    payee = " ".join(payee.split())
    if payee and not can_be_written(payee):
        fields["payee"] = _("Write the name in Latin letters, as it stands at the bank.")
    if fields:
        raise Invalid(_("These bank details cannot be taken."), fields)
    before = {"rib": unit.rib and masked(unit.rib), "payee": unit.payee}
    unit.rib, unit.payee = number, payee or None
    after = {"rib": number and masked(number), "payee": unit.payee}
    audit(actor, "change bank details", "unit", unit.public_id, before=before, after=after)
    return unit


def record_consent(unit_id: int, *, given_by: str, given_on: date, document: str, actor: int | None) -> PayeeConsent:
    """Write that the unit consents to the payee it has now. Raises Conflict where none is needed, Invalid, NotFound."""
    unit = get_unit_by_id(unit_id)
    if not needs_consent(unit):
        raise Conflict(_("The account is in the unit’s own name: no consent is needed."))
    fields = {}
    if not given_by.strip():
        fields["given_by"] = _("Enter who consented.")
    if not document.strip():
        fields["document"] = _("Say which paper shows it, and where it is kept.")
    if given_on > clock.today():
        fields["given_on"] = _("The day of consent cannot lie in the future.")
    if fields:
        raise Invalid(_("Something is missing about the consent."), fields)
    consent = PayeeConsent(
        unit_id=unit_id,
        payee=payee_of(unit),
        given_by=given_by.strip(),
        given_on=given_on,
        document=document.strip(),
        recorded_by=actor,
        recorded_at=clock.now(),
    )
    db.session.add(consent)
    db.session.flush()
    audit(actor, "record payee consent", "unit", unit.public_id, payee=consent.payee, given_by=consent.given_by)
    return consent


def withdraw_consent(unit_id: int, consent_id: int, *, actor: int | None) -> PayeeConsent:
    """From today on the consent no longer holds; withdrawing twice changes nothing. Raises NotFound."""
    consent = db.session.get(PayeeConsent, consent_id, with_for_update=True)
    if consent is None or consent.unit_id != unit_id:
        raise NotFound(_("There is no such consent."), consent_id=consent_id)
    if consent.withdrawn_on is None:
        consent.withdrawn_on = max(clock.today(), consent.given_on)
        audit(actor, "withdraw payee consent", "unit", get_unit_by_id(unit_id).public_id, payee=consent.payee)
    return consent
