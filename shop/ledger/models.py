"""The one table of the books; it is only ever added to."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id
from shop.core.guards import append_only


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


append_only(Entry.__table__, "ledger")
