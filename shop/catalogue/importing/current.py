"""What the catalogue holds of some products, as an import compares it and an export writes it. Few statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from shop.artisans.models import Unit
from shop.catalogue.models import Price, Product, ProductPicture, Variant
from shop.core.db import db
from shop.i18n.texts import TextRow
from shop.media.models import Picture

PRODUCT_COLUMNS = (
    "craft", "family", "kind", "sale_unit", "min_quantity", "quantity_step", "lead_time_days", "weight_grams",
    "length_mm", "width_mm", "height_mm", "materials", "hs_code", "origin_region", "option1_name", "option2_name",
)  # fmt: skip
TEXTS = ("title", "description")
_CHUNK = 5_000


@dataclass(slots=True)
class Current:
    """One product with its variants in order, {currency: (price id, minor)} per variant, texts by (field, language)
    as (row id, text), and the hashes of its pictures in order."""

    product: Row[Any]
    variants: list[Row[Any]] = field(default_factory=list)
    prices: dict[int, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    texts: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)


def read_current(ids: Iterable[int], *, lock: bool = False) -> dict[int, Current]:
    """Products by id, five statements per five thousand. `lock` keeps their stock still until the transaction ends."""
    found: dict[int, Current] = {}
    for chunk in chunks(sorted(set(ids))):
        columns = [getattr(Product, name) for name in PRODUCT_COLUMNS]
        products = (
            select(Product.id, Product.public_id, Product.state, Product.source_language, Product.unit_id, *columns)
            .add_columns(Unit.public_id.label("unit"))
            .join(Unit, Product.unit_id == Unit.id)
            .where(Product.id.in_(chunk))
            .order_by(Product.id)
        )
        found |= {row.id: Current(row) for row in db.session.execute(products)}
        _read_variants(found, chunk, lock)
        texts = select(TextRow.id, TextRow.entity_id, TextRow.field, TextRow.language, TextRow.text).where(
            TextRow.entity == "product", TextRow.field.in_(TEXTS), TextRow.entity_id.in_(chunk)
        )
        for text in db.session.execute(texts):
            found[text.entity_id].texts[text.field, text.language] = (text.id, text.text)
        pictures = (
            select(ProductPicture.product_id, Picture.sha256)
            .join(Picture, ProductPicture.picture_id == Picture.id)
            .where(ProductPicture.product_id.in_(chunk))
            .order_by(ProductPicture.position, ProductPicture.id)
        )
        for picture in db.session.execute(pictures):
            found[picture.product_id].pictures.append(picture.sha256)
    return found


def _read_variants(found: dict[int, Current], chunk: Sequence[int], lock: bool) -> None:
    names = ("id", "product_id", "sku", "position", "option1", "option2", "ask_mad_minor")
    stock = ("available", "reserved", "sold", "returned")
    statement = (
        select(*(getattr(Variant, name) for name in (*names, *stock)))
        .where(Variant.product_id.in_(chunk), Variant.archived_at.is_(None))
        .order_by(Variant.position, Variant.id)
    )
    for row in db.session.execute(statement.with_for_update() if lock else statement):
        found[row.product_id].variants.append(row)
    prices = (
        select(Price.id, Price.variant_id, Price.currency, Price.amount_minor, Variant.product_id)
        .join(Variant, Price.variant_id == Variant.id)
        .where(Variant.product_id.in_(chunk))
    )
    for row in db.session.execute(prices):
        found[row.product_id].prices[row.variant_id][row.currency] = (row.id, row.amount_minor)


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Bound parameters have a limit on both databases."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
