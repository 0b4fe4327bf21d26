"""A buyer is erased: what names them is gone everywhere but from the invoices, and the books do not move."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from shop.buyers import keys
from shop.buyers.erasure import erase_buyer, list_unfinished
from shop.buyers.models import BuyerKey
from shop.buyers.orders import collect_data, list_addresses, list_orders_of
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict
from shop.core.ids import public_id
from shop.notifications.models import Letter
from shop.orders import returns
from shop.orders.messages import write_message
from shop.orders.models import Order
from shop.payments.returns import withdraw
from shop.reports.invariants import list_findings
from tests.payments.sales import sell, standing
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases

EMAIL = "claire@example.org"


def everything() -> dict[str, str]:
    """Every row of every table, as text."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: json.dumps(
                [list(map(str, row)) for row in connection.execute(select(table))], ensure_ascii=False
            )
            for table in db.metadata.sorted_tables
        }


def erase() -> int:
    with transaction():
        return erase_buyer(EMAIL)


def ask_link(email: str = EMAIL) -> str:
    """The secret of the link in a letter just written; empty if there was none."""
    known_as = public_id()
    keys.post_link(letter=known_as, email=email, language="fr")
    letter = db.session.scalars(select(Letter).where(Letter.public_id == known_as)).first()
    return letter.data["path"].partition("k=")[2] if letter else ""


def test_what_names_a_buyer_is_gone_but_from_the_invoices(stripe: Bench) -> None:
    sale = sell(stripe, 2)
    name, street = sale.order.address["name"], sale.order.address["street_address"]
    with transaction():
        write_message(sale.order.id, sale.unit.id, "buyer", "Ring at Moulin's")
    sale.hand_over()
    ask_link()
    stripe.work()
    before, books, reported = everything(), standing(), sale.reported
    naming = {table for table, rows in before.items() if EMAIL in rows or name in rows or street in rows}
    assert {"shop_order", "letter", "attempt", "inbox_event", "buyer_key"} <= naming
    assert erase() == 1
    stripe.work()
    left = {
        table: [word for word in (EMAIL, name, street, "Moulin's") if word in rows]
        for table, rows in everything().items()
    }
    assert {table: words for table, words in left.items() if words} == {"invoice": [name, street]}
    assert (standing(), sale.reported) == (books, reported)
    assert [order.erased_at is None for order in db.session.scalars(select(Order))] == [False]
    assert list_findings() == []


def test_what_happens_to_an_erased_order_later_is_booked_and_told_to_nobody(stripe: Bench) -> None:
    sale = sell(stripe)
    sale.hand_over()
    stripe.work()
    erase()
    stripe.refund_at_stripe(sale.order, 1000)
    stripe.work()
    assert (sale.states, sale.letters) == (["succeeded"], [])
    sale.check()


@pytest.mark.parametrize("what", ["not sent", "not paid", "a return", "a dispute", "a refund that failed"])
def test_nobody_is_erased_while_an_order_is_unfinished(stripe: Bench, what: str) -> None:
    sale = sell(stripe, pay=what != "not paid")
    if what not in ("not sent", "not paid"):
        sale.hand_over()
        assert list_unfinished(EMAIL) == []
    if what == "a return":
        with transaction():
            withdraw(sale.order.id, [line.id for line in sale.lines])
    elif what == "a dispute":
        stripe.dispute(sale.order)
        stripe.work()
    elif what == "a refund that failed":
        sale.give_back(1)
        stripe.fail_refund(str(sale.refunds[0].stripe_id))
        stripe.work()
    assert [order.number for order in list_unfinished(EMAIL)] == [sale.order.number]
    before = everything()
    with pytest.raises(Conflict):
        erase()
    assert everything() == before


def test_a_return_that_was_refused_holds_nobody_up(stripe: Bench) -> None:
    sale = sell(stripe, 1)
    sale.hand_over()
    with transaction():
        withdraw(sale.order.id, [line.id for line in sale.lines])
    [(way_back, _ids)] = returns.list_returns(sale.order.id)
    with transaction():
        returns.refuse_return(returns.get_return(sale.order.id, way_back.public_id), "Worn", actor=None)
    assert erase() == 1


def test_a_copy_tells_everything_about_every_order_of_the_address(stripe: Bench) -> None:
    sales = [sell(stripe, 1), sell(stripe, 1, currency="USD")]
    sell(stripe, 1, email="other@example.org")
    with transaction():
        write_message(sales[0].order.id, sales[0].unit.id, "buyer", "Is it soft?")
    sales[0].give_back(amount_minor=100)
    told: Any = json.loads(json.dumps(collect_data(EMAIL)))
    assert [order["number"] for order in told["orders"]] == [sale.order.number for sale in reversed(sales)]
    first = told["orders"][1]
    assert (first["total_minor"], first["currency"]) == (sales[0].order.total_minor, "EUR")
    assert first["address"]["name"] == sales[0].order.address["name"]
    assert [message["text"] for message in first["messages"]] == ["Is it soft?"]
    assert [(refund["amount_minor"], refund["state"]) for refund in first["refunds"]] == [(100, "succeeded")]
    assert len(first["documents"]) == 2
    assert "order_confirmation" in [letter["kind"] for letter in first["letters"]]
    assert first["lines"][0]["sku"] == sales[0].lines[0].sku


def test_each_address_is_told_once(stripe: Bench) -> None:
    sales = [sell(stripe, 1, pay=False) for _ in range(3)]
    with transaction():
        other = {**sales[1].order.address, "street_address": "3 rue Neuve"}
        db.session.execute(update(Order).where(Order.id == sales[1].order.id).values(address=other))
    streets = [address["street_address"] for address in list_addresses(list_orders_of(EMAIL))]
    assert streets == [sales[2].order.address["street_address"], "3 rue Neuve"]


def test_a_link_works_once_and_for_an_hour(stripe: Bench, clock: VirtualClock) -> None:
    sell(stripe, 1, pay=False)
    link, late = ask_link(), ask_link()
    assert keys.is_link(link)
    with transaction():
        session = keys.begin_session(link)
        assert session is not None
        assert keys.begin_session(link) is None
        # The secret of a session is no link, nor the other way round.
        assert keys.begin_session(session) is None
    assert keys.find_email(session) == EMAIL
    assert keys.find_email(late) is None
    clock.advance(hours=1, seconds=1)
    assert not keys.is_link(late)
    clock.advance(days=30)
    assert keys.find_email(session) is None
    ask_link()
    assert db.session.query(BuyerKey).count() == 1


def test_an_address_that_ordered_nothing_gets_no_letter(stripe: Bench) -> None:
    assert ask_link("nobody@example.org") == ""


def test_signing_out_ends_one_session_or_all(stripe: Bench) -> None:
    sell(stripe, 1, pay=False)
    links = ask_link(), ask_link()
    with transaction():
        phone, desk = (keys.begin_session(link) or "" for link in links)
    with transaction():
        keys.end_session(phone)
    assert (keys.find_email(phone), keys.find_email(desk)) == (None, EMAIL)
    with transaction():
        keys.forget_keys(EMAIL)
    assert keys.find_email(desk) is None
