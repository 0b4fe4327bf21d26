"""Zones, their countries, their postage, what a state of destination asks for, where nothing is carried, freight quotes."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id


class Zone(Base):
    """Countries with the same postage. `tax_mode` is none, included or added; days are working days in transit."""

    __tablename__ = "zone"
    __table_args__ = (CheckConstraint("tax_mode IN ('none', 'included', 'added')", "tax_mode"),)
    id: Mapped[int] = big_id()
    code: Mapped[str] = mapped_column(unique=True)
    countries: Mapped[list[str]] = mapped_column(JSON)
    days_min: Mapped[int]
    days_max: Mapped[int]
    tax_mode: Mapped[str] = mapped_column(default="none")
    verified_on: Mapped[date]
    source: Mapped[str]


class ZoneRate(Base):
    """Postage of a parcel of at most `up_to_grams` to a zone, in one currency."""

    __tablename__ = "zone_rate"
    __table_args__ = (UniqueConstraint("zone_id", "currency", "up_to_grams"),)
    id: Mapped[int] = big_id()
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"))
    currency: Mapped[str]
    up_to_grams: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class Levy(Base):
    """What a state asks of a sale that goes to it. The newest not in the future holds, per kind, country and heading.

    `collected`: it is asked for with the order; otherwise the carrier asks the buyer on arrival, and it is an estimate.

    `kind` is tax or duty. `country` empty: every country of the zone; `heading`, the beginning of a tariff code, empty:
    all goods. `rate_bp` is of the goods' value without tax; for a tax `on_shipping` says whether it is due on the postage
    too; for a duty `amounts` {currency: minor units} are asked for each tariff heading of six digits besides. `limits`
    {currency: minor units}: only for orders whose goods are worth at most so much; none at all: for every order.
    """

    __tablename__ = "levy"
    __table_args__ = (
        UniqueConstraint("zone_id", "kind", "country", "heading", "from_on", "collected"),
        CheckConstraint("kind IN ('tax', 'duty')", "kind"),
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", "rate"),
    )
    id: Mapped[int] = big_id()
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"))
    kind: Mapped[str]
    country: Mapped[str] = mapped_column(default="")
    heading: Mapped[str] = mapped_column(default="")
    from_on: Mapped[date]
    rate_bp: Mapped[int]
    on_shipping: Mapped[bool] = mapped_column(default=False)
    amounts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    limits: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    collected: Mapped[bool] = mapped_column(default=True, server_default=true())
    source: Mapped[str]


class Suspension(Base):
    """Days on which nothing is carried to a country, both included; without `until_on` until further notice.

    `carrier` and `source` say who suspended it and where that is written.
    """

    __tablename__ = "suspension"
    __table_args__ = (CheckConstraint("until_on IS NULL OR until_on >= from_on", "days"),)
    id: Mapped[int] = big_id()
    country: Mapped[str]
    carrier: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    source: Mapped[str]


class FreightRequest(Base):
    """A buyer's question what it costs to bring pieces that are no parcel. `state` is asked, quoted or declined.

    `amount_minor` is the freight in `currency`, without the pieces; `answer` what staff wrote with it.
    """

    __tablename__ = "freight_request"
    __table_args__ = (
        CheckConstraint("quantity > 0", "quantity"),
        CheckConstraint("state IN ('asked', 'quoted', 'declined')", "state"),
        CheckConstraint("(state = 'quoted') = (amount_minor IS NOT NULL)", "amount"),
        Index("ix_freight_request_state", "state", "asked_at"),
    )
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]
    country: Mapped[str]
    currency: Mapped[str]
    language: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="asked")
    answer: Mapped[str] = mapped_column(default="")
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
