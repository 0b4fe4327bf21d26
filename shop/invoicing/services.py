"""Issuing documents: asked for in the transaction of what they document, issued by the worker a moment later.

Whoever pays does not wait for the lock on the next number, and nothing a document says can keep a payment from being
booked. What an order still lacks is read from the order, so a job that comes late, twice or out of turn does no harm.
"""

from collections.abc import Sequence

from shop.artisans.queries import unit_names
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.events import subscribe
from shop.core.outbox import enqueue
from shop.core.policies import get_policy
from shop.invoicing.amounts import LinePart, Sums, sums_of_legs
from shop.invoicing.contents import Sale, print_document
from shop.invoicing.models import SERIES, Invoice
from shop.invoicing.numbering import number_text, take_number
from shop.invoicing.queries import is_to_be_invoiced, list_documents
from shop.ledger import accounts
from shop.ledger.queries import discount_shares, list_entries
from shop.orders.events import OrderPaid
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines, lock_order
from shop.payments.events import RefundFailed, RefundSettled
from shop.payments.models import Refund
from shop.payments.queries import find_charge, list_refund_parts, list_refunds

JOB = "issue_documents"


def subscribe_all() -> None:
    """Called once at start, by the app."""
    subscribe(OrderPaid, on_order_paid)
    subscribe(RefundSettled, on_refund_settled)
    subscribe(RefundFailed, on_refund_failed)


def on_order_paid(event: OrderPaid) -> None:
    """An order whose money is there is invoiced."""
    enqueue(JOB, {"order_id": event.order_id}, key=f"documents-paid-{event.order_id}")


def on_refund_settled(event: RefundSettled) -> None:
    """Money that went back is credited."""
    _ask(event.refund_id, "settled")


def on_refund_failed(event: RefundFailed) -> None:
    """The buyer's bank sent the money back: a number is never taken back, so a document of its own undoes the credit."""
    _ask(event.refund_id, "failed")


def _ask(refund_id: int, what: str) -> None:
    order_id = db.session.get_one(Refund, refund_id).order_id
    enqueue(JOB, {"order_id": order_id}, key=f"documents-{what}-{refund_id}")


def issue_documents(order_id: int) -> None:
    """Issue what an order lacks: its invoice, a credit note for each refund, a reversal for each that failed later.

    Outside any transaction. An order that was paid before this room existed was invoiced elsewhere, and so what goes back
    of it is credited there; a payment that bought nothing is neither invoiced nor credited.
    """
    with transaction():
        order = lock_order(order_id)
        if not is_to_be_invoiced(order):
            return
        lines = list_lines(order_id)
        by_cause = {document.cause: document for document in list_documents(order_id)}
        invoice = by_cause.get(f"order:{order_id}") or _issue_invoice(order, lines)
        for refund in list_refunds(order_id):
            credit_note = by_cause.get(f"refund:{refund.id}")
            if credit_note is None and refund.settled_at is not None:
                credit_note = _issue_for(order, lines, refund, "credit_note", invoice)
            if credit_note is not None and refund.state == "failed" and f"refund_failed:{refund.id}" not in by_cause:
                _issue_for(order, lines, refund, "reversal", credit_note)


def _issue_invoice(order: Order, lines: Sequence[OrderLine]) -> Invoice:
    discounts = discount_shares(order, lines)
    parts = tuple(
        LinePart(line.id, line.net_minor, line.tax_minor, discounts.get(line.id, 0), line.quantity) for line in lines
    )
    charge = find_charge(order.id)
    sale = _sale(order, lines, str(charge.payment_intent) if charge else "")
    sums = Sums(parts, order.shipping_minor, order.shipping_tax_minor, order.duty_minor)
    return _issue("invoice", f"order:{order.id}", sale, sums)


def _issue_for(
    order: Order, lines: Sequence[OrderLine], refund: Refund, kind: str, refers_to: Invoice
) -> Invoice | None:
    """The document of a refund, of exactly what the books say went back; None when that was not of the order."""
    legs = [
        (entry.leg, entry.amount_minor if entry.credit == accounts.STRIPE_PENDING else -entry.amount_minor)
        for entry in list_entries(order_id=order.id)
        if entry.source == "refund" and entry.source_id == refund.stripe_id
    ]
    pieces = {part.line_id: part.quantity for part in list_refund_parts(refund.id) if part.line_id is not None}
    sums = sums_of_legs(legs, [line.id for line in lines], pieces)
    if not sums.total_minor:
        return None
    cause = f"refund:{refund.id}" if kind == "credit_note" else f"refund_failed:{refund.id}"
    sale = _sale(order, lines, str(refund.stripe_id))
    return _issue(kind, cause, sale, sums, refund_id=refund.id, refers_to=refers_to)


def _sale(order: Order, lines: Sequence[OrderLine], payment: str) -> Sale:
    makers = unit_names((line.unit_id for line in lines), order.language)
    return Sale(order, lines, makers, get_policy("operator"), payment)


def _issue(
    kind: str, cause: str, sale: Sale, sums: Sums, *, refund_id: int | None = None, refers_to: Invoice | None = None
) -> Invoice:
    order, now, today = sale.order, clock.now(), clock.today()
    series, year = SERIES[kind], today.year
    sequence = take_number(series, year)
    number = number_text(series, year, sequence)
    document = Invoice(
        kind=kind,
        series=series,
        year=year,
        sequence=sequence,
        number=number,
        cause=cause,
        order_id=order.id,
        refund_id=refund_id,
        refers_to=refers_to.id if refers_to else None,
        issued_on=today,
        issued_at=now,
        language=order.language,
        currency=order.currency,
        goods_minor=sums.goods_minor,
        shipping_minor=sums.shipping_minor,
        tax_minor=sums.tax_minor,
        duty_minor=sums.duty_minor,
        discount_minor=sums.discount_minor,
        total_minor=sums.total_minor,
        printed=print_document(kind, number, today, sale, sums, refers_to),
    )
    db.session.add(document)
    db.session.flush()
    return document
