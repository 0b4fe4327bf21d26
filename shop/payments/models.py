"""Attempts, inbox, refunds, imported balance transactions, quarantine."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Attempt(Base):
    """One Checkout Session of an order, committed before Stripe is called, with the parameters exactly as sent.

    States: created (not yet known to have reached Stripe), open, processing, paid, expired, abandoned.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint("state IN ('created', 'open', 'processing', 'paid', 'expired', 'abandoned')", "state"),
        Index("ix_attempt_state", "state", "expires_at"),
    )
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str]
    session_id: Mapped[str | None] = mapped_column(unique=True)
    session_url: Mapped[str | None]
    payment_intent: Mapped[str | None] = mapped_column(unique=True)
    charge: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class InboxEvent(Base):
    """A webhook as received, verified and stored before it is obeyed; its id keeps a second delivery out."""

    __tablename__ = "inbox_event"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str | None]


class Refund(Base):
    """Money given back for whole lines (`line_ids`) and perhaps the shipping. Committed before Stripe is called.

    States: requested, pending, succeeded, failed. `amount_minor` in the order's currency.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'pending', 'succeeded', 'failed')", "state"),
        CheckConstraint("amount_minor > 0", "positive"),
    )
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    key: Mapped[str] = mapped_column(unique=True)
    line_ids: Mapped[list[int]] = mapped_column(JSON)
    shipping_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    # buyer, declined, unfillable, duplicate, staff
    reason: Mapped[str]
    state: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    requested_by: Mapped[int | None] = mapped_column(BigId)
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failure: Mapped[str | None]


class BalanceTransaction(Base):
    """A movement of Stripe's balance, raw as fetched. `posted_at` is when the ledger took it."""

    __tablename__ = "balance_transaction"
    __table_args__ = (Index("ix_balance_transaction_posted", "posted_at", "created_at"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    reporting_category: Mapped[str]
    source: Mapped[str | None] = mapped_column(index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    exchange_rate: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    available_at: Mapped[datetime] = mapped_column(UTCDateTime)
    raw: Mapped[dict[str, Any]] = mapped_column(JSON)
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Quarantine(Base):
    """Money or a message that fits nothing: kept whole, shown to staff, never guessed at."""

    __tablename__ = "quarantine"
    id: Mapped[int] = big_id()
    kind: Mapped[str]
    stripe_id: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop_order.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
