"""Which event is answered by which letter. Each handler runs inside the event's transaction and only writes rows.

Makers get no mail: their orders wait for them at their own door.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from shop.core.db import db
from shop.core.events import subscribe
from shop.core.runtime import settings
from shop.fulfilment.events import ParcelHandedOver
from shop.fulfilment.models import Parcel, ParcelLine
from shop.notifications.services import write_letter
from shop.orders.addresses import address_lines
from shop.orders.amounts import amounts_of, shown_minor
from shop.orders.events import OrderPaid, OrderUnfillable
from shop.orders.links import order_path
from shop.orders.models import Order, OrderLine
from shop.orders.queries import get_order_by_id, list_lines
from shop.payments.events import RefundSettled
from shop.payments.models import Refund, RefundPart
from shop.payments.queries import list_refund_parts


def subscribe_all() -> None:
    """Called once at start, by the app."""
    subscribe(OrderPaid, on_order_paid)
    subscribe(OrderUnfillable, on_order_unfillable)
    subscribe(ParcelHandedOver, on_parcel_handed_over)
    subscribe(RefundSettled, on_refund_settled)


def on_order_paid(event: OrderPaid) -> None:
    """The confirmation: what was bought, from whom, for how much, where it goes and by when it leaves."""
    order, lines = get_order_by_id(event.order_id), event.lines
    _write(
        "order_confirmation",
        order,
        lines=_lines(lines),
        **asdict(amounts_of(order, lines)),
        address=[order.address.get("name", ""), *address_lines(order.address)],
        country=order.country,
        promise_on=max(line.promise_on for line in lines).isoformat(),
    )


def on_order_unfillable(event: OrderUnfillable) -> None:
    """Paid, but the last piece went to somebody else meanwhile: the money goes back by itself."""
    order = get_order_by_id(event.order_id)
    lines = _lines(list_lines(order.id))
    _write("order_unfillable", order, lines=lines, total_minor=order.total_minor)


def on_parcel_handed_over(event: ParcelHandedOver) -> None:
    """A parcel is on its way: what is in it, who carries it, how to follow it."""
    parcel = db.session.get_one(Parcel, event.parcel_id)
    order = get_order_by_id(parcel.order_id)
    inside = set(db.session.scalars(select(ParcelLine.line_id).where(ParcelLine.parcel_id == parcel.id)))
    every = list_lines(order.id)
    waiting = [line for line in every if line.id not in inside and line.state in ("paid", "accepted", "ready")]
    _write(
        "parcel_handed_over",
        order,
        lines=_lines([line for line in every if line.id in inside]),
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        handed_over_on=parcel.handed_over_on.isoformat(),
        more_to_come=bool(waiting),
    )


def on_refund_settled(event: RefundSettled) -> None:
    """Money went back: how much, for which pieces."""
    refund = db.session.get_one(Refund, event.refund_id)
    order, parts = get_order_by_id(refund.order_id), list_refund_parts(refund.id)
    _write(
        "refund_settled",
        order,
        lines=_refunded_lines(order, parts),
        shipping_minor=sum(part.amount_minor for part in parts if part.kind == "shipping"),
        amount_minor=refund.amount_minor,
        reason=refund.reason,
    )


def _write(kind: str, order: Order, **data: Any) -> None:
    head = {
        "number": order.number,
        "currency": order.currency,
        "name": order.address.get("name", ""),
        "incoterm": order.incoterm,
        "tax_minor": order.tax_minor,
        "path": order_path(order, settings().secret_key),
    }
    write_letter(kind, order.email, order.language, {**head, **data}, order_id=order.id)


def _refunded_lines(order: Order, parts: list[RefundPart]) -> list[dict[str, Any]]:
    """The lines a refund gives something of back, with what it gives."""
    given = {part.line_id: part.amount_minor for part in parts if part.line_id is not None}
    lines = [line for line in list_lines(order.id) if line.id in given]
    told = _lines(lines)
    return [{**words, "minor": given[line.id]} for line, words in zip(lines, told, strict=True)]


def _lines(lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    """Lines as bought; amounts are the prices as they were shown. Their makers are named when the letter is rendered."""
    return [
        {
            "title": line.title,
            "options": line.options,
            "unit_id": line.unit_id,
            "quantity": line.quantity,
            "sale_unit": line.sale_unit,
            "minor": shown_minor(line),
        }
        for line in lines
    ]
