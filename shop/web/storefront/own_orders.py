"""What every page of a buyer's own order shares: the signed link that opens it, and what of it is hidden."""

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.orders.links import opens, order_token
from shop.orders.models import Order
from shop.orders.queries import get_order


def secret() -> str:
    """What order links are signed with."""
    return current_app.config["SETTINGS"].secret_key


def get_own_order(number: str) -> Order:
    """The order, if the signed token beside it fits and its buyer is not erased; else there is no such page."""
    token = request.values.get("t")
    if not opens(number, token, secret()):
        raise NotFound(_("There is no such order."))
    order = get_order(number)
    if order.erased_at is not None:
        raise NotFound(_("What was known of this order's buyer has been erased, and its page with it."))
    return order


def to_own_order(number: str, place: str) -> Response:
    """Back to a place on the page of the order, after something was done there."""
    token = order_token(number, secret())
    return redirect(url_for("storefront.orders.show", number=number, t=token, _anchor=place), 303)


def masked(text: str) -> str:
    """A name of which only its first letters show."""
    return " ".join(f"{word[0]}{'•' * min(len(word) - 1, 6)}" for word in text.split())


def mask_email(email: str) -> str:
    """An address its owner recognises and nobody else can write to."""
    name, _at, host = email.partition("@")
    return f"{name[0]}{'•' * 5}@{host}"


def state_text(order: Order) -> tuple[str, str]:
    """State of an order as a badge: kind and words."""
    return {
        "awaiting_payment": ("warn", _("Waiting for payment")),
        "processing": ("action", _("Your bank is working on the payment")),
        "paid": ("good", _("Paid")),
        "unfillable": ("warn", _("Being refunded")),
        "expired": ("neutral", _("Not paid in time")),
        "cancelled": ("neutral", _("Cancelled before payment")),
        "refunded": ("neutral", _("Refunded")),
        "quarantined": ("warn", _("Being checked")),
    }[order.state]
