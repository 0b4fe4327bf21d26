"""Money that goes back: by amount, line and postage, from here and from Stripe, at once, later, in vain and again."""

from dataclasses import dataclass
from typing import Any

import pytest

from shop.core.clock import VirtualClock
from shop.core.db import transaction
from shop.core.errors import Conflict, Invalid
from shop.core.policies import decide_policy
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.queries import list_entries
from shop.payments.gateway import RefundView, gateway
from shop.payments.queries import list_failed_refunds, list_quarantine, list_refund_parts
from shop.payments.refund_news import follow_refund
from shop.payments.refunds import ask_again
from shop.payouts.availability import list_standings
from tests.payments.sales import POSTAGE, PRICE, at_stripe, nothing_pends, pay_twice, sell, standing
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


@dataclass(frozen=True)
class Back:
    """One refund that is asked for: of lines by number, an amount, the postage; nothing of these is all."""

    numbers: tuple[int, ...] = ()
    amount_minor: int | None = None
    shipping_only: bool = False


@dataclass(frozen=True)
class Story:
    """Refunds one after another, and how the order stands then: what is left by line, of the postage, its state."""

    refunds: tuple[Back, ...]
    left: tuple[int, int]
    postage: int
    state: str = "paid"
    currency: str = "EUR"


# 320.00 and 320.00, postage 60.00; in dollars 350.00 and 350.00, 66.00.
STORIES = {
    "a reduced price": Story((Back(amount_minor=5001),), (29499, 29500), 6000),
    "a reduced price of one piece": Story((Back((2,), amount_minor=100),), (32000, 31900), 6000),
    "an amount that reaches into the postage": Story((Back(amount_minor=64500),), (0, 0), 5500, "refunded"),
    "one piece, then the other with the postage": Story((Back((1,)), Back((2,))), (0, 0), 0, "refunded"),
    "the postage alone": Story((Back(shipping_only=True),), (32000, 32000), 0),
    "all pieces, then the postage that stayed": Story(
        (Back(amount_minor=64000), Back(shipping_only=True)), (0, 0), 0, "refunded"
    ),
    "in three parts in dollars": Story(
        (Back((1,), amount_minor=1), Back(amount_minor=20000), Back()), (0, 0), 0, "refunded", "USD"
    ),
}


def test_every_way_to_give_money_back_reaches_order_books_stock_letters_and_report(stripe: Bench) -> None:
    for name, story in STORIES.items():
        sale = sell(stripe, currency=story.currency)
        for back in story.refunds:
            sale.give_back(*back.numbers, amount_minor=back.amount_minor, shipping_only=back.shipping_only)
        lines, left = sale.lines, sale.left
        price = PRICE[story.currency]
        assert tuple(left.lines.get(line.id, 0) for line in lines) == story.left, name
        assert tuple(price - line.refunded_minor for line in lines) == story.left, name
        assert (left.shipping, sale.state) == (story.postage, story.state), name
        assert sale.states == ["succeeded"] * len(story.refunds), name
        gone = [minor == 0 for minor in story.left]
        assert [line.state == "refunded" for line in lines] == gone, name
        assert sale.returned == [int(whole) for whole in gone], name
        assert sale.letters == ["refund_settled"] * len(story.refunds), name
        assert sale.reported == sum(story.left), name
        assert (sale.owed == 0) == (story.left == (0, 0)), name
        charged = 2 * price + POSTAGE[story.currency]
        given = charged - sum(story.left) - story.postage
        assert [charge["amount_refunded"] for charge in stripe.charges(sale.order)] == [given], name
        assert nothing_pends(), name
        sale.check()


def test_more_than_is_left_is_refused_before_stripe_hears_of_it(stripe: Bench) -> None:
    sale = sell(stripe)
    sale.give_back(1, amount_minor=30000)
    wrong: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
        ((), {"amount_minor": 40001}),
        ((1,), {"amount_minor": 2001}),
        ((1,), {"amount_minor": 0}),
        ((1,), {"amount_minor": -5}),
    )
    for numbers, more in wrong:
        with pytest.raises(Invalid):
            sale.ask(*numbers, **more)
    # What was asked for and is still on its way is not left either.
    sale.ask(1)
    with pytest.raises(Conflict):
        sale.ask(1)
    sale.give_back()
    with pytest.raises(Conflict):
        sale.ask(shipping_only=True)
    assert sale.states == ["succeeded"] * 3
    sale.check()


def test_a_piece_whose_price_was_reduced_is_still_sent_and_one_given_back_whole_is_not(stripe: Bench) -> None:
    sale = sell(stripe)
    sale.ask(1, amount_minor=100)
    sale.ask(2)
    assert [line.refund_asked_at is not None for line in sale.lines] == [False, True]
    with transaction():
        fulfilment.accept_line(sale.lines[0].id, unit_id=sale.unit.id, actor=None)
    stripe.work()
    assert [line.state for line in sale.lines] == ["accepted", "refunded"]
    sale.check()


def test_a_refund_begun_at_stripe_is_followed_here(stripe: Bench) -> None:
    currency = "USD"
    partly, wholly = sell(stripe, currency=currency), sell(stripe, currency="EUR")
    total = 2 * PRICE[currency] + POSTAGE[currency]
    stripe.refund_at_stripe(partly.order, 10000)
    stripe.refund_at_stripe(wholly.order)
    stripe.work()
    assert [(refund.reason, refund.amount_minor) for refund in partly.refunds] == [("stripe", 10000)]
    # Stripe does not say of what it is: of everything, in proportion.
    shares = {(part.kind, part.line_id): part.amount_minor for part in list_refund_parts(partly.refunds[0].id)}
    assert sum(shares.values()) == 10000
    assert abs(shares["shipping", None] - 10000 * POSTAGE[currency] // total) <= 1
    assert partly.left.total == total - 10000
    assert (partly.state, wholly.state) == ("paid", "refunded")
    assert wholly.returned == [1, 1]
    assert partly.letters == wholly.letters == ["refund_settled"]
    partly.check()
    # The rest can be given back from here.
    partly.give_back()
    assert partly.state == "refunded"
    partly.check()


def test_a_second_refund_heard_of_before_the_first_has_failed_is_no_loss(stripe: Bench) -> None:
    sale = sell(stripe)
    stripe.refund_at_stripe(sale.order)
    stripe.work()
    # The bank sends the money back, and somebody gives it back again; only of this does the shop hear.
    stripe.fail_refund(str(sale.refunds[0].stripe_id))
    again = stripe.refund_at_stripe(sale.order)
    follow_refund(gateway().fetch_refund(again["id"]))
    assert [refund.state for refund in sale.refunds] == ["failed", "succeeded"]
    assert not [entry for entry in list_entries(order_id=sale.order.id) if "losses" in (entry.debit, entry.credit)]
    stripe.work()
    sale.check()


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_refund_heard_of_before_a_dispute_was_won_is_no_loss(stripe: Bench, currency: str) -> None:
    sale = sell(stripe, currency=currency)
    dispute = stripe.dispute(sale.order)
    stripe.work()
    # The bank decides for the shop, and somebody gives a part back; only of this does the shop hear.
    stripe.end_dispute(dispute, "won")
    again = stripe.refund_at_stripe(sale.order, PRICE[currency])
    follow_refund(gateway().fetch_refund(again["id"]))
    assert (sale.disputes, sale.states) == (["won"], ["succeeded"])
    assert not [entry for entry in list_entries(order_id=sale.order.id) if "losses" in (entry.debit, entry.credit)]
    stripe.work()
    sale.check()


def test_somebody_refunds_at_stripe_while_ours_is_on_its_way(stripe: Bench) -> None:
    sale = sell(stripe)
    refund_id = sale.ask()
    stripe.refund_at_stripe(sale.order, 10000)
    stripe.work()
    # Ours was for more than was left: Stripe refused it, and the pieces can be sent or given back again.
    assert {refund.reason: refund.state for refund in sale.refunds} == {"buyer": "failed", "stripe": "succeeded"}
    assert [line.refund_asked_at for line in sale.lines] == [None, None]
    assert [refund.id for refund in list_failed_refunds(sale.order.id)] == [refund_id]
    with pytest.raises(Conflict), transaction():
        ask_again(refund_id, actor=None)
    sale.give_back()
    assert sale.state == "refunded"
    # Its money is back: nobody has to look at the one that failed any more.
    assert list_failed_refunds(sale.order.id) == []
    sale.check()


def test_a_refund_that_is_pending_is_booked_when_it_has_succeeded(stripe: Bench, clock: VirtualClock) -> None:
    stripe.control("refund_pending", times=2, days=1, seconds=0)
    sale = sell(stripe, currency="USD")
    sale.give_back(1)
    stripe.refund_at_stripe(sale.order, PRICE["USD"])
    stripe.work()
    # Neither can be asked for again meanwhile, also not the one that was begun elsewhere.
    assert (sale.states, sale.left.total) == (["pending", "pending"], POSTAGE["USD"])
    assert sale.lines[0].state == "paid"
    assert sale.letters == []
    clock.advance(days=1, minutes=5)
    stripe.work()
    assert sale.states == ["succeeded", "succeeded"]
    assert sale.left.total == POSTAGE["USD"]
    assert nothing_pends()
    sale.check()


def test_a_refund_that_fails_while_pending_gives_nothing_back_and_leaves_the_piece_to_be_sent(
    stripe: Bench, clock: VirtualClock
) -> None:
    stripe.control("refund_pending", times=1, days=2, seconds=0)
    stripe.control("refund_fails", times=1, days=1)
    sale = sell(stripe, currency="USD")
    sale.give_back(1)
    assert sale.lines[0].refund_asked_at is not None
    clock.advance(days=1, minutes=5)
    stripe.work()
    assert sale.states == ["failed"]
    assert [(line.state, line.refund_asked_at) for line in sale.lines] == [("paid", None)] * 2
    assert (sale.returned, sale.reported) == ([0, 0], 2 * PRICE["USD"])
    # The buyer had not been told of it, so only the operator is.
    assert sale.letters == ["refund_to_repeat"]
    # Stripe moved the money out of its balance and back: so did the books.
    assert nothing_pends()
    sale.check()


@pytest.mark.parametrize(("currency", "exported"), [("EUR", True), ("USD", False)])
def test_a_refund_that_fails_days_later_is_owed_again_and_can_be_asked_for_again(
    stripe: Bench, clock: VirtualClock, currency: str, exported: bool
) -> None:
    stripe.control("refund_fails", times=1, days=3)
    sale = sell(stripe, currency=currency)
    if exported:
        sale.hand_over()
    refund_id = sale.give_back()
    assert (sale.state, sale.reported, sale.owed) == ("refunded", 0, 0)
    clock.advance(days=3, minutes=5)
    stripe.work()
    assert (sale.state, sale.states, sale.reported) == ("paid", ["failed"], 2 * PRICE[currency])
    assert {line.state for line in sale.lines} == {"handed_over" if exported else "refund_failed"}
    assert sale.left.total == 2 * PRICE[currency] + POSTAGE[currency]
    assert sale.owed > 0
    assert sale.letters[-3:] == ["refund_settled", "refund_failed", "refund_to_repeat"]
    if exported:
        # What is owed to the buyer is not sent to the maker meanwhile.
        (standing_now,) = list_standings(unit_id=sale.unit.id)
        assert (standing_now.available, {part.why for part in standing_now.waiting}) == (0, {"refund"})
    assert [row.kind for row in list_quarantine()] == ["refund_failed"]
    assert nothing_pends()
    sale.check()
    with transaction():
        ask_again(refund_id, actor=None)
    stripe.work()
    assert (sale.state, sale.states, sale.owed) == ("refunded", ["failed", "succeeded"], 0)
    assert list_quarantine() == []
    # Once on the shelf, however often its money went to and fro.
    assert sale.returned == ([0, 0] if exported else [1, 1])
    assert [charge["refunded"] for charge in stripe.charges(sale.order)] == [True]
    sale.check()


def test_a_second_payments_refund_that_failed_can_be_asked_for_again(stripe: Bench, clock: VirtualClock) -> None:
    sale = pay_twice(stripe)
    stripe.control("refund_fails", times=1, days=3)
    stripe.work()
    clock.advance(days=3, minutes=5)
    stripe.work()
    assert [(refund.reason, refund.state) for refund in sale.refunds] == [("duplicate", "failed")]
    assert standing()[accounts.SUSPENSE, "EUR"] == sale.order.total_minor
    sale.check()
    with transaction():
        ask_again(sale.refunds[0].id, actor=None)
    with pytest.raises(Conflict), transaction():
        ask_again(sale.refunds[0].id, actor=None)
    stripe.work()
    assert (sale.state, sale.states) == ("paid", ["failed", "succeeded"])
    assert (accounts.SUSPENSE, "EUR") not in standing()
    sale.check()


def test_what_goes_back_goes_back_at_the_terms_of_its_sale(stripe: Bench, clock: VirtualClock) -> None:
    sale = sell(stripe)
    clock.advance(days=1)
    with transaction():
        decide_policy("commission_bp", 2500, clock().date())
    later = sell(stripe)
    sale.give_back(1)
    later.give_back(amount_minor=20000)
    assert [part.commission_minor for part in list_refund_parts(sale.refunds[0].id)] == [3200]
    assert [part.commission_minor for part in list_refund_parts(later.refunds[0].id)] == [2500, 2500]
    sale.give_back()
    later.give_back()
    assert (accounts.COMMISSION, "EUR") not in standing()
    sale.check()


def test_news_of_a_refund_before_news_of_its_payment_settles_the_payment_first(stripe: Bench) -> None:
    sale = sell(stripe, pay=False)
    stripe.control("webhooks", drop=100)
    stripe.pay(sale.order)
    stripe.control("webhooks")
    # Another order waits for its payment too: the refund is not taken for one of its own.
    other = sell(stripe, pay=False)
    stripe.open(other.order)
    stripe.control("refund", charge=str(at_stripe(stripe, "charges?limit=1")["data"][0]["id"]), amount=10000)
    stripe.work()
    assert (sale.state, sale.states) == ("paid", ["succeeded"])
    assert (other.state, other.refunds) == ("awaiting_payment", [])
    sale.check()


def test_a_refund_of_a_payment_that_is_not_ours_is_not_taken_for_one_that_is(stripe: Bench) -> None:
    sale = sell(stripe, pay=False)
    stripe.open(sale.order)
    view = RefundView("re_x", "succeeded", 100, "EUR", charge=None, payment_intent=None, failure=None, metadata={})
    assert not follow_refund(view)
    assert sale.refunds == []
