"""Each invariant notices what breaks it: the shop is whole, then one thing is made wrong behind its back."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

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
from shop.payments.models import Attempt, BalanceTransaction, Dispute, Refund, StripePayout
from shop.payments.quarantine import put_aside
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


def cleared_twice(order: Order) -> Entry:
    """A second movement of the payment that bought an order."""
    intent = db.session.scalars(select(Attempt.payment_intent).where(Attempt.order_id == order.id)).one()
    accounts_ = {"debit": accounts.STRIPE_BALANCE, "credit": accounts.STRIPE_PENDING}
    return entry(source="balance", source_id="txn_x", leg=f"gross:{intent}", order_id=order.id, **accounts_)


def unexplained(order: Order) -> None:
    """Money in suspense, beside money that has an explanation of its own."""
    for name in ("txn_x", "txn_y"):
        post_unknown_balance(name, 700, "EUR", clock_module.today())
    put_aside("balance", "txn_y", {"net_minor": 700, "currency": "EUR"})


def short_payout(order: Order) -> StripePayout:
    return StripePayout(
        id="po_x",
        amount_minor=1,
        currency="EUR",
        status="paid",
        reconciliation="completed",
        created_at=clock_module.now(),
    )


def first_unit(order: Order) -> int:
    return db.session.scalars(select(OrderLine.unit_id).where(OrderLine.order_id == order.id)).one()


BREAKERS: dict[str, Callable[[Order], object]] = {
    "stripe_balance_equals_its_transactions": lambda order: db.session.execute(
        update(BalanceTransaction).values(net_minor=BalanceTransaction.net_minor + 1)
    ),
    "goods_and_the_rest_are_what_stripe_moved": lambda order: db.session.execute(
        update(BalanceTransaction).values(
            amount_minor=BalanceTransaction.amount_minor + 1, fee_minor=BalanceTransaction.fee_minor + 1
        )
    ),
    "paid_orders_have_one_movement": lambda order: db.session.add(cleared_twice(order)),
    "movements_belong_to_one_thing": lambda order: db.session.execute(
        update(BalanceTransaction).values(posted_at=None, imported_at=clock_module.now() - timedelta(days=8))
    ),
    "payouts_are_their_movements": lambda order: db.session.add(short_payout(order)),
    "the_books_can_be_made_again": lambda order: shift_a_share(),
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
    "suspense_is_explained": unexplained,
    "invoice_numbers_have_no_holes": lambda order: db.session.execute(update(Series).values(last=Series.last + 1)),
    "paid_orders_have_one_invoice": lambda order: db.session.execute(
        update(Order).where(Order.id == order.id).values(shipping_minor=1, total_minor=Order.goods_minor + 1)
    ),
    "credit_notes_equal_refunds": lambda order: db.session.execute(update(Refund).values(amount_minor=1)),
    "reports_equal_the_books": lambda order: db.session.execute(
        update(Order).where(Order.id == order.id).values(paid_at=None)
    ),
}


def shift_a_share() -> None:
    """Behind the guards' back: five cents of a converted sale go to the maker instead of the commission. All sums hold."""
    if db.engine.dialect.name == "postgresql":
        off, on = (f"ALTER TABLE ledger_entry {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
    else:
        made = "SELECT sql FROM sqlite_master WHERE name = 'ledger_entry_no_update'"
        off, on = "DROP TRIGGER ledger_entry_no_update", str(db.session.scalar(text(made)))
    db.session.execute(text(off))
    for leg, minor in (("artisan:in", 5), ("commission:in", -5)):
        changed = update(Entry).where(
            Entry.source == "balance", Entry.leg.like(f"%{leg}"), Entry.debit == "fx_conversion"
        )
        db.session.execute(changed.values(amount_minor=Entry.amount_minor + minor))
    db.session.execute(text(on))


class Undone(Exception):
    """What was broken is made whole again."""


def found_when_broken(break_it: Callable[[Order], object], order: Order) -> dict[str, str]:
    """Break something, look, and undo it: {invariant: what was found}."""
    try:
        with transaction():
            break_it(order)
            db.session.flush()
            found = {finding.invariant: finding.text for finding in list_findings()}
            raise Undone
    except Undone:
        return found


def test_what_breaks_an_invariant_is_found_under_its_name(sold: Order) -> None:
    assert [name for name, break_it in BREAKERS.items() if name not in found_when_broken(break_it, sold)] == []
    assert list_findings() == []


def test_a_share_that_was_shifted_where_all_sums_hold_is_found_by_making_the_books_again(sold: Order) -> None:
    found = found_when_broken(lambda order: shift_a_share(), sold)
    assert list(found) == ["the_books_can_be_made_again"]
    # And nothing else would be: what stands in suspense is told of movement by movement.
    assert "txn_x" in found_when_broken(unexplained, sold)["suspense_is_explained"]


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
