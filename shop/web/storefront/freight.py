"""A question for what is no parcel: the buyer asks what the freight costs, and staff answer by letter."""

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from shop.catalogue.product_page import ProductPage, get_product_page
from shop.core.db import transaction
from shop.core.errors import Invalid, TooMany
from shop.i18n.countries import list_countries
from shop.i18n.fold import fold
from shop.i18n.messages import current_language
from shop.orders.limits import count_order
from shop.shipping.freight import LONGEST_TEXT, Question, ask_freight, get_wanted
from shop.shipping.queries import read_tariff
from shop.web.storefront import chrome

blueprint = Blueprint("freight", __name__)

FIELDS = ("country", "quantity", "name", "email", "message")


@blueprint.get("/freight/<int:variant_id>")
def new(variant_id: int) -> str:
    """The form; with `?asked=1`, that the question has arrived."""
    piece = _piece(variant_id)
    given = {"country": g.to or "", "quantity": str(piece.min_quantity)}
    return _page(variant_id, piece, given, asked="asked" in request.args)


def _piece(variant_id: int) -> ProductPage:
    return get_product_page(get_wanted(variant_id, g.currency).public_id, current_language(), g.currency)


def _page(
    variant_id: int,
    piece: ProductPage,
    given: dict[str, str],
    errors: dict[str, str] | None = None,
    *,
    notice: str = "",
    asked: bool = False,
) -> str:
    listed = sorted((errors or {}).items(), key=lambda item: FIELDS.index(item[0]))
    return render_template(
        "storefront/freight/new.html",
        piece=piece,
        piece_url=chrome.product_link(piece.public_id, piece.slugs[current_language()]),
        variant_id=variant_id,
        given=given,
        errors=errors or {},
        error_list=[{"id": name, "text": text} for name, text in listed],
        has_errors=bool(errors),
        notice_text=notice,
        asked=asked,
        countries=list_countries((), read_tariff(g.currency).destinations()),
    )


@blueprint.post("/freight/<int:variant_id>")
def create(variant_id: int) -> Response | tuple[str, int]:
    """Ask; every answer given is kept when something is missing."""
    given = {name: request.form.get(name, "")[: LONGEST_TEXT + 1].strip() for name in FIELDS}
    typed = fold(given["quantity"])
    question = Question(
        variant_id=variant_id,
        quantity=int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0,
        country=given["country"],
        currency=g.currency,
        language=current_language(),
        name=given["name"],
        email=given["email"],
        message=given["message"],
    )
    try:
        count_order(request.remote_addr or "", given["email"])
        with transaction():
            ask_freight(question, read_tariff(g.currency).destinations())
    except Invalid as error:
        return _page(variant_id, _piece(variant_id), given, error.fields), 422
    except TooMany as error:
        return _page(variant_id, _piece(variant_id), given, notice=error.text), 429
    return redirect(chrome.link("freight.new", variant_id=variant_id, asked=1), 303)
