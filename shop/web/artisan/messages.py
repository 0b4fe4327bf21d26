"""What buyers write to a maker about an order, and the maker's answer."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.i18n import gettext as _
from shop.orders.messages import list_messages, list_talks, mark_read, write_message
from shop.orders.models import Order
from shop.orders.queries import find_order, list_lines
from shop.web.guards import current_account, current_unit

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
def list() -> str:
    """One row for each order somebody wrote about, the newest first."""
    return render_template("artisan/messages/list.html", talks=list_talks(current_unit().id))


@blueprint.get("/messages/<number>")
def show(number: str) -> str:
    """What was written about an order; opened is read."""
    order = _own_order(number)
    with transaction():
        mark_read(order.id, current_unit().id)
    return _page(order)


@blueprint.post("/messages/<number>")
def answer(number: str) -> Response | tuple[str, int]:
    """The maker's answer: the buyer gets it as a letter."""
    order, account = _own_order(number), current_account()
    text = request.form.get("text", "")
    try:
        with transaction():
            write_message(order.id, current_unit().id, "maker", text, actor=account.id if account else None)
    except Invalid as error:
        return _page(order, text, error.fields["text"]), error.status
    return redirect(url_for("artisan.messages.show", number=number), 303)


def _own_order(number: str) -> Order:
    """An order this unit makes something of, and only once it is paid; another's is not there."""
    order, unit = find_order(number), current_unit()
    if order is None or order.paid_at is None or all(line.unit_id != unit.id for line in list_lines(order.id)):
        raise NotFound(_("There is no such order."))
    return order


def _page(order: Order, text: str = "", error: str = "") -> str:
    unit_id = current_unit().id
    return render_template(
        "artisan/messages/show.html",
        order=order,
        lines=[line for line in list_lines(order.id) if line.unit_id == unit_id],
        messages=list_messages(order.id, unit_id),
        text=text,
        error=error,
        has_errors=bool(error),
    )
