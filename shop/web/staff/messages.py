"""An officer's answer to a buyer in a maker's stead: buyer and maker see that the programme wrote it."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.core.policies import audit
from shop.orders.messages import write_message
from shop.orders.queries import get_order
from shop.web.guards import current_officer
from shop.web.staff.orders import refused_page
from shop.web.staff.threads import reply_form

blueprint = Blueprint("messages", __name__, url_prefix="/orders/<number>/messages/<int:unit_id>")


@blueprint.post("")
def answer(number: str, unit_id: int) -> Response | tuple[str, int]:
    """The buyer gets it as the letter a maker's answer is."""
    officer, order, form = current_officer(), get_order(number), reply_form(unit_id)
    try:
        with transaction():
            message = write_message(order.id, unit_id, "programme", form.text.data or "", actor=officer.id)
            audit(officer.id, "answer on behalf", "order", number, unit_id=unit_id, message_id=message.id)
    except Invalid as error:
        form.blame(error)
        return refused_page(number, form)
    return redirect(url_for("staff.orders.show", number=number, done="reply", _anchor="messages"), 303)
