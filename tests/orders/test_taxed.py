"""Tax, duty and discount on an order: frozen when it is placed, asked of Stripe to the cent, and in the books."""

import pytest
from flask import Flask

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.policies import decide_policy
from shop.ledger import accounts
from shop.ledger.queries import list_balances, sum_balance
from shop.orders.cart import CartView, add_to_cart, read_cart, set_choice
from shop.orders.checkout import place_order
from shop.orders.errors import DiscountTooLarge
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments.line_items import line_items
from shop.payments.queries import list_attempts, list_refunds
from shop.payments.refunds import request_refund
from shop.shipping.models import ZoneRate
from tests.builders import ADDRESS, make_levy, make_order, make_product
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
from tests.stripe_bench import Bench


def amounts(order: Order) -> tuple[int, ...]:
    return (
        order.goods_minor,
        order.shipping_minor,
        order.tax_minor,
        order.shipping_tax_minor,
        order.duty_minor,
        order.total_minor,
    )


def asked(order: Order) -> list[tuple[str, int, int]]:
    """What Stripe's page lists: name, how many, of how much."""
    return [
        (item["price_data"]["product_data"]["name"], item["quantity"], item["price_data"]["unit_amount"])
        for item in line_items(order, list_lines(order.id))
    ]


def fill(*variants: Variant, quantity: int = 1, currency: str = "EUR", country: str = "FR") -> CartView:
    token = None
    with transaction():
        for variant in variants:
            cart = add_to_cart(token, variant.id, quantity, currency)
            token = cart.token
        set_choice(cart, currency, country)
    return read_cart(token, "en")


def place(cart: CartView, discount_minor: int = 0) -> Order:
    with transaction():
        return place_order(cart, email="a@example.org", address=ADDRESS, language="en", discount_minor=discount_minor)


def test_a_tax_on_top_is_a_line_of_its_own_and_commission_is_on_the_net(app: Flask) -> None:
    make_levy(mode="added")
    order = make_order(make_product(stock=9, kind="repeatable"), quantity=2, language="en")
    assert amounts(order) == (64000, 6000, 14000, 1200, 0, 84000)
    line = list_lines(order.id)[0]
    assert (line.net_minor, line.tax_minor, line.tax_mode, line.tax_rate_bp) == (64000, 12800, "added", 2000)
    assert line.commission_minor == 6400
    assert asked(order) == [("Knotted wool rug", 2, 32000), ("Shipping", 1, 6000), ("Tax (20%)", 1, 14000)]


def test_an_included_tax_leaves_the_price_that_was_shown(app: Flask) -> None:
    make_levy(mode="included")
    order = make_order(make_product(stock=9, kind="repeatable"), quantity=3, language="en")
    assert amounts(order) == (80000, 5000, 17000, 1000, 0, 102000)
    assert list_lines(order.id)[0].commission_minor == 8000
    assert asked(order) == [("Knotted wool rug", 3, 32000), ("Shipping", 1, 6000)]
    first = line_items(order, list_lines(order.id))[0]
    assert first["price_data"]["product_data"]["description"] == "Includes €160.00 of tax."


def test_a_duty_paid_in_advance_is_a_line_and_the_order_says_so(app: Flask) -> None:
    make_levy(kind="duty", rate_bp=0, on_shipping=False, amounts={"EUR": 300})
    order = make_order(make_product(), make_product(hs_code="691200"), language="en")
    assert (order.duty_minor, order.total_minor, order.incoterm) == (600, 76600, "DDP")
    assert asked(order)[-1] == ("Duty", 1, 600)


@pytest.mark.parametrize(
    ("currency", "price", "total"),
    # 24.99 at 10.75 %: 2.686425, of which KWD can be charged to ten fils.
    [("EUR", 2499, 2768), ("JPY", 2499, 2768), ("KWD", 24990, 27680)],
)
@pytest.mark.both_databases
def test_the_total_is_a_whole_number_and_what_stripe_is_asked_to_charge(
    stripe: Bench,  # noqa: F811
    currency: str,
    price: int,
    total: int,
) -> None:
    with transaction():
        decide_policy("currencies", ["EUR", "JPY", "KWD"], clock.today())
    make_levy(mode="added", rate_bp=1075)
    with transaction():
        db.session.query(ZoneRate).delete()
        db.session.add(ZoneRate(zone_id=1, currency=currency, up_to_grams=30_000, amount_minor=0))
    order = make_order(make_product(prices={currency: price}), currency=currency)
    assert (order.total_minor, order.tax_minor) == (total, total - price)
    stripe.settle(order)
    charge = stripe.charges(order)[0]
    assert (charge["amount"], charge["currency"]) == (total, currency.lower())
    # All of it has been converted into the currency Stripe settles in.
    assert {balance.currency for balance in list_balances()} == {"EUR"}
    assert sum(balance.minor for balance in list_balances()) == 0


@pytest.mark.both_databases
@pytest.mark.parametrize("mode", ["included", "added"])
def test_tax_duty_and_discount_have_accounts_of_their_own_and_a_refund_empties_them(
    stripe: Bench,  # noqa: F811
    mode: str,
) -> None:
    make_levy(mode=mode)
    make_levy(kind="duty", rate_bp=250, on_shipping=False, amounts={"EUR": 301})
    order = place(fill(make_product(stock=9, kind="repeatable"), make_product(), quantity=1), discount_minor=777)
    stripe.settle(order)
    assert list_attempts(order.id)[0].state == "paid"
    assert sum_balance(accounts.TAX, "EUR") == order.tax_minor
    assert sum_balance(accounts.SHIPPING, "EUR") == order.shipping_minor
    assert sum_balance(accounts.DUTY, "EUR") == order.duty_minor > 0
    assert sum_balance(accounts.DISCOUNT, "EUR") == -777
    with transaction():
        request_refund(order.id, reason="buyer", actor=None)
    stripe.work()
    assert [refund.amount_minor for refund in list_refunds(order.id)] == [order.total_minor]
    left = {balance.account for balance in list_balances() if balance.minor}
    assert left <= {accounts.STRIPE_BALANCE, accounts.PAYMENT_FEES}


def test_a_discount_reaches_stripe_without_an_amount_below_zero(app: Flask) -> None:
    cart = fill(make_product(stock=9, kind="repeatable"), make_product(), quantity=1)
    order = place(cart, discount_minor=64000 - 1)
    assert (order.total_minor, order.discount_minor) == (12001, 63999)
    items = line_items(order, list_lines(order.id))
    assert [item["price_data"]["unit_amount"] for item in items] == [0, 1, 12000]
    assert items[0]["price_data"]["product_data"]["description"] == "€320.00 less by discount."


def test_a_discount_that_does_not_divide_by_the_quantity_makes_one_item_of_a_line(app: Flask) -> None:
    order = place(fill(make_product(stock=9, kind="repeatable"), quantity=3), discount_minor=1000)
    assert asked(order) == [("3 × Knotted wool rug", 1, 95000), ("Shipping", 1, 6000)]
    assert list_lines(order.id)[0].net_minor == 96000


def test_a_discount_is_on_the_pieces_and_never_more_than_their_price(app: Flask) -> None:
    cart = fill(make_product())
    with pytest.raises(DiscountTooLarge):
        place(cart, discount_minor=32001)
    with pytest.raises(DiscountTooLarge):
        place(cart, discount_minor=-1)


def test_items_that_miss_the_total_are_never_sent(app: Flask) -> None:
    order = make_order()
    lines = list_lines(order.id)
    lines[0].unit_price_minor += 1
    with pytest.raises(ValueError, match="sum to"):
        line_items(order, lines)
