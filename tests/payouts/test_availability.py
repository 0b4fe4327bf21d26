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


def test_money_waits_for_the_parcel_then_for_the_days_promised_on_that_day(
    weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    order = sell(weaver, sent=False)
    before = standing(weaver)
    assert (before.available, before.later) == (0, 0)
    assert 0 < before.awaiting_export < 28800  # 320.00 less 10 % commission, less Stripe's fee
    send(order, weaver)
    with transaction():
        decide_policy("available_after_days", 2, date(2026, 6, 16))
    after = standing(weaver)
    assert after.days == [(date(2026, 6, 29), before.awaiting_export)]
    assert (after.awaiting_export, after.available) == (0, 0)
    clock.advance(days=13)
    assert standing(weaver).available == 0
    clock.advance(days=1)
    assert (standing(weaver).available, standing(weaver).days) == (before.awaiting_export, [])
    sell(weaver, email="b@example.org")
    assert [day for day, _minor in standing(weaver).days] == [date(2026, 7, 1)]


def test_what_stripe_has_not_paid_waits_without_a_day_and_then_enters_the_statement_of_its_own_currency(
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
    found = {(s.currency, s.month): s for s in list_statements(weaver.id)}
    assert found["USD", "2026-06"].closing == found["USD", "2026-07"].opening == 31500
    assert found["USD", "2026-07"].totals == Amounts(gross=-35000, commission=3500)
    assert found["USD", "2026-07"].closing == 0
    assert found["EUR", "2026-07"].totals.gross > 0


def test_what_is_disputed_or_being_refunded_is_not_sent(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    order = sell(weaver)
    clock.advance(days=20)
    whole = standing(weaver).available
    with transaction() as session:
        # An inquiry takes no money yet.
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
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    assert [(part.why, part.on) for part in standing(weaver).waiting] == [("refund", None)]
    assert standing(weaver).available == 0
    stripe.work()
    assert list_standings(unit_id=weaver.id) == []


def test_a_sale_in_dollars_and_its_refund_stand_whole_in_the_currency_the_unit_is_paid_in(
    stripe: Bench, weaver: Unit, sell: Sell, clock: VirtualClock
) -> None:
    order = sell(weaver, currency="USD")
    (statement,) = list_statements(weaver.id)
    sale = statement.totals
    assert (statement.currency, statement.closing) == ("EUR", standing(weaver).later)
    # Ten per cent of the gross, each share converted at Stripe's own rate to the cent.
    assert abs(sale.gross + 10 * sale.commission) <= 10
    assert sale.fees < 0
    dollars = read_statement(weaver.id, "USD", statement.first, statement.last)
    assert (dollars.rows, dollars.closing) == ((), 0)
    clock.advance(days=20)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    july, june = list_statements(weaver.id)
    assert (june.first, july.first) == (date(2026, 6, 1), date(2026, 7, 1))
    assert july.opening == june.closing == sale.net
    assert july.totals == Amounts(refunds=-sale.gross, commission=-sale.commission, fees=-sale.fees)
    assert july.closing == 0
