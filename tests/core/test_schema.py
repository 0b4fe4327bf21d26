"""The migrated schema is the models' schema, guards included, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect

from shop.core import schema
from shop.core.db import Base, db
from shop.core.guards import missing_guards


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
