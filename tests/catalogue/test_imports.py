"""The catalogue in and out: our own columns, other people's by a mapping, pictures, and nothing half imported."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from shop.catalogue.facets import Filters
from shop.catalogue.importing.export import catalogue_rows, export_catalogue
from shop.catalogue.importing.imports import PreparedCatalogue, apply_catalogue, prepare_catalogue
from shop.catalogue.importing.sheet import FIELDS
from shop.catalogue.models import Craft, Family, ImportedKey, Material, Price, Product, ProductPicture, Variant
from shop.catalogue.queries import list_products
from shop.core.db import db, transaction
from shop.demo.content.load import get_content
from shop.demo.mappings import FOLDER as MAPPINGS
from shop.i18n.messages import use_language
from shop.i18n.texts import TextRow, texts_of
from shop.importing.mappings import ColumnMapping, load_mapping
from shop.importing.problems import ImportRefused, Outcome
from shop.media.models import Picture
from tests.builders import make_product, make_unit

DATA = Path(__file__).parents[1] / "data" / "imports"
OURS = ColumnMapping()


def bring_in(path: Path, mapping: ColumnMapping = OURS, **options: Any) -> Outcome:
    prepared = prepare_catalogue(path, mapping)
    with transaction():
        return apply_catalogue(prepared, **options)


def table(folder: Path, *rows: dict[str, object], name: str = "table.csv") -> Path:
    usual = {"artisan_id": "artisan001", "craft": "rug", "title_fr": "Tapis", "weight_grams": 900}
    headings = list(dict.fromkeys([*usual, *(heading for row in rows for heading in row)]))
    path = folder / name
    lines = [";".join(str({**usual, **row}.get(heading, "")) for heading in headings) for row in rows]
    path.write_text("\n".join([";".join(headings), *lines]), encoding="utf-8")
    return path


def photo(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def product_of(sku: str) -> Product:
    return db.session.scalars(select(Product).join(Variant).where(Variant.sku == sku)).one()


def variant_of(sku: str) -> Variant:
    return db.session.scalars(select(Variant).where(Variant.sku == sku)).one()


@pytest.fixture
def unit(app: Flask) -> Any:
    made = make_unit(public_id="artisan001")
    with transaction():
        db.session.add(Material(code="wool", name_ar="الصوف", name_fr="Laine", name_en="Wool"))
    return made


@pytest.mark.both_databases
def test_a_file_in_our_own_columns_becomes_products_with_variants(unit: Any) -> None:
    outcome = bring_in(DATA / "catalogue.csv")
    assert (outcome.created, outcome.problems) == (2, [])
    rug, slippers = product_of("RUG-1"), product_of("SLIP-40")
    assert (rug.state, rug.kind, rug.family, rug.materials, rug.hs_code) == (
        "draft",
        "one_of_a_kind",
        "TAP",
        ["wool"],
        "0570110",
    )
    assert (rug.length_mm, rug.width_mm, rug.height_mm, rug.weight_grams) == (2000, 1200, None, 4000)
    texts = texts_of("product", [rug.id], ["title", "description"])
    assert texts[rug.id, "title"] == {"ar": "زربية من الصوف", "fr": "Tapis de laine", "en": "Wool rug"}
    assert texts[rug.id, "description"]["en"] == "A rug knotted by hand,\nof two wools."
    prices = dict(
        db.session.execute(
            select(Price.currency, Price.amount_minor).where(Price.variant_id == variant_of("RUG-1").id)
        ).all()
    )
    assert prices == {"EUR": 32000, "USD": 35050, "GBP": 28000, "AED": 129000}
    assert product_of("SLIP-39").id == slippers.id
    assert slippers.option1_name == {"ar": "المقاس", "fr": "Pointure", "en": "Size"}
    second = variant_of("SLIP-40")
    assert (second.option1["en"], second.available, second.received, second.position) == ("40", 4, 4, 1)
    assert slippers.source_language == "fr"


@pytest.mark.both_databases
def test_the_same_file_again_writes_nothing(unit: Any, count_statements: Any) -> None:
    bring_in(DATA / "catalogue.csv")
    with transaction():
        texts = select(TextRow).where(TextRow.field == "title", TextRow.language == "en")
        for row in db.session.scalars(texts):
            row.text = "Translated anew by staff"
    with count_statements() as seen:
        again = bring_in(DATA / "catalogue.csv")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert [statement for statement in seen if not statement.startswith("SELECT")] == []
    assert set(db.session.scalars(select(TextRow.text).where(TextRow.language == "en", TextRow.field == "title"))) == {
        "Translated anew by staff"
    }


def test_a_changed_row_updates_its_product_and_stock_still_foots(unit: Any, tmp_path: Path) -> None:
    path = table(
        tmp_path, {"sku": "A", "kind": "repeatable", "stock": 5, "price_eur": 10, "price_usd": 12, "option1_value": "S"}
    )
    bring_in(path)
    with transaction():
        bought = variant_of("A")
        bought.available, bought.reserved = 3, 2
    table(
        tmp_path,
        {
            "sku": "A",
            "kind": "repeatable",
            "stock": 8,
            "price_eur": 11,
            "price_usd": "",
            "option1_value": "M",
            "title_fr": "Tapis neuf",
            "title_en": "New rug",
            "craft": "pottery",
        },
    )
    outcome = bring_in(path)
    assert (outcome.created, outcome.changed) == (0, 1)
    changed = variant_of("A")
    assert (changed.available, changed.reserved, changed.received, changed.option1["fr"]) == (8, 2, 10, "M")
    assert dict(db.session.execute(select(Price.currency, Price.amount_minor)).all()) == {"EUR": 1100}
    assert product_of("A").craft == "pottery"
    found = texts_of("product", [product_of("A").id], ["title"])
    assert found[product_of("A").id, "title"] == {"fr": "Tapis neuf", "en": "New rug"}
    assert bring_in(path).unchanged == 1


def test_a_sold_piece_is_not_put_on_sale_again_by_an_old_file(unit: Any, tmp_path: Path) -> None:
    path = table(tmp_path, {"sku": "A", "stock": 1, "price_eur": 10})
    bring_in(path)
    with transaction():
        bought = variant_of("A")
        bought.available, bought.sold = 0, 1
    table(tmp_path, {"sku": "A", "stock": 1, "price_eur": 12})
    outcome = bring_in(path)
    assert [notice.code for notice in outcome.notices] == ["sold"]
    assert (variant_of("A").available, outcome.changed) == (0, 1)


def test_what_the_export_wrote_imports_back_unchanged(unit: Any, tmp_path: Path, count_statements: Any) -> None:
    bring_in(DATA / "catalogue.csv")
    make_product(unit)
    for name in ("all.csv", "all.xlsx"):
        assert export_catalogue(tmp_path / name) == 4
        with count_statements() as seen:
            again = bring_in(tmp_path / name)
        assert (again.created, again.changed, again.unchanged, again.problems) == (0, 0, 3, [])
        assert [statement for statement in seen if not statement.startswith("SELECT")] == []


def test_an_export_fills_an_empty_shop_with_the_same_catalogue(unit: Any, tmp_path: Path, app: Flask) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(photo())
    bring_in(DATA / "catalogue.csv")
    bring_in(table(folder, {"sku": "A", "stock": 1, "state": "published", "images": "a.jpg"}))
    export_catalogue(tmp_path / "all.zip")
    before = [{**row, "images": "", "group_sku": ""} for row in catalogue_rows()]
    with transaction():
        for model in (ProductPicture, Price, Variant, ImportedKey, TextRow):
            db.session.execute(model.__table__.delete())
        db.session.execute(Product.__table__.update().values(cover_id=None))
        for name in ("search_row", "product", "picture"):
            db.session.execute(db.metadata.tables[name].delete())
    outcome = bring_in(tmp_path / "all.zip")
    assert (outcome.created, outcome.problems) == (3, [])
    assert [{**row, "images": "", "group_sku": ""} for row in catalogue_rows()] == before
    assert db.session.scalar(select(func.count()).select_from(ProductPicture)) == 1


def test_pictures_come_from_the_folder_or_the_archive_and_addresses_are_listed(unit: Any, tmp_path: Path) -> None:
    path = table(tmp_path, {"sku": "A", "images": "one.jpg|two.jpg|https://example.org/three.jpg"})
    (tmp_path / "one.jpg").write_bytes(photo())
    (tmp_path / "two.jpg").write_bytes(photo("blue"))
    outcome = bring_in(path)
    assert [(notice.code, notice.value) for notice in outcome.notices] == [
        ("not_fetched", "https://example.org/three.jpg")
    ]
    product = product_of("A")
    pictures = select(ProductPicture.picture_id).where(ProductPicture.product_id == product.id)
    shown = list(db.session.scalars(pictures.order_by(ProductPicture.position)))
    assert (len(shown), product.cover_id) == (2, shown[0])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("table.csv", path.read_bytes().replace(b"A;", b"B;"))
        archive.writestr("one.jpg", photo())
        archive.writestr("two.jpg", photo("green"))
    path.unlink()
    assert bring_in(tmp_path / "all.zip").created == 1
    # The red one is the same picture, kept once.
    assert db.session.scalar(select(func.count()).select_from(Picture)) == 3


@pytest.mark.parametrize(
    ("name", "code"), [("gone.jpg", "picture_missing"), ("../a.jpg", "picture_missing"), ("bad.jpg", "picture")]
)
def test_a_picture_that_is_missing_or_broken_keeps_its_product_out(
    unit: Any, tmp_path: Path, name: str, code: str
) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "a.jpg").write_bytes(photo())
    (folder / "bad.jpg").write_bytes(b"no picture")
    path = table(folder, {"sku": "GOOD"}, {"sku": "A", "images": name})
    prepared = prepare_catalogue(path, OURS)
    assert [(problem.line, problem.heading, problem.code) for problem in prepared.outcome.problems] == [
        (3, "images", code)
    ]
    assert (prepared.outcome.created, prepared.outcome.refused) == (1, 1)
    assert bring_in(path, partial=True).created == 1


@pytest.mark.parametrize(
    ("cells", "heading", "code"),
    [
        ({"sku": ""}, "sku", "empty"),
        ({"sku": "GOOD"}, "sku", "twice"),
        ({"artisan_id": "nobody"}, "artisan_id", "choice"),
        ({"craft": "alchemy"}, "craft", "choice"),
        ({"family": "POT"}, "family", "family"),
        ({"kind": "unique"}, "kind", "choice"),
        ({"price_eur": "12,345.678"}, "price_eur", "decimals"),
        ({"price_eur": "0"}, "price_eur", "range"),
        ({"price_mad": "cheap"}, "price_mad", "number"),
        ({"stock": "-1"}, "stock", "range"),
        ({"stock": "2", "kind": "one_of_a_kind"}, "stock", "one_of_a_kind"),
        ({"quantity_step": "0"}, "quantity_step", "range"),
        ({"weight_grams": "1.5"}, "weight_grams", "whole"),
        ({"weight_grams": "", "state": "published"}, "weight_grams", "weight"),
        ({"hs_code": "5701"}, "hs_code", "hs_code"),
        ({"origin_region": "MA-13"}, "origin_region", "region"),
        ({"materials": "unobtainium"}, "materials", "material"),
        ({"state": "archived"}, "state", "choice"),
        ({"title_fr": ""}, "title_en", "title"),
        ({"title_fr": "x" * 301}, "title_fr", "long"),
    ],
)
def test_a_bad_row_is_named_and_keeps_the_whole_file_out(
    unit: Any, tmp_path: Path, cells: dict[str, str], heading: str, code: str
) -> None:
    path = table(tmp_path, {"sku": "GOOD"}, {"sku": "BAD", **cells})
    prepared = prepare_catalogue(path, OURS)
    assert [(p.file, p.line, p.heading, p.code) for p in prepared.outcome.problems] == [("table.csv", 3, heading, code)]
    with pytest.raises(ImportRefused), transaction():
        apply_catalogue(prepared)
    assert db.session.scalar(select(func.count()).select_from(Product)) == 0


def test_a_bad_row_keeps_the_other_rows_of_its_product_out(unit: Any, tmp_path: Path) -> None:
    rows = ({"sku": "A1", "option1_value": "S"}, {"sku": "A2", "option1_value": "M", "stock": "many"})
    path = table(tmp_path, *({**row, "group_sku": "A", "kind": "repeatable"} for row in rows), {"sku": "B"})
    outcome = bring_in(path, partial=True)
    assert (outcome.created, outcome.refused, [problem.line for problem in outcome.problems]) == (1, 2, [3])
    assert list(db.session.scalars(select(Variant.sku))) == ["B"]


def test_rows_of_one_product_must_agree(unit: Any, tmp_path: Path) -> None:
    rows = ({"sku": "A1", "option1_value": "S"}, {"sku": "A2", "option1_value": "M", "craft": "pottery"})
    path = table(tmp_path, *({**row, "group_sku": "A"} for row in rows))
    assert [(p.line, p.heading, p.code) for p in prepare_catalogue(path, OURS).outcome.problems] == [
        (3, "craft", "group")
    ]


def test_another_makers_sku_cannot_be_taken(unit: Any, tmp_path: Path) -> None:
    theirs = make_product(make_unit())
    prepared = prepare_catalogue(table(tmp_path, {"sku": theirs.sku}), OURS)
    assert [(p.line, p.heading, p.code) for p in prepared.outcome.problems] == [(2, "sku", "taken")]


def test_findings_are_in_the_language_of_the_reader(unit: Any, tmp_path: Path) -> None:
    path = table(tmp_path, {"sku": "A", "stock": "many"})
    said = {}
    for language in ("ar", "fr", "en"):
        with use_language(language):
            problem = prepare_catalogue(path, OURS).outcome.problems[0]
        assert str(problem).startswith("table.csv:2:6: stock: ")
        assert (problem.code, problem.value) == ("number", "many")
        said[language] = problem.text
    assert said["en"] == "“many” is not a number."


def test_a_dry_run_writes_neither_rows_nor_pictures(unit: Any, tmp_path: Path, app: Flask) -> None:
    (tmp_path / "one.jpg").write_bytes(photo())
    prepared = prepare_catalogue(table(tmp_path, {"sku": "A", "images": "one.jpg"}), OURS, dry_run=True)
    assert (prepared.outcome.created, prepared.outcome.problems) == (1, [])
    assert list((tmp_path / "media").rglob("*.webp")) == []


# Text that was made to hurt ------------------------------------------------------------------------------------------


def survive(tmp_path: Path, titles: list[str]) -> None:
    """Titles go into the shop, out as CSV and come back as they were."""
    with transaction():
        for row, title in zip(
            db.session.scalars(select(TextRow).where(TextRow.field == "title").order_by(TextRow.id)),
            titles,
            strict=True,
        ):
            row.text = title
    export_catalogue(tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert "\n=" not in text
    assert ",=" not in text
    prepared = prepare_catalogue(tmp_path / "out.csv", OURS)
    assert (prepared.outcome.problems, prepared.outcome.changed) == ([], 0)
    assert [draft.texts["title", "fr"] for draft in prepared.drafts] == titles


@pytest.mark.both_databases
def test_formulas_are_disarmed_in_the_export_and_come_back_whole(unit: Any, tmp_path: Path) -> None:
    titles = ["=1+1", "@SUM(A1)", "+212 6", "-5", "'=1", "''+", 'say "hi", then;go', "two\nlines", "زليج\u200fx"]
    bring_in(table(tmp_path, *({"sku": f"S{number}"} for number in range(len(titles)))))
    survive(tmp_path, titles)


@pytest.mark.shared
def test_naughty_strings_survive_as_titles(unit: Any, tmp_path: Path, shared_data: Path) -> None:
    strings = json.loads((shared_data / "protocols" / "blns.json").read_text(encoding="utf-8"))
    strings += (shared_data / "protocols" / "csv-injection-payloads.txt").read_text(encoding="utf-8").split("\n")
    titles = list(dict.fromkeys(t.strip() for t in strings if t.strip() and len(t.strip()) <= 300 and "\0" not in t))
    assert len(titles) > 400
    bring_in(table(tmp_path, *({"sku": f"S{number}"} for number in range(len(titles)))))
    survive(tmp_path, titles)


# Five thousand real pieces -------------------------------------------------------------------------------------------


def load_crafts() -> None:
    """The demonstration's families, crafts and materials."""
    content = get_content()
    with transaction():
        for position, family in enumerate(content.families.values()):
            names = {f"name_{code}": text for code, text in family.names.as_dict().items()}
            if db.session.get(Family, family.code) is None:
                db.session.add(Family(code=family.code, position=position, **names))
        db.session.flush()
        for position, craft in enumerate(content.crafts.values()):
            names = {f"name_{code}": text for code, text in craft.names.as_dict().items()}
            names |= {f"intro_{code}": text for code, text in craft.intro.as_dict().items()}
            db.session.add(Craft(code=craft.code, family=craft.family, position=position, **names))
        for material in content.materials.values():
            if db.session.get(Material, material.code) is None:
                names = {f"name_{code}": text for code, text in material.names.as_dict().items()}
                db.session.add(Material(code=material.code, **names))


@pytest.mark.shared
def test_museum_objects_become_products_that_browse_well(
    unit: Any, shared_data: Path, count_statements: Any, tmp_path: Path
) -> None:
    load_crafts()
    path = shared_data / "museum" / "cooperhewitt_crafts_dev.csv"
    mapping = load_mapping(MAPPINGS / "cooperhewitt.toml", FIELDS).with_constants({"artisan_id": "artisan001"}, FIELDS)
    started = time.monotonic()
    with count_statements() as seen:
        outcome = bring_in(path, mapping)
    print(f"{outcome.created} products in {time.monotonic() - started:.1f} s, {len(seen)} statements")
    assert (outcome.created, outcome.problems) == (5374, [])
    assert len(seen) < 120
    with count_statements() as seen:
        again = bring_in(path, mapping)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 5374)
    assert [statement for statement in seen if not statement.startswith("SELECT")] == []
    listing = list_products("fr", "EUR", Filters())
    assert (listing.total, listing.pages) == (5374, 224)
    assert all(card.title.text and card.title.language == "en" and card.minor == 12000 for card in listing.cards)
    assert len(listing.facets["craft"]) >= 15
    assert list_products("en", "EUR", Filters(q="candlesticks")).total > 20
    mitt = product_of("CH-18177615")
    assert (mitt.length_mm, mitt.width_mm, mitt.height_mm, mitt.materials) == (120, 90, None, ["silk"])
    birdcage = product_of("CH-18187735")
    assert (birdcage.height_mm, birdcage.width_mm, birdcage.length_mm) == (790, 380, 755)
    started = time.monotonic()
    assert export_catalogue(tmp_path / "museum.csv") == 5374
    back = prepare_catalogue(tmp_path / "museum.csv", OURS)
    assert (back.outcome.problems, back.outcome.created, back.outcome.changed) == ([], 0, 0)
    print(f"exported and read back in {time.monotonic() - started:.1f} s")


def test_preparing_needs_no_transaction(unit: Any) -> None:
    prepared = prepare_catalogue(DATA / "catalogue.csv", OURS)
    assert isinstance(prepared, PreparedCatalogue)
    assert db.session.scalar(select(func.count()).select_from(Product)) == 0
