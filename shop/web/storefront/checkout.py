"""Checkout as a guest, in three steps with addresses of their own: where to, check, pay (orders.pay).

Country first, then that country's own address form. What was typed is kept with the cart and looked at anew at each step;
amounts are counted anew too, and one that has changed is told before anything is ordered.
"""

import hashlib
import json
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from shop.buyers.orders import list_addresses, list_orders_of
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Conflict, EdgeFailed, Invalid, TooMany
from shop.i18n import formats
from shop.i18n.countries import list_countries
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.orders.addresses import address_fields, check_buyer, envelope_lines
from shop.orders.answers import find_answers, keep_answers
from shop.orders.cart import CartLineView, CartView, find_cart, read_cart, set_choice
from shop.orders.errors import QuantityInvalid
from shop.orders.limits import count_order
from shop.orders.links import order_path
from shop.orders.queries import find_newest_order
from shop.orders.wording import charges_text, included_text, total_rows
from shop.payments.checkout import HOSTED_LANGUAGES, check_out
from shop.shipping.errors import CannotShip
from shop.shipping.queries import read_tariff
from shop.web.storefront import account, chrome, payment_page
from shop.web.storefront.cart import COOKIE
from shop.web.storefront.own_orders import secret

blueprint = Blueprint("checkout", __name__)

# Of earlier orders, offered to who has signed in.
MOST_FORMER = 3
OWN_FIELDS = ("email", "name", "company", "phone")
ADDRESS_FIELDS = ("street_address", "street_address_2", "city_area", "city", "country_area", "postal_code")


@blueprint.get("/checkout")
def show() -> str | Response:
    """The first step. `?country=` gives the form of a country, `?check` says what is wrong with the answers kept."""
    cart = _read(request.args.get("country"))
    if not cart.lines or cart.problems:
        return _to_cart(cart)
    answers = find_answers(cart.token)
    errors = {}
    if "check" in request.args and cart.country:
        try:
            _check(cart, answers)
        except Invalid as error:
            errors = error.fields
    return _address_page(cart, answers, errors)


@blueprint.post("/checkout")
def save() -> Response | tuple[str, int]:
    """Keep the answers and go on to the second step. `keep` only keeps them: for another `country`, another `language`."""
    given = {name: value[:500] for name, value in request.form.items()}
    country = given.get("country", "")
    cart = _read(country)
    if not cart.lines or cart.problems:
        return _to_cart(cart)
    answers = {name: given[name] for name in (*OWN_FIELDS, *ADDRESS_FIELDS) if name in given}
    sent_there = country == cart.country
    with transaction():
        keep_answers(cart.token, {**find_answers(cart.token), **answers})
        row = find_cart(cart.token)
        if row is not None and sent_there:
            set_choice(row, cart.currency, country)
    kept_for = given.get("keep")
    if kept_for == "language" or (kept_for and sent_there):
        return redirect(chrome.link("checkout.show"), 303)
    if not sent_there:
        errors = {"country": _("Choose a country from the list.")}
        return _address_page(_read(None), {**answers, "country": country}, errors), 422
    if cart.shipping is None:
        return _address_page(cart, answers), 422
    try:
        _check(cart, answers)
    except Invalid as error:
        return _address_page(cart, answers, error.fields), 422
    return redirect(chrome.link("checkout.review"), 303)


@blueprint.post("/checkout/former")
def use_former() -> Response:
    """Take an address of an earlier order for this one: who has signed in need not type it again."""
    cart = _read(None)
    if not cart.lines or cart.problems:
        return _to_cart(cart)
    chosen = next((one for one in _former(cart) if one["key"] == request.form.get("address")), None)
    if chosen is not None:
        with transaction():
            keep_answers(cart.token, chosen["answers"])
            row = find_cart(cart.token)
            if row is not None:
                set_choice(row, cart.currency, chosen["country"])
    return redirect(chrome.link("checkout.show"), 303)


def _former(cart: CartView) -> list[dict[str, Any]]:
    """Addresses of earlier orders of whoever has signed in, in countries we send to: a key, the country, the answers as
    they would be typed, and the lines that are shown."""
    email = account.signed_in()
    if email is None:
        return []
    tariff = cart.tariff or read_tariff(cart.currency)
    found: list[dict[str, Any]] = []
    for address in list_addresses(list_orders_of(email)):
        country = address.get("country_code", "")
        if len(found) == MOST_FORMER or tariff.find_zone(country) is None:
            continue
        first, _line, second = address.get("street_address", "").partition("\n")
        typed = {**address, "email": email, "street_address": first, "street_address_2": second}
        answers = {name: typed[name] for name in (*OWN_FIELDS, *ADDRESS_FIELDS) if typed.get(name)}
        lines = [address.get("name", ""), *envelope_lines(address), formats.country_name(country)]
        key = hashlib.sha256(json.dumps([country, answers]).encode()).hexdigest()[:16]
        found.append({"key": key, "country": country, "answers": answers, "lines": lines})
    return found


@blueprint.get("/checkout/review")
def review() -> str | Response:
    """The second step: everything as it will be ordered, with the way back to each answer."""
    cart = _read(None)
    if not cart.lines or cart.problems:
        return _to_cart(cart)
    try:
        email, address = _check(cart, find_answers(cart.token))
    except Invalid:
        return redirect(chrome.link("checkout.show", check=1 if find_answers(cart.token) else None), 303)
    return _review_page(cart, email, address)


@blueprint.post("/checkout/review")
def place() -> Response:
    """Place the order and go on to pay it. Doing it again leads to the same order."""
    cart = _read(None)
    if not cart.lines or cart.problems:
        return _to_cart(cart)
    try:
        email, address = _check(cart, find_answers(cart.token))
    except Invalid:
        return redirect(chrome.link("checkout.show", check=1), 303)
    if request.form.get("agreed") != f"{cart.total_minor} {cart.currency}":
        text = _("The total has changed since you opened this page. It is now %(total)s.", total=_total(cart))
        return make_response(_review_page(cart, email, address, text), 409)
    try:
        count_order(request.remote_addr or "", email)
        order = check_out(cart, email=email, address=address, language=current_language())
    except TooMany as error:
        return make_response(_review_page(cart, email, address, error.text), 429)
    except CannotShip:
        return redirect(chrome.link("checkout.show"), 303)
    except EdgeFailed:
        text = _("The payment page did not answer. Nothing was charged and your answers are kept: try again.")
        return make_response(_review_page(cart, email, address, text), 503)
    except (Conflict, QuantityInvalid):
        # Sold, changed or paid meanwhile: the cart shows which line it is, in its place.
        return redirect(chrome.link("cart.show"), 303)
    return payment_page.lead_on(order)


def _read(country: str | None) -> CartView:
    """The visitor's cart, as it would be sent to a country if it is one we send to."""
    token = request.cookies.get(COOKIE)
    if country:
        cart = read_cart(token, current_language(), country=country)
        if cart.tariff and cart.tariff.find_zone(country):
            return cart
    return read_cart(token, current_language())


def _to_cart(cart: CartView) -> Response:
    """Nothing to order, or something to answer first. An empty cart may have been paid for just now: then to that order."""
    order = find_newest_order(cart.cart_id) if cart.cart_id is not None and not cart.lines else None
    if order is not None and order.state == "paid":
        return redirect(order_path(order, secret()), 303)
    return redirect(chrome.link("cart.show"), 303)


def _check(cart: CartView, answers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """E-mail and address of the order, from the answers; raises Invalid with a sentence for each that is wrong."""
    if not cart.country or cart.shipping is None:
        raise Invalid("", {"country": cart.shipping_problem or _("Choose a country from the list.")})
    given = {name: text for name, text in answers.items() if name != "street_address_2"}
    lines = (answers.get("street_address", ""), answers.get("street_address_2", ""))
    return check_buyer(cart.country, {**given, "street_address": "\n".join(line for line in lines if line.strip())})


def _address_page(cart: CartView, given: dict[str, str], errors: dict[str, str] | None = None) -> str:
    fields = address_fields(cart.country) if cart.country else ()
    order = ["country", "email", "name", *(field.name for field in fields), "phone"]
    listed = sorted((errors or {}).items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return render_template(
        "storefront/checkout/show.html",
        cart=cart,
        countries=list_countries((), (cart.tariff or read_tariff(cart.currency)).destinations()),
        fields=fields,
        given=given,
        former=[] if given.get("street_address") else _former(cart),
        errors=errors or {},
        error_list=[{"id": name, "text": text} for name, text in listed],
        has_errors=bool(errors),
        **_summary(cart),
    )


def _review_page(cart: CartView, email: str, address: dict[str, str], notice: str = "") -> str:
    assert cart.charges is not None
    return render_template(
        "storefront/checkout/review.html",
        cart=cart,
        parcels=_parcels(cart),
        email=email,
        phone=address["phone"],
        name=address["name"],
        address_lines=[*filter(None, [address["company"]]), *envelope_lines(address)],
        country_name=formats.country_name(address["country_code"]),
        shipping=formats.money(cart.amounts.shipping_minor, cart.currency),
        border=charges_text(cart.charges, cart.currency, clock.today()),
        notice_text=notice,
        pays_here=current_language() not in HOSTED_LANGUAGES,
        has_errors=bool(notice),
        alternates=chrome.alternates("checkout.review"),
        **_summary(cart),
    )


def _parcels(cart: CartView) -> list[dict[str, Any]]:
    """One for each maker, with the days it may arrive on: each sends for themselves, as soon as their own is made."""
    return [
        {
            "name": parcel.unit_name,
            "lines": [line for line in cart.lines if line.variant_id in parcel.variant_ids],
            "arrives": parcel.arrives,
        }
        for parcel in cart.parcels
    ]


def _summary(cart: CartView) -> dict[str, Any]:
    """What stands beside each step."""
    return {
        "currency": cart.currency,
        "lines": [_summary_line(cart, line) for line in cart.lines],
        "totals": [(label, formats.money(minor, cart.currency)) for label, minor in total_rows(cart.amounts)],
        "included": included_text(cart.amounts, cart.currency),
        "total": _total(cart),
    }


def _summary_line(cart: CartView, line: CartLineView) -> dict[str, Any]:
    return {
        "title": line.title.text,
        "note": chrome.line_note(line.options, line.quantity, line.sale_unit),
        "minor": line.line_minor,
        "currency": cart.currency,
        "picture": line.picture,
    }


def _total(cart: CartView) -> str:
    return formats.money(cart.total_minor, cart.currency)
