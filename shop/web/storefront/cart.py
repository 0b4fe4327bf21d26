"""The cart: a table of lines, each with its problem in place. Every button works without scripts."""

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from shop.catalogue.product_page import get_product_page
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.i18n.countries import list_countries
from shop.i18n.formats import money
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.orders.cart import (
    CartLineView,
    CartView,
    accept_prices,
    count_lines,
    find_cart,
    parse_quantity,
    put_into_cart,
    read_cart,
    remove_line,
    set_choice,
    set_quantity,
)
from shop.orders.errors import NotForSale, QuantityInvalid
from shop.orders.models import Cart
from shop.orders.wording import charges_text, included_text, total_rows
from shop.shipping.queries import read_tariff
from shop.web.storefront import chrome, products

blueprint = Blueprint("cart", __name__)

COOKIE = "cart"
KEPT_SECONDS = 30 * 24 * 3600
# Of the key of a variant; longer ones no database holds.
MOST_DIGITS = 18


def read_own_cart() -> CartView:
    """The visitor's cart as it stands now."""
    return read_cart(request.cookies.get(COOKIE), current_language())


def _own_cart() -> Cart:
    """The visitor's cart, to be changed; raises NotFound where there is none any more."""
    cart = find_cart(request.cookies.get(COOKIE))
    if cart is None:
        raise NotFound(_("Your cart is empty."))
    return cart


@blueprint.get("/cart")
def show() -> str:
    return _page(read_own_cart())


def _page(cart: CartView, errors: dict[int, str] | None = None, typed: dict[int, str] | None = None) -> str:
    tariff = cart.tariff or read_tariff(cart.currency)
    amounts = cart.amounts
    return render_template(
        "storefront/cart/show.html",
        cart=cart,
        totals=[(label, money(minor, cart.currency)) for label, minor in total_rows(amounts)],
        included=included_text(amounts, cart.currency),
        currency=cart.currency,
        countries=list_countries((), tariff.destinations()),
        groups=_groups(cart),
        border=charges_text(cart.charges, cart.currency, clock.today()) if cart.charges else "",
        charged_text=chrome.charged_text(cart.currency),
        errors=errors or {},
        typed=typed or {},
        has_errors=bool(errors),
        problem_text=problem_text,
        unit_sign=chrome.unit_sign,
        price_note=chrome.price_note,
    )


def _groups(cart: CartView) -> list[dict[str, Any]]:
    """The lines by maker, in the order they were put in, each with the parcel they travel in once it is known."""
    parcels = {parcel.unit_id: parcel for parcel in cart.parcels}
    groups: dict[int, dict[str, Any]] = {}
    for line in cart.lines:
        empty = {"id": line.unit_id, "name": line.unit_name, "lines": [], "parcel": parcels.get(line.unit_id)}
        groups.setdefault(line.unit_id, empty)["lines"].append(line)
    return list(groups.values())


@blueprint.post("/cart")
def add() -> AnyResponse | tuple[str, int]:
    """Put a piece into the cart. What the browser says of its price is not looked at."""
    product, variant = request.form.get("product", ""), request.form.get("variant", "")
    quantity = request.form.get("quantity", "1")
    try:
        known = variant.isascii() and variant.isdigit() and len(variant) <= MOST_DIGITS
        with transaction():
            token = put_into_cart(
                request.cookies.get(COOKIE), int(variant) if known else 0, quantity, g.currency, product=product
            )
    except (QuantityInvalid, NotForSale) as error:
        piece = get_product_page(product, current_language(), g.currency)
        own = variant in {str(offer.id) for offer in piece.offers}
        text = error.text if own else _("Choose one of the sizes or colours.")
        return products.page(piece, error=text, variant=variant, quantity=quantity[:20]), 422
    response = redirect(chrome.link("cart.show"), 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=KEPT_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SETTINGS"].base_url.startswith("https:"),
    )
    return response


@blueprint.post("/cart/lines/<int:variant_id>")
def update(variant_id: int) -> AnyResponse | tuple[str, int]:
    """Another quantity, or none."""
    if "remove" in request.form:
        with transaction():
            remove_line(_own_cart(), variant_id)
        return redirect(chrome.link("cart.show"), 303)
    typed = request.form.get("quantity", "")
    view = read_own_cart()
    line = next((line for line in view.lines if line.variant_id == variant_id), None)
    if line is None:
        raise NotFound(_("This piece is not in your cart."))
    try:
        wanted = parse_quantity(typed, line.min_quantity, line.quantity_step)
        with transaction():
            set_quantity(_own_cart(), variant_id, wanted)
    except (QuantityInvalid, NotForSale) as error:
        return _page(read_own_cart(), {variant_id: error.text}, {variant_id: typed[:20]}), 422
    return redirect(chrome.link("cart.show"), 303)


@blueprint.post("/cart/prices")
def accept() -> AnyResponse:
    """The buyer has read the new prices and goes on with them."""
    with transaction():
        accept_prices(_own_cart())
    return redirect(chrome.link("cart.show"), 303)


@blueprint.post("/cart/choice")
def choose() -> AnyResponse:
    """Where to send and in which currency to pay."""
    with transaction():
        cart = _own_cart()
        country = request.form.get("country") or None
        if country is not None and country not in read_tariff(cart.currency).destinations():
            raise Invalid(_("Choose a country from the list."), {"country": _("Choose a country from the list.")})
        set_choice(cart, request.form.get("currency") or cart.currency, country)
    return redirect(chrome.link("cart.show"), 303)


@blueprint.get("/cart/count.json")
def count() -> Response:
    """How many lines stand in the visitor's cart; the one personal number on a public page."""
    return make_response(jsonify(count=count_lines(request.cookies.get(COOKIE))))


def problem_text(line: CartLineView) -> str:
    """Why a line cannot be bought as it stands, and what to do."""
    if line.problem == "sold_out":
        return _("This piece was sold in the meantime. Remove it to go on.")
    if line.problem == "fewer":
        left = line.available - line.available % line.quantity_step
        return _("Only %(left)s left. Choose a smaller quantity.", left=left)
    if line.problem == "not_for_sale":
        return _("This piece is not for sale at the moment, or not in this currency. Remove it to go on.")
    if line.problem == "quantity":
        return _("This is sold in whole steps of %(step)s. Choose another quantity.", step=line.quantity_step)
    return ""
