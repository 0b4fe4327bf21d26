"""Accounts, handles, sessions, counters against guessing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id


class Account(Base):
    """A person who signs in. `secret_hash` is Argon2id of a PIN (artisans) or a password (staff)."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("role IN ('artisan', 'staff')", "role"),)
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    secret_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Handle(Base):
    """A way to name an account: a phone in E.164 or a case-folded e-mail address; unique among accounts."""

    __tablename__ = "handle"
    __table_args__ = (CheckConstraint("kind IN ('phone', 'email')", "kind"),)
    id: Mapped[int] = big_id()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str] = mapped_column(unique=True)


class WebSession(Base):
    """A session of the artisan or staff door. The cookie holds a random id; only its SHA-256 stands here."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_expiry", "expires_at"),)
    id_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Attempted(Base):
    """How often something was tried in a window of time, shared by every process."""

    __tablename__ = "attempted"
    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ApiToken(Base):
    """A key to the API in the name of an account. Only its SHA-256 stands here: 256 random bits need no slower hash."""

    __tablename__ = "api_token"
    id: Mapped[int] = big_id()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
