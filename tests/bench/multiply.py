"""A catalogue of any size, straight into the tables: what the demonstration's loader takes a day for, in minutes.

The variations are the loader's own (shop.demo.loading.pieces), with its public ids, prices, sizes and days; the rows are
those its services would have written, copied from the product each is a variation of. tests/bench/test_multiply.py holds
both ways against each other.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table, func, insert, select

from shop.catalogue.indexing import index_products, line_of
from shop.catalogue.models import Price, Product, ProductPicture, SearchRow, Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.core.versions import touch
from shop.demo.content.load import LANGUAGES, Content, get_content
from shop.demo.content.load import Product as Piece
from shop.demo.loading.calendar import make_calendar
from shop.demo.loading.identifiers import make_public_id
from shop.demo.loading.pieces import REVIEW_TAKES, date_products, plan_products
from shop.i18n.texts import TextRow, fingerprint

# Products of one transaction.
BATCH = 2_000

Row = dict[str, Any]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Model:
    """The rows of a product that was loaded; `account` acts for its maker."""

    product: Row
    variants: list[Row]
    texts: list[Row]
    pictures: list[Row]
    search: Row
    title: Mapping[str, str]
    account: int


def multiply(count: int, *, seed: int, progress: Progress) -> None:
    """Add the variations that `load_demo(products=count)` would have written, in transactions of its own.

    The demonstration is there without any, of the same seed, on SQLite: there an id follows the greatest one. Nobody has
    ordered a variation yet, so that its stock is whole.
    """
    content = get_content()
    planned = plan_products(content, count, seed)
    calendar = make_calendar(clock.now(), content.editions.values())
    variations = [row for row in date_products(planned, calendar, seed) if row[1].key not in content.products]
    models = _read_models(content, {cover for _moment, _piece, cover in variations}, seed)
    writer = _Writer(seed, *(1 + (db.session.scalar(select(func.max(table.id))) or 0) for table in (Product, Variant)))
    spelt: dict[tuple[str, ...], int] = {}
    for start in range(0, len(variations), BATCH):
        rows: dict[Table, list[Row]] = defaultdict(list)
        for moment, piece, cover in variations[start : start + BATCH]:
            product_id, added = writer.copy(models[cover], piece, moment, rows)
            spelt.setdefault(added, product_id)
        with transaction():
            for table, values in rows.items():
                db.session.execute(insert(table), values)
            touch()
        progress("copies", min(start + BATCH, len(variations)), len(variations))
    # What a title has beyond its model's is a number, and the search knows long ones as words that may be misspelt.
    with transaction():
        index_products(spelt.values())


@dataclass(slots=True)
class _Writer:
    """Makes the rows of one copy after the other; the ids are those of the next product and variant."""

    seed: int
    product_id: int
    variant_id: int

    def copy(
        self, model: _Model, piece: Piece, moment: Any, rows: dict[Table, list[Row]]
    ) -> tuple[int, tuple[str, ...]]:
        """Add the rows of a variation: its id, and what stands behind its model's title in each language."""
        product_id, published = self.product_id, moment + REVIEW_TAKES
        self.product_id += 1
        public_id = make_public_id(self.seed, "product", piece.key)
        sizes = {name: getattr(piece, name) for name in ("length_mm", "width_mm", "height_mm")}
        days = {"created_at": moment, "submitted_at": moment, "published_at": published}
        rows[_table(Product)].append(model.product | {"id": product_id, "public_id": public_id, **sizes, **days})
        title = piece.title.as_dict()
        source = fingerprint(title[model.product["source_language"]])
        for text in model.texts:
            row = text | {"entity_id": product_id, "updated_at": published}
            if text["field"] == "title":
                row |= {"text": title[text["language"]], "source_hash": text["source_hash"] and source}
            rows[_table(TextRow)].append(row)
        rows[_table(ProductPicture)].extend(picture | {"product_id": product_id} for picture in model.pictures)
        added = tuple(title[language].removeprefix(model.title[language]) for language in LANGUAGES)
        titles = dict.fromkeys([*model.search["titles"].split(), *_stems(added)])
        rows[_table(SearchRow)].append(model.search | {"product_id": product_id, "titles": " ".join(titles)})
        self._sell(model, piece, product_id, rows)
        self._tell(model, piece, public_id, moment, rows)
        return product_id, added

    def _sell(self, model: _Model, piece: Piece, product_id: int, rows: dict[Table, list[Row]]) -> None:
        for row, variant in zip(model.variants, piece.variants, strict=True):
            own = {"id": self.variant_id, "product_id": product_id, "sku": variant.sku}
            own |= {"ask_mad_minor": variant.ask_mad or piece.ask_mad}
            rows[_table(Variant)].append(row | own | {"available": variant.stock, "received": variant.stock})
            rows[_table(Price)].extend(
                {"variant_id": self.variant_id, "currency": currency, "amount_minor": minor}
                for currency, minor in (variant.prices or piece.prices).items()
            )
            self.variant_id += 1

    def _tell(self, model: _Model, piece: Piece, public_id: str, moment: Any, rows: dict[Table, list[Row]]) -> None:
        """The audit trail: what its maker did, then what an officer did."""

        def tell(actor: int, action: str, subject: str, subject_id: str, **data: Any) -> None:
            at = moment + REVIEW_TAKES if actor == officer else moment
            values = {"at": at, "actor": actor, "action": action, "subject": subject, "subject_id": subject_id}
            rows[_table(Audit)].append({**values, "data": data})

        officer = model.product["reviewed_by"]
        tell(model.account, "create", "product", public_id)
        for variant in piece.variants:
            if variant.stock:
                tell(model.account, "change stock", "variant", variant.sku, before=0, after=variant.stock)
        tell(model.account, "submit", "product", public_id)
        for variant in piece.variants:
            prices = dict(variant.prices or piece.prices)
            tell(officer, "set prices", "variant", variant.sku, before={}, after=prices)
        tell(officer, "publish", "product", public_id)


def _read_models(content: Content, keys: set[str], seed: int) -> dict[str, _Model]:
    models = {}
    for key in sorted(keys):
        public_id = make_public_id(seed, "product", key)
        (product,) = _read(Product, Product.public_id == public_id)
        id_ = product["id"]
        search = _read(SearchRow, SearchRow.product_id == id_)
        made = (Audit.action == "create", Audit.subject == "product", Audit.subject_id == public_id)
        (created,) = _read(Audit, *made)
        untouched = dict.fromkeys(("reserved", "sold", "returned"), 0)
        models[key] = _Model(
            product,
            [_new(row) | untouched for row in _read(Variant, Variant.product_id == id_)],
            [_new(row) for row in _read(TextRow, TextRow.entity == "product", TextRow.entity_id == id_)],
            [_new(row) for row in _read(ProductPicture, ProductPicture.product_id == id_)],
            search[0],
            content.products[key].title.as_dict(),
            created["actor"],
        )
    return models


def _read(model: Any, *conditions: Any) -> list[Row]:
    """Rows in the order in which they were written."""
    table = _table(model)
    order = table.primary_key.columns.values()
    return [dict(row._mapping) for row in db.session.execute(select(table).where(*conditions).order_by(*order))]


def _new(row: Row) -> Row:
    """A row as it is before the database has given it its id."""
    return {name: value for name, value in row.items() if name != "id"}


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


@cache
def _stems(texts: Sequence[str]) -> list[str]:
    return line_of(texts).split()
