"""Whether the documents are what they promise: no number missing, each payment invoiced, each refund credited."""

from sqlalchemy import case, func, or_, select

from shop.core.db import db
from shop.core.tables import Job
from shop.invoicing.models import Invoice, Series
from shop.invoicing.queries import bought_its_pieces, invoicing_since
from shop.invoicing.services import JOB
from shop.ledger.books import FOREIGN
from shop.ledger.models import Entry
from shop.orders.models import Order
from shop.payments.models import Refund


def invoice_numbers_have_no_holes() -> list[str]:
    """In every series and year the numbers are 1, 2, 3 … up to the last one given."""
    issued = {
        (row.series, row.year): (int(row.documents), row.least, row.most)
        for row in db.session.execute(
            select(
                Invoice.series,
                Invoice.year,
                func.count().label("documents"),
                func.min(Invoice.sequence).label("least"),
                func.max(Invoice.sequence).label("most"),
            ).group_by(Invoice.series, Invoice.year)
        )
    }
    given = {(row.code, row.year): row.last for row in db.session.scalars(select(Series))}
    findings = []
    for key in sorted(issued.keys() | given.keys()):
        count, least, most = issued.get(key, (0, 1, 0))
        last = given.get(key, 0)
        if not (least == 1 and most == count == last):
            findings.append(
                f"Series {key[0]} of {key[1]} has given {last} numbers; {count} documents bear {least} to {most}."
            )
    return findings


def paid_orders_have_one_invoice() -> list[str]:
    """Every order whose money bought its pieces, since there are invoices, has one, with the order's total."""
    statement = (
        select(Order.id, Order.number, Order.total_minor, Order.currency, func.count(Invoice.id).label("invoices"))
        .add_columns(func.min(Invoice.total_minor).label("minor"), func.min(Invoice.currency).label("invoiced_in"))
        .outerjoin(Invoice, (Invoice.order_id == Order.id) & (Invoice.kind == "invoice"))
        .where(bought_its_pieces())
        .group_by(Order.id)
        .having(
            or_(
                func.count(Invoice.id) != 1,
                func.min(Invoice.total_minor) != Order.total_minor,
                func.min(Invoice.currency) != Order.currency,
            )
        )
        .order_by(Order.id)
    )
    if since := invoicing_since():
        statement = statement.where(Order.paid_at >= since)
    asked = _asked_for()
    return [
        f"Order {row.number} of {row.total_minor} {row.currency} has {row.invoices} invoices of {row.minor} {row.invoiced_in}."
        for row in db.session.execute(statement)
        if row.id not in asked
    ]


def credit_notes_equal_refunds() -> list[str]:
    """What is credited, less what was undone, is what went back of invoiced orders, refund by refund."""
    of_the_order = (
        select(Entry.id)
        .where(Entry.source == "refund", Entry.source_id == Refund.stripe_id, Entry.leg != FOREIGN)
        .exists()
    )
    invoiced = select(Invoice.id).where(Invoice.order_id == Refund.order_id, Invoice.kind == "invoice").exists()
    signed = case((Invoice.kind == "credit_note", Invoice.total_minor), else_=-Invoice.total_minor)
    credited = (
        select(Invoice.refund_id, func.sum(signed).label("minor"))
        .where(Invoice.refund_id.is_not(None))
        .group_by(Invoice.refund_id)
        .subquery()
    )
    due = case((Refund.state == "succeeded", Refund.amount_minor), else_=0)
    rows = db.session.execute(
        select(Refund.order_id, Refund.stripe_id, due.label("due"), func.coalesce(credited.c.minor, 0).label("minor"))
        .outerjoin(credited, credited.c.refund_id == Refund.id)
        .where(invoiced, of_the_order, due != func.coalesce(credited.c.minor, 0))
    )
    asked = _asked_for()
    return [
        f"The refund {row.stripe_id} gave {row.due}, its credit notes come to {row.minor}."
        for row in rows
        if row.order_id not in asked
    ]


def _asked_for() -> set[int]:
    """Orders whose documents the worker is about to issue; a job that is never done is found by itself."""
    jobs = db.session.scalars(select(Job).where(Job.kind == JOB, Job.done_at.is_(None)))
    return {job.payload["order_id"] for job in jobs}
