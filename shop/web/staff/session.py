"""Coming in, going out, and the language of the account."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField

from shop.accounts.errors import TooManyAttempts, WrongSecret
from shop.accounts.services import authenticate, choose_language
from shop.core.db import transaction
from shop.i18n.languages import LANGUAGES, negotiate
from shop.i18n.messages import lazy_gettext
from shop.web.guards import current_account
from shop.web.sessions import sign_in, sign_out
from shop.web.speech import speak
from shop.web.staff.forms import StaffForm, required

blueprint = Blueprint("session", __name__)


class SignInForm(StaffForm):
    email = EmailField(lazy_gettext("E-mail"), [required(lazy_gettext("Enter your e-mail address."))])
    password = PasswordField(lazy_gettext("Password"), [required(lazy_gettext("Enter your password."))])


def _speak() -> str:
    """Nobody is known yet: the language asked for, or the browser's."""
    wanted = request.args.get("lang", "")
    code = wanted if wanted in LANGUAGES else negotiate(request.headers.get("Accept-Language"))
    speak(code)
    return code


@blueprint.get("/sign-in")
def new() -> Response | str:
    if current_account() is not None:
        return redirect(url_for("staff.overview.index"), 303)
    _speak()
    return render_template("staff/session/new.html", form=SignInForm(formdata=None))


@blueprint.post("/sign-in")
def create() -> Response | tuple[str, int]:
    _speak()
    form = SignInForm()
    if form.validate():
        try:
            account = authenticate(form.email.data, form.password.data, ip=request.remote_addr or "")
            with transaction():
                sign_in(account)
            return redirect(url_for("staff.overview.index"), 303)
        except (WrongSecret, TooManyAttempts) as error:
            form.blame(error)
    return render_template("staff/session/new.html", form=form), 422


@blueprint.post("/sign-out")
def destroy() -> Response:
    with transaction():
        sign_out()
    return redirect(url_for("staff.session.new"), 303)


@blueprint.post("/language")
def language() -> Response:
    code = request.form.get("language", "")
    account = current_account()
    if account is None:
        return redirect(url_for("staff.session.new", lang=code if code in LANGUAGES else None), 303)
    with transaction():
        choose_language(account.id, code)
    back = request.referrer or ""
    # Only ever back into this door.
    inside = back.removeprefix(request.host_url.rstrip("/"))
    return redirect(inside if inside.startswith("/staff/") else url_for("staff.overview.index"), 303)
