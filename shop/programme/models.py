"""Programmes, editions, memberships, recipients."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Programme(Base):
    """`kind` says what membership means: 'export' lets a unit sell, 'aggregation' lets an aggregator carry others,
    'production' is support without selling."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("kind IN ('export', 'production', 'aggregation')", "kind"),)
    id: Mapped[int] = big_id()
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    aliases: Mapped[str] = mapped_column(default="")


class Edition(Base):
    """A yearly cycle; its memberships are a cohort."""

    __tablename__ = "edition"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", "order"),)
    id: Mapped[int] = big_id()
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Membership(Base):
    """A unit in an edition from a day to a day (both included; open while `to_on` is null), as staff admitted it."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_unit_dates", "unit_id", "from_on", "to_on"),)
    id: Mapped[int] = big_id()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    admitted_by: Mapped[int | None] = mapped_column(BigId)
    admitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    outcome: Mapped[str | None]


class Recipient(Base):
    """Somebody at a programme to whom a month's report goes, in their language."""

    __tablename__ = "recipient"
    id: Mapped[int] = big_id()
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
