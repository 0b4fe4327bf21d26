"""The outgoing post."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Letter(Base):
    """One mail. `data` is what the template needs; subject and bodies are filled when it is rendered."""

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_unsent", "sent_at", "id"),)
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    recipient: Mapped[str]
    language: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(BigId, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    subject: Mapped[str | None]
    text: Mapped[str | None]
    html: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None]


class Attachment(Base):
    """A file that travels with a letter."""

    __tablename__ = "attachment"
    id: Mapped[int] = big_id()
    letter_id: Mapped[int] = mapped_column(BigId, index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
