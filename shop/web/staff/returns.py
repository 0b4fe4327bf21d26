"""Steps of a return, on the page of its order: where to send it, arrived, money back, refused."""

from collections.abc import Callable

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.orders.queries import get_order, lock_order
from shop.orders.returns import (
    approve_return,
    get_return,
    receive_return,
    refuse_return,
)
from shop.payments.returns import refund_return
from shop.web.guards import current_officer
from shop.web.staff.orders import refused_page
from shop.web.staff.return_rows import WordsForm

blueprint = Blueprint("returns", __name__, url_prefix="/orders/<number>/returns/<public_id>")


@blueprint.post("/approve")
def approve(number: str, public_id: str) -> Response | tuple[str, int]:
    """Tell the buyer where to send it."""
    return _with_words(number, public_id, "approve", approve_return)


@blueprint.post("/refuse")
def refuse(number: str, public_id: str) -> Response | tuple[str, int]:
    """Not taken back or not paid for; the buyer reads why."""
    return _with_words(number, public_id, "refuse", refuse_return)


def _with_words(number: str, public_id: str, action: str, act: Callable[..., None]) -> Response | tuple[str, int]:
    officer, order = current_officer(), get_order(number)
    form = WordsForm(prefix=f"{action}{public_id}-")
    try:
        with transaction():
            lock_order(order.id)
            act(get_return(order.id, public_id), form.words.data or "", actor=officer.id)
    except Invalid as error:
        form.blame(error)
        return refused_page(number, form)
    return redirect(url_for("staff.orders.show", number=number, done=f"return_{action}", _anchor="returns"), 303)


@blueprint.post("/receive")
def receive(number: str, public_id: str) -> Response:
    """It is back."""
    officer, order = current_officer(), get_order(number)
    with transaction():
        lock_order(order.id)
        receive_return(get_return(order.id, public_id), actor=officer.id)
    return redirect(url_for("staff.orders.show", number=number, done="return_receive", _anchor="returns"), 303)


@blueprint.post("/refund")
def refund(number: str, public_id: str) -> Response:
    """Give the money back; the return closes when Stripe has done it."""
    officer, order = current_officer(), get_order(number)
    with transaction():
        refund_return(order.id, public_id, actor=officer.id)
    return redirect(url_for("staff.orders.show", number=number, done="refund", _anchor="returns"), 303)
