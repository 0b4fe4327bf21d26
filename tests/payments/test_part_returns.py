"""Withdrawal from some pieces of a line: what goes back, to the buyer and to the shelf, and that all of it is the whole."""

import pytest
from flask import Flask
from sqlalchemy import text

from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid
from shop.invoicing.queries import list_documents
from shop.invoicing.services import issue_documents
from shop.notifications.models import Letter
from shop.orders import returns
from shop.orders.models import OrderLine
from shop.orders.returns import list_returns
from shop.payments import returns as withdrawing
from shop.payments.models import RefundPart
from shop.payments.refunds import ask_again
from shop.payments.returns import refund_return, withdraw
from shop.reports.facts import list_facts
from shop.reports.filters import ReportFilters
from tests.builders import make_order, make_product, make_unit
from tests.payments.sales import Sale
from tests.payments.test_races import Somebody
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def sell_three(stripe: Bench) -> Sale:
    """Three glasses of one kind, of which five were made."""
    unit = make_unit()
    glass = make_product(unit, stock=5, kind="repeatable")
    order = make_order(glass, quantity=3, language="en")
    stripe.settle(order)
    return Sale(stripe, unit, order, [glass])


def leave(sale: Sale, quantity: int, seen: int | None = None) -> None:
    line_id = sale.lines[0].id
    with transaction():
        withdraw(sale.order.id, [line_id], {line_id: quantity}, {} if seen is None else {line_id: seen})


def amounts(sale: Sale) -> list[int]:
    return [refund.amount_minor for refund in sale.refunds]


def states(sale: Sale) -> list[str]:
    db.session.expire_all()
    return [way_back.state for way_back, _pieces in list_returns(sale.order.id)]


def sold(sale: Sale) -> int:
    """How many pieces the report of the year counts."""
    day = sale.order.placed_at.date()
    filters = ReportFilters(day.replace(month=1, day=1), day.replace(month=12, day=31), "booked", "platform")
    return sum(fact.quantity for fact in list_facts(filters, unit_id=sale.unit.id))


def test_one_and_then_two_of_three_come_out_at_the_whole(stripe: Bench) -> None:
    sale = sell_three(stripe)
    # A price that was reduced does not divide by three.
    sale.give_back(1, amount_minor=100)
    leave(sale, 1)
    assert (sale.returned, sale.lines[0].refund_asked_at) == ([1], None)
    stripe.work()
    assert (amounts(sale), states(sale), sold(sale)) == ([100, 31966], ["refunded"], 2)
    sale.check()
    # What is left is sent as agreed, and no more than that.
    sale.hand_over()
    letter = db.session.query(Letter).filter_by(kind="parcel_handed_over").one()
    assert letter.data["lines"][0]["quantity"] == 2
    leave(sale, 2)
    [_first, (second, pieces)] = list_returns(sale.order.id)
    assert (states(sale), list(pieces.values())) == (["refunded", "asked"], [2])
    with transaction():
        returns.receive_return(returns.get_return(sale.order.id, second.public_id), actor=None)
    with transaction():
        refund_return(sale.order.id, second.public_id, actor=None)
    stripe.work()
    # The last ones take the postage with them; what was abroad is not for sale by itself.
    assert amounts(sale) == [100, 31966, 63934 + 6000]
    assert (sale.returned, sold(sale), sale.state, states(sale)) == ([1], 0, "refunded", ["refunded", "refunded"])
    sale.check()


def test_what_is_not_withdrawn_from_goes_back_with_the_order(stripe: Bench) -> None:
    sale = sell_three(stripe)
    leave(sale, 1)
    stripe.work()
    sale.give_back()
    assert (amounts(sale), sale.returned, sold(sale)) == ([32000, 70000], [3], 0)
    with pytest.raises(Conflict):
        leave(sale, 1)
    sale.check()


def test_letters_and_credit_notes_say_how_many(stripe: Bench) -> None:
    sale = sell_three(stripe)
    leave(sale, 1)
    stripe.work()
    issue_documents(sale.order.id)
    told = {letter.kind: letter.data for letter in db.session.query(Letter).filter_by(order_id=sale.order.id)}
    for kind in ("withdrawal_acknowledged", "refund_settled"):
        [line] = told[kind]["lines"]
        assert (line["quantity"], line["minor"]) == (1, 32000)
    assert told["refund_settled"]["extent"] == "pieces"
    _invoice, note = list_documents(sale.order.id)
    assert note.printed["columns"] == ["Description", "Quantity", "Amount"]
    assert note.printed["rows"][0]["cells"][0] == "1 piece"


@pytest.mark.parametrize(("quantity", "said"), [(4, "at most 3"), (0, "at least 1"), (-1, "at least 1")])
def test_more_than_is_left_and_none_are_refused(stripe: Bench, quantity: int, said: str) -> None:
    sale = sell_three(stripe)
    with pytest.raises(Invalid, match=said):
        leave(sale, quantity)
    assert (states(sale), sale.returned) == ([], [0])


def test_a_box_is_not_opened(stripe: Bench) -> None:
    unit = make_unit()
    tiles = make_product(unit, stock=6, kind="repeatable", min_quantity=2, quantity_step=2)
    sale = Sale(stripe, unit, make_order(tiles, quantity=6, language="en"), [tiles])
    stripe.settle(sale.order)
    with pytest.raises(Invalid, match="steps of 2"):
        leave(sale, 3)
    leave(sale, 4)
    leave(sale, 2)
    stripe.work()
    assert (sale.state, sale.returned) == ("refunded", [6])


def test_a_form_that_is_sent_twice_counts_once(stripe: Bench) -> None:
    sale = sell_three(stripe)
    leave(sale, 1, seen=3)
    with pytest.raises(Invalid, match="Of this piece 2 are left"):
        leave(sale, 1, seen=3)
    stripe.work()
    assert (amounts(sale), sale.returned) == ([32000], [1])


def test_a_refund_that_comes_back_opens_the_return_it_was_for_and_no_other(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell_three(stripe)
    leave(sale, 1)
    stripe.work()
    stripe.control("refund_fails", times=1, days=2)
    leave(sale, 1)
    stripe.work()
    assert states(sale) == ["refunded", "refunded"]
    clock.advance(days=2, minutes=5)
    stripe.work()
    assert states(sale) == ["refunded", "received"]
    with transaction():
        ask_again(sale.refunds[1].id, actor=None)
    with pytest.raises(Conflict), transaction():
        refund_return(sale.order.id, list_returns(sale.order.id)[1][0].public_id, actor=None)
    stripe.work()
    # Its piece has gone back to the shelf once.
    assert (states(sale), sale.returned) == (["refunded", "refunded"], [2])
    assert sold(sale) == 1
    quantities = [part.quantity for part in db.session.query(RefundPart).order_by(RefundPart.id)]
    assert quantities == [1, 1, 1]
    sale.check()


def test_two_forms_at_once_take_no_more_than_there_is(
    stripe: Bench, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell_three(stripe)
    order_id, line_id = sale.order.id, sale.lines[0].id

    def take_two() -> None:
        with transaction():
            withdraw(order_id, [line_id], {line_id: 2})

    rival = Somebody(app, take_two)
    rival.overtake(monkeypatch, withdrawing, "choose_lines")
    take_two()
    with pytest.raises(Invalid, match="at most 1"):
        rival.finish()
    stripe.work()
    assert (amounts(sale), sale.returned) == ([64000], [2])
    assert db.session.scalar(text("SELECT withdrawn FROM order_line")) == 2
    assert db.session.get_one(OrderLine, line_id, populate_existing=True).kept == 1
