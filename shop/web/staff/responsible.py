"""Who answers for the pieces in the European Union, as every product page names them."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import EmailField, TextAreaField

from shop.catalogue.safety import POLICY, decide_responsible_person
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.core.policies import get_policy
from shop.i18n.messages import lazy_gettext
from shop.web.guards import current_officer
from shop.web.staff.forms import LineField, StaffForm

blueprint = Blueprint("responsible", __name__, url_prefix="/settings/responsible-person")


class PersonForm(StaffForm):
    name = LineField(lazy_gettext("Name"))
    postal_address = TextAreaField(lazy_gettext("Postal address"))
    email = EmailField(lazy_gettext("E-mail"))


@blueprint.get("")
def show() -> str:
    return _page(PersonForm(formdata=None, data=get_policy(POLICY) or {}))


def _page(form: PersonForm) -> str:
    return render_template(
        "staff/responsible/show.html", form=form, named=bool(get_policy(POLICY)), problems=form.problems()
    )


@blueprint.post("")
def save() -> Response | tuple[str, int]:
    officer = current_officer()
    form = PersonForm()
    if form.validate():
        try:
            with transaction():
                decide_responsible_person(
                    name=form.name.data or "",
                    postal_address=" ".join((form.postal_address.data or "").split()),
                    email=(form.email.data or "").strip(),
                    actor=officer.id,
                )
            return redirect(url_for("staff.responsible.show", done="saved"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422
