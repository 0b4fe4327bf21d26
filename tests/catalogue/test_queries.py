"""Listings, facets, search, and what has a page."""

import contextvars
import threading
from datetime import date
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from shop.catalogue.facets import Filters
from shop.catalogue.indexing import index_products, line_of
from shop.catalogue.makers import get_maker, list_makers
from shop.catalogue.models import Price, Product, SearchRow, Variant
from shop.catalogue.product_page import get_product_page
from shop.catalogue.queries import find_craft, list_crafts, list_products
from shop.catalogue.services import set_prices
from shop.catalogue.shelf import Shelf, kept_shelf
from shop.catalogue.stock import reserve
from shop.core import kept
from shop.core.db import db, transaction
from shop.core.errors import NotFound
from shop.core.versions import touch
from shop.i18n.texts import write_text
from shop.programme.models import Membership
from tests.builders import make_basics, make_product, make_unit


def change(model: type[Any], *where: Any, **values: Any) -> None:
    with transaction():
        db.session.execute(update(model).where(*where).values(**values))
        touch()


def product_of(variant: Variant) -> Product:
    return db.session.get_one(Product, variant.product_id, populate_existing=True)


def remember(variant: Variant, *parts: str) -> None:
    with transaction():
        db.session.merge(SearchRow(product_id=variant.product_id, titles=line_of(parts)))


def found(**filters: Any) -> list[str]:
    return [card.public_id for card in list_products("en", "EUR", Filters(**filters)).cards]


@pytest.mark.both_databases
def test_a_page_costs_the_same_statements_whatever_its_size(app: Flask, count_statements) -> None:
    unit = make_unit()
    make_product(unit)
    counts = []
    for more in (0, 25):
        for _piece in range(more):
            make_product(unit)
        # After a change the first listing reads the shelf anew.
        list_products("ar", "EUR", Filters())
        for _turn in ("cards are read", "cards are known"):
            with count_statements() as seen:
                list_products("fr", "EUR", Filters())
            counts.append(len(seen))
    assert counts == [1, 0, 1, 0]


@pytest.mark.both_databases
def test_a_product_page_reads_its_piece_in_three_statements_and_what_may_have_changed_in_one(
    app: Flask, count_statements
) -> None:
    pieces = [make_product(materials=["wool"]), make_product(materials=["wool"])]
    known, public_id = (product_of(piece).public_id for piece in pieces)
    # The names of materials are kept by the process.
    get_product_page(known, "fr", "EUR")
    counts, pages = [], []
    for _turn in range(2):
        with count_statements() as seen:
            pages.append(get_product_page(public_id, "fr", "EUR"))
        counts.append(len(seen))
    assert counts == [3, 1]
    assert pages[0].portrait is pages[1].portrait
    assert pages[1].title.text == "Tapis de laine noué"
    assert (pages[1].stock, pages[1].offers[0].minor, pages[1].maker.place) == ("available", 32000, "Taznakht")


@pytest.mark.both_databases
def test_what_is_known_of_a_product_page_is_read_anew_once_it_changes(app: Flask) -> None:
    unit = make_unit()
    piece, other = make_product(unit), make_product(unit)
    public_id = product_of(piece).public_id
    assert [len(get_product_page(public_id, "fr", "EUR").more) for _turn in range(2)] == [1, 1]
    with transaction():
        write_text("product", piece.product_id, "title", "fr", "Kilim")
    assert get_product_page(public_id, "fr", "EUR").title.text == "Kilim"
    with transaction():
        write_text("unit", unit.id, "story", "fr", "Elle tisse.")
    told = get_product_page(public_id, "fr", "EUR").maker.story
    assert told is not None
    assert told.text == "Elle tisse."
    with transaction():
        reserve([(other.id, 1)])
    assert get_product_page(public_id, "fr", "EUR").more == ()
    with transaction():
        set_prices(piece.id, {"EUR": 41_000}, actor=None)
    assert get_product_page(public_id, "fr", "EUR").offers[0].minor == 41_000
    with transaction():
        reserve([(piece.id, 1)])
    assert get_product_page(public_id, "fr", "EUR").stock == "reserved"


@pytest.mark.both_databases
def test_facets_count_what_each_choice_would_find(app: Flask) -> None:
    fez, safi = make_unit(region="MA-03"), make_unit(region="MA-07")
    make_product(fez)
    make_product(fez, craft="pottery", family="POT", kind="repeatable", stock=3)
    make_product(safi, craft="pottery", family="POT")
    listing = list_products("en", "EUR", Filters(craft=("pottery",)))
    assert listing.total == 2
    assert {option.value: option.count for option in listing.facets["craft"]} == {"rug": 1, "pottery": 2}
    assert {option.value: option.count for option in listing.facets["region"]} == {"03": 1, "07": 1}
    assert list_products("en", "EUR", Filters(craft=("pottery",), region=("07",), kind=("one_of_a_kind",))).total == 1


def test_pages_follow_each_other_without_a_gap_and_end(app: Flask) -> None:
    unit = make_unit()
    everything = {product_of(make_product(unit)).public_id for _piece in range(5)}
    pages = [list_products("en", "EUR", Filters(), page, size=2) for page in (1, 2, 3)]
    assert [len(page.cards) for page in pages] == [2, 2, 1]
    assert {card.public_id for page in pages for card in page.cards} == everything
    with pytest.raises(NotFound):
        list_products("en", "EUR", Filters(), 4, size=2)


@pytest.mark.parametrize(
    "facet", ["craft", "family", "material", "region", "kind", "form", "colour", "price", "posted"]
)
def test_a_value_that_does_not_exist_is_not_an_empty_list(app: Flask, facet: str) -> None:
    make_product()
    with pytest.raises(NotFound):
        list_products("en", "EUR", Filters(**{facet: ("99",)}))


def test_a_craft_without_pieces_is_an_empty_list(app: Flask) -> None:
    make_product()
    assert list_products("en", "EUR", Filters(craft=("pottery",))).total == 0
    assert [craft.code for craft in list_crafts("en")] == ["rug"]


@pytest.mark.both_databases
@pytest.mark.parametrize("q", ["Safi", "asfi", "آسفي", "أسفي", "POTTERY", "poteries", "الفخار", "pott safi", "plat"])
def test_a_word_is_found_in_any_of_its_spellings(app: Flask, q: str) -> None:
    dish, rug = make_product(), make_product()
    remember(dish, "Plat bleu de Safi", "poterie")
    remember(rug, "Tapis", "Taznakht")
    assert found(q=q) == [product_of(dish).public_id]


@pytest.mark.parametrize("q", ["%", "_", "'", "\\", "\x00", "💙", "a" * 5000, '" OR 1=1'])
def test_a_strange_question_is_only_a_question(app: Flask, q: str) -> None:
    remember(make_product(), "Tapis")
    assert isinstance(found(q=q), list)


def test_only_what_is_published_by_an_admitted_unit_is_shown(app: Flask) -> None:
    shown, draft = make_product(), make_product(state="draft")
    make_product(make_unit(admitted=False))
    assert found() == [product_of(shown).public_id]
    with pytest.raises(NotFound):
        get_product_page(product_of(draft).public_id, "en", "EUR")
    change(Membership, to_on=date(2026, 6, 14))
    assert found() == []


@pytest.mark.both_databases
def test_a_sold_single_piece_leaves_the_list_and_keeps_its_page(app: Flask) -> None:
    rug = make_product()
    public_id = product_of(rug).public_id
    change(Variant, Variant.id == rug.id, available=0, reserved=1)
    assert list_products("en", "EUR", Filters()).cards[0].stock == "reserved"
    assert get_product_page(public_id, "en", "EUR").stock == "reserved"
    change(Variant, Variant.id == rug.id, reserved=0, sold=1)
    assert found() == []
    assert get_product_page(public_id, "en", "EUR").stock == "sold"


def test_without_a_price_in_the_currency_it_is_not_for_sale_in_it(app: Flask) -> None:
    rug = make_product(prices={"EUR": 100})
    assert list_products("en", "USD", Filters()).cards[0].minor is None
    assert get_product_page(product_of(rug).public_id, "en", "USD").stock == "unpriced"


def test_a_missing_translation_says_which_language_it_shows(app: Flask) -> None:
    rug = make_product(titles={"fr": "Tapis"})
    page = get_product_page(product_of(rug).public_id, "ar", "EUR")
    assert (page.title.text, page.title.language) == ("Tapis", "fr")
    assert list_products("ar", "EUR", Filters()).cards[0].title.language == "fr"


def test_makers_show_while_admitted_and_while_they_have_pieces(app: Flask) -> None:
    unit, idle, other = make_unit(region="MA-03"), make_unit(), make_unit(admitted=False)
    make_product(unit)
    make_product(other)
    assert [maker.public_id for maker in list_makers("ar")] == [unit.public_id]
    assert list_makers("ar", "07") == []
    assert get_maker(idle.public_id, "fr").persons == (("Fatima Aït Ali", "tisserande"),)
    with pytest.raises(NotFound):
        get_maker(other.public_id, "fr")


def test_a_craft_is_found_by_the_longest_code_of_its_address(app: Flask) -> None:
    make_basics()
    craft, slug = find_craft("rug-rugs-and-more", "en")
    assert (craft.code, slug) == ("rug", "rugs-and-more")
    assert find_craft("rug", "en")[1] == ""
    with pytest.raises(NotFound):
        find_craft("nothing-rug", "en")


@pytest.mark.parametrize("seed", range(3))
def test_a_page_far_down_holds_what_stands_there(seed: int) -> None:
    chance = Random(seed)
    ids = [chance.randrange(10**6) for _place in range(300)]
    sets: list[list[int]] = [[], [], []]
    for place in range(len(ids)):
        sets[chance.randrange(3)].append(place)
    shelf = Shelf(1, date(2026, 1, 1), ids, {}, {}, ([], []))
    tiers = [shelf.pieces(places) for places in sets]
    ordered = [ids[place] for places in sets for place in places]
    for start in (0, 1, 24, 99, 150, 298, 300):
        assert shelf.page(tiers, start, 24) == ordered[start : start + 24]


@pytest.mark.both_databases
def test_what_the_shelf_reads_later_is_not_older_than_the_shelf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOOK_NANOSECONDS", 0)
    rug = make_product(kind="repeatable", stock=5)
    kept_shelf()
    db.session.rollback()
    # Something was read already: on SQLite nothing newer is seen here.
    db.session.execute(select(Price.amount_minor)).all()

    def change() -> None:
        with app.app_context():
            with transaction():
                set_prices(rug.id, {"EUR": 90_000}, actor=None)
                write_text("product", rug.product_id, "title", "en", "Zephyrus")
                index_products([rug.product_id])
            kept_shelf()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(change,))
    thread.start()
    thread.join()
    shelf = kept_shelf()
    found = shelf.find("zephyrus")
    assert (shelf.priced("EUR", 80_000, None), found and found.all) == (1, 1)
