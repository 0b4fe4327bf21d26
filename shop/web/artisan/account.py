"""Who is signed in, for which workshop, and their PIN."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from shop.accounts.errors import SecretTooWeak, TooManyAttempts, WrongSecret
from shop.accounts.handles import shown_phone
from shop.accounts.models import Account
from shop.accounts.queries import list_handles
from shop.accounts.services import authenticate, change_secret
from shop.artisans.queries import units_of_account
from shop.core.db import transaction
from shop.core.errors import NotFound
from shop.i18n import gettext as _
from shop.web import sessions
from shop.web.artisan.forms import PinForm
from shop.web.guards import current_account

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def show() -> str:
    """Name, telephone, workshops, PIN."""
    return _page(PinForm(formdata=None), changed="changed" in request.args)


@blueprint.post("/account/pin")
def change_pin() -> Response | tuple[str, int]:
    """A new PIN, once the old one is proven; every other telephone is signed out."""
    form, account = PinForm(), _account()
    try:
        if not form.validate():
            raise WrongSecret(_("Fill in all three boxes."))
        if form.pin.data != form.again.data:
            raise SecretTooWeak(_("The two new PINs are not the same."))
        authenticate(list_handles(account.id)[0].value, form.current.data, ip=request.remote_addr or "")
        with transaction():
            change_secret(account.id, form.pin.data, actor=account.id)
            sessions.sign_in(account, **_kept())
    except (WrongSecret, SecretTooWeak, TooManyAttempts) as refusal:
        return _page(form, refusal=refusal.text), refusal.status
    return redirect(url_for("artisan.account.show", changed=1), 303)


@blueprint.post("/account/unit")
def choose_unit() -> Response:
    """Act for another of the account's workshops."""
    wanted = request.form.get("unit", "")
    unit = next((unit for unit in units_of_account(_account().id) if unit.public_id == wanted), None)
    if unit is None:
        raise NotFound(_("There is no such workshop."))
    session["unit_id"] = unit.id
    return redirect(url_for("artisan.home.show"), 303)


def _kept() -> dict[str, int]:
    return {"unit_id": session["unit_id"]} if "unit_id" in session else {}


def _account() -> Account:
    account = current_account()
    if account is None:
        raise NotFound(_("There is no such account."))
    return account


def _page(form: PinForm, *, refusal: str = "", changed: bool = False) -> str:
    account = _account()
    phones = [shown_phone(handle.value) for handle in list_handles(account.id) if handle.kind == "phone"]
    return render_template(
        "artisan/account/show.html", form=form, phones=phones, refusal=refusal, changed=changed, account=account
    )
