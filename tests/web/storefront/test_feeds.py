"""The product feed says what the product's page says, in the words shopping sites ask for."""

import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from shop.catalogue.currencies import list_currencies
from shop.catalogue.models import Product
from shop.core.db import db, transaction
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import write_text
from tests.builders import make_order, make_product, make_unit

G = "{http://base.google.com/ns/1.0}"
NEEDED = ("id", "title", "description", "link", "image_link", "availability", "price", "condition", "brand")


def read_feed(client: FlaskClient, language: str = "fr", currency: str = "EUR") -> list[ElementTree.Element]:
    answer = client.get(f"/feeds/products-{language}-{currency}.xml")
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert "Set-Cookie" not in answer.headers
    return ElementTree.fromstring(answer.data).findall("channel/item")


def told(item: ElementTree.Element, name: str) -> str:
    return item.findtext(f"{G}{name}", "")


@pytest.mark.both_databases
def test_every_item_leads_to_a_page_that_says_the_same(client: FlaskClient) -> None:
    unit = make_unit()
    for _piece in range(3):
        make_product(unit)
    for language in LANGUAGES:
        for currency in list_currencies():
            items = read_feed(client, language, currency)
            assert len(items) == 3
            for item in items:
                assert all(told(item, name) for name in NEEDED)
                page = client.get(told(item, "link").removeprefix("http://localhost"))
                assert page.status_code == 200, told(item, "link")
                amount, code = told(item, "price").split()
                assert f'"price": "{amount}"' in page.text
                assert f'"priceCurrency": "{code}"' in page.text
                assert code == currency
                assert told(item, "identifier_exists") == "no"


def test_postage_is_told_for_the_countries_that_pay_in_the_currency(client: FlaskClient) -> None:
    make_product()
    (item,) = read_feed(client)
    told_of = {ship.findtext(f"{G}country"): ship.findtext(f"{G}price") for ship in item.iterfind(f"{G}shipping")}
    assert told_of == {"DE": "60.00 EUR", "ES": "60.00 EUR", "FR": "60.00 EUR"}
    shipping = item.find(f"{G}shipping")
    assert shipping is not None
    assert (told(item, "max_handling_time"), shipping.findtext(f"{G}max_transit_time")) == ("5", "9")
    (item,) = read_feed(client, "en", "GBP")
    assert [ship.findtext(f"{G}country") for ship in item.iterfind(f"{G}shipping")] == ["GB"]


def test_what_cannot_be_bought_or_told_is_left_out(client: FlaskClient) -> None:
    make_product(prices={"EUR": 100})
    make_product(titles={"ar": "زربية"})
    make_product(state="draft")
    make_product(stock=0)
    heavy = make_product(weight_grams=90_000)
    assert len(read_feed(client, "ar", "EUR")) == 3
    assert len(read_feed(client, "fr", "EUR")) == 2
    assert [told(item, "id") for item in read_feed(client, "fr", "USD")] == [heavy.sku]
    assert [item.findall(f"{G}shipping") for item in read_feed(client, "fr", "USD")] == [[]]


def test_what_is_sold_by_measure_costs_what_the_least_of_it_costs(client: FlaskClient) -> None:
    make_product(stock=100, kind="repeatable", sale_unit="m2", min_quantity=5, quantity_step=5, weight_grams=1000)
    (item,) = read_feed(client)
    assert told(item, "price") == "1600.00 EUR"
    assert (told(item, "unit_pricing_measure"), told(item, "shipping_weight")) == ("5 sqm", "5000 g")


def test_any_text_makes_a_feed_that_can_be_read(client: FlaskClient) -> None:
    piece = make_product(titles={"fr": "<b>Tapis</b> & \x0b“laine”"})
    with transaction():
        product = db.session.get_one(Product, piece.product_id)
        write_text("product", product.id, "description", "fr", "x" * 6000)
    (item,) = read_feed(client)
    assert told(item, "title") == "<b>Tapis</b> & “laine”"
    assert len(told(item, "description")) == 5000


def test_a_feed_costs_the_same_statements_for_one_piece_and_for_thirty(client: FlaskClient, count_statements) -> None:
    unit = make_unit()
    make_product(unit)
    # The currencies are kept by the process.
    read_feed(client)
    counts = []
    for pieces in (1, 29):
        for _piece in range(pieces):
            make_product(unit)
        with count_statements() as seen:
            read_feed(client)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 11


@pytest.mark.parametrize("path", ["products-de-EUR", "products-fr-DOGE", "products-fr", "products-fr-eur"])
def test_another_feed_does_not_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/feeds/{path}.xml").status_code == 404


def test_robots_may_read_the_feeds(client: FlaskClient) -> None:
    assert not re.search("Disallow: /feeds", client.get("/robots.txt").text)


def test_a_sale_makes_the_feed_anew_and_not_the_sitemap(client: FlaskClient) -> None:
    pot = make_product(stock=1, kind="repeatable")

    def tags() -> list[str]:
        return [client.get(path).headers["ETag"] for path in ("/feeds/products-fr-EUR.xml", "/sitemap.xml")]

    feed, sitemap = tags()
    make_order(pot)
    assert tags() != [feed, sitemap]
    assert tags()[1] == sitemap
