"""Invoices, credit notes and their reversals: issued with the money, once, and the same for ever."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from shop.artisans.models import Unit
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.policies import decide_policy
from shop.core.tables import Job
from shop.i18n import messages
from shop.invoicing import services
from shop.invoicing.documents import to_pdf
from shop.invoicing.models import Invoice
from shop.invoicing.queries import list_documents
from shop.orders.models import Order
from shop.orders.queries import list_lines, lock_order
from shop.orders.services import expire_order
from shop.payments.queries import list_refunds
from shop.payments.refunds import request_refund
from shop.payments.settle import settle_order
from shop.reports.invariants import list_findings
from tests.builders import ADDRESS, make_levy, make_order, make_product, make_unit
from tests.orders.test_taxed import fill, place
from tests.stripe_bench import Bench


def paid(stripe: Bench, **more: Any) -> Order:
    unit = make_unit()
    order = make_order(make_product(unit, stock=9, kind="repeatable"), make_product(unit), **more)
    stripe.settle(order)
    return order


def give_back(stripe: Bench, order: Order, **what: Any) -> None:
    with transaction():
        request_refund(order.id, reason="buyer", actor=None, **what)
    stripe.work()


def bounce(stripe: Bench, order: Order) -> None:
    """The bank of the buyer sends the last refund back."""
    stripe.fail_refund(str(list_refunds(order.id)[-1].stripe_id))
    stripe.work()


def told(order: Order) -> list[tuple[str, str, int]]:
    return [(row.kind, row.number, row.total_minor) for row in list_documents(order.id)]


def words_of(document: Invoice) -> str:
    return json.dumps(document.printed, ensure_ascii=False)


@pytest.mark.both_databases
def test_a_paid_order_has_one_invoice_with_its_total_on_the_day_of_its_payment(
    stripe: Bench, clock: VirtualClock
) -> None:
    # Half past eleven at night in London, and already tomorrow in Casablanca.
    clock.advance(hours=14, minutes=30)
    order = paid(stripe)
    settle_order(order.id)
    assert told(order) == [("invoice", "F-2026-000001", 70000)]
    assert list_documents(order.id)[0].issued_on == date(2026, 6, 16)
    assert list_findings() == []


def test_an_invoice_says_who_sells_what_from_where_under_which_code(stripe: Bench, issuer: dict[str, object]) -> None:
    order = paid(stripe, language="en")
    [document] = list_documents(order.id)
    said = words_of(document)
    for words in (
        *("Maison de l’export", "001234567000089", "12345678", "98765 Rabat", "25123456", "1234567", "GB 123 4567 89"),
        *("18, avenue Mohammed V", "SARL au capital", "Exempt, article 92."),
        *("Claire Martin", "69001 Lyon", "France", order.number, "DAP", "pi_"),
        *("Knotted wool rug", "by Fatima’s workshop", "Origin: Morocco, Fez-Meknes", "5701.10", "4\u00a0kg", "€320.00"),
    ):
        assert words in said, words
    assert document.language == "en"


@pytest.mark.parametrize(("language", "direction", "word"), [("ar", "rtl", "فاتورة"), ("fr", "ltr", "Facture")])
def test_a_document_speaks_the_language_of_its_order(stripe: Bench, language: str, direction: str, word: str) -> None:
    [document] = list_documents(paid(stripe, language=language).id)
    assert (document.printed["direction"], document.printed["title"]) == (direction, word)
    assert to_pdf(document).startswith(b"%PDF")


def test_a_document_is_the_same_bytes_whatever_changes_afterwards(
    stripe: Bench, issuer: dict[str, object], monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    order = paid(stripe)
    before = to_pdf(list_documents(order.id)[0])
    clock.advance(days=400)
    with transaction():
        decide_policy("operator", {"name": "Somebody else", "email": "x@example.org"}, date(2027, 1, 1))
        db.session.execute(update(Unit).values(name_fr="Un autre nom"))
        db.session.execute(update(Order).values(address={**ADDRESS, "name": "Quelqu’un d’autre"}))
    monkeypatch.setattr(messages, "_texts", lambda _code: messages._Texts({}, {}))
    db.session.expire_all()
    assert to_pdf(list_documents(order.id)[0]) == before


@pytest.mark.both_databases
def test_what_was_issued_cannot_be_changed_or_deleted(stripe: Bench) -> None:
    [document] = list_documents(paid(stripe).id)
    with pytest.raises(DBAPIError, match="never changed"), transaction():
        db.session.execute(update(Invoice).values(total_minor=1, goods_minor=1, shipping_minor=0))
    with pytest.raises(DBAPIError, match="never"), transaction():
        db.session.execute(Invoice.__table__.delete())  # type: ignore[attr-defined]
    assert told(db.session.get_one(Order, document.order_id)) == [("invoice", "F-2026-000001", 70000)]


@pytest.mark.both_databases
def test_each_refund_has_a_credit_note_of_what_the_books_gave_back(stripe: Bench) -> None:
    make_levy(mode="added")
    order = paid(stripe, language="en")
    line = list_lines(order.id)[0]
    give_back(stripe, order, line_ids=[line.id], amount_minor=1001)
    give_back(stripe, order, line_ids=[line.id])
    give_back(stripe, order)
    invoice, part, rest, last = list_documents(order.id)
    assert told(order)[1:] == [
        ("credit_note", "A-2026-000001", 1001),
        ("credit_note", "A-2026-000002", 38400 - 1001),
        ("credit_note", "A-2026-000003", 38400 + 7200),
    ]
    assert (part.goods_minor, part.tax_minor, part.refers_to) == (834, 167, invoice.id)
    for name in ("goods_minor", "shipping_minor", "tax_minor", "total_minor"):
        assert sum(getattr(row, name) for row in (part, rest, last)) == getattr(invoice, name), name
    assert "F-2026-000001" in words_of(part)
    assert list_findings() == []


@pytest.mark.both_databases
def test_a_refund_that_comes_back_is_undone_by_a_document_of_its_own(stripe: Bench, clock: VirtualClock) -> None:
    order = paid(stripe)
    give_back(stripe, order)
    clock.advance(days=3)
    bounce(stripe, order)
    assert told(order) == [
        ("invoice", "F-2026-000001", 70000),
        ("credit_note", "A-2026-000001", 70000),
        ("reversal", "R-2026-000001", 70000),
    ]
    assert "A-2026-000001" in words_of(list_documents(order.id)[2])
    give_back(stripe, order)
    assert told(order)[3] == ("credit_note", "A-2026-000002", 70000)
    assert list_findings() == []


def test_a_discount_stands_on_the_invoice_and_goes_back_with_its_line(stripe: Bench) -> None:
    order = place(fill(make_product(), make_product()), discount_minor=1001)
    stripe.settle(order)
    give_back(stripe, order, line_ids=[list_lines(order.id)[0].id])
    invoice, credit_note = list_documents(order.id)
    assert (invoice.goods_minor, invoice.discount_minor, invoice.total_minor) == (64000, 1001, 74999)
    assert (credit_note.goods_minor, credit_note.discount_minor, credit_note.total_minor) == (32000, 501, 31499)


@pytest.mark.both_databases
def test_money_that_bought_nothing_is_neither_invoiced_nor_credited(stripe: Bench) -> None:
    rug = make_product()
    late = make_order(rug)
    stripe.pay(late)
    with transaction():
        # The shop believes that nobody paid.
        expire_order(lock_order(late.id))
    quick = make_order(rug, email="quick@example.org")
    stripe.settle(quick)
    stripe.work()
    assert db.session.get_one(Order, late.id, populate_existing=True).state == "refunded"
    assert told(late) == []
    assert told(quick) == [("invoice", "F-2026-000001", 38000)]
    assert list_findings() == []


@pytest.mark.both_databases
def test_an_issue_that_fails_gives_its_number_back_and_comes_again(
    stripe: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError("the paper cannot be written")

    order, other = make_order(), make_order(email="other@example.org")
    with monkeypatch.context() as broken:
        broken.setattr(services, "print_document", fail)
        stripe.settle(order)
    assert told(order) == []
    # The money is booked all the same, and the order is known to be waiting for its invoice.
    assert db.session.get_one(Order, order.id, populate_existing=True).state == "paid"
    assert list_findings() == []
    stripe.settle(other)
    stripe.forget_failures()
    stripe.work()
    assert [number for _kind, number, _total in told(other) + told(order)] == ["F-2026-000001", "F-2026-000002"]


def test_documents_are_issued_once_however_often_and_late_they_are_asked_for(stripe: Bench) -> None:
    order = paid(stripe)
    give_back(stripe, order)
    bounce(stripe, order)
    with transaction():
        db.session.execute(update(Job).where(Job.kind == services.JOB).values(done_at=None))
    for _again in range(2):
        services.issue_documents(order.id)
    stripe.work()
    assert [kind for kind, _number, _total in told(order)] == ["invoice", "credit_note", "reversal"]
