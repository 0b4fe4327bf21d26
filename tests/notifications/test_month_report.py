"""A month's report for a programme's recipient: asked for, made by the worker, posted once."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, transaction
from shop.core.errors import Invalid, NotFound
from shop.core.tables import Audit, Job
from shop.notifications.models import Letter
from shop.notifications.queries import get_letter, list_attachments
from shop.notifications.sender import send_letter
from shop.notifications.services import post_month_report
from shop.programme.models import Programme, Recipient
from shop.reports.mailing import send_month_report
from tests.reports import books
from tests.reports.books import Sold, utc


@pytest.fixture
def recipient(app: Flask) -> Recipient:
    """A French reader of the Kenz programme, in whose March one unit sold a rug and another unit another."""
    with transaction():
        books.rate("EUR", date(2026, 3, 2), 10_750_000)
        inside, outside = books.unit("Inside"), books.unit("Outside")
        books.enrol(inside, "kenz", "kenz-2026", date(2026, 1, 1))
        handed = utc(2026, 3, 9, 12)
        for maker, memberships in ((inside, [("kenz", "kenz-2026")]), (outside, [])):
            sold = Sold(maker, 32000, memberships=memberships, handed_over_at=handed)
            books.paid_order([sold], utc(2026, 3, 7, 12))
        programme = db.session.scalars(select(Programme).where(Programme.code == "kenz")).one()
        reader = Recipient(programme_id=programme.id, name="Mme Alaoui", email="kenz@example.org", language="fr")
        db.session.add(reader)
    return reader


def ask(recipient: Recipient, month: str = "2026-03", basis: str = "exported") -> dict[str, str]:
    with transaction():
        send_month_report(recipient.id, month, basis, None)
    return db.session.scalars(select(Job.payload).where(Job.kind == "month_report")).one()


def test_the_letter_states_period_basis_definitions_and_total_of_the_recipients_programme(recipient: Recipient) -> None:
    post_month_report(**ask(recipient))
    letter = db.session.scalars(select(Letter)).one()
    send_letter(letter.id)
    sent = get_letter(letter.public_id)
    assert (sent.recipient, sent.language) == ("kenz@example.org", "fr")
    for part in ("31 mars 2026", "3\u00a0440,00\u00a0DH", "320,00\u00a0€", "Africa/Casablanca"):
        assert part in (sent.text or "")
        assert part in (sent.html or "")


def test_a_pdf_and_a_table_for_a_french_spreadsheet_travel_with_it(recipient: Recipient) -> None:
    post_month_report(**ask(recipient))
    letter = db.session.scalars(select(Letter)).one()
    pdf, table = list_attachments(letter.id)
    assert pdf.name == "artisan-sales-exported-2026-03-01-2026-03-31-fr.pdf"
    assert pdf.content.startswith(b"%PDF-")
    heading, row = table.content.decode("utf-8-sig").splitlines()
    assert heading.count(";") == row.count(";") == 17
    assert ";320,00;" in row
    assert "Inside (fr)" in row


def test_doing_the_job_twice_writes_one_letter(recipient: Recipient) -> None:
    payload = ask(recipient)
    post_month_report(**payload)
    post_month_report(**payload)
    assert len(list(db.session.scalars(select(Letter)))) == 1
    assert db.session.scalars(select(Audit.action)).all() == ["send month report"]


@pytest.mark.parametrize(("month", "basis"), [("2026-13", "exported"), ("2026-07", "exported"), ("2026-03", "guessed")])
def test_a_month_that_is_none_or_has_not_begun_is_refused(recipient: Recipient, month: str, basis: str) -> None:
    with pytest.raises(Invalid), transaction():
        send_month_report(recipient.id, month, basis, None)
    assert db.session.scalars(select(Job)).all() == []


def test_an_unknown_recipient_is_refused(app: Flask) -> None:
    with pytest.raises(NotFound), transaction():
        send_month_report(4711, "2026-03", "exported", None)
