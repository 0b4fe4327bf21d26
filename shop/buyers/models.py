"""What proves that somebody reads an e-mail address."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime


class BuyerKey(Base):
    """The link in a letter, good once, or the session it began. Only the SHA-256 of what its holder has stands here."""

    __tablename__ = "buyer_key"
    __table_args__ = (
        CheckConstraint("kind IN ('link', 'session')", "kind"),
        Index("ix_buyer_key_expiry", "expires_at"),
    )
    key_hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
