"""The books refuse to be changed, whoever asks."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.guards import missing_guards
from shop.ledger.models import Entry
from shop.ledger.services import post_unknown_balance

pytestmark = pytest.mark.both_databases


@pytest.fixture
def booked(app: Flask) -> None:
    with transaction():
        post_unknown_balance("txn_1", 500, "EUR", date(2026, 6, 1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount_minor = 1",
        "DELETE FROM ledger_entry",
    ],
)
def test_a_row_of_the_books_is_never_changed_or_deleted(booked: None, statement: str) -> None:
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))
    assert db.session.query(Entry).one().amount_minor == 500


def test_a_row_is_never_replaced_or_the_table_emptied(booked: None) -> None:
    sqlite = db.engine.dialect.name == "sqlite"
    columns = "id, source, source_id, leg, debit, credit, amount_minor, currency, effective_on, posted_at"
    replace = f"INSERT OR REPLACE INTO ledger_entry ({columns}) SELECT {columns.replace('amount_minor', '1')} FROM ledger_entry"
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(replace if sqlite else "TRUNCATE ledger_entry"))
    assert db.session.query(Entry).one().amount_minor == 500


def test_the_same_cause_is_booked_once(booked: None) -> None:
    with transaction():
        post_unknown_balance("txn_1", 500, "EUR", date(2026, 6, 1))
    assert db.session.query(Entry).count() == 1
    with pytest.raises(DBAPIError), transaction() as session:
        session.add(
            Entry(
                source="balance",
                source_id="txn_1",
                leg="net",
                debit="a",
                credit="b",
                amount_minor=1,
                currency="EUR",
                effective_on=date(2026, 6, 1),
                posted_at=clock.now(),
            )
        )


def test_a_missing_guard_is_found(booked: None) -> None:
    assert missing_guards() == []
    name = "ledger_entry_no_update" if db.engine.dialect.name == "sqlite" else "ledger_entry_append_only"
    on = "" if db.engine.dialect.name == "sqlite" else " ON ledger_entry"
    with transaction() as session:
        session.execute(text(f"DROP TRIGGER {name}{on}"))
    assert len(missing_guards()) == 1
