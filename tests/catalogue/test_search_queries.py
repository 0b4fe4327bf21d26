"""The published set of questions: what people type finds what they mean, in three languages and two scripts."""

from pathlib import Path

import pytest
from flask import Flask

from shop.catalogue.facets import Filters
from shop.catalogue.queries import list_products
from tests.catalogue.demo_catalogue import load_catalogue

QUESTIONS = Path(__file__).parent / "search_queries.txt"
FIRST = 5
# Of a hundred questions, how many must be answered by what is expected.
WANTED = 95


def read_questions(path: Path = QUESTIONS) -> dict[str, set[str]]:
    """Every question with the keys of the pieces it should find."""
    names: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        left, equals, right = (part.strip() for part in line.partition(" = "))
        if not equals or line.startswith("#"):
            continue
        keys = {key for word in right.split() for key in (names[word] if word.startswith("@") else {word})}
        (names if left.startswith("@") else found)[left] = keys
    return found


def answers_well(q: str, expected: set[str]) -> bool:
    first = [card.public_id for card in list_products("en", "EUR", Filters(q=q), size=FIRST).cards]
    return len(expected & set(first)) == min(FIRST, len(expected))


@pytest.mark.both_databases
def test_what_is_typed_finds_what_is_meant_among_the_first_five(app: Flask) -> None:
    load_catalogue()
    questions = read_questions()
    missed = [q for q, expected in questions.items() if not answers_well(q, expected)]
    print(f"{len(questions) - len(missed)} of {len(questions)}; missed: {missed}")
    assert len(missed) * 100 <= (100 - WANTED) * len(questions), missed


def test_the_set_is_large_enough_and_asks_for_pieces_that_exist(app: Flask) -> None:
    load_catalogue()
    there = {card.public_id for page in range(1, 5) for card in list_products("en", "EUR", Filters(), page).cards}
    questions = read_questions()
    assert len(questions) >= 150
    assert set().union(*questions.values()) <= there
