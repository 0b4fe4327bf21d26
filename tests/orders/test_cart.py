"""The cart: quantities as typed, and the truth about each line."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from shop.catalogue.models import Price, Product, Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Invalid
from shop.orders.cart import (
    CartView,
    accept_prices,
    add_to_cart,
    find_cart,
    forget_bought,
    parse_quantity,
    read_cart,
    remove_line,
    set_choice,
    set_quantity,
)
from shop.orders.errors import NotForSale, QuantityInvalid
from shop.orders.links import opens, order_path, order_token
from shop.orders.models import Cart
from shop.programme.models import Membership
from shop.shipping.errors import CannotShip
from shop.shipping.suspensions import Notice, suspend
from tests.builders import make_levy, make_order, make_product, make_unit

SECRET = "a secret of the tests"


def fill(variant: Variant, quantity: int = 1, currency: str = "EUR") -> str:
    with transaction():
        return add_to_cart(None, variant.id, quantity, currency).token


def change(model: type[Any], **values: Any) -> None:
    with transaction():
        db.session.execute(update(model).values(**values))


def only_line(token: str) -> Any:
    view = read_cart(token, "en")
    assert len(view.lines) == 1
    return view.lines[0]


@pytest.mark.parametrize("typed", ["0", "-5", "1e9", "1.5", "1,5", "", "two", "1000000000", "٠", "9" * 30])
def test_a_quantity_that_is_none_is_refused_with_a_sentence(app: Flask, typed: str) -> None:
    with pytest.raises(QuantityInvalid) as caught:
        parse_quantity(typed)
    assert caught.value.fields["quantity"]


@pytest.mark.parametrize(("typed", "meant"), [("1", 1), (" 12 ", 12), ("١٢", 12), ("۳", 3), ("+2", 2)])
def test_digits_of_any_script_are_read(typed: str, meant: int) -> None:
    assert parse_quantity(typed) == meant


def test_a_quantity_between_steps_names_the_two_that_would_do() -> None:
    assert parse_quantity("15", 5, 5) == 15
    with pytest.raises(QuantityInvalid, match="10 or 15"):
        parse_quantity("12", 5, 5)
    with pytest.raises(QuantityInvalid, match="smallest quantity is 5"):
        parse_quantity("3", 5, 5)


@pytest.mark.both_databases
def test_a_line_shows_what_it_costs_and_what_the_parcel_costs(app: Flask) -> None:
    token = fill(make_product(stock=3, kind="repeatable"), 2)
    with transaction():
        set_choice(find_cart(token), "EUR", "FR")
    view = read_cart(token, "fr")
    assert (view.goods_minor, view.total_minor, view.problems) == (64000, 70000, False)
    assert view.lines[0].title.text == "Tapis de laine noué"
    assert view.lines[0].maker_title == "زربية من الصوف"
    assert view.shipping is not None
    assert view.shipping.amount_minor == 6000


def test_an_unknown_cart_is_an_empty_one(app: Flask) -> None:
    view = read_cart("somebody else's", "en")
    assert isinstance(view, CartView)
    assert (view.lines, view.total_minor, view.cart_id) == ((), 0, None)


def test_a_piece_that_exists_once_is_put_in_once(app: Flask) -> None:
    rug = make_product()
    token = fill(rug)
    with transaction():
        add_to_cart(token, rug.id, 1, "EUR")
    assert only_line(token).quantity == 1


def test_no_more_can_be_put_in_than_there_are(app: Flask) -> None:
    pot = make_product(stock=3, kind="repeatable")
    token = fill(pot, 2)
    with pytest.raises(QuantityInvalid, match="Only 3 left"), transaction():
        add_to_cart(token, pot.id, 2, "EUR")
    with pytest.raises(QuantityInvalid), transaction():
        set_quantity(find_cart(token), pot.id, 4)
    assert only_line(token).quantity == 2


@pytest.mark.parametrize("why", ["draft", "no price", "not admitted", "variant gone"])
def test_what_is_not_for_sale_cannot_be_put_in_and_says_so_in_the_cart(app: Flask, why: str) -> None:
    token = fill(make_product())
    if why == "draft":
        change(Product, state="draft")
    elif why == "no price":
        with transaction():
            db.session.query(Price).delete()
    elif why == "not admitted":
        change(Membership, to_on=date(2026, 6, 1))
    else:
        change(Variant, archived_at=db.session.get_one(Product, 1).created_at)
    line = only_line(token)
    assert line.problem == "not_for_sale"
    with pytest.raises(NotForSale), transaction():
        add_to_cart(None, line.variant_id, 1, "EUR")


def test_a_price_that_changed_is_said_and_waits_for_a_yes(app: Flask) -> None:
    token = fill(make_product())
    change(Price, amount_minor=33000)
    line = only_line(token)
    assert (line.problem, line.seen_minor, line.unit_price_minor) == ("price_changed", 32000, 33000)
    with transaction():
        accept_prices(find_cart(token))
    assert only_line(token).problem is None


def test_another_currency_has_its_own_price_and_is_no_change_of_price(app: Flask) -> None:
    token = fill(make_product())
    with transaction():
        set_choice(find_cart(token), "USD", "US")
    line = only_line(token)
    assert (line.problem, line.unit_price_minor) == (None, 35000)
    with pytest.raises(Invalid), transaction():
        set_choice(find_cart(token), "DOGE", "US")
    with pytest.raises(Invalid), transaction():
        set_choice(find_cart(token), "USD", "XX")


@pytest.mark.both_databases
def test_a_piece_sold_meanwhile_stays_in_the_cart_and_says_so(app: Flask) -> None:
    rug = make_product()
    token = fill(rug)
    make_order(rug)
    line = only_line(token)
    assert line.problem == "sold_out"
    assert read_cart(token, "en").total_minor == 0
    with transaction():
        remove_line(find_cart(token), rug.id)
    assert read_cart(token, "en").lines == ()


@pytest.mark.both_databases
def test_the_own_unpaid_order_does_not_make_a_cart_look_sold_out(app: Flask) -> None:
    rug = make_product()
    order = make_order(rug)
    cart = db.session.get_one(Cart, order.cart_id)
    assert only_line(cart.token).problem is None
    with transaction():
        forget_bought(order)
    assert read_cart(cart.token, "en").lines == ()


def test_fewer_and_steps_are_said_in_the_line(app: Flask) -> None:
    unit = make_unit()
    token = fill(make_product(unit, stock=20, kind="repeatable", sale_unit="m2", min_quantity=5, quantity_step=5), 15)
    change(Variant, available=12, received=12)
    assert only_line(token).problem == "fewer"
    change(Variant, available=100, received=100)
    change(Product, quantity_step=10)
    assert only_line(token).problem == "quantity"


def test_only_the_signed_token_opens_an_order(app: Flask) -> None:
    order = make_order()
    token = order_token(order.number, SECRET)
    assert opens(order.number, token, SECRET)
    assert not opens(order.number, token, "another secret")
    assert not opens(order.number, None, SECRET)
    assert not opens("M0000000A", token, SECRET)
    assert order_path(order, SECRET) == f"/fr/orders/{order.number}?t={token}"


@pytest.mark.both_databases
def test_every_maker_sends_a_parcel_of_their_own_and_the_order_keeps_it(app: Flask) -> None:
    unit = make_unit()
    first, second, other = make_product(unit), make_product(unit), make_product(lead_time_days=10)
    order = make_order(first, second, other, language="en")
    assert order.shipping_minor == 12000
    assert [parcel["shipping_minor"] for parcel in order.parcels] == [6000, 6000]
    early, late = order.parcels
    assert (early["unit_id"], early["grams"]) == (unit.id, 8000)
    assert early["latest"] < late["latest"]
    assert order.landed is not None
    assert order.landed["kind"] == "unknown"


def test_the_estimate_of_the_border_is_kept_with_the_order(app: Flask) -> None:
    make_levy(rate_bp=2000, collected=False, source="VAT")
    make_levy(kind="duty", rate_bp=0, on_shipping=False, collected=False, source="tariff")
    order = make_order(make_product())
    assert order.landed == {
        "kind": "estimate",
        "tax_minor": 7600,
        "duty_minor": 0,
        "sources": ["tariff", "VAT"],
        "since": "2026-01-01",
        "on": clock.today().isoformat(),
    }
    assert order.total_minor == 38000


def test_nothing_is_ordered_to_where_the_carrier_takes_nothing(app: Flask) -> None:
    rug = make_product()
    with transaction():
        suspend(Notice("FR", "Poste Maroc", clock.today(), clock.today(), "letter"), actor=None)
    with pytest.raises(CannotShip, match="carries nothing to"):
        make_order(rug)
    assert make_order(rug, country="DE").shipping_minor == 6000


def test_a_piece_that_is_no_parcel_asks_for_freight(app: Flask) -> None:
    token = fill(make_product(weight_grams=31_000))
    with transaction():
        cart = find_cart(token)
        assert cart is not None
        set_choice(cart, "EUR", "FR")
    view = read_cart(token, "en")
    assert (view.shipping, view.freight) == (None, view.lines[0].variant_id)
