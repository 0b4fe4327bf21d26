"""Orders as a maker meets them: one line of an order at a time, its photo, its date, what it brings."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.fulfilment import services as fulfilment
from shop.i18n import gettext as _
from shop.ledger.queries import sum_line_shares
from shop.media.queries import picture_views
from shop.orders.models import Order, OrderLine
from shop.orders.queries import find_order, get_unit_line, list_lines, list_unit_lines
from shop.orders.states import TransitionRefused
from shop.web.artisan.amounts import Converter
from shop.web.artisan.money_news import list_news
from shop.web.guards import current_account, current_unit

blueprint = Blueprint("orders", __name__)

# What a maker sees first is what waits for an answer.
GROUPS = ("paid", "accepted", "ready", "handed_over")
REASONS = ("sold", "time", "material", "other")


def reason_words(reason: str) -> str:
    """Why a maker says no, as staff and the maker read it."""
    return {
        "sold": _("It is sold or broken"),
        "time": _("I cannot make it in time"),
        "material": _("I have no material for it"),
        "other": _("Another reason"),
    }[reason]


@blueprint.get("/orders")
def list() -> str:
    """What waits for an answer, what is being made, what is ready, what was sent."""
    unit = current_unit()
    rows = list_unit_lines(unit.id, GROUPS)
    shares = sum_line_shares([line.id for line, _order in rows])
    converter = Converter()
    groups: dict[str, Any] = {state: [] for state in GROUPS}
    for line, order in rows:
        groups[line.state].append((line, order, converter.in_dirhams(shares.get(line.id, {}))))
    groups["handed_over"].reverse()
    pictures = picture_views(line.picture_id for line, _order in rows)
    news = list_news([line for line, _order in rows])
    return render_template("artisan/orders/list.html", groups=groups, pictures=pictures, news=news)


@blueprint.get("/orders/<number>/<int:position>")
def show(number: str, position: int) -> str:
    """One line: what, how many, by when, how much, and the answer."""
    line, order = _own_line(number, position)
    return render_template(
        "artisan/orders/show.html",
        line=line,
        order=order,
        photo=picture_views([line.picture_id]).get(line.picture_id or 0),
        due=Converter().in_dirhams(sum_line_shares([line.id]).get(line.id, {})),
        news=list_news([line])[line.id],
        moved="moved" in request.args,
    )


@blueprint.post("/orders/<number>/<int:position>/accept")
def accept(number: str, position: int) -> Response:
    """Yes, I make it."""
    return _act(number, position, fulfilment.accept_line)


@blueprint.get("/orders/<number>/<int:position>/decline")
def ask_reason(number: str, position: int) -> str:
    """Why not? The buyer gets the money back."""
    line, order = _own_line(number, position)
    return _reason_page(line, order)


@blueprint.post("/orders/<number>/<int:position>/decline")
def decline(number: str, position: int) -> Response | tuple[str, int]:
    """No. One of the given reasons; words of the maker's own may follow."""
    line, order = _own_line(number, position)
    reason, words = request.form.get("reason", ""), request.form.get("words", "").strip()[:500]
    if reason not in REASONS:
        return _reason_page(line, order, error=_("Choose a reason.")), Invalid.status
    return _act(number, position, fulfilment.decline_line, reason=f"{reason}: {words}" if words else reason)


@blueprint.post("/orders/<number>/<int:position>/call")
def call(number: str, position: int) -> Response:
    """Call me: staff ring before the maker answers."""
    return _act(number, position, fulfilment.ask_call)


@blueprint.post("/orders/<number>/<int:position>/ready")
def ready(number: str, position: int) -> Response:
    """It is made and wrapped."""
    return _act(number, position, fulfilment.mark_ready)


def _own_line(number: str, position: int) -> tuple[OrderLine, Order]:
    """This unit's line of an order; another unit's is not there."""
    order = find_order(number)
    lines = list_lines(order.id) if order else []
    line = next((line for line in lines if line.position == position), None)
    if line is None:
        raise NotFound(_("There is no such order."))
    return get_unit_line(current_unit().id, line.id)


def _act(number: str, position: int, action: Callable[..., object], **details: str) -> Response:
    """Do it once; a second touch of the same button finds it done and shows how the order stands."""
    line, _order = _own_line(number, position)
    account, unit = current_account(), current_unit()
    moved = None
    try:
        with transaction():
            action(line.id, unit_id=unit.id, actor=account.id if account else None, **details)
    except TransitionRefused:
        moved = 1
    return redirect(url_for("artisan.orders.show", number=number, position=position, moved=moved), 303)


def _reason_page(line: OrderLine, order: Order, error: str = "") -> str:
    options = [{"value": reason, "text": reason_words(reason)} for reason in REASONS]
    return render_template("artisan/orders/ask_reason.html", line=line, order=order, options=options, error=error)
