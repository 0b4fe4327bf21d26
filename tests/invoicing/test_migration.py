"""An installation that sold before there were invoices: what it sold then was invoiced elsewhere."""

from flask import Flask
from sqlalchemy import text, update

from shop.core import clock as clock_module
from shop.core import schema
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.invoicing.checks import paid_orders_have_one_invoice
from shop.invoicing.queries import list_documents
from shop.invoicing.services import issue_documents
from shop.orders.models import Order, Reservation
from tests.builders import make_order

BEFORE = (
    "DROP TABLE invoice",
    "DROP TABLE invoice_series",
    "DROP TABLE levy",
    "ALTER TABLE shop_order DROP COLUMN incoterm",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version VALUES ('0004')",
)


def pay(order: Order) -> None:
    """As the money of an order is booked, without its documents."""
    with transaction():
        paid = {"state": "paid", "paid_at": clock_module.now(), "hold_until": None}
        db.session.execute(update(Order).where(Order.id == order.id).values(paid))
        db.session.execute(update(Reservation).where(Reservation.order_id == order.id).values(state="sold"))


def migrate() -> None:
    """Go back to the schema before this room, and come forward again; what later revisions make is there already."""
    with db.engine.begin() as connection:
        for statement in BEFORE:
            connection.execute(text(statement))
    schema.upgrade("0005")


def test_what_was_paid_before_the_migration_is_neither_invoiced_nor_missed(app: Flask, clock: VirtualClock) -> None:
    old = make_order()
    pay(old)
    db.session.remove()
    migrate()
    clock.advance(hours=1)
    new = make_order(email="new@example.org")
    pay(new)
    assert [new.number in text_ for text_ in paid_orders_have_one_invoice()] == [True]
    for order in (old, new):
        issue_documents(order.id)
    assert list_documents(old.id) == []
    assert [document.number for document in list_documents(new.id)] == ["F-2026-000001"]
    assert paid_orders_have_one_invoice() == []


def test_an_installation_that_had_sold_nothing_invoices_from_its_first_order_on(app: Flask) -> None:
    db.session.remove()
    migrate()
    order = make_order()
    pay(order)
    assert len(paid_orders_have_one_invoice()) == 1
    issue_documents(order.id)
    assert paid_orders_have_one_invoice() == []
