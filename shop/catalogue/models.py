"""Families, crafts, products, variants, prices, pictures, materials."""

from datetime import datetime

from sqlalchemy import DDL, JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id

KINDS = ("one_of_a_kind", "repeatable", "made_to_order", "custom")
SALE_UNITS = ("piece", "pair", "set", "m2", "m")
STATES = ("draft", "review", "published", "archived")


class Family(Base):
    """One of the twelve export families of the programme's statistics."""

    __tablename__ = "family"
    code: Mapped[str] = mapped_column(primary_key=True)
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int]


class Craft(Base):
    """What a buyer browses by; each belongs to a family. `intro_*` is one sentence."""

    __tablename__ = "craft"
    code: Mapped[str] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(ForeignKey("family.code"))
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]
    intro_ar: Mapped[str]
    intro_fr: Mapped[str]
    intro_en: Mapped[str]
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    position: Mapped[int]


class Material(Base):
    """A material by code, with its names."""

    __tablename__ = "material"
    code: Mapped[str] = mapped_column(primary_key=True)
    name_ar: Mapped[str]
    name_fr: Mapped[str]
    name_en: Mapped[str]


class Product(Base):
    """A piece or a model. Its texts are rows of entity "product": title, description, technique, care, warnings.

    `source_language` is the one the maker wrote in. `materials` is a list of material codes. Sizes are millimetres,
    weight is grams packed. `available` repeats whether any variant has stock, `listed_price` is not stored: prices are
    rows. A published product shows only while its unit may sell.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("min_quantity > 0 AND quantity_step > 0", "steps"),
        Index("ix_product_listing", "state", "published_at", "id"),
        Index("ix_product_craft", "craft", "state", "published_at", "id"),
        Index("ix_product_unit", "unit_id", "state", "published_at", "id"),
    )
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    craft: Mapped[str] = mapped_column(ForeignKey("craft.code"))
    family: Mapped[str] = mapped_column(ForeignKey("family.code"))
    kind: Mapped[str]
    sale_unit: Mapped[str] = mapped_column(default="piece")
    min_quantity: Mapped[int] = mapped_column(default=1)
    quantity_step: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default="draft")
    source_language: Mapped[str] = mapped_column(default="ar")
    origin_region: Mapped[str]
    hs_code: Mapped[str | None]
    lead_time_days: Mapped[int] = mapped_column(default=0)
    weight_grams: Mapped[int | None]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    materials: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Names of the options in three languages: {"ar": …, "fr": …, "en": …} or null.
    option1_name: Mapped[dict[str, str] | None] = mapped_column(JSON)
    option2_name: Mapped[dict[str, str] | None] = mapped_column(JSON)
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    note_to_maker: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_by: Mapped[int | None] = mapped_column(BigId)


class Variant(Base):
    """What is sold: a product in one size and colour. Stock foots: available + reserved + sold - returned = received.

    For pieces made to order, stock is how many orders the maker takes on at once.
    """

    __tablename__ = "variant"
    __table_args__ = (
        CheckConstraint("available >= 0", "available"),
        CheckConstraint("reserved >= 0", "reserved"),
        CheckConstraint("available + reserved + sold - returned = received", "foots"),
    )
    id: Mapped[int] = big_id()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    sku: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    option1: Mapped[dict[str, str] | None] = mapped_column(JSON)
    option2: Mapped[dict[str, str] | None] = mapped_column(JSON)
    ask_mad_minor: Mapped[int | None] = mapped_column(BigInteger)
    available: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Price(Base):
    """What one sale unit of a variant costs in one currency. No row: not for sale in it."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint("variant_id", "currency"),
        CheckConstraint("amount_minor > 0", "positive"),
    )
    id: Mapped[int] = big_id()
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class ProductPicture(Base):
    """Pictures of a product in the order they are shown."""

    __tablename__ = "product_picture"
    __table_args__ = (UniqueConstraint("product_id", "picture_id"),)
    id: Mapped[int] = big_id()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("picture.id"))
    position: Mapped[int] = mapped_column(default=0)


class SearchRow(Base):
    """Folded words of a product in all its languages, by where they stand: what a search looks through.

    `titles`, `kinds` (craft and family), `traits` (materials, place) and `others` (description, options, maker, region)
    are lines of stems. `colours` are codes of catalogue.colours, a space between two.
    """

    __tablename__ = "search_row"
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    titles: Mapped[str] = mapped_column(default="")
    kinds: Mapped[str] = mapped_column(default="")
    traits: Mapped[str] = mapped_column(default="")
    others: Mapped[str] = mapped_column(default="")
    colours: Mapped[str] = mapped_column(default="")


# The full-text index over the rows: a table of FTS5 that triggers keep on SQLite, an index over an expression on
# PostgreSQL. Columns and weights mean the same on both, from the title (A) to the rest (D).
SEARCH_COLUMNS = ("titles", "kinds", "traits", "others")
SEARCH_VECTOR = " || ".join(
    f"setweight(to_tsvector('simple', {column}), '{weight}')"
    for column, weight in zip(SEARCH_COLUMNS, "ABCD", strict=True)
)
_NEW, _OLD = (", ".join(f"{row}.{column}" for column in SEARCH_COLUMNS) for row in ("new", "old"))
_LIST = ", ".join(SEARCH_COLUMNS)
_ADD = f"INSERT INTO search_index (rowid, {_LIST}) VALUES (new.product_id, {_NEW});"
_REMOVE = f"INSERT INTO search_index (search_index, rowid, {_LIST}) VALUES ('delete', old.product_id, {_OLD});"
SEARCH_INDEX = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE search_index USING fts5({_LIST}, content='search_row', content_rowid='product_id', "
        "detail='column', tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER search_row_added AFTER INSERT ON search_row BEGIN {_ADD} END",
        f"CREATE TRIGGER search_row_removed AFTER DELETE ON search_row BEGIN {_REMOVE} END",
        f"CREATE TRIGGER search_row_changed AFTER UPDATE ON search_row BEGIN {_REMOVE} {_ADD} END",
    ),
    "postgresql": (f"CREATE INDEX search_index ON search_row USING gin (({SEARCH_VECTOR}))",),
}
for _kind, _statements in SEARCH_INDEX.items():
    for _statement in _statements:
        event.listen(SearchRow.__table__, "after_create", DDL(_statement).execute_if(dialect=_kind))
event.listen(SearchRow.__table__, "after_drop", DDL("DROP TABLE IF EXISTS search_index").execute_if(dialect="sqlite"))


class SearchWord(Base):
    """A word of some title, craft, material, place or maker, by its stem, as a person writes it: what a misspelt word
    may have been meant to be. Words stay when their pieces go."""

    __tablename__ = "search_word"
    stem: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class ImportedKey(Base):
    """Which product and variant an import's row became, so that the same file again changes nothing."""

    __tablename__ = "imported_key"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = big_id()
    source: Mapped[str]
    key: Mapped[str]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    digest: Mapped[str]
