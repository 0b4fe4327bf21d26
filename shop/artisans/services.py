"""Writes of units: enrolling one, naming its makers, saying who acts for it."""

from typing import Any

from sqlalchemy import func, select

from shop.artisans.models import LEGAL_FORMS, Delegate, Person, Unit
from shop.artisans.queries import get_unit_by_id
from shop.core import clock
from shop.core.db import db
from shop.core.emails import normal_email
from shop.core.errors import Invalid
from shop.core.ids import public_id
from shop.core.policies import audit
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.i18n.regions import REGIONS
from shop.i18n.texts import write_text

TEXT_FIELDS = ("story", "words")
WHOLE = 10_000


def create_unit(
    *,
    legal_form: str,
    names: dict[str, str],
    places: dict[str, str],
    region: str,
    family: str,
    lead_sex: str,
    actor: int | None,
    aggregator_id: int | None = None,
    **details: Any,
) -> Unit:
    """A new economic unit; `names` and `places` by language code, `region` MA-01 … MA-12.

    `details` are further columns: founded, members_f, members_m, phone, language, nia, ice, rib, payee, shows_share,
    postal_address, email, picture_id, public_id. Raises Invalid.
    """
    if legal_form not in LEGAL_FORMS:
        text = _("This is not a legal form we know.")
        raise Invalid(text, {"legal_form": text})
    if not region.startswith("MA-") or region.removeprefix("MA-") not in REGIONS:
        text = _("This is not one of the twelve regions.")
        raise Invalid(text, {"region": text})
    details.setdefault("public_id", public_id())
    details.setdefault("language", "ar")
    unit = Unit(
        legal_form=legal_form,
        region=region,
        family=family,
        lead_sex=lead_sex,
        aggregator_id=aggregator_id,
        created_at=clock.now(),
        **{f"name_{code}": names[code].strip() for code in LANGUAGES},
        **{f"place_{code}": places[code].strip() for code in LANGUAGES},
        **details,
    )
    db.session.add(unit)
    db.session.flush()
    audit(actor, "enrol", "unit", unit.public_id)
    return unit


def tell_buyers(unit_id: int, *, postal_address: str, email: str, shows_share: bool, actor: int | None) -> None:
    """What product pages say of a unit: where a safety authority writes to, and whether buyers see what reaches it.

    Empty texts say nothing. Inside a transaction. Raises NotFound, Invalid.
    """
    unit = get_unit_by_id(unit_id)
    mailbox = normal_email(email)
    if email and not mailbox:
        text = _("Enter an e-mail address, like name@example.com.")
        raise Invalid(text, {"email": text})
    before = {"postal_address": unit.postal_address, "email": unit.email, "shows_share": unit.shows_share}
    unit.postal_address, unit.email, unit.shows_share = postal_address or None, mailbox or None, shows_share
    after = {"postal_address": unit.postal_address, "email": unit.email, "shows_share": shows_share}
    audit(actor, "tell buyers", "unit", unit.public_id, before=before, after=after)


def write_unit_texts(unit_id: int, texts: dict[str, dict[str, str]], *, source_language: str) -> None:
    """Story and words of a unit: {"story": {language: text}}; the texts of other languages translate the source's."""
    unknown = set(texts) - set(TEXT_FIELDS)
    if unknown:
        raise ValueError(f"not texts of a unit: {sorted(unknown)}")
    for field, by_language in texts.items():
        source = by_language.get(source_language, "")
        for language, text in by_language.items():
            write_text("unit", unit_id, field, language, text, source="" if language == source_language else source)


def add_person(
    unit_id: int,
    *,
    name_ar: str,
    name_latin: str,
    roles: dict[str, str],
    sex: str,
    share_bp: int,
) -> Person:
    """Name a maker with a share in basis points of what the unit receives. Raises Invalid above the whole."""
    given = db.session.scalar(select(func.coalesce(func.sum(Person.share_bp), 0)).where(Person.unit_id == unit_id))
    if share_bp < 0 or int(given or 0) + share_bp > WHOLE:
        text = _("The shares of a workshop’s makers may not exceed the whole.")
        raise Invalid(text, {"share_bp": text})
    person = Person(
        unit_id=unit_id,
        name_ar=name_ar.strip(),
        name_latin=name_latin.strip(),
        sex=sex,
        share_bp=share_bp,
        **{f"role_{code}": roles[code].strip() for code in LANGUAGES},
    )
    db.session.add(person)
    db.session.flush()
    return person


def grant_delegate(account_id: int, unit_id: int, *, granted_by: int | None) -> None:
    """Let an account act for a unit; granting twice changes nothing."""
    unit = get_unit_by_id(unit_id)
    known = select(Delegate.id).where(Delegate.account_id == account_id, Delegate.unit_id == unit_id)
    if db.session.scalars(known).first() is not None:
        return
    db.session.add(Delegate(account_id=account_id, unit_id=unit_id, granted_by=granted_by))
    db.session.flush()
    audit(granted_by, "grant delegate", "unit", unit.public_id, account_id=account_id)


def revoke_delegate(account_id: int, unit_id: int, *, actor: int | None) -> None:
    """The account no longer acts for the unit."""
    unit = get_unit_by_id(unit_id)
    known = select(Delegate).where(Delegate.account_id == account_id, Delegate.unit_id == unit_id)
    delegate = db.session.scalars(known).first()
    if delegate is not None:
        db.session.delete(delegate)
        audit(actor, "revoke delegate", "unit", unit.public_id, account_id=account_id)
