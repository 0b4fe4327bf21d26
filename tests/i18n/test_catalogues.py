import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from shop.i18n import catalogues
from shop.i18n.messages import PLURAL_FORMS

SIX = ["٠", "١", "٢", "%(num)s ق", "%(num)s قا", "%(num)s قط"]


def template() -> Catalog:
    catalogue = Catalog()
    catalogue.add("Cart", locations=[("shop/a.py", 3)])
    catalogue.add(("%(num)s piece", "%(num)s pieces"), locations=[("shop/b.py", 7), ("shop/b.py", 9)])
    catalogue.add("Open", context="state")
    return catalogue


def test_every_message_is_translated_and_nothing_is_left_over() -> None:
    assert catalogues.check() == []


@pytest.mark.parametrize("code", catalogues.TARGETS)
def test_catalogues_carry_our_plural_header_and_no_dates(code: str) -> None:
    text = catalogues.po_path(code).read_text(encoding="utf-8")
    assert PLURAL_FORMS[code] in text
    assert "Creation-Date" not in text


def test_an_order_has_one_name_in_arabic() -> None:
    """As in "paid orders" of the agreed words: طلب, طلبات; the other customary word has another gender and plural."""
    texts = [catalogues.po_path("ar"), *(catalogues.folder().parent / "shop" / "demo").rglob("*.toml")]
    found = [path.name for path in texts if re.search("طلبي(?:ة|ات|ت)", path.read_text(encoding="utf-8"))]
    assert found == []


def test_an_update_keeps_translations_and_drops_what_is_gone_or_guessed(tmp_path: Path) -> None:
    old = Catalog(locale="ar")
    old.add("Cart", "السلة")
    old.add("Gone", "ذهب")
    old.add("Open", "مفتوح؟", context="state", flags=["fuzzy"])
    updated = catalogues.update(template(), old, "ar")
    assert updated.get("Cart").string == "السلة"
    assert updated.get("Gone") is None
    assert not updated.get("Open", "state").string


def test_files_are_the_same_after_reading_and_writing_again(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    catalogue = catalogues.update(template(), Catalog(), "ar")
    assert catalogues.merge(catalogue, [{"id": "%(num)s piece", "plural": "%(num)s pieces", "ar": SIX}], "ar") == []
    catalogues.write(catalogue, path, "ar")
    first = path.read_bytes()
    catalogues.write(catalogues.update(template(), catalogues.read(path, "ar"), "ar"), path, "ar")
    assert path.read_bytes() == first
    assert b"#: shop/b.py\n" in first
    assert 'msgstr[5] "%(num)s قط"' in first.decode()


def test_a_merge_fills_in_and_replaces_only_when_told() -> None:
    catalogue = catalogues.update(template(), Catalog(), "fr")
    entries = [{"id": "Cart", "fr": "Panier"}, {"id": "Open", "context": "state", "fr": "Ouvert"}]
    assert catalogues.merge(catalogue, entries, "fr") == []
    catalogues.merge(catalogue, [{"id": "Cart", "fr": "Chariot"}], "fr")
    assert catalogue.get("Cart").string == "Panier"
    catalogues.merge(catalogue, [{"id": "Cart", "fr": "Chariot"}], "fr", replace=True)
    assert catalogue.get("Cart").string == "Chariot"
    assert catalogue.get("Open", "state").string == "Ouvert"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"id": "Unknown", "ar": "؟"}, "not in the source"),
        ({"id": "Open", "ar": "؟"}, "not in the source"),
        ({"id": "%(num)s piece", "ar": "قطع"}, "forms wanted"),
        ({"id": "%(num)s piece", "ar": ["قطعة", "قطع"]}, "6 forms wanted"),
        ({"id": "Cart", "ar": SIX}, "one text wanted"),
    ],
)
def test_a_merge_names_what_it_cannot_use(entry: dict[str, object], problem: str) -> None:
    catalogue = catalogues.update(template(), Catalog(), "ar")
    (found,) = catalogues.merge(catalogue, [entry], "ar")
    assert problem in found


def test_a_form_for_an_exact_number_may_leave_the_number_out() -> None:
    assert catalogues.check_placeholders(("%(num)s piece", "%(num)s pieces"), SIX) == []
    assert catalogues.check_placeholders(("%(num)s piece", "%(num)s pieces"), ["Une pièce", "%(num)s pièces"]) == []


@pytest.mark.parametrize(
    ("source", "translation", "problem"),
    [
        (["By %(maker)s"], ["Par %(artisan)s"], "unknown placeholder artisan"),
        (["By %(maker)s"], ["Par l’artisan"], "placeholder maker is lost"),
        (["All"], ["100 %"], "stray %"),
        (["%(num)s of %(all)s", "%(num)s of %(all)s"], ["Une", "%(num)s de %(all)s"], "placeholder all is lost"),
        (["%(num)s piece", "%(num)s pieces"], [*SIX[:5], "قطع"], "placeholder num is lost"),
    ],
)
def test_placeholders_that_disagree_are_named(source: list[str], translation: list[str], problem: str) -> None:
    assert problem in " ".join(catalogues.check_placeholders(source, translation))
