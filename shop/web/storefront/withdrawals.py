"""Withdrawal from the contract in two steps, and the way back of a piece, on the buyer's own signed link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from shop.core.db import transaction
from shop.core.errors import Conflict, Invalid
from shop.i18n import formats
from shop.i18n.messages import gettext as _
from shop.i18n.quantities import how_many
from shop.orders.links import order_token
from shop.orders.models import Order, OrderLine, Return
from shop.orders.queries import list_lines, lock_order
from shop.orders.returns import Choice, get_return, list_choices, list_returns, note_sent_back, withdrawal_ends_on
from shop.payments.checkout import abandon_order
from shop.payments.returns import withdraw
from shop.web.storefront.own_orders import get_own_order, mask_email, masked, secret, to_own_order

blueprint = Blueprint("withdrawals", __name__)


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return as its buyer reads it: what is in it, how far it is, what to do now. `kind` is that of a notice."""

    public_id: str
    kind: str
    title: str
    text: str
    pieces: tuple[Markup, ...]
    instructions: str
    is_to_send: bool
    carrier: str
    tracking: str


def return_views(order: Order, lines: list[OrderLine]) -> list[ReturnView]:
    """The returns of an order, oldest first."""
    known = {line.id: line for line in lines}
    return [
        ReturnView(
            way_back.public_id,
            *_told(way_back),
            tuple(piece_name(known[line_id], quantity) for line_id, quantity in pieces.items()),
            way_back.instructions if way_back.state in ("approved", "sent") else "",
            way_back.state == "approved",
            way_back.carrier,
            way_back.tracking,
        )
        for way_back, pieces in list_returns(order.id)
    ]


def piece_name(line: OrderLine, quantity: int) -> Markup:
    """The title of a line in its own direction, and how many of it where that does not go without saying."""
    title = formats.isolate(line.title)
    if line.quantity == 1 or not quantity:
        return title
    return title + f" ({how_many(quantity, line.sale_unit)})"


def _told(way_back: Return) -> tuple[str, str, str]:
    asked = _("You withdrew from the contract on %(moment)s.", moment=formats.datetime_(way_back.asked_at))
    if way_back.state == "asked":
        return "info", asked, _("We write to you with the address to send it to, within two working days.")
    if way_back.state == "approved":
        return "warn", asked, _("Send it back within 14 days, in its wrapping:")
    if way_back.state == "sent":
        return "info", asked, _("It is on its way back. We write to you when it has arrived.")
    if way_back.state == "received" and way_back.approved_at is None and way_back.sent_at is None:
        return "info", asked, _("Nothing has to be sent back. Your money is being given back.")
    if way_back.state == "received":
        return "info", asked, _("It has arrived. Your money is being given back.")
    if way_back.state == "refunded":
        return "good", asked, _("Your money has been given back.")
    return "warn", asked, _("We could not take it back: %(reason)s", reason=formats.isolate(way_back.reason))


def ends_on(order: Order, lines: list[OrderLine]) -> tuple[bool, date | None]:
    """Whether there is anything its buyer may withdraw from, and until when; None while a piece is still to leave."""
    if order.state == "awaiting_payment":
        return True, None
    return any(not choice.obstacle for choice in list_choices(order, lines)), withdrawal_ends_on(lines)


@blueprint.get("/orders/<number>/withdraw")
def new(number: str) -> str:
    """The first step: what of the order, said on a page of its own."""
    order = get_own_order(number)
    return _page(order, list_lines(order.id), {})


def _page(
    order: Order,
    lines: list[OrderLine],
    errors: dict[str, str],
    chosen: list[str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    """`chosen` line ids and `typed` numbers are of a form that was refused."""
    choices = list_choices(order, lines)
    free = [str(choice.line.id) for choice in choices if not choice.obstacle]
    return render_template(
        "storefront/withdrawals/new.html",
        order=order,
        token=order_token(order.number, secret()),
        free=[choice for choice in choices if not choice.obstacle],
        barred=[(choice, _why(choice)) for choice in choices if choice.obstacle],
        chosen=free if chosen is None else chosen,
        typed=typed or {},
        ends_on=withdrawal_ends_on(lines),
        unpaid=order.state == "awaiting_payment",
        has_left=any(line.handed_over_at for line in lines),
        masked_name=masked(order.address["name"]),
        masked_email=mask_email(order.email),
        errors=errors,
        has_errors=bool(errors),
        currency=order.currency,
    )


def _why(choice: Choice) -> str:
    return {
        "custom": _(
            "Made to your measure: it cannot be withdrawn from, but everything you are owed if it is faulty stays."
        ),
        "late": _("The time for withdrawing has passed."),
        "returned": _("You have withdrawn from this already."),
        "gone": _("It is not sent, or its money is going back already."),
    }[choice.obstacle]


@blueprint.post("/orders/<number>/withdraw")
def create(number: str) -> Response | tuple[str, int]:
    """The second step: confirmed. What was not paid is cancelled; a second touch finds it done."""
    order = get_own_order(number)
    if order.state == "awaiting_payment":
        abandon_order(order.id, actor=None)
        return to_own_order(number, "returns")
    chosen = request.form.getlist("lines")
    ids = [int(line_id) for line_id in chosen if line_id.isdecimal() and len(line_id) < 19]
    try:
        with transaction():
            withdraw(order.id, ids, _numbers("pieces", ids), _numbers("left", ids))
    except Invalid as error:
        return _page(order, list_lines(order.id), error.fields, chosen, request.form), error.status
    except Conflict:
        # Somebody was quicker, most often the same person: the page says how it stands.
        pass
    return to_own_order(number, "returns")


def _numbers(name: str, line_ids: list[int]) -> dict[int, int]:
    """What the form says of lines in fields such as pieces-12; 0 where that is no number."""
    typed = {line_id: request.form.get(f"{name}-{line_id}") for line_id in line_ids}
    return {line_id: _number(text) for line_id, text in typed.items() if text is not None}


def _number(text: str) -> int:
    try:
        return formats.parse_integer(text[:9])
    except ValueError:
        return 0


@blueprint.post("/orders/<number>/returns/<public_id>/sent")
def send_back(number: str, public_id: str) -> Response:
    """The buyer has posted it."""
    order = get_own_order(number)
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in ("carrier", "tracking")}
    try:
        with transaction():
            lock_order(order.id)
            note_sent_back(get_return(order.id, public_id), **typed)
    except Conflict:
        # It has arrived, or was refused: the page says so.
        pass
    return to_own_order(number, "returns")
