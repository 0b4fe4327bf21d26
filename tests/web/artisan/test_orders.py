"""Orders at the makers' door, and the money they bring."""

import pytest

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.ledger.services import post_payment
from shop.orders.models import Order, OrderEvent, OrderLine
from shop.orders.queries import list_lines
from shop.payments.queries import list_refunds
from tests.builders import make_order, make_product, sign_in
from tests.payments.sales import sell
from tests.stripe_bench import Bench
from tests.web.artisan.conftest import Phone


def paid_line(*variants: Variant) -> OrderLine:
    """The first line of an order that was paid and booked, as the settling of a payment leaves it."""
    order = make_order(*variants)
    with transaction():
        stored, lines = db.session.get_one(Order, order.id), list_lines(order.id)
        stored.state, stored.paid_at = "paid", clock.now()
        for line in lines:
            line.state = "paid"
        post_payment(stored, lines, f"pi_{order.id}", clock.today())
    return lines[0]


def address_of(line: OrderLine) -> str:
    return f"/artisan/orders/{db.session.get_one(Order, line.order_id).number}/{line.position}"


def state_of(line: OrderLine) -> str:
    return db.session.get_one(OrderLine, line.id, populate_existing=True).state


def test_an_order_shows_its_date_and_what_it_brings_in_dirhams(phone: Phone) -> None:
    line = paid_line(make_product(phone.unit, titles={"fr": "Tapis rouge"}))
    page = phone.get("/artisan/orders").text
    assert "Tapis rouge" in page
    assert address_of(line) in page
    # 320.00 EUR less 10 % at 10.75 is 3,096 DH.
    assert "3\u00a0096" in page
    shown = phone.get(address_of(line)).text
    assert "3\u00a0096" in shown
    assert "France" in shown
    assert "Claire Martin" not in shown
    assert "claire@example.org" not in shown


def test_yes_then_ready(phone: Phone) -> None:
    line = paid_line(make_product(phone.unit))
    assert '<span class="tile__figure number">1</span>' in phone.get("/artisan/").text
    assert phone.post(f"{address_of(line)}/accept").location == address_of(line)
    assert state_of(line) == "accepted"
    assert phone.post(f"{address_of(line)}/ready").location == address_of(line)
    assert state_of(line) == "ready"
    assert phone.get(address_of(line)).status_code == 200
    events = [event.kind for event in db.session.query(OrderEvent).filter_by(line_id=line.id).order_by(OrderEvent.id)]
    assert events[-2:] == ["accepted", "ready"]


def test_a_button_touched_twice_acts_once_and_says_how_it_stands(phone: Phone) -> None:
    line = paid_line(make_product(phone.unit))
    phone.post(f"{address_of(line)}/accept")
    response = phone.post(f"{address_of(line)}/accept")
    assert response.location == f"{address_of(line)}?moved=1"
    assert "notice--info" in phone.get(response.location).text
    assert db.session.query(OrderEvent).filter_by(line_id=line.id, kind="accepted").count() == 1


def test_no_needs_a_reason_and_gives_the_buyer_the_money_back(phone: Phone, bench: Bench) -> None:
    order = make_order(make_product(phone.unit))
    bench.settle(order)
    (line,) = list_lines(order.id)
    assert 'value="time"' in phone.get(f"{address_of(line)}/decline").text
    for reason in ("", "because"):
        assert phone.post(f"{address_of(line)}/decline", {"reason": reason}).status_code == 422
    assert state_of(line) == "paid"
    phone.post(f"{address_of(line)}/decline", {"reason": "other", "words": "Le four est cassé"})
    assert state_of(line) == "declined"
    event = db.session.query(OrderEvent).filter_by(line_id=line.id, kind="declined").one()
    assert event.data["reason"] == "other: Le four est cassé"
    assert event.actor == phone.account.id
    assert [refund.reason for refund in list_refunds(order.id)] == ["declined"]


def test_call_me_leaves_the_order_open_and_is_shown(phone: Phone) -> None:
    line = paid_line(make_product(phone.unit))
    phone.post(f"{address_of(line)}/call")
    assert state_of(line) == "paid"
    page = phone.get(address_of(line)).text
    assert "/call" not in page
    assert "/accept" in page


def test_an_order_that_nobody_paid_is_not_there(phone: Phone) -> None:
    order = make_order(make_product(phone.unit))
    assert order.number not in phone.get("/artisan/orders").text
    assert phone.get(f"/artisan/orders/{order.number}/1").status_code == 404


@pytest.mark.parametrize("path", ["/artisan/orders/M00000000/1", "/artisan/orders/x/0"])
def test_an_unknown_order_is_not_there(phone: Phone, path: str) -> None:
    assert phone.get(path).status_code == 404


def test_lines_of_another_unit_do_not_exist_even_in_the_same_order(phone: Phone, neighbour: Phone) -> None:
    mine = paid_line(make_product(phone.unit), make_product(neighbour.unit))
    theirs = list_lines(mine.order_id)[1]
    assert phone.get(address_of(mine)).status_code == 200
    for path in ("", "/decline"):
        assert phone.get(f"{address_of(theirs)}{path}").status_code == 404
    for path, data in (("accept", {}), ("call", {}), ("ready", {}), ("decline", {"reason": "time"})):
        assert phone.post(f"{address_of(theirs)}/{path}", data).status_code == 404
    assert (state_of(mine), state_of(theirs)) == ("paid", "paid")


def test_a_maker_reads_what_has_become_of_the_money(phone: Phone, bench: Bench, clock: VirtualClock) -> None:
    def told(number: int) -> str:
        return phone.get(f"/artisan/orders/{sale.order.number}/{number}").text

    bench.control("refund_fails", times=1, days=1)
    sale = sell(bench, 3, unit=phone.unit)
    sale.give_back(1)
    clock.advance(days=1, minutes=5)
    sign_in(phone.client, phone.account)
    bench.work()
    sale.give_back(2, amount_minor=1000)
    sale.hand_over(2)
    failed, reduced, contested = told(1), told(2), told(3)
    assert "N’envoyez pas la pièce." in failed
    assert "Cet argent est à l’acheteur." in failed
    assert "/accept" not in failed
    assert "L’acheteur a récupéré une partie du prix." in reduced
    assert "conteste" not in contested
    # It stands in the sum that awaits export, so it stands in the list below.
    assert "Argent de l’acheteur" in phone.get("/artisan/money").text
    assert "Prix réduit" in phone.get("/artisan/orders").text
    dispute = bench.dispute(sale.order)
    bench.work()
    contested = told(3)
    assert "La banque a repris la somme pour le moment." in contested
    assert "Demandez à l’équipe avant d’envoyer la pièce." in contested
    bench.end_dispute(dispute, "lost")
    bench.work()
    lost = told(3)
    assert "Vous ne perdez rien : votre part reste à vous." in lost.replace("\u00a0", " ")
    assert "/accept" not in lost
    # What nobody pays for any more is not waited for: the maker keeps it, and nothing is given back.
    assert "Je garde la pièce" in lost
    kept = {"reason": "other"}
    assert phone.post(f"/artisan/orders/{sale.order.number}/3/decline", kept).status_code == 303
    assert [refund.reason for refund in sale.refunds] == ["buyer", "buyer"]
    assert sale.lines[2].state == "declined"


def test_money_says_what_awaits_export_in_dirhams_and_in_the_books_currency(phone: Phone, neighbour: Phone) -> None:
    paid_line(make_product(phone.unit))
    page = phone.get("/artisan/money").text
    assert "3\u00a0096" in page
    assert "288,00" in page
    assert "3\u00a0096" not in neighbour.get("/artisan/money").text


def test_a_missing_rate_shows_the_books_currency_and_never_a_guess(phone: Phone) -> None:
    from shop.core.tables import Rate  # noqa: PLC0415

    line = paid_line(make_product(phone.unit))
    with transaction():
        db.session.query(Rate).delete()
    page = phone.get("/artisan/money").text
    assert "288,00" in page
    assert phone.get(address_of(line)).status_code == 200
    assert phone.get("/artisan/orders").status_code == 200
    assert phone.get("/artisan/").status_code == 200


def test_no_page_of_the_door_writes_when_it_is_read(phone: Phone, count_statements: type) -> None:
    line = paid_line(make_product(phone.unit))
    for path in ("/artisan/", "/artisan/orders", "/artisan/money", "/artisan/pieces", address_of(line)):
        with count_statements() as seen:
            assert phone.get(path).status_code == 200
        assert not [statement for statement in seen if not statement.lstrip().upper().startswith(("SELECT", "WITH"))]


def test_the_list_of_orders_costs_the_same_however_long_it_is(phone: Phone, count_statements: type) -> None:
    counts = []
    for _round in range(2):
        paid_line(*[make_product(phone.unit) for _number in range(3)])
        with count_statements() as seen:
            phone.get("/artisan/orders")
        counts.append(len(seen))
    assert counts[0] == counts[1]
