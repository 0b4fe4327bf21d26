"""Programmes, their editions and who receives their reports."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, lazy_gettext
from shop.i18n.messages import gettext as _
from shop.programme.models import Membership
from shop.programme.queries import list_editions, list_programmes, list_recipients
from shop.programme.recipients import add_recipient
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import LineField, StaffForm, required

blueprint = Blueprint("programmes", __name__, url_prefix="/programmes")


class RecipientForm(StaffForm):
    programme_id = SelectField(lazy_gettext("Programme"), coerce=int)
    name = LineField(lazy_gettext("Name"), [required(lazy_gettext("Enter the name of the recipient."))])
    email = EmailField(lazy_gettext("E-mail"), [required(lazy_gettext("Enter an e-mail address."))])
    language = SelectField(lazy_gettext("Language of the report"))


def _form(**kwargs: Any) -> RecipientForm:
    form = RecipientForm(**kwargs)
    form.programme_id.choices = [(row.id, getattr(row, f"name_{current_language()}")) for row in list_programmes()]
    form.language.choices = [(code, language.own_name) for code, language in LANGUAGES.items()]
    return form


@blueprint.get("")
def index() -> str:
    return _page(_form(formdata=None))


@blueprint.post("/recipients")
def create() -> Response | tuple[str, int]:
    officer = current_officer()
    form = _form()
    if form.validate():
        try:
            with transaction():
                add_recipient(
                    form.programme_id.data,
                    name=form.name.data,
                    email=form.email.data or "",
                    language=form.language.data,
                    actor=officer.id,
                )
            return redirect(url_for("staff.programmes.index", done="recipient"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422


def _page(form: RecipientForm) -> str:
    counts = db.session.execute(
        select(Membership.edition_id, func.count(Membership.unit_id.distinct())).group_by(Membership.edition_id)
    )
    return render_template(
        "staff/programmes/index.html",
        programmes=list_programmes(),
        editions=list_editions(),
        units_in=dict(counts.all()),
        recipients=list_recipients(),
        form=form,
        kinds=words.programme_kinds(),
        name=lambda thing: getattr(thing, f"name_{current_language()}"),
        today=clock.today(),
        empty_message=_("Nobody receives this programme’s report yet."),
    )
