"""Guest checkout: country first, then that country's own address form, then the order and Stripe's page."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.core.errors import Conflict, EdgeFailed, Invalid, TooMany
from shop.i18n import formats
from shop.i18n.countries import list_countries
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.orders.addresses import address_fields, check_buyer
from shop.orders.cart import CartView, read_cart
from shop.orders.errors import QuantityInvalid
from shop.orders.limits import count_order
from shop.orders.links import order_path, order_token
from shop.orders.models import Order
from shop.orders.wording import border_text, included_text, total_rows
from shop.payments.checkout import check_out, open_payment
from shop.shipping.errors import CannotShip
from shop.shipping.queries import read_tariff
from shop.web.storefront import chrome
from shop.web.storefront.cart import COOKIE
from shop.web.storefront.own_orders import secret

blueprint = Blueprint("checkout", __name__)

OWN_FIELDS = ("email", "name", "company", "phone")
# Stripe's page speaks these; in the other languages the buyer says which they read best.
PAGE_LANGUAGES = ("fr", "en")


@blueprint.get("/checkout")
def show() -> str | Response:
    """The form. `?country=` gives the form of a country; without one only the country is asked for."""
    cart = _read(request.args.get("country"))
    if not cart.lines or cart.problems:
        return redirect(chrome.link("cart.show"), 303)
    return _page(cart, {})


def _read(country: str | None) -> CartView:
    token = request.cookies.get(COOKIE)
    if country:
        cart = read_cart(token, current_language(), country=country)
        if cart.tariff and cart.tariff.find_zone(country):
            return cart
    return read_cart(token, current_language())


def _page(cart: CartView, given: dict[str, str], errors: dict[str, str] | None = None, notice: str = "") -> str:
    fields = address_fields(cart.country) if cart.country else ()
    order = ["country", "email", "name", "company", *(field.name for field in fields), "phone", "page_language"]
    listed = sorted((errors or {}).items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    arrives = cart.shipping.arrives(cart.lead_time_days) if cart.shipping else None
    tariff, amounts = cart.tariff or read_tariff(cart.currency), cart.amounts
    return render_template(
        "storefront/checkout/show.html",
        cart=cart,
        currency=cart.currency,
        countries=list_countries((), tariff.destinations()),
        fields=fields,
        given=given,
        errors=errors or {},
        error_list=[{"id": name, "text": text} for name, text in listed],
        has_errors=bool(errors),
        notice_text=notice,
        arrives=arrives,
        border=border_text(cart.charges.incoterm, amounts.tax_minor) if cart.charges else "",
        totals=[(label, formats.money(minor, cart.currency)) for label, minor in total_rows(amounts)],
        included=included_text(amounts, cart.currency),
        lines=[_summary_line(cart, line) for line in cart.lines],
        asks_page_language=current_language() not in PAGE_LANGUAGES,
        total=formats.money(cart.total_minor, cart.currency),
    )


def _summary_line(cart: CartView, line: Any) -> dict[str, Any]:
    return {
        "title": line.title.text,
        "note": chrome.line_note(line.options, line.quantity, line.sale_unit),
        "minor": line.line_minor,
        "currency": cart.currency,
        "picture": line.picture,
    }


@blueprint.post("/checkout")
def place() -> Response | str | tuple[str, int]:
    """Place the order and go to Stripe. Every answer given is kept when something is missing."""
    given = {name: value[:500] for name, value in request.form.items()}
    country = given.get("country", "")
    cart = _read(country)
    if not cart.lines or cart.problems:
        return redirect(chrome.link("cart.show"), 303)
    if country == cart.country and cart.shipping is None:
        return _page(cart, given), 422
    try:
        if country != cart.country:
            raise Invalid("", {"country": _("Choose a country from the list.")})
        email, address = check_buyer(country, _own(given))
        if current_language() not in PAGE_LANGUAGES:
            address["payment_language"] = _page_language(given)
    except Invalid as error:
        return _page(cart, given, error.fields), 422
    if given.get("agreed") != f"{cart.total_minor} {cart.currency}":
        text = _("The total has changed since you opened this page. It is now %(total)s.", total=_total(cart))
        return _page(cart, given, notice=text), 409
    return _order(cart, given, email, address)


def _order(
    cart: CartView, given: dict[str, str], email: str, address: dict[str, str]
) -> Response | str | tuple[str, int]:
    try:
        count_order(request.remote_addr or "", email)
        order = check_out(cart, email=email, address=address, language=current_language())
    except TooMany as error:
        return _page(cart, given, notice=error.text), 429
    except CannotShip as error:
        return _page(cart, given, {"country": error.text}), 422
    except EdgeFailed:
        text = _("The payment page did not answer. Nothing was charged and your answers are kept: try again.")
        return _page(cart, given, notice=text), 503
    except (Conflict, QuantityInvalid):
        # Sold, changed or paid meanwhile: the cart shows which line it is, in its place.
        return redirect(chrome.link("cart.show"), 303)
    return to_payment(order)


def to_payment(order: Order) -> Response:
    """To Stripe's page; when it does not answer, to our page that waits for it. Outside any transaction."""
    try:
        return redirect(open_payment(order.id), 303)
    except EdgeFailed:
        token = order_token(order.number, secret())
        return redirect(url_for("storefront.orders.pay", number=order.number, t=token), 303)
    except Conflict:
        return redirect(order_path(order, secret()), 303)


def _own(given: dict[str, str]) -> dict[str, str]:
    """Only what an address has; whatever else a browser sends is not looked at."""
    names = (*OWN_FIELDS, "street_address", "city_area", "city", "country_area", "postal_code")
    return {name: given[name] for name in names if name in given}


def _page_language(given: dict[str, str]) -> str:
    chosen = given.get("page_language", "")
    if chosen not in PAGE_LANGUAGES:
        raise Invalid("", {"page_language": _("Choose the language of the payment page.")})
    return chosen


def _total(cart: CartView) -> str:
    return formats.money(cart.total_minor, cart.currency)
