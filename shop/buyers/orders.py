"""Everything that was ordered with an e-mail address."""

from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db
from shop.invoicing.queries import list_documents
from shop.notifications.queries import list_order_letters
from shop.orders.messages import list_messages
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_events, list_lines
from shop.orders.returns import list_returns
from shop.payments.queries import list_refunds
from shop.shipping.freight import list_requests_of
from shop.shipping.models import FreightRequest

# What of an address tells where parcels went; the rest of the snapshot says how it was typed.
WHERE = ("name", "company", "street_address", "city_area", "city", "country_area", "postal_code", "sorting_code")


def list_orders_of(email: str) -> list[Order]:
    """Orders of an address, newest first."""
    return list(db.session.scalars(select(Order).where(Order.email == email).order_by(Order.id.desc())))


def list_addresses(orders: list[Order]) -> list[dict[str, Any]]:
    """Where orders went, each address once, the one used last first."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for order in orders:
        key = tuple(order.address.get(name) for name in (*WHERE, "phone", "country_code"))
        found.setdefault(key, order.address)
    return list(found.values())


def collect_data(email: str) -> dict[str, Any]:
    """All that is kept of a buyer, as JSON: {"email", "made_at", "orders", "freight"}; amounts in minor units beside a currency.

    The copy a person may ask for in a form that machines read (Regulation (EU) 2016/679, articles 15 and 20).
    """
    orders = [_tell(order) for order in list_orders_of(email)]
    freight = [_tell_request(asked) for asked in list_requests_of(email)]
    return {"email": email, "made_at": clock.now().isoformat(), "orders": orders, "freight": freight}


def _tell_request(asked: FreightRequest) -> dict[str, Any]:
    return {
        "asked_at": asked.asked_at.isoformat(),
        "name": asked.name,
        "country": asked.country,
        "quantity": asked.quantity,
        "message": asked.message,
        "state": asked.state,
        "currency": asked.currency,
        "amount_minor": asked.amount_minor,
        "answer": asked.answer,
    }


def _tell(order: Order) -> dict[str, Any]:
    lines = list_lines(order.id)
    sku = {line.id: line.sku for line in lines}
    refunds, returns = list_refunds(order.id), list_returns(order.id)
    return {
        "number": order.number,
        "state": order.state,
        "language": order.language,
        "placed_at": order.placed_at.isoformat(),
        "paid_at": order.paid_at.isoformat() if order.paid_at else None,
        "address": order.address,
        "currency": order.currency,
        "goods_minor": order.goods_minor,
        "shipping_minor": order.shipping_minor,
        "tax_minor": order.tax_minor,
        "duty_minor": order.duty_minor,
        "discount_minor": order.discount_minor,
        "total_minor": order.total_minor,
        "lines": [_tell_line(line) for line in lines],
        "refunds": [
            {
                "amount_minor": refund.amount_minor,
                "currency": refund.currency,
                "state": refund.state,
                "requested_at": refund.requested_at.isoformat(),
            }
            for refund in refunds
        ],
        "returns": [
            {
                "state": each.state,
                "asked_at": each.asked_at.isoformat(),
                "pieces": [{"sku": sku[line_id], "quantity": quantity} for line_id, quantity in pieces.items()],
            }
            for each, pieces in returns
        ],
        "documents": [document.number for document in list_documents(order.id)],
        "messages": [
            {"author": message.author, "at": message.at.isoformat(), "text": message.text}
            for message in list_messages(order.id)
        ],
        "letters": [
            {"kind": letter.kind, "subject": letter.subject, "written_at": letter.created_at.isoformat()}
            for letter in list_order_letters(order.id)
            if letter.recipient == order.email
        ],
        "history": [{"at": event.at.isoformat(), "what": event.kind} for event in list_events(order.id)],
    }


def _tell_line(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "title": line.title,
        "options": line.options,
        "quantity": line.quantity,
        "sale_unit": line.sale_unit,
        "unit_price_minor": line.unit_price_minor,
        "refunded_minor": line.refunded_minor,
        "state": line.state,
        "handed_over_at": line.handed_over_at.isoformat() if line.handed_over_at else None,
        "arrived_on": line.arrived_on.isoformat() if line.arrived_on else None,
    }
