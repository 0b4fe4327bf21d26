"""Letters: written with the event, in the recipient's language, sent once."""

import smtplib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.clock import VirtualClock
from shop.core.db import db, record, transaction
from shop.core.errors import EdgeFailed
from shop.core.tables import Job
from shop.fulfilment.events import ParcelArrived, ParcelHandedOver
from shop.fulfilment.models import Parcel, ParcelLine
from shop.i18n.languages import LANGUAGES
from shop.notifications import sender
from shop.notifications.models import Letter
from shop.notifications.queries import get_letter
from shop.notifications.render import render
from shop.notifications.sender import send_letter
from shop.notifications.services import post_order_link
from shop.orders.events import OrderPaid, OrderUnfillable
from shop.orders.models import Order
from shop.payments.events import DisputeChanged, RefundFailed, RefundSettled
from shop.payments.models import Attempt, Dispute, Refund
from tests.reports import books
from tests.reports.books import Sold, utc


@pytest.fixture
def order(app: Flask) -> Order:
    with transaction():
        lines = [Sold(books.unit("Aït <Bouguemez>"), 32000), Sold(books.unit("Safi"), 9000, quantity=2)]
        return books.paid_order(lines, utc(2026, 6, 14, 12), shipping=6000)


def in_language(order: Order, language: str) -> Order:
    with transaction():
        kept = db.session.get_one(Order, order.id)
        kept.language = language
    return kept


def letters() -> list[Letter]:
    return list(db.session.scalars(select(Letter).order_by(Letter.id)))


def tell(fact: object) -> Letter:
    """Record a fact as a service would; the letter it is answered by."""
    with transaction():
        record(fact)
    return letters()[-1]


def paid(order: Order) -> OrderPaid:
    return OrderPaid(order.id, tuple(books.lines_of_order(order)))


def hand_over(order: Order) -> ParcelHandedOver:
    with transaction():
        first = books.lines_of_order(order)[0]
        handed = {"handed_over_on": date(2026, 6, 15), "recorded_at": utc(2026, 6, 15, 9)}
        parcel = Parcel(
            public_id="parcel0001",
            order_id=order.id,
            unit_id=first.unit_id,
            carrier="Poste",
            tracking="RR1MA",
            **handed,
        )
        db.session.add(parcel)
        db.session.flush()
        db.session.add(ParcelLine(parcel_id=parcel.id, line_id=first.id))
        return ParcelHandedOver(parcel.id)


def give_back(order: Order) -> RefundSettled:
    with transaction():
        kept = db.session.get_one(Order, order.id)
        return RefundSettled(books.refunded(kept, utc(2026, 6, 15, 9), 1).id)


def fail(order: Order) -> RefundFailed:
    back = give_back(order)
    with transaction():
        refund = db.session.get_one(Refund, back.refund_id)
        refund.state, refund.failure = "failed", "expired_or_canceled_card"
    return RefundFailed(back.refund_id)


def contest(order: Order) -> DisputeChanged:
    with transaction():
        attempt = db.session.scalars(select(Attempt).where(Attempt.order_id == order.id)).one()
        dispute = Dispute(
            stripe_id="du_1",
            order_id=order.id,
            attempt_id=attempt.id,
            amount_minor=47000,
            currency="EUR",
            reason="product_not_received",
            status="needs_response",
            is_refundable=False,
            answer_by=utc(2026, 6, 24, 22, 59),
            opened_at=utc(2026, 6, 15, 9),
        )
        db.session.add(dispute)
        db.session.flush()
        return DisputeChanged(dispute.id, "needs_response")


def arrive(order: Order) -> ParcelArrived:
    parcel_id = hand_over(order).parcel_id
    with transaction():
        db.session.get_one(Parcel, parcel_id).arrived_on = date(2026, 6, 19)
    return ParcelArrived(parcel_id, by_staff=True)


FACTS: dict[str, Callable[[Order], object]] = {
    "order_confirmation": paid,
    "order_unfillable": lambda order: OrderUnfillable(order.id),
    "parcel_handed_over": hand_over,
    "parcel_arrived": arrive,
    "refund_settled": give_back,
    "refund_failed": fail,
}
# What goes to the operator's own address, of the facts that somebody has to act upon.
OPERATORS: dict[str, tuple[Callable[[Order], object], tuple[str, ...]]] = {
    "dispute_changed": (contest, ("470,00", "24 juin 2026", "L’acheteur dit n’avoir rien reçu.", "Répondez à temps")),
    "refund_to_repeat": (fail, ("320,00", "La carte de l’acheteur est expirée ou annulée.", "Redemandez-le")),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FACTS)
def test_every_letter_speaks_the_orders_language(order: Order, kind: str, language: str) -> None:
    tell(FACTS[kind](in_language(order, language)))
    letter = next(letter for letter in letters() if letter.kind == kind)
    rendered = render(letter)
    assert (letter.kind, letter.recipient, letter.language) == (kind, "buyer@example.org", language)
    assert f'lang="{LANGUAGES[language].tag}" dir="{LANGUAGES[language].direction}"' in rendered.html
    assert order.number in rendered.subject
    assert "\n" not in rendered.subject
    assert f"http://localhost/{language}/orders/{order.number}?t=" in rendered.text
    assert "Aït &lt;Bouguemez&gt;" in rendered.html or language != "en" or kind == "refund_failed"
    assert "<bdi" not in rendered.subject + rendered.text


def test_the_confirmation_names_pieces_makers_amounts_and_the_day_of_sending(order: Order) -> None:
    text = render(tell(paid(in_language(order, "en")))).text
    for part in ("€320.00", "Safi", "€90.00", "€60.00", "€470.00", "20 March 2026", "Jeanne Martin", "France"):
        assert part in text
    # Five to fifteen working days after the last day of leaving: this order names no parcels, and there is no zone.
    assert "Expected with you from 27 March 2026 to 10 April 2026." in text


@pytest.mark.parametrize("kind", [paid, "handed over"])
def test_what_the_border_asks_is_told_as_the_order_has_it(order: Order, kind: Any) -> None:
    with transaction():
        kept = db.session.get_one(Order, order.id)
        kept.language, kept.tax_minor = "ar", 0
        kept.landed = {
            "kind": "estimate",
            "tax_minor": 8120,
            "duty_minor": 400,
            "sources": ["Règlement (UE) n° 952/2013 & annexe"],
            "since": "2026-01-01",
            "on": "2026-06-14",
        }
    rendered = render(tell(kind(order) if kind is paid else hand_over(order)))
    # Latin letters and amounts stand by themselves in an Arabic sentence, with marks in HTML and with isolates in text.
    assert "<bdi>Règlement (UE) n° 952/2013 &amp; annexe</bdi>" in rendered.html
    assert "85,20" in rendered.html
    if kind is paid:
        assert "\u2068Règlement (UE) n° 952/2013 & annexe\u2069" in rendered.text
        assert "<bdi>" not in rendered.text


def test_a_parcel_with_half_an_order_says_that_more_follows(order: Order) -> None:
    letter = tell(hand_over(in_language(order, "en")))
    assert letter.data["more_to_come"] is True
    assert "RR1MA" in render(letter).text
    # Handed over on Monday, 15 June.
    assert "Expected with you from 22 June 2026 to 6 July 2026." in render(letter).html


@pytest.mark.parametrize("kind", OPERATORS)
def test_the_operator_is_told_in_its_own_language_what_to_do(order: Order, kind: str) -> None:
    fact, parts = OPERATORS[kind]
    tell(fact(in_language(order, "ar")))
    (letter,) = [letter for letter in letters() if letter.kind == kind]
    assert (letter.recipient, letter.language) == ("contact@example.org", "fr")
    rendered = render(letter)
    assert order.number in rendered.subject
    assert f"http://localhost/staff/orders/{order.number}" in rendered.text
    for part in parts:
        assert part in rendered.text
        assert part in rendered.html


def test_that_an_answer_has_reached_the_bank_is_no_news(order: Order) -> None:
    fact = contest(order)
    with transaction():
        record(replace(fact, status="under_review"))
    assert letters() == []


@pytest.mark.parametrize(
    ("refunds", "postage", "heading", "stays"),
    [
        ([{}], 6000, "We have given your money back", False),
        ([{}], 0, "We have given the money for these pieces back", False),
        ([{"positions": (1,)}], 0, "We have given the money for these pieces back", False),
        ([{"positions": (1,), "minor": 500}], 0, "We have given a part of the price back", True),
        ([{"positions": (1,), "minor": 500}, {}], 6000, "We have given your money back", False),
    ],
)
def test_a_refund_is_called_what_it_is(
    order: Order, refunds: list[dict[str, Any]], postage: int, heading: str, stays: bool
) -> None:
    in_language(order, "en")
    for more in refunds:
        with transaction():
            kept = db.session.get_one(Order, order.id)
            kept.shipping_refunded_minor = postage
            refund = books.refunded(kept, utc(2026, 6, 15, 9), *more.get("positions", ()), minor=more.get("minor"))
        text = render(tell(RefundSettled(refund.id))).text
    assert heading in text
    assert ("Your order stays as it is." in text) == stays


def test_a_letter_is_written_with_its_event_or_not_at_all(order: Order) -> None:
    def change_ones_mind() -> None:
        with transaction():
            record(paid(order))
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        change_ones_mind()
    assert letters() == []
    letter = tell(paid(order))
    jobs = db.session.execute(select(Job.kind, Job.payload).where(Job.kind == "send_letter")).all()
    assert [tuple(job) for job in jobs] == [("send_letter", {"letter_id": letter.id})]


def test_a_letter_is_sent_once_and_kept_as_sent(order: Order, tmp_path: Path, clock: VirtualClock) -> None:
    letter = tell(paid(order))
    send_letter(letter.id)
    kept = get_letter(letter.public_id)
    assert kept.sent_at == clock()
    path = tmp_path / "mail" / f"{letter.public_id}.eml"
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == kept.subject
    assert message["Content-Language"] == "fr"
    assert isinstance(message, EmailMessage)
    assert message.get_body(("plain",)).get_content() == kept.text  # type: ignore[union-attr]
    path.unlink()
    clock.advance(hours=1)
    send_letter(letter.id)
    assert not path.exists()


class Server:
    """What smtplib offers, without a network."""

    taken: list[EmailMessage] = []
    refuses = False

    def __init__(self, host: str, port: int, timeout: int) -> None:
        assert (host, port, timeout) == ("mail.example.org", 2525, 10)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *error: object) -> None: ...

    def ehlo(self) -> None: ...

    def has_extn(self, name: str) -> bool:
        return False

    def send_message(self, message: EmailMessage) -> None:
        if self.refuses:
            raise smtplib.SMTPServerDisconnected("gone")
        self.taken.append(message)


class TestWithAServer:
    @pytest.fixture
    def settings_changes(self) -> dict[str, Any]:
        return {"mail_url": "smtp://mail.example.org:2525"}

    @pytest.fixture(autouse=True)
    def server(self, monkeypatch: pytest.MonkeyPatch) -> type[Server]:
        monkeypatch.setattr(sender.smtplib, "SMTP", Server)
        monkeypatch.setattr(Server, "taken", [])
        return Server

    def test_a_server_that_refuses_leaves_the_letter_unsent_and_says_why(
        self, order: Order, monkeypatch: pytest.MonkeyPatch, server: type[Server]
    ) -> None:
        letter = tell(paid(order))
        monkeypatch.setattr(server, "refuses", True)
        with pytest.raises(EdgeFailed):
            send_letter(letter.id)
        kept = get_letter(letter.public_id)
        assert kept.sent_at is None
        assert "gone" in (kept.error or "")
        monkeypatch.setattr(server, "refuses", False)
        send_letter(letter.id)
        assert len(server.taken) == 1
        assert get_letter(letter.public_id).error is None

    def test_no_letter_carries_a_line_break_into_its_headers(self, order: Order, server: type[Server]) -> None:
        with transaction():
            db.session.get_one(Order, order.id).email = "a@example.org\nBcc: b@example.org"
        letter = tell(paid(order))
        with pytest.raises(ValueError, match=r"[Hh]eader"):
            send_letter(letter.id)
        assert server.taken == []


def test_the_promise_is_the_latest_of_the_lines(order: Order) -> None:
    with transaction():
        last = books.lines_of_order(order)[1]
        last.promise_on += timedelta(days=9)
    assert tell(paid(order)).data["promise_on"] == "2026-03-29"


def test_a_link_that_is_sent_twice_by_a_worker_that_died_is_one_letter(order: Order) -> None:
    job = {"letter": "abcdefghij", "number": order.number, "email": order.email, "language": "ar"}
    for _turn in range(2):
        post_order_link(**job)
    letters = list(db.session.scalars(select(Letter).where(Letter.kind == "order_link")))
    assert [letter.public_id for letter in letters] == ["abcdefghij"]
