"""A unit's statement is its account, whatever is in the books: nothing is left out, month follows on month."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.core import clock
from shop.core.db import db, transaction
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.ledger.queries import sum_balance
from shop.ledger.shares import Share, share_out
from shop.ledger.statements import REVERSALS, Amounts, list_statements, month_of, read_statement, sort_rows
from tests.builders import make_unit
from tests.ledger.histories import INTENT, STEPS, Life, make_life, settle_all

UNITS = (1, 2, 3)
OTHERS = (
    accounts.STRIPE_PENDING, accounts.FX_CONVERSION, accounts.PAYMENT_FEES, accounts.DISPUTE_FEES, accounts.BANK,
    accounts.RETURN_FREIGHT, accounts.FX_DIFFERENCE, accounts.SUSPENSE, accounts.COMMISSION,
)  # fmt: skip
SOURCES = ("payment", "balance", "hand_over", "payout", "adjustment", "heal", *sorted(REVERSALS))
LEGS = ("line:1:artisan", "line:1:artisan:in", "line:1:artisan:out", "line:1:fee", "transfer")
FIRST = date(2026, 1, 1)


@dataclass(frozen=True)
class Moved:
    """A row of the books, as far as a statement reads it."""

    source: str
    source_id: str
    leg: str
    debit: str
    credit: str
    amount_minor: int
    currency: str
    order_id: int | None
    line_id: int | None
    effective_on: date
    unit_id: int


def _own(unit_id: int) -> tuple[str, str]:
    return accounts.pending(unit_id), accounts.payable(unit_id)


@st.composite
def moved(draw: st.DrawFn) -> Moved:
    unit_id = draw(st.sampled_from(UNITS))
    pair = draw(
        st.lists(st.sampled_from([*_own(unit_id), *OTHERS]), min_size=2, max_size=2, unique=True).filter(
            # Rows that belong to a unit touch its account or the commission on its sales.
            lambda names: {*names} & {*_own(unit_id), accounts.COMMISSION}
        )
    )
    line_id = draw(st.none() | st.integers(1, 4))
    return Moved(
        draw(st.sampled_from(SOURCES)),
        draw(st.sampled_from(("a", "b", "c"))),
        draw(st.sampled_from(LEGS)),
        *pair,
        draw(st.integers(1, 10**9)),
        "EUR",
        1 if line_id else None,
        line_id,
        FIRST + timedelta(days=draw(st.integers(0, 120))),
        unit_id,
    )


def balance(unit_id: int, rows: Sequence[Moved]) -> int:
    """What stands for a unit, summed by the names of its accounts alone."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row.credit] += row.amount_minor
        sums[row.debit] -= row.amount_minor
    return sum(sums[account] for account in _own(unit_id))


@settings(max_examples=60, deadline=None)
@given(st.lists(moved(), max_size=40), st.sets(st.sampled_from(("a", "b", "c"))))
def test_the_columns_of_any_rows_sum_to_what_the_books_say(rows: list[Moved], undone: set[str]) -> None:
    for unit_id in UNITS:
        found = sort_rows(unit_id, [row for row in rows if row.unit_id == unit_id], frozenset(undone))
        assert sum(row.amounts.net for row in found) == balance(unit_id, rows)
        assert all(found)


def _of_unit(life: Life, unit_id: int, currency: str) -> list[Moved]:
    """A unit's rows of a generated life, as they would be read."""
    return [
        Moved(
            p.source, p.source_id, p.row.leg, p.row.debit, p.row.credit, p.row.minor, currency, 1, p.row.line_id, FIRST,
            unit_id,
        )
        for p in life.posted
        if p.row.unit_id == unit_id and p.row.currency == currency
    ]  # fmt: skip


def test_of_generated_sales_each_column_says_what_its_name_says() -> None:
    for seed in range(150):
        life = make_life(Random(seed))
        for _step in range(life.random.randint(1, 10)):
            life.random.choice(STEPS)(life)
        settle_all(life)
        undone = frozenset(
            p.source_id for p in life.posted if p.source == "balance" and re.fullmatch("gross:.*:undone", p.row.leg)
        )
        balances = life.balances()
        for unit_id in {line.unit_id for line in life.terms}:
            ids = {line.line_id for line in life.terms if line.unit_id == unit_id}
            rows = sort_rows(unit_id, _of_unit(life, unit_id, life.settlement), undone)
            totals = Amounts()
            for row in rows:
                totals.add(row.amounts)
            assert totals.net == sum(balances[account, life.settlement] for account in _own(unit_id)), seed
            assert totals.gross == sum(
                row.minor
                for row in (
                    life.books.settled(INTENT)
                    if life.currency != life.settlement
                    else life.books.rows("payment", INTENT)
                )
                if row.line_id in ids and re.fullmatch(r"line:\d+:(artisan|commission)(:in)?", row.leg)
            ), seed
            kept = sum(life.books.standing(accounts.COMMISSION, line_id).get(life.settlement, 0) for line_id in ids)
            assert totals.commission == -kept, seed
            assert totals.refunds <= 0, seed
            assert totals.paid == 0
            if life.currency != life.settlement:
                # All has left for the settlement currency, and what came back after all has left too.
                assert sort_rows(unit_id, _of_unit(life, unit_id, life.currency), undone) == [], seed


@pytest.mark.both_databases
def test_each_month_begins_as_the_last_one_ended_and_the_last_ends_as_the_books_stand(app: Flask) -> None:
    unit = make_unit()
    chance = Random(7)
    own = _own(unit.id)
    with transaction() as session:
        for number in range(300):
            pair = chance.sample([chance.choice(own), chance.choice(OTHERS)], 2)
            session.add(
                Entry(
                    source=chance.choice(SOURCES),
                    source_id=str(number // 2),
                    leg=f"{chance.choice(LEGS)}:{number}",
                    debit=pair[0],
                    credit=pair[1],
                    amount_minor=chance.randrange(1, 10**6),
                    currency=chance.choice(("EUR", "USD")),
                    unit_id=unit.id,
                    effective_on=FIRST + timedelta(days=chance.randrange(300)),
                    posted_at=clock.now(),
                )
            )
    statements = list_statements(unit.id)
    assert {statement.currency for statement in statements} == {"EUR", "USD"}
    for currency in ("EUR", "USD"):
        months = sorted((s for s in statements if s.currency == currency), key=lambda statement: statement.first)
        closing = 0
        for statement in months:
            assert read_statement(unit.id, currency, *month_of(statement.last)) == statement
            assert statement.opening == closing
            assert statement.opening + sum(row.amounts.net for row in statement.rows) == statement.closing
            closing = statement.closing
        assert len(months) > 8
        assert closing == sum(sum_balance(account, currency) for account in own) != 0
    db.session.rollback()


shares = st.lists(st.integers(0, 4000), min_size=0, max_size=6).map(
    lambda points: [Share(person_id=number, bp=bp) for number, bp in enumerate(points, 1)]
)


@given(shares.filter(lambda known: sum(s["bp"] for s in known) <= 10_000), st.lists(st.integers(-(10**7), 10**7)))
def test_makers_shares_sum_exactly_at_every_step_and_nothing_is_left_when_all_went_back(
    known: list[Share], changes: list[int]
) -> None:
    stands = 0
    sums: Counter[int | None] = Counter()
    for change in [*changes, -sum(changes)]:
        parts = share_out(stands, change, known)
        assert sum(parts.values()) == change
        stands += change
        sums.update(parts)
        for share in known:
            # Nobody is further from their exact part than one cent.
            assert abs(sums[share["person_id"]] * 10_000 - stands * share["bp"]) < 10_000
    assert not any(sums.values())


def test_what_nobody_was_named_for_is_the_units() -> None:
    assert share_out(0, 100, []) == {None: 100}
    assert share_out(0, 100, [Share(person_id=1, bp=3333)]) == {1: 33, None: 67}
    assert share_out(0, -100, [Share(person_id=1, bp=5000), Share(person_id=2, bp=5000)]) == {1: -50, 2: -50}
