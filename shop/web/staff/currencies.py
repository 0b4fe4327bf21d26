"""What can be paid in: currencies added and dropped from today."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from shop.catalogue.currencies import add_currency, drop_currency, list_currencies
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.core.rates import find_rate
from shop.i18n.formats import currency_name
from shop.i18n.messages import lazy_gettext
from shop.web.guards import current_officer
from shop.web.staff.forms import LineField, StaffForm

blueprint = Blueprint("currencies", __name__, url_prefix="/settings/currencies")


class CurrencyForm(StaffForm):
    code = LineField(lazy_gettext("Code of the currency"))


@blueprint.get("")
def index() -> str:
    return _page(CurrencyForm(formdata=None))


def _page(form: CurrencyForm) -> str:
    return render_template(
        "staff/currencies/index.html",
        rows=[(code, currency_name(code), find_rate(code)) for code in list_currencies()],
        form=form,
        problems=form.problems(),
    )


@blueprint.post("")
def add() -> Response | tuple[str, int]:
    officer = current_officer()
    form = CurrencyForm()
    if form.validate():
        try:
            with transaction():
                add_currency(form.code.data or "", actor=officer.id)
            return redirect(url_for("staff.currencies.index", done="saved"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422


@blueprint.post("/<code>/drop")
def drop(code: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = CurrencyForm(formdata=None)
    try:
        with transaction():
            drop_currency(code, actor=officer.id)
        return redirect(url_for("staff.currencies.index", done="saved"), 303)
    except ShopError as error:
        form.blame(error)
    return _page(form), 422
