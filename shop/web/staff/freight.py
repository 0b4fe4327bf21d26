"""Return freight, charged to the maker of a line whose frozen terms say so."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField

from shop.artisans.queries import get_unit_by_id, unit_name
from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.core.ids import public_id
from shop.i18n.messages import lazy_gettext
from shop.payouts.freight import Chargeable, charge_return_freight, get_chargeable
from shop.web.guards import current_officer
from shop.web.staff.forms import AmountField, LineField, StaffForm, required

blueprint = Blueprint("freight", __name__, url_prefix="/orders/<number>/lines/<int:line_id>/freight")


class FreightForm(StaffForm):
    # Made with the form: sent twice, it charges once.
    charge = HiddenField()
    currency = SelectField(lazy_gettext("Currency"), [required(lazy_gettext("Choose a currency."))])
    amount = AmountField(lazy_gettext("Amount"), [required(lazy_gettext("Enter what the way back cost."))])
    remark = LineField(
        lazy_gettext("What was paid, to whom, and where the paper is"),
        [required(lazy_gettext("Say what was paid, to whom, and where the paper is."))],
    )


def _form(known: Chargeable, currency: str, **kwargs: object) -> FreightForm:
    form = FreightForm(prefix="freight-", **kwargs)
    form.currency.choices = [(code, code) for code in known.currencies]
    form.amount.currency = currency
    return form


@blueprint.get("")
def show(number: str, line_id: int) -> str:
    known = get_chargeable(number, line_id)
    data = {"charge": public_id(), "currency": known.currencies[0] if known.currencies else ""}
    return _page(known, _form(known, data["currency"], formdata=None, data=data))


def _page(known: Chargeable, form: FreightForm) -> str:
    unit = get_unit_by_id(known.line.unit_id)
    return render_template(
        "staff/freight/show.html",
        order=known.order,
        line=known.line,
        unit=unit,
        name=unit_name(unit),
        form=form,
        problems=form.problems(),
    )


@blueprint.post("")
def charge(number: str, line_id: int) -> Response | tuple[str, int]:
    officer = current_officer()
    known = get_chargeable(number, line_id)
    currency = request.form.get("freight-currency", "")
    form = _form(known, currency if currency in known.currencies else (known.currencies or ["MAD"])[0])
    if form.validate():
        try:
            with transaction():
                charge_return_freight(
                    number,
                    line_id,
                    charge_id=form.charge.data or "",
                    minor=form.amount.data or 0,
                    currency=form.currency.data,
                    remark=form.remark.data,
                    actor=officer.id,
                )
            return redirect(url_for("staff.orders.show", number=number, done="freight"), 303)
        except Invalid as error:
            form.blame(error)
    return _page(known, form), 422
