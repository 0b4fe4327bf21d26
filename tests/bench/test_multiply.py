"""A catalogue written straight into the tables is the one that the loader writes through the services."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from shop.app import create_app
from shop.catalogue.facets import Filters
from shop.catalogue.indexing import index_products
from shop.catalogue.models import Price, Product, ProductPicture, SearchRow, SearchWord, Variant
from shop.catalogue.queries import list_products
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.demo.content.load import Content
from shop.demo.content.load import Product as Piece
from shop.demo.loading.load import load_demo
from shop.demo.loading.pieces import plan_products
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import TextRow
from shop.media.models import Picture
from shop.reports.invariants import list_findings
from tests.bench.multiply import multiply
from tests.conftest import MORNING, make_settings

COUNT = 150
# A number of so many digits is a word that can be misspelt.
LONG = 1_010
Shops = dict[str, Flask]


@pytest.fixture(scope="module")
def shops(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The same catalogue as the services write it and as the bench does; nobody has ordered anything."""
    made: Shops = {}
    with clock_module.use(VirtualClock(MORNING)):
        for way, products in (("services", COUNT), ("directly", None)):
            made[way] = _load(sqlite_template, tmp_path_factory.mktemp(way), products)
        with made["directly"].app_context():
            multiply(COUNT, seed=1, progress=lambda *_step: None)
            db.session.remove()
        yield made
    for app in made.values():
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _load(template: Path, folder: Path, products: int | None) -> Flask:
    (folder / "media").mkdir()
    shutil.copy(template, folder / "shop.sqlite")
    app = create_app(make_settings(folder, f"sqlite:///{folder / 'shop.sqlite'}"))
    with app.app_context():
        path = folder / "stripe.sqlite"
        load_demo(orders=0, products=products, seed=1, double_path=path, progress=lambda *_step: None, drawn=False)
        db.session.remove()
    return app


@contextmanager
def inside(app: Flask) -> Iterator[None]:
    with clock_module.use(VirtualClock(MORNING)), app.app_context():
        yield
        db.session.remove()


def pieces() -> dict[str, dict[str, Any]]:
    """Everything the tables have of each product, by public id, without the numbers of rows."""
    found = {}
    pictures: dict[int, str] = dict(db.session.execute(select(Picture.id, Picture.sha256)).all())
    for product in _rows(Product):
        id_, public_id = product.pop("id"), product["public_id"]
        variants = _rows(Variant, Variant.product_id == id_)
        prices = [_rows(Price, Price.variant_id == variant["id"]) for variant in variants]
        subjects = [public_id, *(variant["sku"] for variant in variants)]
        (search,) = _rows(SearchRow, SearchRow.product_id == id_) or [{}]
        found[public_id] = {
            "product": product | {"cover_id": pictures[product["cover_id"]]},
            "variants": [_without(row, "id", "product_id") for row in variants],
            "prices": [[_without(row, "id", "variant_id") for row in rows] for rows in prices],
            "texts": sorted(
                (
                    _without(row, "id", "entity_id")
                    for row in _rows(TextRow, TextRow.entity == "product", TextRow.entity_id == id_)
                ),
                key=lambda row: (row["field"], row["language"]),
            ),
            "pictures": [
                (pictures[row["picture_id"]], row["position"])
                for row in _rows(ProductPicture, ProductPicture.product_id == id_)
            ],
            # In which order the words of a line stand means nothing.
            "search": {name: set(line.split()) for name, line in _without(search, "product_id").items()},
            "audit": [_without(row, "id") for row in _rows(Audit, Audit.subject_id.in_(subjects))],
        }
    return found


def _rows(model: Any, *conditions: Any) -> list[dict[str, Any]]:
    table = model.__table__
    statement = select(table).where(*conditions).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in db.session.execute(statement)]


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_every_row_of_every_piece_is_the_one_that_the_services_write(shops: Shops) -> None:
    written = {}
    for way, app in shops.items():
        with inside(app):
            written[way] = pieces()
    assert len(written["directly"]) == COUNT
    assert written["directly"].keys() == written["services"].keys()
    for public_id, piece in written["services"].items():
        assert written["directly"][public_id] == piece


def test_listing_search_and_facets_answer_the_same_in_every_language(shops: Shops) -> None:
    questions = ("", "tapis", "زربية", "carpet", "argent bleu", "coussin 2", "tapiss")
    answers: dict[str, list[Any]] = {way: [] for way in shops}
    for way, app in shops.items():
        with inside(app):
            for language in LANGUAGES:
                for q in questions:
                    for page in (1, 2):
                        found = list_products(language, "EUR", Filters(q=q), page if not q else 1)
                        cards = [
                            (card.public_id, card.slug, card.title, card.minor, card.stock) for card in found.cards
                        ]
                        answers[way].append((cards, found.total, found.facets, found.read_as, found.left_out))
    assert answers["directly"] == answers["services"]
    assert all(total for _cards, total, *_rest in answers["directly"])


def test_pages_are_the_same_but_for_the_numbers_of_rows(shops: Shops) -> None:
    paths = [f"/{language}/products{query}" for language in LANGUAGES for query in ("", "?page=3", "?q=tapis")]
    with inside(shops["services"]):
        newest = list_products("fr", "EUR", Filters(q="2")).cards
        paths += [f"/fr/products/{card.public_id}-{card.slug}" for card in newest[:12]]
    bodies: dict[str, list[str]] = {}
    for way, app in shops.items():
        with inside(app):
            answers = [app.test_client().get(path) for path in paths]
            assert {answer.status_code for answer in answers} == {200}
            bodies[way] = [re.sub(r'value="\d+"', "", answer.text) for answer in answers]
    assert bodies["directly"] == bodies["services"]


def test_nothing_is_found_amiss(shops: Shops) -> None:
    with inside(shops["directly"]):
        assert [finding.text for finding in list_findings()] == []


def test_a_long_number_is_a_word_of_the_search_as_when_indexed_anew(
    shops: Shops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(content: Content, _count: int | None, seed: int) -> list[tuple[Piece, str]]:
        """The last of very many variations of one piece, alone."""
        key, piece = next(iter(content.products.items()))
        return plan_products(replace(content, products={key: piece}), LONG, seed)[-1:]

    monkeypatch.setattr("tests.bench.multiply.plan_products", plan)
    with inside(shops["directly"]):
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        shutil.copy(str(db.engine.url.database), tmp_path / "shop.sqlite")
    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path / 'shop.sqlite'}"))
    with inside(app):
        multiply(LONG, seed=1, progress=lambda *_step: None)
        assert list_products("fr", "EUR", Filters(q=str(LONG))).total == 1
        before = set(db.session.scalars(select(SearchWord.stem)))
        with transaction():
            index_products(db.session.scalars(select(SearchRow.product_id)).all())
        assert set(db.session.scalars(select(SearchWord.stem))) == before
        assert str(LONG) in before
        db.engine.dispose()
