"""The one table of the books, and the triggers that keep it append-only."""

from datetime import date, datetime

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id


class Entry(Base):
    """Balanced by construction: `debit` and `credit` are account names (ledger.accounts).

    `source` and `source_id` say what caused it, `leg` which row of that cause: unique, so a replay is harmless.
    `effective_on` is the Casablanca day it counts for.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "leg"),
        CheckConstraint("amount_minor > 0", "positive"),
        CheckConstraint("debit <> credit", "two_accounts"),
        Index("ix_ledger_entry_debit", "debit", "currency"),
        Index("ix_ledger_entry_credit", "credit", "currency"),
    )
    id: Mapped[int] = big_id()
    source: Mapped[str]
    source_id: Mapped[str]
    leg: Mapped[str]
    debit: Mapped[str]
    credit: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop_order.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    effective_on: Mapped[date]
    posted_at: Mapped[datetime] = mapped_column(UTCDateTime)


SQLITE_GUARDS = {
    "ledger_entry_no_update": (
        "CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry "
        "BEGIN SELECT RAISE(ABORT, 'ledger rows are never changed'); END"
    ),
    "ledger_entry_no_delete": (
        "CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry "
        "BEGIN SELECT RAISE(ABORT, 'ledger rows are never deleted'); END"
    ),
}
POSTGRESQL_GUARDS = {
    "ledger_entry_append_only": (
        "CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
    ),
    "ledger_entry_no_truncate": (
        "CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
    ),
}
POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'ledger rows are never changed or deleted'; END $$"
)


def guard_statements(dialect: str) -> list[str]:
    """The statements that make the table append-only, for migrations and for a fresh schema."""
    if dialect == "sqlite":
        return list(SQLITE_GUARDS.values())
    return [POSTGRESQL_FUNCTION, *POSTGRESQL_GUARDS.values()]


for _dialect in ("sqlite", "postgresql"):
    for _statement in guard_statements(_dialect):
        event.listen(Entry.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
