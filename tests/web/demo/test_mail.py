"""The mailbox of a demonstration."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core.db import db, record, transaction
from shop.notifications.models import Letter
from shop.notifications.sender import send_letter
from shop.notifications.services import write_letter
from shop.orders.events import OrderPaid
from shop.reports.documents import Document
from tests.reports import books
from tests.reports.books import Sold, utc


class TestInADemonstration:
    @pytest.fixture
    def settings_changes(self) -> dict[str, Any]:
        return {"demo": True}

    @pytest.fixture
    def letter(self, app: Flask) -> Letter:
        """The confirmation of an Arabic order whose piece has a script for a title."""
        with transaction():
            books.rate("EUR", date(2026, 3, 6), 10_750_000)
            order = books.paid_order([Sold(books.unit(), 32000)], utc(2026, 6, 14, 12))
            order.language = "ar"
            books.lines_of_order(order)[0].title = "<script>alert(1)</script>"
        with transaction():
            record(OrderPaid(order.id, tuple(books.lines_of_order(order))))
        return db.session.query(Letter).one()

    @pytest.mark.parametrize("sent", [False, True])
    def test_a_letter_can_be_read_before_and_after_it_is_sent(
        self, client: FlaskClient, letter: Letter, sent: bool
    ) -> None:
        if sent:
            send_letter(letter.id)
        listed = client.get("/demo/mail?lang=fr").text
        assert f"/demo/mail/{letter.public_id}" in listed
        page = client.get(f"/demo/mail/{letter.public_id}").text
        assert f'src="/demo/mail/{letter.public_id}/body"' in page
        assert 'sandbox="allow-popups"' in page

    def test_the_frame_shows_the_letter_and_runs_nothing(self, client: FlaskClient, letter: Letter) -> None:
        body = client.get(f"/demo/mail/{letter.public_id}/body")
        assert 'dir="rtl"' in body.text
        assert "<script" not in body.text
        policy = body.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "sandbox" in policy

    def test_letters_are_found_by_their_reader(self, client: FlaskClient, letter: Letter) -> None:
        assert letter.public_id in client.get("/demo/mail?to=BUYER@").text
        assert letter.public_id not in client.get("/demo/mail?to=nobody").text
        assert letter.public_id not in client.get("/demo/mail?to=%25").text

    def test_an_attachment_is_a_download_of_its_own_letter_only(self, client: FlaskClient, letter: Letter) -> None:
        with transaction():
            file = Document("t.csv", "text/csv; charset=utf-8", b"a;b")
            other = write_letter("order_confirmation", "a@example.org", "fr", letter.data, attachments=[file])
        page = client.get(f"/demo/mail/{other.public_id}").text
        address = page.partition(f'href="/demo/mail/{other.public_id}/files/')[2].partition('"')[0]
        answer = client.get(f"/demo/mail/{other.public_id}/files/{address}")
        assert answer.data == b"a;b"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert client.get(f"/demo/mail/{letter.public_id}/files/{address}").status_code == 404

    def test_the_list_goes_on_page_by_page(self, client: FlaskClient, letter: Letter) -> None:
        with transaction():
            for number in range(51):
                write_letter("order_confirmation", f"b{number}@example.org", "fr", letter.data)
        first = client.get("/demo/mail").text
        assert letter.public_id not in first
        older = first.partition("before=")[2].partition("&")[0].partition('"')[0]
        assert letter.public_id in client.get(f"/demo/mail?before={older}").text

    def test_an_unknown_letter_is_not_there(self, client: FlaskClient) -> None:
        assert client.get("/demo/mail/nothing").status_code == 404

    def test_an_empty_box_says_so(self, client: FlaskClient) -> None:
        assert client.get("/demo/mail?lang=en").status_code == 200


def test_a_shop_that_is_no_demonstration_has_no_mailbox(client: FlaskClient) -> None:
    assert client.get("/demo/mail").status_code == 404
