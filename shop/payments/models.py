"""Attempts, inbox, refunds, imported balance transactions, quarantine."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Attempt(Base):
    """One Checkout Session of an order, committed before Stripe is called, with the parameters exactly as sent.

    States: created (not yet known to have reached Stripe), open, processing, paid, expired, abandoned. A session has a page
    at Stripe (`session_url`) or is shown on ours (`client_secret`). One that `gives_way_to` a language is closed because the
    buyer wants Stripe's own page in that language: when it expires, the order goes on waiting for its payment.
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
    client_secret: Mapped[str | None]
    gives_way_to: Mapped[str | None]
    payment_intent: Mapped[str | None] = mapped_column(unique=True)
    charge: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)

    def remember(self, session_id: str, url: str | None, client_secret: str | None) -> None:
        """Write down what Stripe answered to the opening."""
        self.session_id, self.session_url, self.client_secret = session_id, url, client_secret

    @property
    def is_on_our_page(self) -> bool:
        """Whether its session is, or will be, shown on our page."""
        return self.client_secret is not None or self.parameters.get("ui_mode") == "elements"


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
    """Money given back, in parts of lines, postage and duty. Committed before Stripe is called.

    States: requested, pending, succeeded, failed; one that succeeded may still fail days later, and `failed_at` says
    when. A refund of a payment that bought nothing has no parts. `amount_minor` in the currency of the payment.
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
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    # The return whose pieces it pays back.
    return_id: Mapped[int | None] = mapped_column(ForeignKey("order_return.id"), index=True)
    # buyer, withdrawal, declined, unfillable, duplicate, staff, stripe (begun there)
    reason: Mapped[str]
    state: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    requested_by: Mapped[int | None] = mapped_column(BigId)
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failure: Mapped[str | None]


class RefundPart(Base):
    """What of an order a refund gives back: a part of a line (`amount_minor` with its tax), of the postage, of the duty.

    `quantity` is how many pieces of the line it pays back; 0 where it only reduces their price. How a line's part divides
    into net (commission in it) and tax is known, and filled in, when it is booked.
    """

    __tablename__ = "refund_part"
    __table_args__ = (
        CheckConstraint("kind IN ('line', 'shipping', 'duty')", "kind"),
        CheckConstraint("amount_minor > 0", "positive"),
        CheckConstraint("(kind = 'line') = (line_id IS NOT NULL)", "of_a_line"),
    )
    quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    id: Mapped[int] = big_id()
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), index=True)
    kind: Mapped[str]
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    commission_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class Dispute(Base):
    """A payment its buyer contests at the bank; `status` is Stripe's word, `warning_…` an inquiry that takes no money.

    `withdrawn_at` and `reinstated_at` say when the bank took the money and gave it back. `is_refundable`: whether
    Stripe still lets the charge be refunded.
    """

    __tablename__ = "dispute"
    id: Mapped[int] = big_id()
    stripe_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    is_refundable: Mapped[bool]
    answer_by: Mapped[datetime | None] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reinstated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DisputePart(Base):
    """What a dispute took of a line, as it was booked: net (commission in it) and tax."""

    __tablename__ = "dispute_part"
    id: Mapped[int] = big_id()
    dispute_id: Mapped[int] = mapped_column(ForeignKey("dispute.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    commission_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)


class BalanceTransaction(Base):
    """A movement of Stripe's balance, raw as fetched. `posted_at` is when the ledger took it.

    `payout` is the payout to the bank it left with, once a reconciliation has asked.
    """

    __tablename__ = "balance_transaction"
    __table_args__ = (
        Index("ix_balance_transaction_posted", "posted_at", "created_at"),
        Index("ix_balance_transaction_created", "created_at", "id"),
    )
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
    payout: Mapped[str | None] = mapped_column(index=True)


class StripePayout(Base):
    """A payout of Stripe's balance to the operator's bank, as last seen.

    `reconciliation` is Stripe's word: in_progress, completed (Stripe says what it consists of), or not_applicable.
    """

    __tablename__ = "stripe_payout"
    id: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    status: Mapped[str]
    reconciliation: Mapped[str]
    balance_transaction: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Quarantine(Base):
    """Money or a message that fits nothing: kept whole, shown to staff, never guessed at.

    `stripe_id` by `kind`: "balance" the balance transaction, "amount" the payment, "event" the event, "refund_failed"
    the refund (or our key of it), "lost_order" the session. `resolution` says how it was cleared up: found (its place is
    known now), returned (the money goes back), explained (somebody has looked, `note` in the data).
    """

    __tablename__ = "quarantine"
    id: Mapped[int] = big_id()
    kind: Mapped[str]
    stripe_id: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop_order.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolution: Mapped[str | None]
    resolved_by: Mapped[int | None] = mapped_column(BigId)
