"""What stands on many pages is made once, and never shown where something of it has changed."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from shop.catalogue.facets import Filters
from shop.catalogue.models import Price, Product
from shop.catalogue.product_page import get_product_page
from shop.catalogue.queries import list_products
from shop.core.db import db, transaction
from shop.i18n.texts import write_text
from shop.web import fragments
from shop.web.fragments import EACH, Fragments
from tests.builders import make_order, make_product


def counted(made: list[str], text: str) -> Any:
    def make() -> Markup:
        made.append(text)
        return Markup(text)

    return make


def test_a_fragment_is_made_once_and_the_least_used_goes_first() -> None:
    made: list[str] = []
    store = Fragments(most=10 + 2 * EACH)
    assert store.get("a", counted(made, "aaaa")) == store.get("a", counted(made, "never")) == "aaaa"
    store.get("b", counted(made, "bbbb"))
    store.get("a", counted(made, "never"))
    store.get("c", counted(made, "cccc"))
    store.get("a", counted(made, "never"))
    store.get("b", counted(made, "bbbb"))
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]


def test_nothing_is_kept_of_what_came_to_nothing_and_small_things_count_too() -> None:
    made: list[str] = []
    store = Fragments(most=5 * EACH)
    for number in range(50):
        store.get(("empty", number), counted(made, ""))
    assert not store._made
    for number in range(50):
        store.get(("small", number), counted(made, "x"))
    assert list(store._made) == [("small", number) for number in range(46, 50)]


def test_an_application_keeps_nothing_of_another(app: Flask) -> None:
    assert fragments.fragment("key", lambda: Markup("mine")) == "mine"
    fragments.init_fragments(app)
    assert fragments.fragment("key", lambda: Markup("another's")) == "another's"


@pytest.mark.both_databases
def test_a_card_is_the_same_until_something_of_it_changes(app: Flask) -> None:
    rug = make_product(stock=3, kind="repeatable")

    def card() -> Any:
        return list_products("fr", "EUR", Filters()).cards[0]

    first = card()
    make_product(unit=None)
    assert list_products("fr", "EUR", Filters()).cards[1] is first
    assert list_products("en", "EUR", Filters()).cards[1] is not first
    with transaction():
        write_text("product", rug.product_id, "title", "fr", "Tapis des nuages")
    second = list_products("fr", "EUR", Filters()).cards[1]
    assert (second is first, second.title.text) == (False, "Tapis des nuages")


@pytest.mark.both_databases
def test_the_portrait_of_a_piece_outlives_a_sale_and_a_price_and_no_change_of_its_words(app: Flask) -> None:
    rug = make_product(stock=3, kind="repeatable")
    public_id = db.session.get_one(Product, rug.product_id).public_id
    first = get_product_page(public_id, "fr", "EUR")
    make_order(rug)
    with transaction():
        db.session.query(Price).filter_by(variant_id=rug.id, currency="EUR").one().amount_minor = 99_900
    sold = get_product_page(public_id, "fr", "EUR")
    assert sold.portrait is first.portrait
    assert get_product_page(public_id, "fr", "USD").portrait is first.portrait
    assert (sold.offers[0].minor, sold.offers[0].available) == (99_900, 2)
    with transaction():
        write_text("product", rug.product_id, "care", "fr", "À l'eau froide.")
    changed = get_product_page(public_id, "fr", "EUR")
    assert changed.portrait is not first.portrait
    assert changed.care is not None
    assert changed.care.text == "À l'eau froide."


def test_the_header_carries_the_addresses_of_its_own_page(client: FlaskClient) -> None:
    make_product()
    for path in ("/fr/products?page=1", "/fr/crafts", "/fr/products?q=%22%3E%3Cb%3E"):
        page = client.get(path).text
        assert not any("\ue000" in line or "\ue001" in line for line in page.splitlines())
        assert 'value="&#34;&gt;&lt;b&gt;"' in page if "q=" in path else 'name="q" value=""' in page
    assert 'href="http://localhost/ar/crafts"' in client.get("/fr/crafts").text
    assert 'href="http://localhost/ar/products"' in client.get("/fr/products").text
