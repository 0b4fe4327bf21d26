"""Sign in by telephone and PIN, sign out, and the language before and after. Open to those who are not signed in."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.accounts.errors import TooManyAttempts, WrongSecret
from shop.accounts.models import Account
from shop.accounts.services import authenticate, choose_language
from shop.core.db import transaction
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.web import sessions
from shop.web.artisan.forms import SignInForm
from shop.web.guards import current_account
from shop.web.speech import speak

blueprint = Blueprint("session", __name__)

LANGUAGE_COOKIE = "artisan_language"


@blueprint.get("/sign-in")
def new() -> str | Response:
    """Telephone and PIN."""
    if current_account() is not None:
        return redirect(url_for("artisan.home.show"), 303)
    return render_template("artisan/session/new.html", form=SignInForm(formdata=None), refusal="")


@blueprint.post("/sign-in")
def create() -> Response | tuple[str, int]:
    """Come in. A wrong number and a wrong PIN get the same answer."""
    form = SignInForm()
    try:
        account = _authenticate(form)
    except (WrongSecret, TooManyAttempts) as refusal:
        page = render_template("artisan/session/new.html", form=form, refusal=refusal.text)
        return page, refusal.status
    with transaction():
        sessions.sign_in(account)
    speak(account.language)
    return redirect(url_for("artisan.home.show"), 303)


def _authenticate(form: SignInForm) -> Account:
    if not form.validate():
        raise WrongSecret(_("Type your phone number and your PIN."))
    account = authenticate(form.phone.data, form.pin.data, ip=request.remote_addr or "")
    if account.role != "artisan":
        raise WrongSecret(_("The number or the secret is not right. Try again."))
    return account


@blueprint.post("/sign-out")
def destroy() -> Response:
    """Leave; the session ends on the server."""
    if current_account() is not None:
        with transaction():
            sessions.sign_out()
    return redirect(url_for("artisan.session.new"), 303)


@blueprint.post("/language")
def language() -> Response:
    """Speak another language from now on, and stay on the page."""
    code = request.form.get("language", "")
    response = redirect(_page_before(), 303)
    if code in LANGUAGES:
        account = current_account()
        if account is not None:
            with transaction():
                choose_language(account.id, code)
        secure = current_app.config["SETTINGS"].base_url.startswith("https:")
        response.set_cookie(
            LANGUAGE_COOKIE, code, max_age=31_536_000, path="/artisan", secure=secure, httponly=True, samesite="Lax"
        )
    return response


def _page_before() -> str:
    """The page of this door that the form stood on; its home for anything else."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc == request.host and referrer.path.startswith("/artisan/"):
        return referrer.path
    return url_for("artisan.home.show")
