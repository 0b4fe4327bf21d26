"""One sale through the engine: placed, paid, booked, exported, refunded; the books foot at every step."""

import pytest

from shop.catalogue.models import Variant
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.queries import list_balances, sum_balance, unit_position
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments.queries import list_attempts, list_refunds
from shop.payments.refunds import request_refund
from tests.builders import make_order, make_product, make_unit
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def order_of(order: Order) -> Order:
    return db.session.get_one(Order, order.id, populate_existing=True)


def stock_of(variant: Variant) -> tuple[int, int, int, int]:
    row = db.session.get_one(Variant, variant.id, populate_existing=True)
    return row.available, row.reserved, row.sold, row.returned


def test_a_paid_order_sells_its_piece_and_books_every_share(stripe: Bench) -> None:
    unit = make_unit()
    rug = make_product(unit)
    order = make_order(rug)
    assert stock_of(rug) == (0, 1, 0, 0)
    stripe.settle(order)
    assert order_of(order).state == "paid"
    assert stock_of(rug) == (0, 0, 1, 0)
    # 320.00 goods, 60.00 shipping, 10 % commission; Stripe's fee on 380.00, of which the goods' part is the maker's.
    fee = -sum_balance(accounts.PAYMENT_FEES, "EUR") + 0
    assert sum_balance(accounts.STRIPE_PENDING, "EUR") == 0
    assert sum_balance(accounts.COMMISSION, "EUR") == 3200
    assert sum_balance(accounts.SHIPPING, "EUR") == 6000
    position = unit_position(unit.id)
    assert [p.currency for p in position] == ["EUR"]
    maker_fee = 28800 - position[0].awaiting_export
    assert 0 < fee < maker_fee
    assert sum(balance.minor for balance in list_balances() if balance.currency == "EUR") == 0


def test_a_sale_in_dollars_is_converted_at_stripes_rate_and_nothing_stays_in_dollars(stripe: Bench) -> None:
    unit = make_unit()
    order = make_order(make_product(unit), currency="USD", country="US")
    stripe.settle(order)
    assert [balance for balance in list_balances() if balance.currency == "USD"] == []
    assert sum_balance(accounts.FX_CONVERSION, "EUR") == 0
    assert unit_position(unit.id)[0].currency == "EUR"


def test_handing_over_makes_the_share_payable_and_the_line_exported(stripe: Bench) -> None:
    unit = make_unit()
    order = make_order(make_product(unit))
    stripe.settle(order)
    line = list_lines(order.id)[0]
    with transaction():
        fulfilment.accept_line(line.id, unit_id=unit.id, actor=None)
        fulfilment.mark_ready(line.id, unit_id=unit.id, actor=None)
        fulfilment.hand_over(
            order.id,
            unit_id=unit.id,
            line_ids=[line.id],
            carrier="Amana",
            tracking="RR123456789MA",
            handed_over_on=clock_module.today(),
            actor=None,
            on_behalf=False,
        )
    position = unit_position(unit.id)[0]
    assert (position.awaiting_export, position.due > 0) == (0, True)
    assert list_lines(order.id)[0].state == "handed_over"


@pytest.mark.parametrize("currency", ["EUR", "USD"])
@pytest.mark.parametrize("exported", [False, True])
def test_a_full_refund_leaves_the_maker_owed_nothing_and_the_books_whole(
    stripe: Bench, currency: str, exported: bool
) -> None:
    unit = make_unit()
    rug = make_product(unit)
    order = make_order(rug, currency=currency)
    stripe.settle(order)
    line = list_lines(order.id)[0]
    if exported:
        with transaction():
            fulfilment.accept_line(line.id, unit_id=unit.id, actor=None)
            fulfilment.hand_over(
                order.id,
                unit_id=unit.id,
                line_ids=[line.id],
                carrier="Amana",
                tracking="RR1",
                handed_over_on=clock_module.today(),
                actor=None,
                on_behalf=True,
            )
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    assert [refund.state for refund in list_refunds(order.id)] == ["succeeded"]
    assert order_of(order).state == "refunded"
    assert unit_position(unit.id) == []
    left = {(balance.account, balance.currency): balance.minor for balance in list_balances()}
    assert {account for account, _ in left} <= {"stripe_balance", "payment_fees", "fx_difference"}
    assert sum(left.values()) == 0
    assert stock_of(rug) == ((0, 0, 1, 0) if exported else (1, 0, 1, 1))


def test_a_declined_line_gives_the_buyer_the_money_back_by_itself(stripe: Bench) -> None:
    unit = make_unit()
    rug = make_product(unit)
    order = make_order(rug)
    stripe.settle(order)
    with transaction():
        fulfilment.decline_line(list_lines(order.id)[0].id, unit_id=unit.id, actor=None, reason="wool")
    stripe.work()
    assert order_of(order).state == "refunded"
    # The maker refused it: it does not go back on the shelf.
    assert stock_of(rug) == (0, 0, 1, 0)


def test_an_unpaid_hold_runs_out_and_the_piece_is_for_sale_again(stripe: Bench, clock: VirtualClock) -> None:
    from shop.payments.settle import sweep  # noqa: PLC0415

    rug = make_product()
    order = make_order(rug)
    stripe.open(order)
    clock.advance(minutes=46)
    sweep()
    assert order_of(order).state == "expired"
    assert stock_of(rug) == (1, 0, 0, 0)
    sweep()
    assert stock_of(rug) == (1, 0, 0, 0)


def test_a_second_click_opens_the_same_payment_page(stripe: Bench) -> None:
    order = make_order()
    assert stripe.open(order) == stripe.open(order)
    assert len(list_attempts(order.id)) == 1
