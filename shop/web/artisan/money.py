"""What was sold, what awaits export, what is due and from when it can be sent, what was sent."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template

from shop.ledger.queries import sum_line_shares, unit_position
from shop.ledger.statements import list_statements
from shop.media.queries import picture_views
from shop.orders.queries import list_unit_lines
from shop.payouts.availability import Standing, list_standings
from shop.payouts.queries import list_sent
from shop.payouts.wording import waiting_reasons
from shop.web.artisan.amounts import Converter, Dirhams
from shop.web.artisan.money_news import list_news
from shop.web.guards import current_unit

blueprint = Blueprint("money", __name__)

# What stands in the sums: also a piece that is not sent, whose money came back and is owed to the buyer.
SOLD = ("paid", "accepted", "ready", "handed_over", "refund_failed")


@blueprint.get("/money")
def show() -> str:
    """Three sums that read from across a room, the way to the papers, then the sales, newest first."""
    unit = current_unit()
    standings = list_standings(unit_id=unit.id)
    lines = sorted(list_unit_lines(unit.id, SOLD), key=lambda pair: pair[0].id, reverse=True)
    converter = Converter()
    shares = sum_line_shares([line.id for line, _order in lines])
    due = {s.currency: s.available + s.in_transfer + s.later for s in standings}
    return render_template(
        "artisan/money/show.html",
        due=_sum(due, converter),
        parts=_parts(standings, converter),
        awaiting=_sum({s.currency: s.awaiting_export for s in standings}, converter),
        paid=_sum({s.currency: s.sent for s in standings}, converter),
        statements=len(list_statements(unit.id)),
        transfers=len(list_sent(unit.id)),
        sales=[(line, order, converter.in_dirhams(shares.get(line.id, {}))) for line, order in lines],
        news=list_news([line for line, _order in lines]),
        pictures=picture_views(line.picture_id for line, _order in lines),
    )


def due_now(unit_id: int) -> Dirhams | None:
    """What is due to a unit, estimated in dirhams; None when a rate is missing."""
    return Converter().in_dirhams({row.currency: row.due for row in unit_position(unit_id)})


def _sum(amounts: dict[str, int], converter: Converter) -> dict[str, Any]:
    """One of the sums: in each currency as the books have it, and estimated in dirhams."""
    standing = {currency: minor for currency, minor in amounts.items() if minor}
    return {"amounts": standing, "dirhams": converter.in_dirhams(standing)}


def _parts(standings: Iterable[Standing], converter: Converter) -> list[dict[str, Any]]:
    """What is due, by when it can be sent: now, in a transfer, on a day, or once something is over."""
    sums: dict[tuple[str, Any], dict[str, int]] = {}

    def add(key: tuple[str, Any], currency: str, minor: int) -> None:
        of_key = sums.setdefault(key, {})
        of_key[currency] = of_key.get(currency, 0) + minor

    for standing in standings:
        for kind in ("available", "in_transfer"):
            if minor := getattr(standing, kind):
                add((kind, None), standing.currency, minor)
        for part in standing.waiting:
            add(("day", part.on) if part.on else ("why", waiting_reasons()[part.why]), standing.currency, part.minor)
    order = {"available": 0, "in_transfer": 1, "day": 2, "why": 3}
    return [
        {"kind": kind, "what": what, **_sum(amounts, converter)}
        for (kind, what), amounts in sorted(sums.items(), key=lambda item: (order[item[0][0]], str(item[0][1])))
    ]
