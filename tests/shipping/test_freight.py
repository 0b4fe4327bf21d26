"""Freight quotes: asked by a buyer, answered once by staff, with a letter."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, NotFound
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.shipping.freight import Question, answer_freight, ask_freight, count_waiting, get_request, list_requests
from tests.builders import make_product


def ask(**changes: object) -> str:
    rug = make_product(weight_grams=90_000)
    question = Question(rug.id, 1, "FR", "EUR", "fr", "Claire Martin", "Claire@Example.org", "3e étage")
    with transaction():
        return ask_freight(replace(question, **changes), ["FR", "DE"]).public_id  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_a_question_is_answered_once_and_by_letter(app: Flask) -> None:
    known_as = ask()
    assert (get_request(known_as).state, count_waiting()) == ("asked", 1)
    with transaction():
        answer_freight(known_as, 38_000, "Par camion, en dix jours.", actor=None)
    assert ([row.state for row in list_requests()], count_waiting()) == (["quoted"], 0)
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.recipient, letter.language) == ("claire@example.org", "fr")
    text = render(letter).text
    assert "380,00" in text
    assert "Par camion, en dix jours." in text
    with pytest.raises(Conflict), transaction():
        answer_freight(known_as, None, "Non.", actor=None)


def test_a_refusal_says_no_amount(app: Flask) -> None:
    known_as = ask()
    with transaction():
        answer_freight(known_as, None, "Aucun transporteur.", actor=None)
    assert get_request(known_as).amount_minor is None
    assert "€" not in render(db.session.scalars(select(Letter)).one()).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "claire"}, "email"),
        ({"name": ""}, "name"),
        ({"country": "IS"}, "country"),
        ({"quantity": 0}, "quantity"),
        ({"message": "x" * 2001}, "message"),
    ],
)
def test_what_is_missing_is_said_in_its_place(app: Flask, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        ask(**changes)
    assert set(caught.value.fields) == {field}


def test_what_has_no_price_is_not_asked_about(app: Flask) -> None:
    with pytest.raises(NotFound):
        ask(currency="JPY")


@pytest.mark.parametrize(("amount", "answer", "field"), [(-1, "Oui.", "amount"), (100, "", "answer")])
def test_an_answer_is_an_amount_and_a_sentence(app: Flask, amount: int, answer: str, field: str) -> None:
    known_as = ask()
    with pytest.raises(Invalid) as caught, transaction():
        answer_freight(known_as, amount, answer, actor=None)
    assert set(caught.value.fields) == {field}
    assert get_request(known_as).state == "asked"
