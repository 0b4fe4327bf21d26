"""All orders of an e-mail address, for whoever reads its letters: signing in by a link, a copy of what is kept, erasure."""

import hashlib
import json

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from shop.buyers.erasure import erase_buyer, list_unfinished
from shop.buyers.keys import LIFETIME, begin_session, end_session, find_email, forget_keys, is_link
from shop.buyers.orders import collect_data, list_addresses, list_orders_of
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Conflict
from shop.core.ids import public_id
from shop.core.outbox import enqueue
from shop.i18n.formats import country_name
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.orders.addresses import envelope_lines
from shop.orders.answers import forget_own_answers
from shop.orders.limits import count_asked_link
from shop.orders.links import order_token
from shop.web.storefront import chrome
from shop.web.storefront.cart import COOKIE as CART
from shop.web.storefront.own_orders import secret, state_text

blueprint = Blueprint("account", __name__)

COOKIE = "buyer"


def _is_secure() -> bool:
    return bool(current_app.config["SETTINGS"].base_url.startswith("https:"))


def _cookie_name() -> str:
    return f"__Host-{COOKIE}" if _is_secure() else COOKIE


def _session() -> str | None:
    return request.cookies.get(_cookie_name())


def signed_in() -> str | None:
    """The e-mail address of whoever has signed in here, or None. No statement where nobody has."""
    session = _session()
    return find_email(session) if session else None


@blueprint.get("/account")
def show() -> str:
    """The orders and addresses of whoever has signed in; else the way in."""
    email = signed_in()
    if email is None:
        return _sign_in_page("")
    orders = list_orders_of(email)
    return render_template(
        "storefront/account/show.html",
        email=email,
        orders=[(order, order_token(order.number, secret()), *state_text(order)) for order in orders],
        addresses=[
            [address.get("name", ""), *envelope_lines(address), country_name(address["country_code"])]
            for address in list_addresses(orders)
        ],
    )


@blueprint.post("/account")
def ask() -> str | tuple[str, int]:
    """Ask for the link. The answer is the same whether anything was ordered with the address or not."""
    email = request.form.get("email", "").strip().casefold()[:254]
    if "@" not in email:
        return _sign_in_page(email, {"email": _("Enter the e-mail address you ordered with.")}), 422
    count_asked_link(request.remote_addr or "")
    # The same question within ten minutes is one letter: nobody's mailbox is filled by pressing a button.
    asked = hashlib.sha256(f"{email} {int(clock.now().timestamp()) // 600}".encode()).hexdigest()
    with transaction():
        payload = {"letter": public_id(), "email": email, "language": current_language()}
        enqueue("buyer_link", payload, key=f"buyer-link-{asked}")
    return _sign_in_page(email, asked=True)


def _sign_in_page(email: str, errors: dict[str, str] | None = None, *, asked: bool = False, stale: bool = False) -> str:
    return render_template(
        "storefront/account/sign_in.html",
        email=email,
        errors=errors or {},
        has_errors=bool(errors),
        asked=asked,
        stale=stale,
    )


@blueprint.get("/account/enter")
def enter() -> str | tuple[str, int]:
    """Where the letter's link leads: a button, since programs that look at mail open links and press no buttons."""
    link = request.args.get("k", "")
    if not is_link(link):
        return _sign_in_page("", stale=True), 410
    return render_template("storefront/account/enter.html", link_key=link)


@blueprint.post("/account/enter")
def sign_in() -> AnyResponse | tuple[str, int]:
    """Use the link, once."""
    with transaction():
        value = begin_session(request.form.get("k", ""))
    if value is None:
        return _sign_in_page("", stale=True), 410
    response = redirect(chrome.link("account.show"), 303)
    response.set_cookie(
        _cookie_name(),
        value,
        max_age=int(LIFETIME["session"].total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_is_secure(),
    )
    return response


@blueprint.post("/account/sign-out")
def sign_out() -> AnyResponse:
    """End this session, or all of the address; whoever sits here next finds no address in the checkout."""
    session = _session()
    email = find_email(session)
    if session and email:
        with transaction():
            forget_own_answers(request.cookies.get(CART), email)
            if "everywhere" in request.form:
                forget_keys(email)
            else:
                end_session(session)
    return _leave(redirect(chrome.link("account.show"), 303))


def _leave(response: AnyResponse) -> AnyResponse:
    """The answer, with which the browser forgets the session."""
    response.delete_cookie(_cookie_name(), path="/", secure=_is_secure(), httponly=True, samesite="Lax")
    return response


@blueprint.get("/account/data.json")
def data() -> AnyResponse:
    """Everything that is kept of the buyer, as a file."""
    email = find_email(_session())
    if email is None:
        return redirect(chrome.link("account.show"), 303)
    text = json.dumps(collect_data(email), ensure_ascii=False, indent=2)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return response


@blueprint.get("/account/erase")
def ask_erasure() -> str | AnyResponse:
    """First step: what goes, what stays and why."""
    email = find_email(_session())
    if email is None:
        return redirect(chrome.link("account.show"), 303)
    return render_template(
        "storefront/account/erase.html",
        email=email,
        unfinished=list_unfinished(email),
        count=len(list_orders_of(email)),
    )


@blueprint.post("/account/erase")
def erase() -> str | AnyResponse:
    """Second step: done at once, and the session ends."""
    email = find_email(_session())
    if email is None:
        return redirect(chrome.link("account.show"), 303)
    try:
        with transaction():
            erase_buyer(email)
    except Conflict:
        # An order has moved since the first step: it shows which.
        return ask_erasure()
    return _leave(current_app.make_response(render_template("storefront/account/erased.html")))
