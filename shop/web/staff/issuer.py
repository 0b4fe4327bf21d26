"""Who issues the invoices: the operator's identity, as decided for a day."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import DateField, EmailField, TextAreaField

from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.core.policies import get_policy, list_decisions
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import lazy_gettext
from shop.invoicing.issuer import NUMBERS, POLICY, TEXTS, decide_issuer, list_missing
from shop.web.guards import current_officer
from shop.web.staff.forms import LineField, StaffForm, required

blueprint = Blueprint("issuer", __name__, url_prefix="/settings/issuer")


class IssuerForm(StaffForm):
    name = LineField(lazy_gettext("Name"), [required(lazy_gettext("Enter the name of the operator."))])
    legal_form = LineField(lazy_gettext("Legal form and capital"))
    address = TextAreaField(lazy_gettext("Address"))
    phone = LineField(lazy_gettext("Telephone"))
    email = EmailField(lazy_gettext("E-mail"))
    ice = LineField(lazy_gettext("Common company identifier (ICE)"))
    tax_id = LineField(lazy_gettext("Tax identifier (IF)"))
    rc = LineField(lazy_gettext("Number in the commercial register (RC)"))
    rc_city = LineField(lazy_gettext("Town of the commercial register"))
    tp = LineField(lazy_gettext("Number of the business tax (TP)"))
    cnss = LineField(lazy_gettext("Number at the social security (CNSS)"))
    other_numbers = TextAreaField(lazy_gettext("Numbers abroad"))
    exemption_ar = TextAreaField(lazy_gettext("In Arabic"))
    exemption_fr = TextAreaField(lazy_gettext("In French"))
    exemption_en = TextAreaField(lazy_gettext("In English"))
    from_on = DateField(lazy_gettext("Holds from"), [required(lazy_gettext("Enter the first day, as in 2026-03-31."))])


@blueprint.get("")
def show() -> str:
    return _page()


def _stored() -> dict[str, Any]:
    """What holds today, as the form has it."""
    issuer = get_policy(POLICY)
    exemption = issuer.get("exemption") or {}
    return {
        **{name: issuer.get(name, "") for name in (*TEXTS, *NUMBERS)},
        **{f"exemption_{code}": exemption.get(code, "") for code in LANGUAGES},
        "from_on": clock.today(),
    }


def _page(wrong: IssuerForm | None = None) -> str:
    form = wrong or IssuerForm(formdata=None, data=_stored())
    return render_template(
        "staff/issuer/show.html",
        form=form,
        missing=[form[name].label.text for name in list_missing(get_policy(POLICY))],
        decisions=[(row.from_on, row.value.get("name", "")) for row in reversed(list_decisions(POLICY))],
        today=clock.today(),
        problems=wrong.problems() if wrong is not None else [],
    )


@blueprint.post("")
def save() -> Response | tuple[str, int]:
    """Decide the identity that stands on invoices from a day on."""
    officer = current_officer()
    form = IssuerForm()
    if form.validate():
        values = {name: field.data or "" for name, field in form._fields.items() if name != "from_on"}
        try:
            with transaction():
                decide_issuer(values, form.from_on.data, actor=officer.id)
            return redirect(url_for("staff.issuer.show", done="saved"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422
