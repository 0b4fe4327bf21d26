"""Settings: the operator's dated decisions, what holds, what will hold, and the account makers are paid from."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField

from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.core.policies import DEFAULTS, get_policy, list_decisions
from shop.i18n.formats import percent
from shop.i18n.messages import lazy_gettext, ngettext
from shop.payouts.paying_account import POLICY, decide_paying_account
from shop.payouts.rib import shown
from shop.programme.decisions import BEARERS, KINDS, WHOLE_BP, Kind, decide, get_kind
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import LineField, PercentField, StaffForm, WholeNumberField, required

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


class DecisionForm(StaffForm):
    from_on = DateField(lazy_gettext("Holds from"), [required(lazy_gettext("Enter the first day, as in 2026-03-31."))])


class PercentForm(DecisionForm):
    value = PercentField(lazy_gettext("Per cent"))


class DaysForm(DecisionForm):
    value = WholeNumberField(lazy_gettext("Days"))


class BearerForm(DecisionForm):
    value = SelectField(lazy_gettext("Who bears it"))


class AccountForm(StaffForm):
    name = LineField(
        lazy_gettext("Account in the name of"), [required(lazy_gettext("Enter in whose name the account is."))]
    )
    account = LineField(lazy_gettext("IBAN or RIB"), [required(lazy_gettext("Enter an IBAN or a RIB."))])
    bic = LineField(lazy_gettext("BIC"))


FORMS = {"percent": PercentForm, "days": DaysForm, "bearer": BearerForm}


def _form(kind: Kind, **kwargs: Any) -> DecisionForm:
    form = FORMS[kind.unit](prefix=f"{kind.key}-", **kwargs)
    if isinstance(form, BearerForm):
        form.value.choices = [(code, words.bearers()[code]) for code in BEARERS]
    return form


def show_value(kind: Kind, value: Any) -> str:
    """What was decided, as it is read."""
    if kind.unit == "percent":
        return percent(Decimal(value) / WHOLE_BP, decimals=2)
    if kind.unit == "days":
        return ngettext("%(num)s day", "%(num)s days", value)
    return words.bearers()[value]


@blueprint.get("")
def index() -> str:
    return _page()


def _page(wrong: StaffForm | None = None, key: str = "") -> str:
    """All settings; `wrong` is the form that was refused, for the setting `key`."""
    account = wrong if isinstance(wrong, AccountForm) else None
    return render_template(
        "staff/settings/index.html",
        rows=[_row(kind, wrong if kind.key == key else None) for kind in KINDS],
        open_key=key,
        account=get_policy(POLICY),
        shown=shown,
        account_form=account or AccountForm(formdata=None, data=get_policy(POLICY) or {}),
        account_wrong=account is not None,
        problems=wrong.problems() if wrong is not None else [],
        names=words.settings(),
    )


def _row(kind: Kind, wrong: StaffForm | None) -> dict[str, Any]:
    today = clock.today()
    decisions = list_decisions(kind.key)
    now = get_policy(kind.key)
    return {
        "kind": kind,
        "now": show_value(kind, now),
        "since": _since(decisions, today),
        "later": [(row.from_on, show_value(kind, row.value)) for row in decisions if row.from_on > today],
        "earlier": [
            (row.from_on, show_value(kind, row.value))
            for row in reversed(decisions)
            if row.from_on <= today and row.from_on != _since(decisions, today)
        ],
        "default": show_value(kind, DEFAULTS[kind.key]),
        "form": wrong or _form(kind, formdata=None, data={"from_on": today, "value": now}),
    }


def _since(decisions: list[Any], today: date) -> date | None:
    return max((row.from_on for row in decisions if row.from_on <= today), default=None)


@blueprint.post("/paying-account")
def pay_from() -> Response | tuple[str, int]:
    officer = current_officer()
    form = AccountForm()
    if form.validate():
        try:
            with transaction():
                decide_paying_account(
                    name=form.name.data, account=form.account.data, bic=form.bic.data, actor=officer.id
                )
            return redirect(url_for("staff.settings.index", done="decided"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422


@blueprint.post("/<key>")
def save(key: str) -> Response | tuple[str, int]:
    """Decide one setting from a day on."""
    officer = current_officer()
    kind = get_kind(key)
    form = _form(kind)
    if form.validate():
        try:
            with transaction():
                decide(key, form.data["value"], form.from_on.data, actor=officer.id)
            return redirect(url_for("staff.settings.index", done="decided"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form, key), 422
