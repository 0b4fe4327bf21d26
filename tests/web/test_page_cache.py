"""Kept pages: right to the byte, changed within a second, never anybody's own."""

import gzip
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core.db import db, transaction
from shop.core.versions import public_version
from shop.i18n.texts import write_text
from shop.orders.cart import add_to_cart
from shop.web.page_cache import PageCache, key_of
from tests.builders import make_order, make_product


@pytest.fixture
def cache(app: Flask, monkeypatch: pytest.MonkeyPatch) -> PageCache:
    """The app's own cache, asking for the version at every request instead of once a second."""
    monkeypatch.setattr("shop.web.page_cache.LOOK_SECONDS", 0.0)
    found: Any = app.wsgi_app
    assert isinstance(found, PageCache)
    return found


def test_a_kept_page_costs_no_statement_and_is_the_same_to_the_byte(
    client: FlaskClient, cache: PageCache, count_statements: Any
) -> None:
    make_product()
    first = client.get("/fr/products")
    with count_statements() as seen:
        second = client.get("/fr/products")
    assert len([statement for statement in seen if "installation" not in statement]) == 0
    assert first.data == second.data
    assert "Tapis de laine" in second.text


def test_a_packed_page_is_the_plain_one_and_has_a_tag_of_its_own(client: FlaskClient, cache: PageCache) -> None:
    make_product()
    plain = client.get("/fr/products")
    packed = client.get("/fr/products", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_an_unchanged_page_is_answered_304_without_a_body(client: FlaskClient, cache: PageCache) -> None:
    make_product()
    tag = client.get("/fr/products").headers["ETag"]
    again = client.get("/fr/products", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag


def test_a_changed_text_a_sale_and_a_new_price_show_at_once(client: FlaskClient, cache: PageCache) -> None:
    rug = make_product()
    assert "Tapis de laine" in client.get("/fr/products").text
    with transaction():
        write_text("product", rug.product_id, "title", "fr", "Tapis des nuages")
    assert "Tapis des nuages" in client.get("/fr/products").text
    before = public_version()
    make_order(rug)
    assert public_version() != before


def test_what_changes_nothing_public_keeps_the_pages(app: Flask) -> None:
    rug = make_product()
    before = public_version()
    with transaction():
        add_to_cart(None, rug.id, 1, "EUR")
    assert public_version() == before


def test_a_change_that_is_rolled_back_leaves_the_number_alone(app: Flask) -> None:
    rug = make_product()
    before = public_version()

    def change_and_break() -> None:
        with transaction():
            write_text("product", rug.product_id, "title", "fr", "Rien")
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_break()
    with transaction():
        pass
    assert public_version() == before


@pytest.mark.parametrize(
    ("path", "query", "kept"),
    [
        ("/fr/", "", True),
        ("/ar/products", "page=2&family=TAP", True),
        ("/fr/products", "q=tapis", False),
        ("/fr/products", "anything=1", False),
        ("/fr/cart", "", False),
        ("/fr/cart/count.json", "", False),
        ("/fr/checkout", "", False),
        ("/fr/orders/M1", "t=x", False),
        ("/staff/", "", False),
        ("/", "", False),
        ("/de/products", "", False),
    ],
)
def test_only_public_addresses_with_known_parameters_are_kept(path: str, query: str, kept: bool) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "shop.test"}
    assert (key_of(environ) is not None) == kept
    assert key_of({**environ, "REQUEST_METHOD": "POST"}) is None


def test_the_order_of_parameters_makes_no_second_page() -> None:
    one = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fr/products", "QUERY_STRING": "page=2&family=TAP"}
    assert key_of(one) == key_of({**one, "QUERY_STRING": "family=TAP&page=2"})


def test_a_page_that_does_not_exist_is_not_kept(client: FlaskClient, cache: PageCache) -> None:
    assert client.get("/fr/products/0123456789-nothing").status_code == 404
    assert not cache._pages


def test_the_cache_lets_the_least_used_page_go(
    client: FlaskClient, cache: PageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/fr/about")
    monkeypatch.setattr("shop.web.page_cache.LARGEST_SUM", cache._size * 3 // 2)
    client.get("/fr/returns")
    assert [key[1] for key in cache._pages] == ["/fr/returns"]
