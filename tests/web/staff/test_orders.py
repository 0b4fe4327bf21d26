"""Orders: hand-over also for a maker, refunds, what is refused and why."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.models import Variant
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.fulfilment.models import Parcel
from shop.fulfilment.services import accept_line, mark_ready
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines
from shop.orders.services import quarantine_order
from shop.payments.models import Refund
from tests.builders import make_order, make_product, make_unit, sign_in
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of

GOOD = {"carrier": "Poste Maroc", "tracking": "RR123456789MA", "handed_over_on": "2026-06-15"}


@pytest.fixture
def paid(bench: Bench) -> tuple[Order, OrderLine, Unit]:
    """A paid order of one rug."""
    unit = make_unit()
    order = make_order(make_product(unit))
    bench.settle(order)
    db.session.expire_all()
    return order, list_lines(order.id)[0], unit


def ready(line: OrderLine, unit: Unit) -> None:
    with transaction():
        accept_line(line.id, unit_id=unit.id, actor=None)
        mark_ready(line.id, unit_id=unit.id, actor=None)


def hand_over(office: FlaskClient, order: Order, unit: Unit, lines: Any, **changes: str) -> Any:
    values = {**GOOD, **changes}
    fields = {f"{unit.public_id}-{name}": value for name, value in values.items()}
    path = f"/staff/orders/{order.number}"
    return send(
        office, path, f"{path}/units/{unit.public_id}/hand-over", **{f"{unit.public_id}-lines": lines}, **fields
    )


def test_an_order_shows_buyer_money_stripe_ids_and_history(office: FlaskClient, paid: Any) -> None:
    order, line, unit = paid
    page = office.get(f"/staff/orders/{order.number}")
    words = text_of(page)
    assert "Claire Martin" in words
    assert line.title in words
    assert unit.name_en in words
    for start in ("cs_", "pi_", "ch_"):
        assert f'<code dir="ltr">{start}' in page.get_data(as_text=True)
    assert "stripe_pending" in words
    assert order.number in office.get("/staff/orders?q=" + order.number[:4]).get_data(as_text=True)
    assert order.number in office.get("/staff/orders?q=claire@").get_data(as_text=True)


def test_a_ready_parcel_is_handed_over(office: FlaskClient, officer: Any, paid: Any) -> None:
    order, line, unit = paid
    ready(line, unit)
    assert order.number in office.get("/staff/orders?wait=ready").get_data(as_text=True)
    answer = hand_over(office, order, unit, [str(line.id)])
    assert answer.status_code == 303
    parcel = db.session.scalars(select(Parcel)).one()
    assert (parcel.carrier, parcel.tracking, parcel.recorded_by) == ("Poste Maroc", "RR123456789MA", officer.id)
    assert parcel.on_behalf is False
    db.session.expire_all()
    assert db.session.get_one(OrderLine, line.id).state == "handed_over"
    assert "RR123456789MA" in text_of(office.get(f"/staff/orders/{order.number}"))
    assert order.number not in office.get("/staff/orders?wait=ready").get_data(as_text=True)


def test_an_officer_acts_for_a_maker_and_it_is_written_down(office: FlaskClient, officer: Any, paid: Any) -> None:
    order, line, unit = paid
    path = f"/staff/orders/{order.number}"
    assert send(office, path, f"{path}/lines/{line.id}/answer", action="accept").status_code == 303
    assert hand_over(office, order, unit, [str(line.id)]).status_code == 303
    assert db.session.scalars(select(Parcel)).one().on_behalf is True
    trail = {row.action: row for row in db.session.scalars(select(Audit).where(Audit.subject == "order"))}
    assert trail["accept on behalf"].actor == officer.id
    assert trail["hand over"].data["on_behalf"] is True
    assert "in the maker’s name" in text_of(office.get(path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"handed_over_on": "2026-06-16"}, "The day of hand-over cannot lie in the future."),
        ({"handed_over_on": "2026-06-14"}, "The day of hand-over cannot lie before the payment."),
        ({"handed_over_on": "yesterday"}, "Enter the day of hand-over, as in 2026-03-31."),
        ({"tracking": "  "}, "Enter the tracking number."),
        ({"carrier": ""}, "Enter the carrier."),
    ],
)
def test_a_bad_parcel_is_refused_with_its_answers_kept(
    office: FlaskClient, paid: Any, changes: dict[str, str], sentence: str
) -> None:
    order, line, unit = paid
    ready(line, unit)
    answer = hand_over(office, order, unit, [str(line.id)], **changes)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    kept = next(value for name, value in GOOD.items() if name not in changes)
    assert f'value="{kept}"' in answer.get_data(as_text=True)
    assert db.session.scalars(select(Parcel)).first() is None


def test_a_parcel_without_lines_or_with_a_strangers_line_is_refused(office: FlaskClient, paid: Any) -> None:
    order, line, unit = paid
    ready(line, unit)
    assert "Tick what is in the parcel." in text_of(hand_over(office, order, unit, []))
    assert hand_over(office, order, unit, ["999999"]).status_code == 422
    other = make_unit(name_en="Another workshop")
    assert hand_over(office, order, other, [str(line.id)]).status_code == 422
    assert db.session.scalars(select(Parcel)).first() is None


def test_a_maker_who_has_not_answered_cannot_be_skipped(office: FlaskClient, paid: Any) -> None:
    order, line, unit = paid
    assert hand_over(office, order, unit, [str(line.id)]).status_code == 422
    path = f"/staff/orders/{order.number}"
    refused = send(office, path, f"{path}/lines/{line.id}/answer", action="ready")
    assert refused.status_code == 409
    assert "no longer possible" in text_of(refused)


def test_a_refund_is_asked_for_sent_and_shown(office: FlaskClient, officer: Any, paid: Any, bench: Bench) -> None:
    order, _line, _unit = paid
    path = f"/staff/orders/{order.number}"
    fields = {"refund-extent": "all", "refund-reason": "buyer"}
    assert send(office, path, f"{path}/refund", **fields).status_code == 303
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.amount_minor, refund.reason, refund.requested_by) == (order.total_minor, "buyer", officer.id)
    assert order.number in office.get("/staff/orders?wait=refunds").get_data(as_text=True)
    bench.work()
    page = office.get(path)
    assert '<code dir="ltr">re_' in page.get_data(as_text=True)
    assert "Given back" in text_of(page)
    assert send(office, path, f"{path}/refund", **fields).status_code == 422


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"refund-reason": "buyer"}, "Choose what is given back."),
        ({"refund-extent": "all"}, "Choose a reason."),
        ({"refund-extent": "lines", "refund-reason": "staff"}, "Tick the lines to give back."),
    ],
)
def test_an_unfinished_refund_form_asks_for_the_rest(
    office: FlaskClient, paid: Any, fields: dict[str, str], sentence: str
) -> None:
    order, _line, _unit = paid
    path = f"/staff/orders/{order.number}"
    answer = send(office, path, f"{path}/refund", **fields)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert db.session.scalars(select(Refund)).first() is None


def test_an_unpaid_order_can_be_cancelled_and_a_paid_one_cannot(office: FlaskClient, bench: Bench) -> None:
    variant = make_product()
    order = make_order(variant)
    bench.open(order)
    path = f"/staff/orders/{order.number}"
    assert send(office, path, f"{path}/cancel").status_code == 303
    db.session.expire_all()
    # Whichever came first: that the page was closed at Stripe, or that the order was given up.
    assert db.session.get_one(Order, order.id).state in {"cancelled", "expired"}
    assert db.session.get_one(Variant, variant.id).available == 1
    sold = make_order(make_product())
    bench.settle(sold)
    path = f"/staff/orders/{sold.number}"
    assert send(office, path, f"{path}/cancel").status_code == 409


def test_a_quarantined_order_says_why(office: FlaskClient, bench: Bench) -> None:
    order = make_order(make_product())
    with transaction():
        quarantine_order(db.session.get_one(Order, order.id), "Charged 1.00 EUR instead of 380.00 EUR.")
    assert "Charged 1.00 EUR instead of 380.00 EUR." in text_of(office.get(f"/staff/orders/{order.number}"))
    assert order.number in office.get("/staff/orders?wait=quarantine").get_data(as_text=True)


def test_what_waits_is_counted_on_the_overview(
    office: FlaskClient, officer: Any, paid: Any, clock: VirtualClock
) -> None:
    order, _line, _unit = paid
    assert order.number not in office.get("/staff/orders?wait=unanswered").get_data(as_text=True)
    clock.advance(days=30)
    sign_in(office, officer)
    assert order.number in office.get("/staff/orders?wait=unanswered").get_data(as_text=True)
    assert order.number in office.get("/staff/orders?wait=late").get_data(as_text=True)
    assert "1 Orders past their ship-by date" in text_of(office.get("/staff/"))


def test_an_unknown_order_is_not_found(office: FlaskClient) -> None:
    assert office.get("/staff/orders/M00000000").status_code == 404


def test_an_arrival_is_recorded_with_its_day_and_taken_back(
    office: FlaskClient, officer: Any, paid: Any, clock: VirtualClock
) -> None:
    order, line, unit = paid
    ready(line, unit)
    hand_over(office, order, unit, [str(line.id)])
    clock.advance(days=6)
    sign_in(office, officer)
    page, parcel = f"/staff/orders/{order.number}", db.session.scalars(select(Parcel.public_id)).one()
    address, field = f"{page}/parcels/{parcel}/arrived", f"{parcel}-arrived_on"
    for day, sentence in {
        "": "Enter the day of arrival, as in 2026-03-31.",
        "2026-06-22": "The day of arrival cannot lie in the future.",
        "2026-06-14": "The day of arrival cannot lie before the hand-over.",
    }.items():
        answer = send(office, page, address, **{field: day})
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    assert send(office, page, address, **{field: "2026-06-19"}).status_code == 303
    assert "19 Jun 2026" in text_of(office.get(page))
    answer = send(office, page, address, **{field: "2026-06-18"})
    assert answer.status_code == 422
    assert "The arrival is recorded with another day." in text_of(answer)
    assert send(office, page, f"{page}/parcels/{parcel}/not-arrived").status_code == 303
    assert "Has not arrived after all" in text_of(office.get(page))
    db.session.expire_all()
    assert db.session.scalars(select(Parcel)).one().arrived_on is None
