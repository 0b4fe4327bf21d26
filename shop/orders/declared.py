"""Declared sales: what was sold at a fair or on another platform, imported from a table. They never enter the ledger.

`prepare_sales` reads the file and says what would happen; `apply_sales`, inside a transaction, makes it so. A line is
known by its source, `external_id`, `sku` and the how-manieth line of that `external_id` it is in the file, so a second
import of the same file changes nothing and a corrected one changes only what differs.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from shop.artisans.models import Unit
from shop.catalogue.models import Product, Variant
from shop.core import clock
from shop.core.db import db
from shop.core.money import exponent
from shop.core.policies import audit
from shop.i18n import gettext as _
from shop.i18n.countries import COUNTRY_CODES
from shop.importing.mappings import ColumnMapping, make_mapper
from shop.importing.problems import ImportRefused, Outcome, Problem
from shop.importing.rows import Fields, read_rows, round_half_even
from shop.importing.tables import read_table
from shop.orders.models import DeclaredSale

FIELDS = (
    "external_id",
    "sold_at",
    "artisan_id",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "currency",
    "shipping",
    "destination_country",
    "status",
    "refunded_amount",
)
REQUIRED = ("external_id", "sold_at", "artisan_id", "sku", "quantity", "unit_price", "currency")
STATUSES = ("paid", "exported", "cancelled", "refunded")
# Where a file's sales come from, when neither its mapping nor the command says.
SOURCE = "declared"
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
MOST_PIECES = 10_000_000
_CHUNK = 5_000

Key = tuple[str, str, int]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sale:
    """One declared line as read; amounts as in DeclaredSale."""

    external_id: str
    sku: str
    occurrence: int
    sold_at: datetime
    unit_id: int
    description: str
    quantity: int
    unit_price: str
    currency: str
    amount_minor: int
    shipping_minor: int
    country: str | None
    status: str
    refunded_minor: int

    @property
    def key(self) -> Key:
        return self.external_id, self.sku, self.occurrence


@dataclass(slots=True)
class PreparedSales:
    """A file as read, with where each line stands, and what an import of it would do."""

    file: str
    source: str
    sales: list[Sale]
    rows: list[Fields]
    outcome: Outcome


@dataclass(slots=True)
class _Plan:
    created: list[Sale] = field(default_factory=list)
    changed: list[tuple[int, Sale]] = field(default_factory=list)
    unchanged: int = 0
    # Positions of lines whose key belongs to another artisan's sale.
    taken: list[int] = field(default_factory=list)


def prepare_sales(
    path: Path, mapping: ColumnMapping, *, source: str | None = None, progress: Progress | None = None
) -> PreparedSales:
    """Read a file and compare it with what is known; writes nothing. Raises TableUnreadable."""
    table = read_table(path, delimiter=mapping.delimiter)
    mapper = make_mapper(table, mapping, FIELDS, REQUIRED)
    outcome = Outcome(refused=len(table.problems), problems=list(table.problems))
    units = {row.public_id: row.id for row in db.session.execute(select(Unit.public_id, Unit.id))}
    prepared = PreparedSales(table.name, source or mapping.source or SOURCE, [], [], outcome)
    lines_of: Counter[str] = Counter()
    for number, fields in enumerate(read_rows(mapper, outcome.problems), 1):
        if progress and number % 500 == 0:
            progress(number, len(table.rows))
        if fields is None:
            outcome.skipped += 1
            continue
        # Counted before anything is refused: a corrected row finds its neighbours where they were.
        external_id = fields.values.get("external_id", "")
        lines_of[external_id] += 1
        sale = _read(fields, units, lines_of[external_id])
        if sale is None:
            outcome.refused += 1
        else:
            prepared.sales.append(sale)
            prepared.rows.append(fields)
    _refuse_taken(prepared)
    return prepared


def apply_sales(prepared: PreparedSales, *, partial: bool = False, actor: int | None = None) -> Outcome:
    """Write what was read. Inside a transaction. Raises ImportRefused when a row is bad and `partial` is not said."""
    outcome = prepared.outcome
    if outcome.problems and not partial:
        raise ImportRefused(outcome.problems)
    plan = _plan(prepared)
    if plan.taken:
        raise ImportRefused([_taken(prepared.rows[index]) for index in plan.taken])
    now = clock.now()
    if plan.created:
        families = _families(plan.created)
        rows = [
            {
                **_columns(sale),
                "source": prepared.source,
                "family": families.get((sale.unit_id, sale.sku)),
                "imported_at": now,
            }
            for sale in plan.created
        ]
        db.session.execute(insert(DeclaredSale), rows)
    if plan.changed:
        changes = [{"id": known, **_columns(sale), "imported_at": now} for known, sale in plan.changed]
        db.session.execute(update(DeclaredSale), changes)
    outcome.created, outcome.changed, outcome.unchanged = len(plan.created), len(plan.changed), plan.unchanged
    if plan.created or plan.changed:
        counts = {"created": outcome.created, "changed": outcome.changed, "refused": outcome.refused}
        audit(actor, "import sales", "file", prepared.file, source=prepared.source, **counts)
    return outcome


# Reading -------------------------------------------------------------------------------------------------------------


def _read(fields: Fields, units: dict[str, int], occurrence: int) -> Sale | None:
    unit = fields.choice("artisan_id", units) if fields.text("artisan_id", required=True) else None
    currency = fields.currency("currency")
    quantity = fields.integer("quantity", most=MOST_PIECES)
    price = fields.number("unit_price")
    for name in ("quantity", "unit_price"):
        fields.text(name, required=True)
    country = (fields.text("destination_country", longest=2)).upper() or None
    if country and country not in COUNTRY_CODES and not fields.bad:
        text = _("“%(code)s” is not a country code of two letters.", code=country)
        fields.fault("destination_country", "country", text)
    sold_at = fields.moment("sold_at")
    if sold_at and not FIRST_MOMENT <= sold_at <= clock.now() + timedelta(days=1):
        fields.fault("sold_at", "range", _("A sale lies between the year 2000 and now."))
    external_id = fields.text("external_id", required=True)
    sku = fields.text("sku", longest=100, required=True)
    description = fields.text("description", longest=2_000)
    status = fields.choice("status", STATUSES, default="paid")
    if currency is None or fields.bad or quantity is None or price is None or sold_at is None or unit is None:
        return None
    amount = quantity * price.scaleb(exponent(currency))
    shipping = fields.amount("shipping", currency) or 0
    refunded = fields.amount("refunded_amount", currency) or 0
    if refunded > max(0, round_half_even(amount)):
        text = _("More was given back than the sale brought.")
        fields.fault("refunded_amount", "range", text)
    if abs(amount) > Decimal(10) ** 15:
        fields.fault("unit_price", "range", _("The amount is negative or beyond belief."))
    if fields.bad:
        return None
    return Sale(
        external_id=external_id,
        sku=sku,
        occurrence=occurrence,
        sold_at=sold_at,
        unit_id=units[unit],
        description=description,
        quantity=quantity,
        unit_price=f"{price:f}",
        currency=currency,
        amount_minor=round_half_even(amount),
        shipping_minor=shipping,
        country=country,
        status=status or "paid",
        refunded_minor=refunded,
    )


# Comparing with what is known ----------------------------------------------------------------------------------------

_COMPARED = tuple(name for name in Sale.__slots__ if name not in ("external_id", "sku", "occurrence"))


def _columns(sale: Sale) -> dict[str, Any]:
    return {name: getattr(sale, name) for name in Sale.__slots__}


def _plan(prepared: PreparedSales) -> _Plan:
    known = _known(prepared)
    plan = _Plan()
    for index, sale in enumerate(prepared.sales):
        row = known.get(sale.key)
        if row is None:
            plan.created.append(sale)
        elif row.unit_id != sale.unit_id:
            plan.taken.append(index)
        elif any(getattr(row, name) != getattr(sale, name) for name in _COMPARED):
            plan.changed.append((row.id, sale))
        else:
            plan.unchanged += 1
    return plan


def _known(prepared: PreparedSales) -> dict[Key, Any]:
    columns = [getattr(DeclaredSale, name) for name in Sale.__slots__]
    statement = select(DeclaredSale.id, *columns).where(DeclaredSale.source == prepared.source)
    found: dict[Key, Any] = {}
    for chunk in _chunks(sorted({sale.external_id for sale in prepared.sales})):
        for row in db.session.execute(statement.where(DeclaredSale.external_id.in_(chunk))):
            found[row.external_id, row.sku, row.occurrence] = row
    return found


def _refuse_taken(prepared: PreparedSales) -> None:
    """Two makers who both number their receipts from 1 must not overwrite each other."""
    plan = _plan(prepared)
    for index in reversed(plan.taken):
        prepared.outcome.problems.append(_taken(prepared.rows[index]))
        prepared.outcome.refused += 1
        del prepared.sales[index], prepared.rows[index]
    outcome = prepared.outcome
    outcome.created, outcome.changed, outcome.unchanged = len(plan.created), len(plan.changed), plan.unchanged
    outcome.problems.sort(key=lambda problem: (problem.line, problem.column or 0))


def _taken(fields: Fields) -> Problem:
    text = _("This number belongs to another artisan’s sale. Give the file a source of its own (--source).")
    value = fields.values.get("external_id", "")
    return fields.mapper.problem(fields.line, "external_id", "taken", value, text)


def _families(sales: Sequence[Sale]) -> dict[tuple[int, str], str]:
    """The export family of what a maker also sells here, by its SKU."""
    found: dict[tuple[int, str], str] = {}
    statement = select(Product.unit_id, Variant.sku, Product.family).join(Variant, Variant.product_id == Product.id)
    for chunk in _chunks(sorted({sale.sku for sale in sales})):
        for row in db.session.execute(statement.where(Variant.sku.in_(chunk))):
            found[row.unit_id, row.sku] = row.family
    return found


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Bound parameters have a limit on both databases."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
