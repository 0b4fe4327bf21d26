"""Writing a plan: whole batches per table, so that five thousand products cost some dozens of statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from shop.catalogue.importing.plan import Plan, ProductChange
from shop.catalogue.importing.sheet import Known, ProductDraft, VariantDraft
from shop.catalogue.models import ImportedKey, Price, Product, ProductPicture, Variant
from shop.core.db import db
from shop.core.ids import public_id
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import TextRow, fingerprint

Row = dict[str, Any]


def write_plan(
    plan: Plan, source: str, known: Known, pictures: Mapping[str, int], *, now: datetime, actor: int | None
) -> list[int]:
    """Create and change what a plan says; `pictures` are ids by name. Ids of the products that were touched."""
    ids = _create(plan.created, known, pictures, now, actor)
    _change(plan.changed, pictures, now, actor)
    _remember(plan, source, ids)
    return [*ids.values(), *(change.current.product.id for change in plan.changed)]


# New products --------------------------------------------------------------------------------------------------------


def _create(
    drafts: list[ProductDraft], known: Known, pictures: Mapping[str, int], now: datetime, actor: int | None
) -> dict[str, int]:
    """Ids of the new products by key of their draft."""
    rows = {draft.key: _product_row(draft, known, pictures, now, actor) for draft in drafts}
    by_public_id = _insert_returning(Product, Product.public_id, rows.values())
    ids = {key: by_public_id[row["public_id"]] for key, row in rows.items()}
    _insert(TextRow, (row for draft in drafts for row in _text_rows(draft, ids[draft.key], rows[draft.key], now)))
    _insert(
        ProductPicture,
        (row for draft in drafts for row in _picture_rows(ids[draft.key], draft.images, pictures)),
    )
    _create_variants(
        [
            (ids[draft.key], draft.key, position, variant)
            for draft in drafts
            for position, variant in enumerate(draft.variants)
        ]
    )
    return ids


def _product_row(
    draft: ProductDraft, known: Known, pictures: Mapping[str, int], now: datetime, actor: int | None
) -> Row:
    unit_id, region, language = known.units[draft.unit]
    state = draft.state or "draft"
    cover = next((pictures[name] for name in draft.images), None)
    single = len(draft.variants) == 1 and (draft.variants[0].stock or 0) <= 1
    return {
        "kind": "one_of_a_kind" if single else "repeatable",
        "origin_region": region,
        "materials": [],
        **draft.columns,
        "public_id": public_id(),
        "unit_id": unit_id,
        "family": known.crafts[draft.columns["craft"]],
        "state": state,
        "source_language": _source_language(draft, language),
        "cover_id": cover,
        "created_at": now,
        "updated_at": now,
        "submitted_at": now if state == "review" else None,
        "published_at": now if state == "published" else None,
        "reviewed_by": actor if state == "published" else None,
    }


def _source_language(draft: ProductDraft, usual: str) -> str:
    """The maker's own language if the file has a title in it, else the first that it has one in."""
    return next(code for code in (usual, *LANGUAGES) if ("title", code) in draft.texts)


def _text_rows(draft: ProductDraft, product_id: int, product: Row, now: datetime) -> Iterator[Row]:
    for (field, language), text in draft.texts.items():
        original = draft.texts.get((field, product["source_language"]), "")
        yield _text_row(
            product_id, field, language, text, original if language != product["source_language"] else "", now
        )


def _text_row(product_id: int, field: str, language: str, text: str, original: str, now: datetime) -> Row:
    return {
        "entity": "product",
        "entity_id": product_id,
        "field": field,
        "language": language,
        "text": text,
        "source_hash": fingerprint(original) if original else "",
        "updated_at": now,
    }


def _picture_rows(product_id: int, names: Iterable[str], pictures: Mapping[str, int]) -> Iterator[Row]:
    # Two names may hold the same picture.
    for position, picture_id in enumerate(dict.fromkeys(pictures[name] for name in names)):
        yield {"product_id": product_id, "picture_id": picture_id, "position": position}


def _create_variants(wanted: list[tuple[int, str, int, VariantDraft]]) -> None:
    rows = []
    for product_id, _key, position, variant in wanted:
        row = {
            "product_id": product_id,
            "sku": variant.sku,
            "position": position,
            "ask_mad_minor": variant.ask_mad_minor,
            "available": variant.stock or 0,
            "received": variant.stock or 0,
        }
        # Left out rather than None, which a JSON column would store as the word null.
        options = {"option1": variant.option1, "option2": variant.option2}
        rows.append({**row, **{name: option for name, option in options.items() if option is not None}})
    ids = _insert_returning(Variant, Variant.sku, rows)
    _insert(
        Price,
        (
            {"variant_id": ids[variant.sku], "currency": currency, "amount_minor": minor}
            for _product, _key, _position, variant in wanted
            for currency, minor in variant.prices.items()
            if minor is not None
        ),
    )


# Products that exist -------------------------------------------------------------------------------------------------


def _change(changes: list[ProductChange], pictures: Mapping[str, int], now: datetime, actor: int | None) -> None:
    _update(Product, (_product_change(change, pictures, now, actor) for change in changes))
    _change_texts(changes, now)
    _change_variants(changes)
    shown_anew = [change for change in changes if change.pictures]
    if shown_anew:
        ids = [change.current.product.id for change in shown_anew]
        db.session.execute(delete(ProductPicture).where(ProductPicture.product_id.in_(ids)))
    _insert(
        ProductPicture,
        (
            row
            for change in shown_anew
            for row in _picture_rows(change.current.product.id, change.draft.images, pictures)
        ),
    )


def _product_change(change: ProductChange, pictures: Mapping[str, int], now: datetime, actor: int | None) -> Row:
    row = {"id": change.current.product.id, "updated_at": now, **change.columns}
    if change.pictures:
        row["cover_id"] = pictures[change.draft.images[0]]
    if change.state == "review":
        row |= {"state": "review", "submitted_at": now}
    elif change.state == "published":
        row |= {"state": "published", "published_at": now, "reviewed_by": actor}
    return row


def _change_texts(changes: list[ProductChange], now: datetime) -> None:
    created, changed = [], []
    for change in changes:
        product = change.current.product
        texts = {key: text for key, (_row_id, text) in change.current.texts.items()} | change.draft.texts
        for (field, language), (row_id, text) in change.texts.items():
            original = texts.get((field, product.source_language), "") if language != product.source_language else ""
            row = _text_row(product.id, field, language, text, original, now)
            if row_id is None:
                created.append(row)
            else:
                changed.append({"id": row_id, **{name: row[name] for name in ("text", "source_hash", "updated_at")}})
    _insert(TextRow, created)
    _update(TextRow, changed)


def _change_variants(changes: list[ProductChange]) -> None:
    variants = [variant for change in changes for variant in change.variants]
    _update(Variant, ({"id": variant.variant_id, **variant.columns} for variant in variants if variant.columns))
    moved = [{"variant": variant.variant_id, "more": variant.stock} for variant in variants if variant.stock]
    if moved:
        # By the difference and not to a number: what a buyer took meanwhile stays taken, and stock foots.
        statement = (
            update(Variant.__table__)  # type: ignore[arg-type]
            .where(Variant.id == bindparam("variant"))
            .values(available=Variant.available + bindparam("more"), received=Variant.received + bindparam("more"))
        )
        db.session.connection().execute(statement, moved)
    prices = [
        (variant.variant_id, currency, *found) for variant in variants for currency, found in variant.prices.items()
    ]
    ended = [price_id for _variant, _currency, price_id, minor in prices if minor is None]
    if ended:
        db.session.execute(delete(Price).where(Price.id.in_(ended)))
    _update(Price, ({"id": price, "amount_minor": minor} for _v, _c, price, minor in prices if price and minor))
    _insert(
        Price,
        (
            {"variant_id": variant_id, "currency": currency, "amount_minor": minor}
            for variant_id, currency, price_id, minor in prices
            if price_id is None
        ),
    )
    _create_variants(
        [
            (change.current.product.id, change.draft.key, len(change.current.variants) + position, variant)
            for change in changes
            for position, variant in enumerate(change.new_variants)
        ]
    )


def _remember(plan: Plan, source: str, ids: Mapping[str, int]) -> None:
    keys = list(plan.digests)
    for start in range(0, len(keys), 5_000):
        chunk = keys[start : start + 5_000]
        db.session.execute(delete(ImportedKey).where(ImportedKey.source == source, ImportedKey.key.in_(chunk)))
    _insert(
        ImportedKey,
        (
            {"source": source, "key": key, "digest": digest, "product_id": ids[key] if target is None else target}
            for key, (digest, target) in plan.digests.items()
        ),
    )


# Batches -------------------------------------------------------------------------------------------------------------


def _insert(model: Any, rows: Iterable[Row]) -> None:
    found = list(rows)
    if found:
        db.session.execute(insert(model), found)


def _insert_returning(model: Any, name: Any, rows: Iterable[Row]) -> dict[str, int]:
    """Insert rows and answer their ids by a unique column."""
    alike: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        alike[frozenset(row)].append(row)
    found: dict[str, int] = {}
    for group in alike.values():
        result = db.session.execute(insert(model).returning(name, model.id), group)
        found |= {str(key): int(row_id) for key, row_id in result}
    return found


def _update(model: Any, rows: Iterable[Row]) -> None:
    """Update rows by their id, one batch per set of columns."""
    found = list(rows)
    if found:
        db.session.execute(update(model), found)
