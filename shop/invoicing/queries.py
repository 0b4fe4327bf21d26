"""Reads of documents."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from shop.core.db import db
from shop.core.errors import NotFound
from shop.core.tables import Installation
from shop.i18n.messages import gettext as _
from shop.invoicing.models import Invoice
from shop.orders.models import Order, Reservation

# Written by the migration of an installation that had sold before: its earlier orders were invoiced elsewhere.
SINCE = "invoices_since"


def invoicing_since() -> datetime | None:
    """From which moment on a payment is invoiced here; None: always."""
    mark = db.session.get(Installation, SINCE)
    return datetime.fromisoformat(mark.value) if mark is not None else None


def bought_its_pieces() -> ColumnElement[bool]:
    """Whether an order's money bought what it was for: not so when it came after the stock was gone."""
    sold = select(Reservation.id).where(Reservation.order_id == Order.id, Reservation.state == "sold")
    return and_(Order.paid_at.is_not(None), sold.exists())


def is_to_be_invoiced(order: Order) -> bool:
    """Whether an order has to have an invoice."""
    since = invoicing_since()
    if order.paid_at is None or (since is not None and order.paid_at < since):
        return False
    return db.session.execute(select(Order.id).where(Order.id == order.id, bought_its_pieces())).first() is not None


def list_documents(order_id: int) -> list[Invoice]:
    """The documents of an order, in the order of their issue."""
    return list(db.session.scalars(select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.id)))


def get_document(number: str, *, order_id: int | None = None) -> Invoice:
    """A document by its number, with `order_id` only if it is of that order; raises NotFound."""
    statement = select(Invoice).where(Invoice.number == number)
    if order_id is not None:
        statement = statement.where(Invoice.order_id == order_id)
    found = db.session.scalars(statement).first()
    if found is None:
        raise NotFound(_("There is no such document."), number=number)
    return found


@dataclass(frozen=True, slots=True)
class Issued:
    """A document with its order and the number of the document it refers to, or an empty text."""

    document: Invoice
    order: Order
    refers_to: str


def list_issued(first: date, last: date) -> list[Issued]:
    """Documents issued on the days first to last, both included; each series in the order of its numbers."""
    other = aliased(Invoice)
    statement = (
        select(Invoice, Order, other.number)
        .join(Order, Invoice.order_id == Order.id)
        .outerjoin(other, Invoice.refers_to == other.id)
        .where(Invoice.issued_on.between(first, last))
        .order_by(Invoice.series, Invoice.year, Invoice.sequence)
    )
    return [Issued(document, order, number or "") for document, order, number in db.session.execute(statement)]
