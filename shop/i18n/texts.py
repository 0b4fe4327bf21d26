"""Texts in three languages as rows: what a maker or a translator wrote, in which language, and whether it is stale."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from shop.core import clock
from shop.core.db import Base, BigId, UTCDateTime, big_id, db
from shop.i18n.languages import FALLBACKS


class TextRow(Base):
    """One field of one thing in one language. `source_hash` is of the text it was translated from; empty if original."""

    __tablename__ = "text_row"
    __table_args__ = (UniqueConstraint("entity", "entity_id", "field", "language"),)
    id: Mapped[int] = big_id()
    entity: Mapped[str]
    entity_id: Mapped[int] = mapped_column(BigId)
    field: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    source_hash: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True, slots=True)
class Told:
    """A text as shown: in `language`, which differs from the one asked for when there was none."""

    text: str
    language: str


def fingerprint(text: str) -> str:
    """Short hash of a source text, kept beside its translations."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_text(entity: str, entity_id: int, field: str, language: str, text: str, *, source: str = "") -> None:
    """Set one text; an empty one removes the row. `source` is the text it translates."""
    row = db.session.scalars(
        select(TextRow).where(
            TextRow.entity == entity,
            TextRow.entity_id == entity_id,
            TextRow.field == field,
            TextRow.language == language,
        )
    ).first()
    text = text.strip()
    if not text:
        if row is not None:
            db.session.delete(row)
        return
    if row is None:
        row = TextRow(entity=entity, entity_id=entity_id, field=field, language=language)
        db.session.add(row)
    row.text = text
    row.source_hash = fingerprint(source) if source else ""
    row.updated_at = clock.now()


def texts_of(entity: str, ids: Iterable[int], fields: Iterable[str]) -> dict[tuple[int, str], dict[str, str]]:
    """All languages of some fields of some things in one statement: {(id, field): {language: text}}."""
    found: dict[tuple[int, str], dict[str, str]] = {}
    ids = list(ids)
    if not ids:
        return found
    rows = db.session.execute(
        select(TextRow.entity_id, TextRow.field, TextRow.language, TextRow.text).where(
            TextRow.entity == entity, TextRow.entity_id.in_(ids), TextRow.field.in_(list(fields))
        )
    )
    for row in rows:
        found.setdefault((row.entity_id, row.field), {})[row.language] = row.text
    return found


def text_column(entity: str, entity_id: Any, field: str, language: str) -> Any:
    """A text as a column of any statement, NULL where there is none; `entity_id` is a column of it."""
    found = select(TextRow.text).where(
        TextRow.entity == entity, TextRow.entity_id == entity_id, TextRow.field == field, TextRow.language == language
    )
    return found.scalar_subquery().label(f"{field}_{language}")


def tell(texts: dict[str, str], language: str) -> Told | None:
    """The text in a language, or in the first of its fallbacks that has one; None if there is none at all."""
    for candidate in (language, *FALLBACKS[language]):
        if texts.get(candidate):
            return Told(texts[candidate], candidate)
    return None


def list_stale(entity: str, field: str) -> list[tuple[int, str]]:
    """(entity id, language) of translations whose original changed since."""
    rows = db.session.execute(
        select(TextRow.entity_id, TextRow.language, TextRow.text, TextRow.source_hash)
        .where(TextRow.entity == entity, TextRow.field == field)
        .order_by(TextRow.entity_id)
    ).all()
    originals = {row.entity_id: fingerprint(row.text) for row in rows if not row.source_hash}
    return [
        (row.entity_id, row.language)
        for row in rows
        if row.source_hash and originals.get(row.entity_id, row.source_hash) != row.source_hash
    ]
