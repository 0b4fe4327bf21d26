"""Who may come in: hung once on each door, so that no page of it can forget."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from shop.accounts.models import Account
from shop.artisans.models import Delegate, Unit
from shop.core.db import db
from shop.core.errors import NotFound, Refused
from shop.i18n.messages import gettext as _
from shop.web.speech import speak

csrf = CSRFProtect()
SAFE = ("GET", "HEAD", "OPTIONS")


def current_account() -> Account | None:
    """The signed-in account of this request, or None."""
    if "account" not in g:
        account_id = getattr(session, "account_id", None)
        account = db.session.get(Account, account_id) if account_id else None
        g.account = account if account is not None and account.archived_at is None else None
    return g.account


def current_officer() -> Account:
    """The signed-in officer; the staff door's guard has made sure of it."""
    account = current_account()
    if account is None or account.role != "staff":
        raise Refused(_("This page is for staff."))
    return account


def current_unit() -> Unit:
    """The unit the signed-in artisan acts for; the artisan door's guard has chosen it."""
    if "unit" not in g:
        raise Refused(_("This page is for artisans."))
    return g.unit


def units_of(account: Account) -> list[Unit]:
    """Units an account may act for, in the order they were granted."""
    statement = select(Unit).join(Delegate, Delegate.unit_id == Unit.id).where(Delegate.account_id == account.id)
    return list(db.session.scalars(statement.where(Unit.archived_at.is_(None)).order_by(Delegate.id)))


def _own_origins() -> set[str]:
    """As the request came, and as the shop is known: a proxy in front may speak https where we hear http."""
    addresses = (request.host_url, current_app.config["SETTINGS"].base_url)
    return {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)}


def check_origin() -> None:
    """Refuse a form that another site sent: forms of public pages carry no token, so that pages stay cacheable.

    Browsers send Origin with every POST; where one is missing Sec-Fetch-Site decides (OWASP CSRF cheat sheet, 2025).
    """
    if request.method in SAFE:
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    foreign = origin not in _own_origins() if origin is not None else site not in (None, "same-origin", "none")
    if foreign:
        raise Refused(_("This form came from another site. Open the page again and send it from there."))


def _guard(role: str, sign_in_endpoint: str) -> Response | None:
    account = current_account()
    if account is not None:
        speak(account.language)
    if request.endpoint and request.endpoint.startswith(sign_in_endpoint.rpartition(".")[0] + "."):
        if account is None:
            check_origin()
            g.csrf_valid = True
            return None
    elif account is None:
        return redirect(url_for(sign_in_endpoint), 303)
    if account is not None and account.role != role:
        raise Refused(_("You are signed in, but this part is not for your account."))
    csrf.protect()
    return None


def guard_artisan() -> Response | None:
    """For the artisan door: signed in as an artisan, acting for one of the account's units."""
    answer = _guard("artisan", "artisan.session.new")
    account = current_account()
    if answer is not None or account is None:
        return answer
    units = units_of(account)
    if not units:
        raise NotFound(_("No workshop belongs to this account yet. Ask the programme's staff."))
    chosen = session.get("unit_id")
    g.units = units
    g.unit = next((unit for unit in units if unit.id == chosen), units[0])
    return None


def guard_staff() -> Response | None:
    """For the staff door: signed in as staff."""
    return _guard("staff", "staff.session.new")


class KeyConverter(IntegerConverter):
    """A number in an address that a database can hold; a larger one is no page."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": 2**63 - 1, **kwargs})


def init_guards(app: Flask) -> None:
    app.url_map.converters["int"] = KeyConverter
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)


def stripe_origins() -> list[str]:
    """Where a form of ours may lead besides our own pages: Stripe's, or the demonstration's double."""
    settings = current_app.config["SETTINGS"]
    return ["https://checkout.stripe.com"] + ([settings.stripe_api_base] if settings.demo else [])
