"""Letters of an order: how far each has come, and sending one again."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.notifications.services import write_again
from shop.orders.queries import get_order, lock_order
from shop.web.guards import current_officer

blueprint = Blueprint("letters", __name__, url_prefix="/orders/<number>/letters")


@blueprint.post("/<public_id>/again")
def again(number: str, public_id: str) -> Response:
    """The buyer says that it never came."""
    officer, order = current_officer(), get_order(number)
    with transaction():
        # Two touches of the button, one after the other: the second finds the first one's letter waiting.
        lock_order(order.id)
        write_again(public_id, order_id=order.id, actor=officer.id)
    return redirect(url_for("staff.orders.show", number=number, done="letter", _anchor="letters"), 303)
