"""Zones, their countries, their postage, what is collected for the state of destination. Data of the operator."""

from datetime import date

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, big_id


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
    """What is collected with a sale for the state it goes to. The newest not in the future holds, per kind, country and heading.

    `kind` is tax or duty. `country` empty: every country of the zone; `heading`, the beginning of a tariff code, empty:
    all goods. `rate_bp` is of the goods' value without tax; for a tax `on_shipping` says whether it is due on the postage
    too; for a duty `amounts` {currency: minor units} are asked for each tariff heading of six digits besides. `limits`
    {currency: minor units}: only for orders whose goods are worth at most so much; none at all: for every order.
    """

    __tablename__ = "levy"
    __table_args__ = (
        UniqueConstraint("zone_id", "kind", "country", "heading", "from_on"),
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
    source: Mapped[str]
