"""Units, persons, delegates."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id

LEGAL_FORMS = ("artisan", "maitre_artisan", "cooperative", "enterprise", "association", "aggregator")


class Unit(Base):
    """An economic unit: what programmes count, what sales are booked to. Names stand in three scripts.

    Story and words are texts (i18n.texts) of entity "unit", fields "story" and "words". `region` is MA-01 … MA-12 and a
    legal fact for exports to the EU. `shows_share`: the unit agrees that buyers see what reaches it.
    `postal_address` and `email` are those a product safety authority writes to (Regulation (EU) 2023/988, art. 19).
    """

    __tablename__ = "unit"
    __table_args__ = (CheckConstraint("members_f >= 0 AND members_m >= 0", "members"),)
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    legal_form: Mapped[str]
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    region: Mapped[str]
    place_ar: Mapped[str]
    place_fr: Mapped[str]
    place_en: Mapped[str]
    founded: Mapped[int | None]
    family: Mapped[str]
    lead_sex: Mapped[str]
    members_f: Mapped[int] = mapped_column(default=0)
    members_m: Mapped[int] = mapped_column(default=0)
    aggregator_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="ar")
    nia: Mapped[str | None]
    ice: Mapped[str | None]
    rib: Mapped[str | None]
    payee: Mapped[str | None]
    shows_share: Mapped[bool] = mapped_column(default=False)
    postal_address: Mapped[str | None]
    email: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Person(Base):
    """A maker named by a unit. The shares of a unit's persons sum to 10 000 basis points."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("share_bp BETWEEN 0 AND 10000", "share"),)
    id: Mapped[int] = big_id()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name_ar: Mapped[str]
    name_latin: Mapped[str]
    role_ar: Mapped[str]
    role_fr: Mapped[str]
    role_en: Mapped[str]
    sex: Mapped[str]
    share_bp: Mapped[int]


class Delegate(Base):
    """An account that may act for a unit: the maker, a president, a daughter, an aggregator's clerk."""

    __tablename__ = "delegate"
    __table_args__ = (UniqueConstraint("account_id", "unit_id"),)
    id: Mapped[int] = big_id()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    granted_by: Mapped[int | None] = mapped_column(BigId)
