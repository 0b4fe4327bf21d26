"""Where a unit's money goes: RIB, payee, and consents to a payee who is not the unit."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import DateField

from shop.artisans.models import Unit
from shop.artisans.queries import get_unit, unit_name
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import NotFound, ShopError
from shop.i18n.messages import lazy_gettext
from shop.payouts.bank_details import (
    list_consents,
    needs_consent,
    obstacles,
    payee_of,
    record_consent,
    set_bank_details,
    withdraw_consent,
)
from shop.payouts.rib import grouped
from shop.payouts.wording import reasons
from shop.web.guards import current_officer
from shop.web.staff.forms import LineField, StaffForm, required

blueprint = Blueprint("bank_details", __name__, url_prefix="/units/<unit_id>/bank")


class BankForm(StaffForm):
    rib = LineField(lazy_gettext("RIB (24 digits)"))
    payee = LineField(lazy_gettext("Account in the name of"))


class ConsentForm(StaffForm):
    given_by = LineField(lazy_gettext("Who consents"), [required(lazy_gettext("Enter who consented."))])
    given_on = DateField(lazy_gettext("On"), [required(lazy_gettext("Enter the day of consent, as in 2026-03-31."))])
    document = LineField(
        lazy_gettext("By which paper"), [required(lazy_gettext("Say which paper shows it, and where it is kept."))]
    )


@blueprint.get("")
def show(unit_id: str) -> str:
    return _page(get_unit(unit_id))


def _page(unit: Unit, wrong: StaffForm | None = None) -> str:
    bank = wrong if isinstance(wrong, BankForm) else None
    consent = wrong if isinstance(wrong, ConsentForm) else None
    known = {"rib": grouped(unit.rib) if unit.rib and len(unit.rib) == 24 else unit.rib, "payee": unit.payee}
    return render_template(
        "staff/bank_details/show.html",
        unit=unit,
        name=unit_name(unit),
        payee=payee_of(unit),
        obstacle=reasons().get(obstacles([unit], clock.today()).get(unit.id, ""), ""),
        needs_consent=needs_consent(unit),
        consents=list_consents(unit.id),
        bank_form=bank or BankForm(formdata=None, data=known),
        consent_form=consent or ConsentForm(prefix="consent-", formdata=None, data={"given_on": clock.today()}),
        problems=wrong.problems() if wrong is not None else [],
        today=clock.today(),
    )


@blueprint.post("")
def save(unit_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = BankForm()
    if form.validate():
        try:
            with transaction():
                unit = get_unit(unit_id)
                set_bank_details(unit.id, rib=form.rib.data, payee=form.payee.data, actor=officer.id)
            return redirect(url_for("staff.bank_details.show", unit_id=unit_id, done="saved"), 303)
        except NotFound:
            raise
        except ShopError as error:
            form.blame(error)
    return _page(get_unit(unit_id), form), 422


@blueprint.post("/consents")
def consent(unit_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = ConsentForm(prefix="consent-")
    if form.validate():
        try:
            with transaction():
                record_consent(
                    get_unit(unit_id).id,
                    given_by=form.given_by.data,
                    given_on=form.given_on.data,
                    document=form.document.data,
                    actor=officer.id,
                )
            return redirect(url_for("staff.bank_details.show", unit_id=unit_id, done="consent"), 303)
        except NotFound:
            raise
        except ShopError as error:
            form.blame(error)
            return _page(get_unit(unit_id), form), error.status
    return _page(get_unit(unit_id), form), 422


@blueprint.post("/consents/<int:consent_id>/withdraw")
def withdraw(unit_id: str, consent_id: int) -> Response:
    officer = current_officer()
    with transaction():
        withdraw_consent(get_unit(unit_id).id, consent_id, actor=officer.id)
    return redirect(url_for("staff.bank_details.show", unit_id=unit_id, done="withdrawn"), 303)
