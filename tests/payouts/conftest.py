"""Stripe's double behind the shop; pieces that were sold and left; two officers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.db import db, transaction
from shop.core.ids import public_id
from shop.core.policies import decide_policy
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payouts.models import Batch
from shop.payouts.services import approve_batch, draft_batch
from tests.builders import make_account, make_order, make_product, make_unit
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
from tests.stripe_bench import Bench

RIB = "011519000001205000534921"
PAYING = {"name": "Maison de l’export", "account": "FR1420041010050500013M02606", "bic": "BNPAFRPP"}

Sell = Callable[..., Order]


@pytest.fixture
def weaver(app: Flask) -> Unit:
    """A unit whose account is in its own name."""
    return make_unit(rib=RIB)


@pytest.fixture
def drafter(app: Flask) -> Account:
    return make_account("staff", language="en")


@pytest.fixture
def approver(app: Flask) -> Account:
    return make_account("staff", language="en")


@pytest.fixture
def sell(stripe: Bench) -> Sell:  # noqa: F811
    """Sell a piece of a unit for 320.00 and 60.00 of postage, and let it leave today unless told otherwise."""

    def sell(unit: Unit, *, sent: bool = True, **values: Any) -> Order:
        order = make_order(make_product(unit), **values)
        stripe.settle(order)
        if sent:
            send(order, unit)
        return order

    return sell


def send(order: Order, unit: Unit) -> None:
    """Hand a unit's lines of an order over."""
    lines = [line.id for line in list_lines(order.id) if line.unit_id == unit.id]
    with transaction():
        for line_id in lines:
            fulfilment.accept_line(line_id, unit_id=unit.id, actor=None)
        fulfilment.hand_over(
            order.id,
            unit_id=unit.id,
            line_ids=lines,
            carrier="Amana",
            tracking="EE1",
            handed_over_on=clock_module.today(),
            actor=None,
            on_behalf=True,
        )


def owe(unit: Unit, minor: int) -> None:
    """As if a piece of the unit's had left long ago (or, below zero, money had gone back): what is due changes by this."""
    payable, other = accounts.payable(unit.id), accounts.SUSPENSE
    debit, credit = (other, payable) if minor > 0 else (payable, other)
    with transaction() as session:
        session.add(
            Entry(
                source="adjustment",
                source_id=public_id(),
                leg="test",
                debit=debit,
                credit=credit,
                amount_minor=abs(minor),
                currency="EUR",
                unit_id=unit.id,
                effective_on=clock_module.today(),
                posted_at=clock_module.now(),
            )
        )


def decide_paying_account() -> None:
    with transaction():
        decide_policy("paying_account", PAYING, clock_module.today())


def draft(actor: Account, currency: str = "EUR") -> Batch:
    with transaction():
        return draft_batch(currency, actor=id_of(actor))


def approve(batch: Batch, actor: Account) -> Batch:
    with transaction():
        return approve_batch(batch.public_id, executes_on=clock_module.today(), actor=id_of(actor))


def id_of(account: Account) -> int:
    """Without asking the session it belongs to, which may be another thread's."""
    identity = inspect(account).identity
    assert identity is not None
    return int(identity[0])


def fresh(row: Any) -> Any:
    """The row as it stands now."""
    return db.session.get_one(type(row), row.id, populate_existing=True)
