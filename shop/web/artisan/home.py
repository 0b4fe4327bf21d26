"""The first page: what waits, and the three things one comes for."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from shop.artisans.queries import unit_name
from shop.catalogue.pieces import list_unit_pieces
from shop.core import clock
from shop.media.queries import picture_views
from shop.orders.messages import count_unread
from shop.orders.queries import list_unit_lines
from shop.programme.queries import may_sell
from shop.web.artisan.money import due_now
from shop.web.guards import current_unit

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    """New orders, add a piece, money; and pieces that staff gave back."""
    unit = current_unit()
    waiting = list_unit_lines(unit.id, ["paid"])
    making = list_unit_lines(unit.id, ["accepted"])
    drafts = [piece for piece in list_unit_pieces(unit.id) if piece.state == "draft"]
    returned = [piece for piece in drafts if piece.note]
    started = [piece for piece in drafts if not piece.note]
    return render_template(
        "artisan/home/show.html",
        name=unit_name(unit),
        waiting=waiting,
        making=making,
        late=[line for line, _order in making if line.promise_on < clock.today()],
        returned=returned,
        started=started[:3],
        pictures=picture_views(piece.picture_id for piece in drafts),
        due=due_now(unit.id),
        unread=count_unread(unit.id),
        selling=may_sell(unit.id),
    )


@blueprint.get("")
def enter() -> Response:
    """The door without its last stroke."""
    return redirect(url_for("artisan.home.show"), 308)
