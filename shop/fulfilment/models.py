"""Parcels and what is in them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Parcel(Base):
    """Handed to a carrier on a Casablanca day; recorded by an account, for the unit when `on_behalf`.

    `arrived_on` is the day it was in its buyer's hands, as far as the buyer or an officer has said.
    """

    __tablename__ = "parcel"
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    carrier: Mapped[str]
    tracking: Mapped[str]
    handed_over_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    on_behalf: Mapped[bool] = mapped_column(default=False)
    arrived_on: Mapped[date | None]


class ParcelLine(Base):
    """Which order line is in which parcel; a line travels whole and once."""

    __tablename__ = "parcel_line"
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
