"""Zones, their countries, their rates. Data of the operator."""

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
