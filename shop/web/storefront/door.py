"""Assembles the storefront: its language, what its layout needs, and who may keep its pages."""

from typing import Any

from flask import Blueprint, Response, g, request

from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.web.guards import check_origin
from shop.web.speech import speak
from shop.web.storefront import (
    account,
    artisans,
    cart,
    checkout,
    chrome,
    crafts,
    freight,
    home,
    orders,
    pages,
    products,
    withdrawals,
)

PRIVATE = (
    "storefront.cart.",
    "storefront.checkout.",
    "storefront.orders.",
    "storefront.withdrawals.",
    "storefront.account.",
    "storefront.freight.",
)


def make_door() -> Blueprint:
    """The storefront under /ar, /fr and /en; any other first word is no language and no page."""
    codes = ", ".join(LANGUAGES)
    door = Blueprint("storefront", __name__, url_prefix=f"/<any({codes}):lang>")
    for part in (home, crafts, products, artisans, cart, checkout, orders, withdrawals, freight, account, pages):
        door.register_blueprint(part.blueprint)

    @door.url_value_preprocessor
    def listen(endpoint: str | None, values: dict[str, Any] | None) -> None:
        speak((values or {}).pop("lang"))

    @door.url_defaults
    def answer_in_the_same_language(endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", current_language())

    door.before_request(check_origin)
    door.before_request(chrome.read_choice)
    door.context_processor(chrome.context)
    door.after_request(_say_who_may_keep)
    return door


def _say_who_may_keep(response: Response) -> Response:
    """Public pages may be kept by anyone for a minute and asked for again by their tag; the buyer's own by nobody."""
    if (request.endpoint or "").startswith(PRIVATE) or request.method not in {"GET", "HEAD"}:
        response.headers["Cache-Control"] = "private, no-store"
        return response
    response.headers.setdefault("Cache-Control", "public, max-age=60")
    if response.status_code == 200 and not g.get("streams"):
        response.add_etag()
        if request.if_none_match:
            response.make_conditional(request)
    return response
