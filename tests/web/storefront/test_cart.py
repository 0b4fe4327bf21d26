"""The cart at the door: what is put in, what is refused, what is said."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from shop.catalogue.models import Price, Product, Variant
from shop.core.db import db, transaction
from tests.builders import make_order, make_product
from tests.web.storefront.conftest import Visitor


def test_putting_a_piece_in_sets_the_only_cookie_and_shows_the_cart(visitor: Visitor) -> None:
    answer = visitor.put_in(make_product())
    assert (answer.status_code, answer.location) == (303, "/fr/cart")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("cart=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Max-Age=2592000", "Path=/"):
        assert attribute in cookie
    page = visitor.get("/fr/cart")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Tapis de laine noué" in page.text
    assert visitor.get("/fr/cart/count.json").json == {"count": 1}


@pytest.mark.parametrize("quantity", ["0", "-5", "1e9", "1.5", "1000000000", "", "x", "7"])
def test_a_quantity_that_cannot_be_is_refused_where_it_was_asked(visitor: Visitor, quantity: str) -> None:
    tiles = make_product(stock=100, kind="repeatable", sale_unit="m2", min_quantity=5, quantity_step=5)
    answer = visitor.put_in(tiles, quantity, language="en")
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert visitor.get("/en/cart/count.json").json == {"count": 0}


def test_a_price_sent_by_the_browser_is_not_looked_at(visitor: Visitor) -> None:
    visitor.put_in(make_product(), price="1", unit_price_minor="1", seen_minor="1", amount="1")
    assert "320,00" in visitor.get("/fr/cart").text


@pytest.mark.parametrize("variant", ["", "0", "999999", "x"])
def test_a_variant_of_something_else_is_refused(client: FlaskClient, variant: str) -> None:
    product = db.session.get_one(Product, make_product().product_id)
    answer = client.post("/en/cart", data={"product": product.public_id, "variant": variant, "quantity": "1"})
    assert answer.status_code == 422
    assert "Choose one of the sizes or colours." in answer.text


def test_an_unknown_product_is_not_found(client: FlaskClient) -> None:
    assert client.post("/fr/cart", data={"product": "zzzzzzzzzz", "variant": "1"}).status_code == 404


def test_a_form_from_another_site_is_refused(client: FlaskClient) -> None:
    make_product()
    answer = client.post("/fr/cart", data={"product": "x"}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


def test_a_line_is_changed_and_removed_without_scripts(client: FlaskClient, visitor: Visitor) -> None:
    pot = make_product(stock=5, kind="repeatable")
    visitor.put_in(pot)
    assert client.post(f"/fr/cart/lines/{pot.id}", data={"quantity": "3"}).status_code == 303
    assert "960,00" in visitor.get("/fr/cart").text
    wrong = client.post(f"/fr/cart/lines/{pot.id}", data={"quantity": "9"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert 'value="9"' in wrong.text
    client.post(f"/fr/cart/lines/{pot.id}", data={"remove": "1", "quantity": "zzz"})
    assert visitor.get("/fr/cart/count.json").json == {"count": 0}


def test_somebody_elses_line_is_not_in_the_cart(client: FlaskClient, visitor: Visitor) -> None:
    visitor.put_in(make_product())
    assert client.post("/fr/cart/lines/999", data={"quantity": "1"}).status_code == 404
    client.delete_cookie("cart")
    assert client.post("/fr/cart/lines/1", data={"remove": "1"}).status_code == 404


def test_a_piece_sold_meanwhile_says_so_in_its_line_and_stops_the_checkout(visitor: Visitor) -> None:
    rug = make_product()
    visitor.put_in(rug, language="en")
    make_order(rug)
    page = visitor.get("/en/cart").text
    assert "This piece was sold in the meantime." in page
    assert "/en/checkout" not in page
    assert visitor.get("/en/checkout").location == "/en/cart"


def test_a_changed_price_is_said_and_waits_for_a_yes(client: FlaskClient, visitor: Visitor) -> None:
    visitor.put_in(make_product(), language="en")
    with transaction():
        db.session.execute(update(Price).values(amount_minor=33000))
    page = visitor.get("/en/cart").text
    assert "it was <bdi>€320.00</bdi>, now it is <bdi>€330.00</bdi>" in page
    assert visitor.get("/en/checkout").location == "/en/cart"
    client.post("/en/cart/prices")
    assert "now it is" not in visitor.get("/en/cart").text


def test_the_choice_of_country_and_currency_is_from_closed_lists(visitor: Visitor) -> None:
    visitor.put_in(make_product())
    assert visitor.choose("FR", "USD").status_code == 303
    assert "416,00" in visitor.get("/fr/cart").text
    assert visitor.choose("MA").status_code == 422
    assert visitor.choose("FR", "DOGE").status_code == 422


def test_the_cart_survives_a_change_of_language(visitor: Visitor) -> None:
    visitor.put_in(make_product())
    assert "زربية من الصوف" in visitor.get("/ar/cart").text


def test_stock_is_not_held_by_a_cart(visitor: Visitor) -> None:
    rug = make_product()
    visitor.put_in(rug)
    assert db.session.get_one(Variant, rug.id, populate_existing=True).available == 1
