"""Facets on the demonstration's catalogue: values widen, facets narrow, and every number is what its choice finds."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from shop.catalogue.facets import FACETS, POSTED, Filters
from shop.catalogue.indexing import index_unindexed
from shop.catalogue.models import Product, SearchRow, Variant
from shop.catalogue.queries import Listing, list_products
from shop.catalogue.search import Word, nearest, read_words
from shop.core.db import db, transaction
from shop.core.versions import touch
from shop.i18n.fold import stem
from tests.builders import make_product
from tests.catalogue.demo_catalogue import load_catalogue


def listed(**filters: Any) -> Listing:
    return list_products("en", "EUR", Filters(**filters), size=100)


def keys(listing: Listing) -> list[str]:
    return [card.public_id for card in listing.cards]


def counts(listing: Listing, facet: str) -> dict[str, int]:
    return {option.value: option.count for option in listing.facets[facet]}


@pytest.mark.both_databases
def test_every_number_of_a_facet_is_what_its_choice_finds(app: Flask) -> None:
    load_catalogue()
    chosen = {"material": ("wool",), "colour": ("red", "blue"), "reach": (20_000, 400_000)}
    listing = listed(**chosen)
    assert listing.total
    for facet in FACETS:
        assert listing.facets[facet], facet
        for option in listing.facets[facet]:
            assert listed(**{**chosen, facet: (option.value,)}).total == option.count, (facet, option)


def test_values_of_one_facet_widen_and_facets_narrow(app: Flask) -> None:
    load_catalogue()
    red, blue = (set(keys(listed(colour=(colour,)))) for colour in ("red", "blue"))
    assert red
    assert set(keys(listed(colour=("red", "blue")))) == red | blue
    wool = set(keys(listed(material=("wool",))))
    assert set(keys(listed(colour=("red", "blue"), material=("wool",)))) == (red | blue) & wool


def test_prices_are_ranges_in_the_currency_asked_for(app: Flask) -> None:
    cheap, dear = make_product(prices={"EUR": 4_999}), make_product(prices={"EUR": 5_000, "AED": 21_000})
    ids = {variant.product_id: name for variant, name in ((cheap, "cheap"), (dear, "dear"))}
    names = {row.public_id: ids[row.id] for row in db.session.execute(select(Product.id, Product.public_id))}
    assert [names[key] for key in keys(listed(price=("0-50",)))] == ["cheap"]
    assert [names[key] for key in keys(listed(price=("50-150",)))] == ["dear"]
    assert counts(listed(price=("50-150",)), "price") == {"0-50": 1, "50-150": 1}
    dirhams = list_products("en", "AED", Filters(price=("200-600",)))
    assert [names[key] for key in keys(dirhams)] == ["dear"]


def test_what_is_too_heavy_for_a_parcel_cannot_be_posted_there(app: Flask) -> None:
    light, _heavy, _unknown = (make_product(weight_grams=grams) for grams in (2_000, 2_001, None))
    assert counts(listed(reach=(2_000, 40_000)), "posted") == {POSTED: 1}
    (card,) = listed(reach=(2_000, 40_000), posted=(POSTED,)).cards
    assert db.session.get_one(Product, light.product_id).public_id == card.public_id
    assert listed(reach=(0, 0), posted=(POSTED,)).total == 0


@pytest.mark.both_databases
def test_a_change_shows_in_the_next_listing_and_its_numbers(app: Flask) -> None:
    rug = make_product()
    assert counts(listed(), "craft") == {"rug": 1}
    with transaction():
        db.session.execute(update(Variant).where(Variant.id == rug.id).values(available=0, sold=1))
        touch()
    assert (listed().total, listed().facets["craft"]) == (0, ())


@pytest.mark.both_databases
def test_a_question_costs_one_statement_for_new_words_and_nothing_the_second_time(
    app: Flask, count_statements: Any
) -> None:
    load_catalogue()
    listed()
    sent = []
    for q in ("red rug", "red rug", "rug"):
        with count_statements() as seen:
            assert listed(q=q).total
        sent.append(len(seen))
    assert sent == [1, 0, 0]


@pytest.mark.both_databases
def test_a_misspelt_word_is_read_as_the_nearest_and_said(app: Flask) -> None:
    load_catalogue()
    listing = listed(q="bleu zelige")
    assert (listing.read_as, listing.left_out, listing.loosely) == ("bleu zellige", (), False)
    assert keys(listing)[0] == "zellige-cobalt"
    assert listed(q="bleu zellige").read_as == ""


@pytest.mark.both_databases
def test_a_word_nothing_has_is_left_out_and_said(app: Flask) -> None:
    load_catalogue()
    listing = listed(q="tajine xylophonique")
    assert (keys(listing), listing.left_out) == (["safi-tajine"], ("xylophonique",))
    assert listed(q="xylophonique").total == 0


def test_where_no_piece_has_all_words_those_with_the_most_come(app: Flask) -> None:
    load_catalogue()
    listing = listed(q="pouf drum")
    assert listing.loosely
    assert {"pouf-marrakech", "guedra-guelmim", "bendir-guelmim"} <= set(keys(listing))


def test_where_choices_leave_nothing_the_way_out_is_counted(app: Flask) -> None:
    load_catalogue()
    listing = listed(q="tajine", craft=("cire",))
    assert (listing.total, listing.without_choices) == (0, 1)
    assert {craft.value for craft in listing.crafts} >= {"zellige", "cire"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("zelige", "zellige"), ("lantren", "lantern"), ("قفطتن", "قفطان"), ("couvertrue", "couverture"), ("rgu", None)],
)
def test_a_slip_is_forgiven_in_words_long_enough(typed: str, meant: str | None) -> None:
    vocabulary = {stem(word): word for word in ("zellige", "lantern", "قفطان", "couverture", "rug")}
    assert nearest(Word(typed, stem(typed)), vocabulary) == (stem(meant) if meant else None)


def test_words_that_join_others_are_not_asked_for() -> None:
    assert [word.text for word in read_words("tapis de la montagne")] == ["tapis", "montagne"]
    assert [word.text for word in read_words("de la")] == ["de", "la"]


@pytest.mark.both_databases
def test_rows_of_an_older_release_are_written_anew(app: Flask) -> None:
    rug = make_product()
    with transaction():
        db.session.add(SearchRow(product_id=rug.product_id, others="tapi lain"))
    with transaction():
        assert index_unindexed() == 1
        assert index_unindexed() == 0
    assert "tapi" in db.session.get_one(SearchRow, rug.product_id, populate_existing=True).titles.split()
