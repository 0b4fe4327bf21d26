"""Payment on our own page, where Stripe's does not speak the buyer's language, and the change from it to Stripe's."""

import pytest

from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, EdgeFailed
from shop.demo.double.inprocess import pay
from shop.demo.double.payments import SessionClosed
from shop.orders.models import Order
from shop.payments import checkout
from shop.payments.gateway import gateway
from shop.payments.lost import make_known
from shop.payments.models import Attempt
from shop.payments.queries import list_attempts, list_refunds
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product
from tests.payments.test_crashes import EXPIRING, check_sold, death, heal, state_of
from tests.payments.test_races import shelf
from tests.stripe_bench import GOOD_ACCOUNT, Bench

pytestmark = pytest.mark.both_databases

OF_STRIPES_PAGE = {"success_url", "cancel_url", "locale"}


def states(order: Order) -> list[str]:
    db.session.expire_all()
    return [attempt.state for attempt in list_attempts(order.id)]


def test_in_arabic_stripe_is_asked_for_a_session_that_stands_in_our_page(stripe: Bench) -> None:
    order = make_order(language="ar")
    page = checkout.open_payment(order.id)
    sent = list_attempts(order.id)[0].parameters
    assert (page.url, sent["ui_mode"]) == (None, "elements")
    assert f"/ar/orders/{order.number}/return?t=" in sent["return_url"]
    assert not OF_STRIPES_PAGE & sent.keys()
    assert page.client_secret
    assert page.client_secret.startswith(page.session_id)
    assert page.client_secret not in repr(page)
    stripe.control("refuse", times=-1)
    assert checkout.open_payment(order.id) == page


@pytest.mark.parametrize("language", checkout.HOSTED_LANGUAGES)
def test_in_stripes_languages_it_is_stripes_page_whatever_else_is_asked(stripe: Bench, language: str) -> None:
    order = make_order(language=language)
    page = checkout.open_payment(order.id)
    sent = list_attempts(order.id)[0].parameters
    assert page.client_secret is None
    assert sent.keys() >= OF_STRIPES_PAGE
    assert "ui_mode" not in sent
    assert checkout.open_payment(order.id, hosted_in="en") == page


def test_what_is_paid_on_our_page_is_settled_as_any_other_payment(stripe: Bench) -> None:
    order = make_order(language="ar")
    stripe.settle(order)
    assert state_of(order) == "paid"
    assert len(stripe.charges(order)) == 1
    assert list_findings() == []


@pytest.mark.parametrize("language", checkout.HOSTED_LANGUAGES)
def test_the_buyer_changes_to_stripes_page_and_pays_there_once(stripe: Bench, language: str) -> None:
    rug = make_product()
    order = make_order(rug, language="ar")
    ours = checkout.open_payment(order.id)
    page = checkout.open_payment(order.id, hosted_in=language)
    assert page.url
    assert list_attempts(order.id)[-1].parameters["locale"] == language
    assert states(order) == ["expired", "open"]
    assert (state_of(order), shelf(rug)) == ("awaiting_payment", (0, 1))
    with pytest.raises(SessionClosed):
        pay(stripe.double, ours.session_id)
    stripe.work()
    assert state_of(order) == "awaiting_payment"
    assert checkout.open_payment(order.id) == page
    stripe.settle(order)
    check_sold(stripe, order, rug)
    assert state_of(order) == "paid"


def test_whoever_has_paid_on_our_page_gets_no_second_one(stripe: Bench) -> None:
    order = make_order(language="ar")
    stripe.pay(order)
    with pytest.raises(Conflict):
        checkout.open_payment(order.id, hosted_in="fr")
    assert states(order) == ["paid"]
    assert state_of(order) == "paid"
    assert list_findings() == []


def test_a_payment_in_the_moment_of_the_change_is_settled(stripe: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is confirmed after Stripe said that the session is open, and before it is closed."""
    order = make_order(language="ar")
    session_id = stripe.open(order)
    close = gateway().expire_session

    def pay_first(closing: str, key: str) -> None:
        pay(stripe.double, session_id)
        close(closing, key)

    monkeypatch.setattr(gateway(), "expire_session", pay_first)
    with pytest.raises(Conflict):
        checkout.open_payment(order.id, hosted_in="fr")
    assert states(order) == ["paid"]
    assert len(stripe.charges(order)) == 1
    assert list_refunds(order.id) == []
    assert list_findings() == []


def test_a_bank_that_still_works_on_the_payment_is_waited_for(stripe: Bench) -> None:
    order = make_order(make_product(kind="repeatable"), language="ar")
    stripe.debit(order, GOOD_ACCOUNT)
    with pytest.raises(Conflict):
        checkout.open_payment(order.id, hosted_in="fr")
    assert states(order) == ["processing"]


def test_a_silent_stripe_delays_the_change_and_never_leaves_two_open_pages(stripe: Bench, clock: VirtualClock) -> None:
    rug = make_product()
    order = make_order(rug, language="ar")
    stripe.open(order)
    stripe.control("refuse", times=-1)
    with pytest.raises(EdgeFailed):
        checkout.open_payment(order.id, hosted_in="fr")
    assert states(order) == ["open"]
    stripe.control("refuse", times=0)
    page = checkout.open_payment(order.id)
    assert page.url
    assert states(order) == ["expired", "open"]
    assert list_attempts(order.id)[-1].parameters["locale"] == "fr"
    heal(clock)
    check_sold(stripe, order, rug)


@pytest.mark.parametrize("buyer", ["comes back", "leaves"])
@pytest.mark.parametrize("point", EXPIRING)
def test_a_crash_in_the_middle_of_the_change(stripe: Bench, clock: VirtualClock, point: str, buyer: str) -> None:
    rug = make_product()
    order = make_order(rug, language="ar")
    stripe.open(order)
    with death(point):
        checkout.open_payment(order.id, hosted_in="fr")
    if buyer == "comes back":
        assert checkout.open_payment(order.id, hosted_in="fr").url
        assert states(order) == ["expired", "open"]
        stripe.pay(order)
    heal(clock)
    assert bool(stripe.charges(order)) is (buyer == "comes back")
    check_sold(stripe, order, rug)


def test_a_buyer_who_changes_and_walks_away_gives_the_piece_back(stripe: Bench, clock: VirtualClock) -> None:
    rug = make_product()
    order = make_order(rug, language="ar")
    checkout.open_payment(order.id)
    checkout.open_payment(order.id, hosted_in="en")
    heal(clock)
    assert states(order) == ["expired", "expired"]
    check_sold(stripe, order, rug)


def test_a_session_of_our_page_that_the_database_forgot_is_shown_again(stripe: Bench) -> None:
    order = make_order(language="ar")
    page = checkout.open_payment(order.id)
    with transaction():
        db.session.delete(db.session.get_one(Attempt, list_attempts(order.id)[0].id))
    assert make_known(gateway().fetch_session(page.session_id)) == "adopted"
    assert checkout.open_payment(order.id) == page
    assert checkout.open_payment(order.id, hosted_in="fr").url
    assert states(order) == ["expired", "open"]
