"""Quarantine: seen with its money and what Stripe says, and cleared up in each of its ways."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.ledger import accounts
from shop.ledger.queries import sum_balance
from shop.orders.models import Order
from shop.payments.models import Attempt, Quarantine
from shop.payments.quarantine import put_aside
from shop.payments.queries import list_quarantine, list_refunds
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product
from tests.payments.test_reconcile import somebody_elses
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of

PAGE = "/staff/quarantine"


def do(office: FlaskClient, row: Quarantine, verb: str, **fields: str) -> Any:
    names = {f"q{row.id}-{name}": value for name, value in fields.items()}
    return send(office, PAGE, f"{PAGE}/{row.id}/{verb}", **names)


def trail(action: str) -> list[Audit]:
    return list(db.session.scalars(select(Audit).where(Audit.action == action, Audit.subject == "quarantine")))


@pytest.fixture
def stranger(bench: Bench) -> Quarantine:
    """A payment with the number of an order that is not here, and the messages about it."""
    somebody_elses(bench, {"order": "M99999999"})
    bench.work()
    return list_quarantine(kind="balance")[0]


def test_money_of_an_unknown_order_is_shown_with_all_that_stripe_says(
    office: FlaskClient, stranger: Quarantine
) -> None:
    page = office.get(PAGE)
    words = text_of(page)
    for said in ("M99999999", "which is not here", "buyer@example.org", "€4.55", "€5.00", "checkout.session.completed"):
        assert said in words
    assert '"reporting_category": "charge"' in page.get_data(as_text=True)
    assert "/staff/quarantine" in office.get("/staff/").get_data(as_text=True)


def test_a_payment_whose_order_is_not_here_goes_back_and_both_movements_leave_suspense(
    office: FlaskClient, officer: Any, bench: Bench, stranger: Quarantine
) -> None:
    assert do(office, stranger, "return").status_code == 303
    assert do(office, stranger, "return").status_code == 409
    bench.work()
    assert (list_quarantine(kind="balance"), sum_balance(accounts.SUSPENSE, "EUR")) == ([], 0)
    # What Stripe keeps of a payment that went back.
    assert sum_balance(accounts.PAYMENT_FEES, "EUR") == -45
    assert [row.actor for row in trail("give back")] == [officer.id]
    assert list_findings() == []


def test_an_order_that_was_paid_otherwise_than_agreed_is_cancelled_and_the_money_goes_back(
    office: FlaskClient, officer: Any, bench: Bench
) -> None:
    rug = make_product()
    order = make_order(rug)
    bench.open(order)
    with transaction():
        db.session.scalars(select(Attempt)).one().amount_minor = 100
    bench.settle(order)
    (row,) = list_quarantine(kind="amount")
    assert "/staff/quarantine#q-" in office.get(f"/staff/orders/{order.number}").get_data(as_text=True)
    assert do(office, row, "explain", note="It is fine.").status_code == 409
    assert do(office, row, "return").status_code == 303
    bench.work()
    db.session.expire_all()
    assert db.session.get_one(Order, order.id).state == "cancelled"
    assert db.session.get_one(Variant, rug.id).available == 1
    assert [(one.amount_minor, one.state) for one in list_refunds(order.id)] == [(order.total_minor, "succeeded")]
    assert db.session.get_one(Quarantine, row.id).resolution == "returned"
    assert sum_balance(accounts.SUSPENSE, "EUR") == 0
    assert list_findings() == []


def test_what_an_officer_knows_leaves_suspense_for_a_named_account_with_a_note(
    office: FlaskClient, officer: Any, stranger: Quarantine
) -> None:
    net = stranger.data["net_minor"]
    assert "Write down what it is and how you know." in text_of(do(office, stranger, "explain", account="bank"))
    refused = do(office, stranger, "explain", note="A test of ours.")
    assert refused.status_code == 422
    assert "Choose what the money is." in text_of(refused)
    assert "A test of ours." in text_of(refused)
    assert do(office, stranger, "explain", account="commission", note="x").status_code == 422
    assert do(office, stranger, "explain", account="bank", note="A test of ours.").status_code == 303
    assert (sum_balance(accounts.SUSPENSE, "EUR"), sum_balance(accounts.BANK, "EUR")) == (0, net)
    (told,) = trail("explain")
    assert (told.actor, told.data["account"], told.data["note"]) == (officer.id, "bank", "A test of ours.")
    assert do(office, stranger, "explain", account="bank", note="Again.").status_code == 409
    assert list_findings() == []


def test_asking_stripe_again_finds_the_order_where_there_is_one(
    office: FlaskClient, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    bench.control("webhooks", drop=100)
    bench.pay(order)
    with monkeypatch.context() as patch:
        patch.setattr("shop.payments.balance.recognise", lambda key: {})
        from shop.payments.balance import import_balance  # noqa: PLC0415

        import_balance()
    (row,) = list_quarantine(kind="balance")
    assert do(office, row, "again").status_code == 303
    bench.work()
    db.session.expire_all()
    assert db.session.get_one(Order, order.id).state == "paid"
    assert list_quarantine() == []
    assert list_findings() == []


def test_a_message_is_put_away_with_a_note_and_nothing_is_left_to_see(office: FlaskClient, officer: Any) -> None:
    with transaction():
        put_aside("event", "evt_x", {"type": "charge.succeeded", "object": "ch_x"})
    (row,) = list_quarantine()
    assert "charge.succeeded" in text_of(office.get(PAGE))
    assert do(office, row, "explain", note="Another shop of ours.").status_code == 303
    assert "Nothing is in quarantine." in text_of(office.get(PAGE))
    assert do(office, row, "again").status_code == 409
    assert send(office, PAGE, f"{PAGE}/999/again").status_code == 404
