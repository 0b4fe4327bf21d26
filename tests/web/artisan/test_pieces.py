"""The list of pieces and their stock."""

import pytest

from shop.catalogue.models import Product, Variant
from shop.catalogue.stock import reserve
from shop.core.db import db, transaction
from tests.builders import make_product
from tests.web.artisan.conftest import Phone


def stock_of(variant: Variant) -> tuple[int, int]:
    row = db.session.get_one(Variant, variant.id, populate_existing=True)
    return row.available, row.received


def address_of(variant: Variant) -> str:
    return f"/artisan/pieces/{db.session.get_one(Product, variant.product_id).public_id}"


def test_the_list_shows_own_pieces_and_only_those(phone: Phone, neighbour: Phone) -> None:
    make_product(phone.unit, titles={"fr": "Tapis rouge"})
    make_product(neighbour.unit, titles={"fr": "Tapis du voisin"})
    page = phone.get("/artisan/pieces").text
    assert "Tapis rouge" in page
    assert "Tapis du voisin" not in page


def test_a_unit_without_pieces_is_told_how_to_begin(phone: Phone) -> None:
    assert "/artisan/pieces/new" in phone.get("/artisan/pieces").text


def test_plus_and_minus_change_the_stock_and_a_touch_sent_twice_counts_once(phone: Phone) -> None:
    variant = make_product(phone.unit, stock=3, kind="repeatable")
    path = f"{address_of(variant)}/stock/{variant.sku}"
    page = phone.get(address_of(variant)).text
    assert 'name="available" value="4"' in page
    assert 'name="available" value="2"' in page
    for _touch in range(2):
        assert phone.post(path, {"available": "4"}).status_code == 303
    assert stock_of(variant) == (4, 4)
    phone.post(path, {"available": "٠"})
    assert stock_of(variant) == (0, 0)


@pytest.mark.parametrize("typed", ["-5", "1e9", "1.5", "", "many", "10000"])
def test_a_stock_that_is_none_is_refused_and_stays_in_its_box(phone: Phone, typed: str) -> None:
    variant = make_product(phone.unit, stock=3, kind="repeatable")
    response = phone.post(f"{address_of(variant)}/stock/{variant.sku}", {"available": typed})
    assert response.status_code == 422
    assert f'value="{typed}"' in response.text
    assert stock_of(variant) == (3, 3)


def test_what_a_buyer_holds_cannot_be_made_twice(phone: Phone) -> None:
    variant = make_product(phone.unit)
    with transaction():
        reserve([(variant.id, 1)])
    response = phone.post(f"{address_of(variant)}/stock/{variant.sku}", {"available": "1"})
    assert response.status_code == 422
    assert stock_of(variant) == (0, 1)


def test_stock_of_another_unit_does_not_exist(phone: Phone, neighbour: Phone) -> None:
    variant = make_product(phone.unit, stock=3, kind="repeatable")
    assert neighbour.get(address_of(variant)).status_code == 404
    assert neighbour.post(f"{address_of(variant)}/stock/{variant.sku}", {"available": "0"}).status_code == 404
    assert stock_of(variant) == (3, 3)


def test_the_first_page_warns_a_unit_that_is_not_admitted(phone: Phone) -> None:
    assert "notice--warn" not in phone.get("/artisan/").text
    with transaction():
        from shop.programme.models import Membership  # noqa: PLC0415

        db.session.query(Membership).delete()
    assert "notice--warn" in phone.get("/artisan/").text


@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_a_page_of_the_door_is_light(phone: Phone, language: str) -> None:
    for _number in range(12):
        make_product(phone.unit)
    phone.post("/artisan/language", {"language": language})
    page = phone.get("/artisan/pieces").text
    assert len(page.encode()) < 30_000
    assert "style=" not in page
