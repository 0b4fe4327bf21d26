"""What an import would change: drafts beside what the catalogue holds. Reads only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from shop.catalogue.importing.current import Current, chunks, read_current
from shop.catalogue.importing.sheet import Known, ProductDraft, VariantDraft
from shop.catalogue.models import ImportedKey, Product, Variant
from shop.core.db import db
from shop.i18n import gettext as _
from shop.importing.problems import Problem

# An import may take a piece forward, never back: what staff decided stands.
_FORWARD = {("draft", "review"), ("draft", "published"), ("review", "published")}


@dataclass(slots=True)
class VariantChange:
    """What differs of a variant that exists; `stock` is the difference, prices are (price id, new minor or None)."""

    variant_id: int
    columns: dict[str, Any] = field(default_factory=dict)
    stock: int = 0
    prices: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.columns or self.stock or self.prices)


@dataclass(slots=True)
class ProductChange:
    """What differs of a product that exists. `texts` are (row id or None, new text) by (field, language)."""

    draft: ProductDraft
    current: Current
    columns: dict[str, Any] = field(default_factory=dict)
    texts: dict[tuple[str, str], tuple[int | None, str]] = field(default_factory=dict)
    variants: list[VariantChange] = field(default_factory=list)
    new_variants: list[VariantDraft] = field(default_factory=list)
    state: str | None = None
    pictures: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns or self.texts or self.variants or self.new_variants or self.state or self.pictures)


@dataclass(slots=True)
class Plan:
    """`digests` are the keys to write: (draft key, digest, product id or None for a product that is created)."""

    created: list[ProductDraft] = field(default_factory=list)
    changed: list[ProductChange] = field(default_factory=list)
    unchanged: int = 0
    digests: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    # Keys of drafts that cannot be taken, with why.
    refused: dict[str, Problem] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)


def make_plan(
    drafts: list[ProductDraft],
    source: str,
    known: Known,
    size_of: Callable[[str], int | None],
    hashes: Mapping[str, str],
    *,
    lock: bool = False,
) -> Plan:
    """Compare drafts with the catalogue. `hashes` are those of pictures by name, as far as they are known."""
    plan = Plan()
    keys = _imported_keys(source)
    owners = _owners(drafts)
    updates: list[tuple[ProductDraft, int]] = []
    for draft in drafts:
        digest = draft.digest(size_of)
        product_id, before = keys.get(draft.key, (None, ""))
        if before == digest:
            plan.unchanged += 1
            continue
        target, problem = _target(draft, product_id, owners, known)
        if problem is not None:
            plan.refused[draft.key] = problem
            continue
        plan.digests[draft.key] = digest, target
        if target is None:
            plan.created.append(draft)
        else:
            updates.append((draft, target))
    current = read_current((target for _draft, target in updates), lock=lock)
    for draft, target in updates:
        change = _compare(draft, current[target], known, hashes, plan.notices)
        if change:
            plan.changed.append(change)
            continue
        plan.unchanged += 1
        # The catalogue says the same already, as after an export: nothing to remember.
        del plan.digests[draft.key]
    return plan


def _imported_keys(source: str) -> dict[str, tuple[int | None, str]]:
    statement = select(ImportedKey.key, ImportedKey.product_id, ImportedKey.digest).where(ImportedKey.source == source)
    return {row.key: (row.product_id, row.digest) for row in db.session.execute(statement)}


def _owners(drafts: list[ProductDraft]) -> dict[str, tuple[int, int, bool]]:
    """SKUs that exist: their product, its unit, and whether the variant was withdrawn."""
    found = {}
    statement = select(Variant.sku, Variant.product_id, Product.unit_id, Variant.archived_at).join(
        Product, Variant.product_id == Product.id
    )
    for chunk in chunks(sorted({variant.sku for draft in drafts for variant in draft.variants})):
        for row in db.session.execute(statement.where(Variant.sku.in_(chunk))):
            found[row.sku] = row.product_id, row.unit_id, row.archived_at is not None
    return found


def _target(
    draft: ProductDraft, product_id: int | None, owners: Mapping[str, tuple[int, int, bool]], known: Known
) -> tuple[int | None, Problem | None]:
    """The product a draft is about, None for a new one; or why it cannot be taken."""
    targets = {product_id} if product_id is not None else set()
    for variant in draft.variants:
        if variant.sku not in owners:
            continue
        owner, unit_id, withdrawn = owners[variant.sku]
        if unit_id != known.units[draft.unit][0]:
            return None, _fault(variant, "taken", _("This SKU belongs to another artisan."))
        if withdrawn:
            return None, _fault(variant, "withdrawn", _("This SKU was withdrawn from the catalogue."))
        targets.add(owner)
        if len(targets) > 1:
            return None, _fault(variant, "group", _("This SKU belongs to another product."))
    return next(iter(targets), None), None


def _fault(variant: VariantDraft, code: str, text: str) -> Problem:
    return variant.fields.mapper.problem(variant.fields.line, "sku", code, variant.sku, text)


def _compare(
    draft: ProductDraft, current: Current, known: Known, hashes: Mapping[str, str], notices: list[Problem]
) -> ProductChange:
    change = ProductChange(draft, current)
    for name, value in draft.columns.items():
        have = getattr(current.product, name)
        same = _same_option(value, have) if name.startswith("option") else value == have
        if not same:
            change.columns[name] = value
    if "craft" in change.columns:
        change.columns["family"] = known.crafts[change.columns["craft"]]
    for key, text in draft.texts.items():
        row_id, have = current.texts.get(key, (None, ""))
        if text != have:
            change.texts[key] = row_id, text
    if (current.product.state, draft.state) in _FORWARD:
        change.state = draft.state
    shown = list(dict.fromkeys(hashes.get(name) for name in draft.images))
    change.pictures = bool(shown) and shown != current.pictures
    by_sku = {row.sku: row for row in current.variants}
    for variant in draft.variants:
        row = by_sku.get(variant.sku)
        if row is None:
            change.new_variants.append(variant)
        elif found := _compare_variant(variant, row, current, notices):
            change.variants.append(found)
    return change


def _compare_variant(variant: VariantDraft, row: Any, current: Current, notices: list[Problem]) -> VariantChange:
    change = VariantChange(row.id)
    for name in ("option1", "option2"):
        given = getattr(variant, name)
        if given is not None and not _same_option(given, getattr(row, name)):
            change.columns[name] = given
    if variant.ask_mad_minor not in (None, row.ask_mad_minor):
        change.columns["ask_mad_minor"] = variant.ask_mad_minor
    change.prices = dict(_price_changes(variant, current.prices.get(row.id, {})))
    if variant.stock not in (None, row.available):
        kind = variant.fields.values.get("kind") or current.product.kind
        gone = row.reserved + row.sold - row.returned
        if kind == "one_of_a_kind" and gone > 0:
            # The file was written before somebody bought it; a second one cannot be conjured up.
            text = _("The only one of this piece is sold or in a buyer’s hands; its stock was left as it is.")
            notices.append(variant.fields.mapper.problem(variant.fields.line, "stock", "sold", variant.sku, text))
        else:
            change.stock = (variant.stock or 0) - row.available
    return change


def _price_changes(
    variant: VariantDraft, have: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, tuple[int | None, int | None]]]:
    for currency, minor in variant.prices.items():
        price_id, before = have.get(currency, (None, None))
        if minor != before:
            yield currency, (price_id, minor)


def _same_option(given: dict[str, str], have: dict[str, str] | None) -> bool:
    """One text for all languages agrees with any of those there are: the others are translations of it."""
    if have is None:
        return False
    return given == have or (len(set(given.values())) == 1 and next(iter(given.values())) in have.values())
