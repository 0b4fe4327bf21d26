"""What was sold, what awaits export, what is due, what was sent."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template

from shop.ledger.queries import UnitPosition, sum_line_shares, unit_position
from shop.media.queries import picture_views
from shop.orders.queries import list_unit_lines
from shop.web.artisan.amounts import Converter, Dirhams
from shop.web.guards import current_unit

blueprint = Blueprint("money", __name__)

SOLD = ("paid", "accepted", "ready", "handed_over")


@blueprint.get("/money")
def show() -> str:
    """Three sums that read from across a room, then the sales they come from, newest first."""
    unit = current_unit()
    position = unit_position(unit.id)
    lines = sorted(list_unit_lines(unit.id, SOLD), key=lambda pair: pair[0].id, reverse=True)
    converter = Converter()
    shares = sum_line_shares([line.id for line, _order in lines])
    return render_template(
        "artisan/money/show.html",
        due=_sum(position, "due", converter),
        awaiting=_sum(position, "awaiting_export", converter),
        paid=_sum(position, "paid_out", converter),
        sales=[(line, order, converter.in_dirhams(shares.get(line.id, {}))) for line, order in lines],
        pictures=picture_views(line.picture_id for line, _order in lines),
    )


def due_now(unit_id: int) -> Dirhams | None:
    """What is due to a unit, estimated in dirhams; None when a rate is missing."""
    return Converter().in_dirhams({row.currency: row.due for row in unit_position(unit_id)})


def _sum(position: Iterable[UnitPosition], field: str, converter: Converter) -> dict[str, Any]:
    """One of the three sums: in each currency as the books have it, and estimated in dirhams."""
    amounts = {row.currency: getattr(row, field) for row in position if getattr(row, field)}
    return {"amounts": amounts, "dirhams": converter.in_dirhams(amounts)}
