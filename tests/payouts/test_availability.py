"""What may be sent, and when: days after the hand-over, Stripe's money in the books, nothing disputed or going back."""

from datetime import date

import pytest

from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import transaction
from shop.core.policies import decide_policy
from shop.ledger import accounts
from shop.ledger.queries import sum_balance
from shop.ledger.statements import Amounts, list_statements, read_statement
from shop.payments.balance import import_balance
from shop.payments.models import Dispute
from shop.payments.queries import list_attempts
from shop.payments.refunds import request_refund
from shop.payouts.availability import Standing, list_standings
from tests.payouts.conftest import Sell, send
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases


def standing(unit: Unit, currency: str = "EUR") -> Standing:
    """The unit's standing; whole: its parts are what the books say."""
    found = next(s for s in list_standings(unit_id=unit.id, currency=currency))
    owed = sum_balance(accounts.pending(unit.id), currency) + sum_balance(accounts.payable(unit.id), currency)
    assert found.awaiting_export + found.available + found.in_transfer + found.later == owed
    assert found in list_standings()
    return found


def test_money_waits_for_the_parcel_then_for_its_days_and_then_is_available(
    weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    order = sell(weaver, sent=False)
    before = standing(weaver)
    assert (before.available, before.later) == (0, 0)
    assert 0 < before.awaiting_export < 28800  # 320.00 less 10 % commission, less Stripe's fee
    send(order, weaver)
    after = standing(weaver)
    assert after.days == [(date(2026, 6, 29), before.awaiting_export)]
    assert (after.awaiting_export, after.available) == (0, 0)
    clock.advance(days=13)
    assert standing(weaver).available == 0
    clock.advance(days=1)
    assert (standing(weaver).available, standing(weaver).days) == (before.awaiting_export, [])


def test_the_days_promised_at_the_hand_over_hold_when_the_policy_changes_later(
    weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    sell(weaver)
    clock.advance(days=1)
    with transaction():
        decide_policy("available_after_days", 2, clock_module.today())
    sell(weaver, email="b@example.org")
    assert [day for day, _minor in standing(weaver).days] == [date(2026, 6, 18), date(2026, 6, 29)]


def test_what_stripe_has_not_paid_yet_waits_without_a_day(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    stripe.control("balance_delay", seconds=25 * 86400)
    sell(weaver, currency="USD", country="US")
    clock.advance(days=20)
    assert [(part.why, part.on) for part in standing(weaver, "USD").waiting] == [("stripe", None)]
    clock.advance(days=10)
    import_balance()
    (arrived,) = list_standings(unit_id=weaver.id)
    assert arrived.currency == "EUR"
    assert arrived.available > 0


def test_what_is_being_refunded_is_not_sent_and_what_went_back_after_all_makes_it_less(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    sell(weaver)
    order = sell(weaver, email="b@example.org")
    clock.advance(days=20)
    whole = standing(weaver).available
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    held = standing(weaver)
    assert [(part.why, part.on) for part in held.waiting] == [("refund", None)]
    assert held.available == whole - held.later
    stripe.work()
    assert (standing(weaver).available, standing(weaver).later) == (held.available, 0)


def test_what_is_disputed_is_not_sent_even_while_it_is_only_an_inquiry(
    weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    order = sell(weaver)
    clock.advance(days=20)
    whole = standing(weaver).available
    with transaction() as session:
        inquiry = Dispute(
            stripe_id="dp_1",
            order_id=order.id,
            attempt_id=list_attempts(order.id)[0].id,
            amount_minor=38000,
            currency="EUR",
            reason="fraudulent",
            status="warning_needs_response",
            is_refundable=True,
            opened_at=clock_module.now(),
        )
        session.add(inquiry)
    assert [(part.why, part.minor) for part in standing(weaver).waiting] == [("dispute", whole)]
    assert standing(weaver).available == 0
    with transaction() as session:
        session.get_one(Dispute, inquiry.id).closed_at = clock_module.now()
    assert standing(weaver).available == whole


def test_a_sale_in_dollars_stands_in_the_statement_of_the_currency_it_is_paid_in(weaver: Unit, sell: Sell) -> None:
    sell(weaver, currency="USD", country="US")
    (statement,) = list_statements(weaver.id)
    assert statement.currency == "EUR"
    (row,) = statement.rows
    assert row.line_id is not None
    assert row.amounts.gross > 0 > row.amounts.commission
    # Ten per cent of the gross, each share converted at Stripe's own rate to the cent.
    assert abs(row.amounts.gross + 10 * row.amounts.commission) <= 10
    assert statement.closing == standing(weaver).later
    dollars = read_statement(weaver.id, "USD", statement.first, statement.last)
    assert (dollars.rows, dollars.closing) == ((), 0)


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_full_refund_is_told_whole_and_takes_the_commission_back(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock, currency: str
) -> None:
    order = sell(weaver, currency=currency)
    sale = list_statements(weaver.id)[0].totals
    clock.advance(days=20)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    july, june = list_statements(weaver.id)
    assert (june.first, july.first) == (date(2026, 6, 1), date(2026, 7, 1))
    assert july.opening == june.closing == sale.net
    assert july.totals == Amounts(refunds=-sale.gross, commission=-sale.commission, fees=-sale.fees)
    assert july.closing == 0


def test_a_sale_that_is_converted_in_the_month_after_leaves_the_one_statement_and_enters_the_other(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    stripe.control("balance_delay", seconds=20 * 86400)
    sell(weaver, currency="USD", country="US")
    clock.advance(days=30)
    import_balance()
    found = {(s.currency, s.month): s for s in list_statements(weaver.id)}
    assert found["USD", "2026-06"].closing == found["USD", "2026-07"].opening == 31500
    assert found["USD", "2026-07"].totals == Amounts(gross=-35000, commission=3500)
    assert found["USD", "2026-07"].closing == 0
    assert found["EUR", "2026-07"].totals.gross > 0


def test_a_statement_of_several_months_is_that_of_each(weaver: Unit, sell: Sell, clock: VirtualClock) -> None:
    sell(weaver)
    clock.advance(days=31)
    sell(weaver, email="b@example.org")
    july, june = list_statements(weaver.id)
    both = read_statement(weaver.id, "EUR", june.first, july.last)
    assert (both.opening, both.closing) == (0, july.closing)
    assert both.totals.gross == june.totals.gross + july.totals.gross == 64000
