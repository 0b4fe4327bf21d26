"""The migrated schema is the models' schema, guards included, on both databases."""

from datetime import date, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Connection, MetaData, Table, inspect

from shop.core import schema
from shop.core.db import Base, db
from shop.core.guards import missing_guards
from tests.conftest import MORNING


@pytest.mark.both_databases
def test_migrating_an_empty_database_gives_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        connection.exec_driver_sql(
            "DROP FUNCTION IF EXISTS refuse_ledger_change, refuse_invoice_change CASCADE"
            if db.engine.dialect.name == "postgresql"
            else "SELECT 1"
        )
        connection.commit()
    db.drop_all()
    assert "shop_order" not in inspect(db.engine).get_table_names()
    schema.upgrade()
    with db.engine.connect() as connection:
        # The full-text index has no model: a virtual table on SQLite, an index over an expression on PostgreSQL.
        opts = {"compare_type": True, "include_name": lambda name, *_where: not (name or "").startswith("search_index")}
        context = MigrationContext.configure(connection, opts=opts)
        differences = compare_metadata(context, Base.metadata)
    assert differences == []
    assert schema.at_head()
    assert missing_guards() == []


def test_a_fresh_schema_without_its_revision_is_not_at_head(app: Flask) -> None:
    assert not schema.at_head()


def _fill(connection: Connection, name: str, **values: Any) -> None:
    """A row of a table as it stands, with something in every column that must have something."""
    table = Table(name, MetaData(), autoload_with=connection)
    filler: dict[type, Any] = {int: 1, str: "x", datetime: MORNING, date: MORNING.date()}
    row = {
        column.name: filler.get(column.type.python_type, [])
        for column in table.columns
        if not column.nullable and column.server_default is None
    }
    connection.execute(table.insert().values({**row, **values}))


@pytest.mark.both_databases
def test_lines_withdrawn_whole_keep_their_returns_and_what_had_not_left_is_for_sale_again(app: Flask) -> None:
    db.drop_all()
    schema.upgrade("0012")
    postgresql = db.engine.dialect.name == "postgresql"
    with db.engine.connect() as connection:
        # Only these rows matter, and not what they point at.
        raw: Any = connection.connection.driver_connection
        raw.execute("SET session_replication_role = replica" if postgresql else "PRAGMA foreign_keys = OFF")
        _fill(connection, "variant", id=1, available=1, reserved=0, sold=2, returned=0, received=3)
        for line_id, state in ((1, "accepted"), (2, "refunded")):
            _fill(connection, "order_line", id=line_id, position=line_id, state=state, quantity=2, refunded_minor=0)
        _fill(connection, "order_return", id=1, state="received")
        for line_id in (1, 2):
            _fill(connection, "order_return_line", return_id=1, line_id=line_id)
        connection.commit()
        raw.execute("RESET session_replication_role" if postgresql else "PRAGMA foreign_keys = ON")
    schema.upgrade()
    with db.engine.connect() as connection:
        moved = connection.exec_driver_sql(
            "SELECT return_id, line_id, quantity FROM order_return_line ORDER BY line_id"
        )
        assert [tuple(row) for row in moved] == [(1, 1, 2), (1, 2, 2)]
        lines = connection.exec_driver_sql("SELECT withdrawn FROM order_line")
        assert [row.withdrawn for row in lines] == [2, 2]
        [variant] = connection.exec_driver_sql("SELECT available, sold, returned FROM variant")
        assert tuple(variant) == (3, 2, 2)
