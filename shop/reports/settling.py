"""When a sale has settled: its refund window is over, nothing about it is open, something of it is still sold.

A refund, a return or a dispute delays that until it has come to its end. What it left is what settles: a reduced price at its net,
a line that was given back whole not at all, unless the money comes again (domain.md section 5).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from shop.core.clock import day_bounds, local_day
from shop.core.db import db
from shop.orders.models import OrderLine, Return, ReturnLine
from shop.payments.models import Dispute, Refund, RefundPart

# When a refund was asked for, a return or a dispute opened, and when that came to its end; None while it is open.
Matter = tuple[date, date | None]


def settles_on(
    window_ends: date, net_minor: int, matters: Iterable[Matter], gone: Iterable[tuple[date, int]]
) -> date | None:
    """The day on which a line settles, None while it does not. Pure.

    `gone` is what of its net went back on which day, in order of time; negative for what came again.
    """
    day = window_ends
    for opened, closed in sorted([*matters, *_whole(net_minor, gone)], key=lambda matter: matter[0]):
        if opened <= day:
            if closed is None:
                return None
            day = max(day, closed)
    return day


def _whole(net_minor: int, gone: Iterable[tuple[date, int]]) -> Iterator[Matter]:
    """The times in which nothing of a line was sold."""
    sold, since = net_minor, None
    for day, minor in gone:
        sold -= minor
        if sold <= 0 and since is None:
            since = day
        elif sold > 0 and since is not None:
            yield since, day
            since = None
    if since is not None:
        yield since, None


def may_settle(first: date, last: date, window: timedelta) -> ColumnElement[bool]:
    """Which lines can have facts in a period: their window ends in it, or ended before and something moved in it."""
    start, end = day_bounds(first, last)
    opens, closes = day_bounds(first - window, last - window)
    handed_over = OrderLine.handed_over_at

    def within(*moments: Any) -> ColumnElement[bool]:
        return or_(*((moment >= start) & (moment < end) for moment in moments))

    given_back = (
        select(RefundPart.line_id)
        .join(Refund, RefundPart.refund_id == Refund.id)
        .where(within(Refund.settled_at, Refund.failed_at), RefundPart.line_id.is_not(None))
    )
    returned = (
        select(ReturnLine.line_id).join(Return, ReturnLine.return_id == Return.id).where(within(Return.closed_at))
    )
    contested = select(Dispute.order_id).where(within(Dispute.withdrawn_at, Dispute.reinstated_at, Dispute.closed_at))
    moved = OrderLine.id.in_(given_back) | OrderLine.id.in_(returned) | OrderLine.order_id.in_(contested)
    return (handed_over < closes) & ((handed_over >= opens) | moved)


def list_matters(line_ids: set[int]) -> dict[int, list[Matter]]:
    """Refunds, returns and disputes of some lines, {line id: matters}; of a dispute, those of its whole order."""
    refunds = select(
        RefundPart.line_id, Refund.requested_at.label("opened"), func.coalesce(Refund.settled_at, Refund.failed_at)
    ).join(Refund, RefundPart.refund_id == Refund.id)
    returns = select(ReturnLine.line_id, Return.asked_at.label("opened"), Return.closed_at).join(
        Return, ReturnLine.return_id == Return.id
    )
    disputes = select(OrderLine.id, Dispute.opened_at.label("opened"), Dispute.closed_at).join(
        Dispute, Dispute.order_id == OrderLine.order_id
    )
    found: dict[int, list[Matter]] = defaultdict(list)
    for chunk in chunks(line_ids):
        for statement, column in (
            (refunds, RefundPart.line_id),
            (returns, ReturnLine.line_id),
            (disputes, OrderLine.id),
        ):
            for line_id, opened, closed in db.session.execute(statement.where(column.in_(chunk))):
                found[line_id].append((local_day(opened), local_day(closed) if closed else None))
    return found


def chunks(ids: set[int], size: int = 5000) -> Iterator[list[int]]:
    """Bound parameters have a limit on both databases."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
