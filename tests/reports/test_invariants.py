"""Each invariant notices what breaks it: the shop is whole, then one thing is made wrong behind its back."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update

from shop import worker
from shop.catalogue.models import Variant
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Installation
from shop.invoicing import services as invoicing
from shop.invoicing.models import Series
from shop.invoicing.queries import SINCE
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.ledger.services import post_unknown_balance
from shop.ledger.transfers import post_transfer
from shop.orders.models import Order, OrderLine, Reservation
from shop.payments.models import Attempt, BalanceTransaction, Dispute, Refund
from shop.payments.refunds import request_refund
from shop.reports.invariants import INVARIANTS, list_findings
from tests.builders import make_order, make_product, make_unit
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sold(stripe: Bench) -> Order:  # noqa: F811
    """One order paid, one paid and refunded, one that waits for its payment."""
    unit = make_unit()
    order = make_order(make_product(unit))
    stripe.settle(order)
    back = make_order(make_product(unit), email="b@example.org", currency="USD")
    stripe.settle(back)
    with transaction():
        request_refund(back.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    make_order(make_product(unit), email="c@example.org")
    assert list_findings() == []
    return order


def entry(**values: object) -> Entry:
    day = clock_module.today()
    fields = {"source": "test", "source_id": "1", "leg": "1", "amount_minor": 5, "currency": "EUR"}
    return Entry(**{**fields, "effective_on": day, "posted_at": clock_module.now(), **values})


def contested(order: Order) -> Dispute:
    """A dispute that took money of which the books know nothing."""
    attempt = db.session.scalars(select(Attempt).where(Attempt.order_id == order.id)).one()
    now = clock_module.now()
    return Dispute(
        stripe_id="dp_x",
        order_id=order.id,
        attempt_id=attempt.id,
        amount_minor=100,
        currency="EUR",
        reason="fraudulent",
        status="needs_response",
        is_refundable=False,
        opened_at=now,
        withdrawn_at=now,
    )


def first_unit(order: Order) -> int:
    return db.session.scalars(select(OrderLine.unit_id).where(OrderLine.order_id == order.id)).one()


BREAKERS: dict[str, Callable[[Order], object]] = {
    "stripe_balance_equals_its_transactions": lambda order: db.session.execute(
        update(BalanceTransaction).values(net_minor=BalanceTransaction.net_minor + 1)
    ),
    "nothing_waits_too_long_at_stripe": lambda order: db.session.add(
        entry(debit=accounts.STRIPE_PENDING, credit=accounts.SHIPPING, effective_on=date(2026, 1, 1))
    ),
    "conversion_is_empty_when_all_has_arrived": lambda order: db.session.add(
        entry(debit=accounts.FX_CONVERSION, credit=accounts.SHIPPING)
    ),
    "paid_orders_have_one_charge": lambda order: db.session.execute(
        update(Attempt).where(Attempt.order_id == order.id).values(payment_intent="pi_nobody_booked")
    ),
    "refunds_are_booked_once": lambda order: db.session.execute(update(Refund).values(amount_minor=1)),
    "disputes_are_booked_once": lambda order: db.session.add(contested(order)),
    "goods_are_shared_out": lambda order: db.session.execute(
        update(OrderLine).where(OrderLine.order_id == order.id).values(net_minor=OrderLine.net_minor - 1)
    ),
    "transfers_are_booked_once": lambda order: post_transfer(
        "nobodys", first_unit(order), 100, "EUR", clock_module.today()
    ),
    # A row of a maker's account that does not say whose it is.
    "statements_end_as_the_books_stand": lambda order: db.session.add(
        entry(debit=accounts.SHIPPING, credit=accounts.payable(first_unit(order)))
    ),
    "stock_foots": lambda order: db.session.execute(
        update(Variant).values(reserved=Variant.reserved + 1, received=Variant.received + 1)
    ),
    "holds_belong_to_live_orders": lambda order: db.session.execute(
        update(Reservation).where(Reservation.order_id == order.id).values(state="held")
    ),
    "suspense_is_explained": lambda order: post_unknown_balance("txn_x", 700, "EUR", clock_module.today()),
    "invoice_numbers_have_no_holes": lambda order: db.session.execute(update(Series).values(last=Series.last + 1)),
    "paid_orders_have_one_invoice": lambda order: db.session.execute(
        update(Order).where(Order.id == order.id).values(shipping_minor=1, total_minor=Order.goods_minor + 1)
    ),
    "credit_notes_equal_refunds": lambda order: db.session.execute(update(Refund).values(amount_minor=1)),
    "reports_equal_the_books": lambda order: db.session.execute(
        update(Order).where(Order.id == order.id).values(paid_at=None)
    ),
}


@pytest.mark.parametrize("invariant", BREAKERS)
def test_what_breaks_an_invariant_is_found_under_its_name(sold: Order, invariant: str) -> None:
    with transaction():
        BREAKERS[invariant](sold)
    assert invariant in {finding.invariant for finding in list_findings()}


def test_a_payment_whose_invoice_was_forgotten_is_found_but_not_one_from_before_there_were_any(
    stripe: Bench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    clock: VirtualClock,
) -> None:
    order = make_order()
    with monkeypatch.context() as forgetful:
        forgetful.setitem(worker.JOBS, invoicing.JOB, lambda _job: None)
        stripe.settle(order)
    assert [finding.invariant for finding in list_findings()] == ["paid_orders_have_one_invoice"]
    clock.advance(hours=1)
    with transaction():
        db.session.add(Installation(key=SINCE, value=clock().isoformat()))
    assert list_findings() == []


def test_work_and_refunds_that_do_not_get_done_are_found(
    sold: Order,
    stripe: Bench,  # noqa: F811
    clock: VirtualClock,
) -> None:
    with transaction():
        request_refund(sold.id, line_ids=None, reason="buyer", actor=None)
    stripe.control("refuse", times=-1)
    for _try in range(14):
        stripe.work()
        clock.advance(hours=2)
        stripe.forget_failures()
    found = {finding.invariant for finding in list_findings()}
    assert {"no_work_fails_for_long", "nobody_waits_long_for_a_refund"} <= found


def test_every_invariant_is_known_to_be_able_to_fail() -> None:
    # Of these, unbalanced cannot fail while a row has two sides: it guards against another kind of row.
    elsewhere = {"missing_guards", "unbalanced", "no_work_fails_for_long", "nobody_waits_long_for_a_refund"}
    assert {check.__name__ for check in INVARIANTS} == set(BREAKERS) | elsewhere
