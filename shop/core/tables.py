"""Tables of the foundation: the installation's mark, dated policies, exchange rates, jobs, the audit trail."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Installation(Base):
    """One row per fact about this installation: whether it is a demonstration, say."""

    __tablename__ = "installation"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class PublicState(Base):
    """One row: the number of the newest public change, of the newest that was not of stock alone, and the newest changes
    as `number:name,name;`, the newest first (core.versions)."""

    __tablename__ = "public_state"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    lasting: Mapped[int] = mapped_column(BigInteger)
    recent: Mapped[str]


class Policy(Base):
    """A dated decision of the operator: commission, who bears fees, domestic codes. The newest not in the future holds."""

    __tablename__ = "policy"
    __table_args__ = (UniqueConstraint("key", "from_on"),)
    id: Mapped[int] = big_id()
    key: Mapped[str]
    from_on: Mapped[date]
    value: Mapped[Any] = mapped_column(JSON)


class Rate(Base):
    """`unit` units of a currency cost `mad_millionths` / 1 000 000 dirhams on a day, says `source`."""

    __tablename__ = "rate"
    __table_args__ = (
        UniqueConstraint("currency", "on"),
        CheckConstraint("mad_millionths > 0 AND unit > 0", "positive"),
    )
    id: Mapped[int] = big_id()
    on: Mapped[date]
    currency: Mapped[str]
    unit: Mapped[int] = mapped_column(default=1)
    mad_millionths: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]


class Job(Base):
    """Work for the worker, written in the transaction that made it necessary. `key` keeps it from being asked twice."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_job_due", "done_at", "run_at"),
    )
    id: Mapped[int] = big_id()
    kind: Mapped[str]
    key: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    run_at: Mapped[datetime] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None]


class Audit(Base):
    """Who did what to what, when; written, never changed. `actor` is an account id, or None for the shop itself."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "subject_id"),)
    id: Mapped[int] = big_id()
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[int | None] = mapped_column(BigId)
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
