"""From the cart to Stripe and back, through the door, without scripts."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from shop.catalogue.models import Variant
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.tables import Job
from shop.i18n.formats import money
from shop.i18n.messages import gettext, use_language
from shop.orders.answers import forget_answers
from shop.orders.links import order_token
from shop.orders.models import Cart, Order
from shop.payments.queries import list_attempts
from shop.shipping.models import ZoneRate
from tests.builders import make_order, make_product
from tests.stripe_bench import Bench
from tests.web.storefront.conftest import Visitor


@pytest.fixture
def ready(visitor: Visitor, stripe: Bench) -> Visitor:
    """A visitor with a rug in the cart, to be sent to France."""
    visitor.put_in(make_product())
    visitor.choose("FR")
    return visitor


def only_order() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def own(app: Flask, order: Order, page: str = "", language: str = "fr") -> str:
    token = order_token(order.number, app.config["SECRET_KEY"])
    return f"/{language}/orders/{order.number}{page}?t={token}"


@pytest.mark.parametrize(
    ("country", "labels"),
    [
        ("US", ["State", "ZIP code", "Alabama"]),
        ("JP", ["Prefecture", "Postal code", "Hokkaido"]),
        ("AE", ["Emirate", "Abu Dhabi"]),
        ("FR", ["Postal code", "City"]),
        ("GB", ["Town", "Postal code"]),
    ],
)
def test_the_form_is_the_countrys_own(visitor: Visitor, country: str, labels: list[str]) -> None:
    visitor.put_in(make_product(), language="en")
    assert 'name="street_address"' not in visitor.get("/en/checkout").text
    page = visitor.get(f"/en/checkout?country={country}").text
    positions = [page.index(f">{label}<") for label in labels]
    assert positions[:2] == sorted(positions[:2])
    assert re.search(f'<option value="{country}" selected', page)


def test_an_empty_cart_goes_back_to_the_cart(visitor: Visitor) -> None:
    assert visitor.get("/fr/checkout").location == "/fr/cart"
    assert visitor.client.post("/fr/checkout", data={}).location == "/fr/cart"


@pytest.mark.parametrize(("language", "obliges"), [("en", True), ("fr", True), ("ar", False)])
def test_the_button_that_obliges_says_so_and_how_much(ready: Visitor, language: str, obliges: bool) -> None:
    """In Arabic it stands on the next page, beside the card form."""
    ready.answer(language)
    page = ready.get(f"/{language}/checkout/review")
    with use_language(language):
        says = f"{gettext('Order with obligation to pay %(total)s', total=money(38000, 'EUR'))}</span></button>"
    assert (says in page.text) == obliges
    assert page.headers["Cache-Control"] == "private, no-store"


def test_each_step_leads_back_to_the_answers_of_the_one_before(ready: Visitor) -> None:
    assert ready.answer("en", name="Paul Martin").location == "/en/checkout/review"
    review = ready.get("/en/checkout/review").text
    for answer in ("Paul Martin", "12 rue de la République", "69001", "claire@example.org", "France"):
        assert answer in review
    assert 'href="/en/checkout#f-name"' in review
    assert 'href="/en/cart"' in review
    step = ready.get("/en/checkout").text
    assert 'value="Paul Martin"' in step
    assert 'value="69001"' in step


def test_nobody_comes_to_the_second_step_past_the_first(ready: Visitor) -> None:
    assert ready.get("/en/checkout/review").location == "/en/checkout"
    assert ready.place("en", agreed="38000 EUR").location == "/en/checkout?check=1"
    ready.answer("en", postal_code="")
    assert ready.get("/en/checkout/review").location == "/en/checkout?check=1"
    page = ready.get("/en/checkout?check=1").text
    assert 'href="#f-postal_code"' in page
    assert "<title>Error: " in page
    assert db.session.scalar(select(func.count(Order.id))) == 0


def test_another_language_or_country_loses_no_answer(ready: Visitor) -> None:
    """The language switch of the first step sends what is typed so far, right or wrong."""
    answer = ready.answer("ar", name="Claire", email="", keep="language")
    assert answer.location == "/ar/checkout"
    assert 'value="Claire"' in ready.get("/ar/checkout").text
    answer = ready.answer("ar", country="US", keep="country")
    assert answer.location == "/ar/checkout"
    page = ready.get("/ar/checkout").text
    assert 'value="Claire Martin"' in page
    assert 'name="country_area"' in page


def test_what_was_typed_is_forgotten_with_the_payment_or_with_time(
    ready: Visitor, stripe: Bench, clock: VirtualClock
) -> None:
    def kept() -> list[object]:
        return list(db.session.scalars(select(Cart.answers).where(Cart.answers.is_not(None))))

    ready.order()
    forget_answers()
    assert len(kept()) == 1
    stripe.pay(only_order())
    stripe.work()
    forget_answers()
    assert kept() == []
    ready.put_in(make_product())
    ready.answer()
    clock.advance(days=29)
    forget_answers()
    assert len(kept()) == 1
    clock.advance(days=2)
    forget_answers()
    assert kept() == []


def test_every_answer_is_kept_when_something_is_missing(ready: Visitor) -> None:
    answer = ready.order(language="en", email="claire", postal_code="", name="Claire <M>")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert answer.text.index("There is a problem") < answer.text.index("<form")
    assert 'href="#f-email"' in answer.text
    assert 'id="f-email-error"' in answer.text
    assert 'value="Claire &lt;M&gt;"' in answer.text
    assert "12 rue de la République" in answer.text
    assert db.session.scalar(select(func.count(Order.id))) == 0


def test_an_order_is_placed_and_leads_to_stripe(ready: Visitor, stripe: Bench) -> None:
    answer = ready.order()
    order = only_order()
    assert answer.status_code == 303
    assert "cs_" in answer.location
    assert (order.state, order.total_minor, order.currency, order.country) == ("awaiting_payment", 38000, "EUR", "FR")
    assert order.address["street_address"] == "12 rue de la République"
    assert order.language == "fr"


def test_a_double_click_gives_one_order_and_one_page(ready: Visitor) -> None:
    ready.answer()
    agreed = ready.agreed()
    first, second = ready.place(agreed=agreed), ready.place(agreed=agreed)
    assert first.location == second.location
    assert len(list_attempts(only_order().id)) == 1


def test_another_address_closes_the_first_order(ready: Visitor) -> None:
    ready.order()
    answer = ready.order(name="Paul Martin")
    assert "cs_" in answer.location
    states = db.session.scalars(select(Order.state).order_by(Order.id)).all()
    assert states == ["cancelled", "awaiting_payment"]


def test_what_the_browser_says_of_the_amount_is_only_compared(ready: Visitor) -> None:
    ready.answer("en")
    answer = ready.place("en", agreed="100 EUR", total_minor="100", price="1")
    assert answer.status_code == 409
    assert "It is now <bdi>€380.00</bdi>." in answer.text
    assert db.session.scalar(select(func.count(Order.id))) == 0


def test_postage_that_changed_meanwhile_is_said_before_anything_is_ordered(ready: Visitor) -> None:
    ready.answer()
    agreed = ready.agreed()
    with transaction():
        db.session.execute(update(ZoneRate).values(amount_minor=7000))
    assert ready.place(agreed=agreed).status_code == 409


def test_a_piece_sold_while_the_form_was_filled_leads_back_to_its_line(ready: Visitor) -> None:
    ready.answer()
    agreed = ready.agreed()
    make_order(db.session.scalars(select(Variant)).one())
    answer = ready.place(agreed=agreed)
    assert (answer.status_code, answer.location) == (303, "/fr/cart")


def test_a_country_we_do_not_send_to_is_refused(ready: Visitor) -> None:
    for country in ("MA", "XX", ""):
        assert ready.order(country=country).status_code == 422


def test_when_stripe_does_not_answer_nothing_is_lost(app: Flask, ready: Visitor, stripe: Bench) -> None:
    stripe.control("refuse", times=-1)
    waiting = ready.order()
    order = only_order()
    assert (waiting.status_code, order.state) == (303, "awaiting_payment")
    page = ready.get(waiting.location)
    assert page.status_code == 503
    assert 'http-equiv="refresh"' in page.text
    assert order.number in page.text
    assert "Not paid yet." in ready.get(own(app, order, "/return", "en")).text
    stripe.control("refuse", times=0)
    assert "cs_" in ready.get(waiting.location).location
    assert len(list_attempts(order.id)) == 1


def test_coming_back_paid_says_so_and_the_order_can_be_followed(app: Flask, ready: Visitor, stripe: Bench) -> None:
    ready.order()
    order = only_order()
    stripe.pay(order)
    session_id = list_attempts(order.id)[0].session_id
    page = ready.get(f"{own(app, order, '/return', 'en')}&session_id={session_id}")
    assert "Thank you. It is paid." in page.text
    assert only_order().state == "paid"
    assert ready.get("/en/cart/count.json").json == {"count": 0}
    followed = ready.get(own(app, order, language="en"))
    assert followed.headers["Cache-Control"] == "private, no-store"
    assert "reads your order" in followed.text
    assert "12 rue" not in followed.text
    assert "claire@" not in followed.text
    assert "Lyon" in followed.text


def test_walking_away_is_not_called_paid_and_can_be_paid_again(app: Flask, ready: Visitor) -> None:
    first = ready.order()
    order = only_order()
    page = ready.get(own(app, order, "/return", "en")).text
    assert "Not paid yet." in page
    assert "Pay <bdi>€380.00</bdi> now" in page
    again = ready.client.post(own(app, order, "/pay"))
    assert (again.status_code, again.location) == (303, first.location)


def test_money_that_is_on_its_way_is_waited_for_and_never_called_paid(app: Flask, ready: Visitor) -> None:
    ready.order()
    order = only_order()
    session_id = list_attempts(order.id)[0].session_id
    page = ready.get(f"{own(app, order, '/return', 'en')}&session_id={session_id}").text
    assert "Payment is being confirmed." in page
    assert re.search(r'http-equiv="refresh" content="3;url=[^"]*look=1"', page)
    assert "Thank you" not in page


def test_an_order_that_ran_out_of_time_says_so(app: Flask, ready: Visitor, stripe: Bench, clock) -> None:
    ready.order()
    order = only_order()
    clock.advance(minutes=50)
    stripe.work()
    page = ready.get(own(app, order, "/return", "en")).text
    assert "The time to pay has run out." in page
    assert ready.client.post(own(app, order, "/pay")).status_code == 303


@pytest.mark.parametrize("page", ["", "/return", "/pay"])
def test_without_the_token_of_this_order_there_is_nothing(app: Flask, client: FlaskClient, page: str) -> None:
    order, other = make_order(make_product()), make_order(make_product())
    foreign = order_token(other.number, app.config["SECRET_KEY"])
    for question in ("", "?t=", "?t=x", f"?t={foreign}"):
        assert client.get(f"/en/orders/{order.number}{page}{question}").status_code == 404
    assert client.get(f"/en/orders/M00000000{page}?t={foreign}").status_code == 404


def test_somebody_elses_session_shows_nothing(app: Flask, client: FlaskClient, stripe: Bench) -> None:
    order, other = make_order(make_product()), make_order(make_product())
    session_id = stripe.open(other)
    assert client.get(f"{own(app, order, '/return')}&session_id={session_id}").status_code == 404


def test_a_lost_order_is_asked_for_without_learning_whether_it_exists(client: FlaskClient) -> None:
    order = make_order(make_product())
    known = client.post("/en/orders", data={"number": order.number, "email": order.email})
    unknown = client.post("/en/orders", data={"number": "M00000000", "email": order.email})
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text
    assert "on its way" in known.text
    assert db.session.scalar(select(func.count(Job.id)).where(Job.kind == "order_link")) == 2
    assert client.post("/en/orders", data={"number": "", "email": "x"}).status_code == 422
