"""Tables that are only ever added to: triggers on both databases refuse every change, made together with the table."""

from typing import Any

from sqlalchemy import DDL, event, text

from shop.core.db import db, dialect

# By dialect, the name of each trigger and what makes it.
_GUARDS: dict[str, dict[str, str]] = {"sqlite": {}, "postgresql": {}}


def append_only(table: Any, word: str) -> None:
    """Let nobody change or delete rows of a table; `word` names them ("ledger rows"). Called once beside its model.

    A migration that makes such a table writes these statements down for itself, frozen.
    """
    sqlite = {
        f"{table.name}_no_{action.lower()}": (
            f"CREATE TRIGGER {table.name}_no_{action.lower()} BEFORE {action} ON {table.name} "
            f"BEGIN SELECT RAISE(ABORT, '{word} rows are never {done}'); END"
        )
        for action, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    }
    refuse = f"EXECUTE FUNCTION refuse_{word}_change()"
    postgresql = {
        f"{table.name}_append_only": (
            f"CREATE TRIGGER {table.name}_append_only BEFORE UPDATE OR DELETE ON {table.name} FOR EACH ROW {refuse}"
        ),
        f"{table.name}_no_truncate": (
            f"CREATE TRIGGER {table.name}_no_truncate BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT {refuse}"
        ),
    }
    function = (
        f"CREATE OR REPLACE FUNCTION refuse_{word}_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{word} rows are never changed or deleted'; END $$"
    )
    _GUARDS["sqlite"].update(sqlite)
    _GUARDS["postgresql"].update(postgresql)
    for kind, statements in (("sqlite", sqlite.values()), ("postgresql", [function, *postgresql.values()])):
        for statement in statements:
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=kind))


def missing_guards() -> list[str]:
    """One sentence per trigger that should keep a table append-only and is not there."""
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'",
    }
    found = set(db.session.scalars(text(catalogue[dialect()])))
    missing = sorted(_GUARDS[dialect()].keys() - found)
    return [f"The trigger {name} is missing: rows that are kept for ever could be changed." for name in missing]
