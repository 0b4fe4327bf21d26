"""Documents and the last number of each series."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id
from shop.core.guards import append_only

# What begins the numbers of a kind: facture, avoir, annulation d'avoir (rectification).
SERIES = {"invoice": "F", "credit_note": "A", "reversal": "R"}


class Series(Base):
    """The last number given in a series and a year. Locked from the taking of a number to the end of its transaction."""

    __tablename__ = "invoice_series"
    code: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Invoice(Base):
    """A document as issued; rows are never changed (triggers). Numbers are {series}-{year}-{sequence}.

    `kind`: an invoice, issued when an order is paid; a credit note, when money went back; the reversal of a credit note,
    when that money came back from the buyer's bank. `cause` is what it is issued for, once: "order:7", "refund:3".
    Amounts are minor units and above zero whatever the kind; goods and shipping are without tax, and total = goods +
    shipping + tax + duty - discount. `printed` is all that its paper says, formatted and translated on the day of issue.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "year", "sequence"),
        CheckConstraint("kind IN ('invoice', 'credit_note', 'reversal')", "kind"),
        CheckConstraint(
            "total_minor = goods_minor + shipping_minor + tax_minor + duty_minor - discount_minor", "total"
        ),
        CheckConstraint("(kind = 'invoice') = (refers_to IS NULL)", "refers"),
        Index("ix_invoice_issued", "issued_on"),
    )
    id: Mapped[int] = big_id()
    kind: Mapped[str]
    series: Mapped[str]
    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(unique=True)
    cause: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), index=True)
    refers_to: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    language: Mapped[str]
    currency: Mapped[str]
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    duty_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    printed: Mapped[dict[str, Any]] = mapped_column(JSON)


append_only(Invoice.__table__, "invoice")
