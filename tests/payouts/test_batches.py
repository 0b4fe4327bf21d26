"""A batch from draft to the bank's answer: two officers, nothing twice, and in the books only what the bank has done."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, Refused
from shop.ledger.models import Entry
from shop.ledger.statements import list_statements
from shop.payments.refunds import request_refund
from shop.payouts import services
from shop.payouts.availability import Standing, list_standings
from shop.payouts.bank_details import record_consent, set_bank_details, withdraw_consent
from shop.payouts.models import Batch, Transfer
from shop.payouts.queries import list_candidates, list_sent, list_transfers
from shop.payouts.services import cancel_batch, record_executed, record_refused, record_returned
from shop.reports.invariants import statements_end_as_the_books_stand, transfers_are_booked_once
from tests.builders import make_unit
from tests.payments.test_races import Somebody
from tests.payouts.conftest import RIB, Sell, approve, decide_paying_account, draft, fresh, owe
from tests.stripe_bench import Bench

pytestmark = pytest.mark.both_databases

OTHER_RIB = "001810007800020110620318"


@pytest.fixture(autouse=True)
def _paying(app: Flask) -> None:
    decide_paying_account()


def standing(unit: Unit) -> Standing:
    return next(s for s in list_standings(unit_id=unit.id, currency="EUR"))


def executed(transfer: Transfer, actor: Account, **changes: Any) -> Transfer:
    answer = {"on": clock_module.today(), "rate_millionths": 10_700_000, "mad_minor": None, "reference": "VIR 17"}
    with transaction():
        return record_executed(transfer.public_id, **{**answer, **changes}, actor=actor.id)


def booked(transfer: Transfer) -> list[tuple[str, int]]:
    rows = db.session.execute(
        select(Entry.source, Entry.amount_minor).where(Entry.source_id == transfer.public_id).order_by(Entry.id)
    )
    return [(row.source, row.amount_minor) for row in rows]


@pytest.fixture
def due(weaver: Unit) -> int:
    """What is available for the weaver."""
    owe(weaver, 28000)
    return 28000


def test_a_transfer_is_sent_recorded_and_sent_back(
    weaver: Unit, due: int, drafter: Account, approver: Account, clock: VirtualClock
) -> None:
    batch = draft(drafter)
    (transfer,) = list_transfers(batch.id)
    assert (transfer.amount_minor, transfer.payee, transfer.rib) == (due, weaver.name_fr, RIB)
    # Drafted money is nobody else's to send.
    assert (standing(weaver).available, standing(weaver).in_transfer) == (0, due)
    with pytest.raises(Conflict):
        draft(drafter)
    with pytest.raises(Conflict):
        executed(transfer, drafter)  # not approved yet
    assert approve(batch, approver).state == "approved"
    assert booked(transfer) == []
    clock.advance(days=2)
    done = executed(transfer, drafter, mad_minor=services.in_dirhams(due, "EUR", 10_700_000) - 3000)
    assert done.mad_minor == (due * 107 + 5) // 10 - 3000
    assert booked(transfer) == [("payout", due)]
    with pytest.raises(Conflict):
        executed(transfer, drafter)
    after = standing(weaver)
    assert (after.available, after.in_transfer, after.sent) == (0, 0, due)
    assert list_statements(weaver.id)[0].totals.paid == -due
    with transaction():
        record_returned(transfer.public_id, on=clock_module.today(), reason="Compte clos", actor=drafter.id)
    assert booked(transfer) == [("payout", due), ("payout_returned", due)]
    back = standing(weaver)
    assert (back.available, back.sent) == (due, 0)
    assert list_statements(weaver.id)[0].totals.paid == 0
    assert [row.state for row in list_sent(weaver.id)] == ["returned"]
    assert list_transfers(draft(drafter).id)[0].amount_minor == due
    assert transfers_are_booked_once() == statements_end_as_the_books_stand() == []
    with transaction() as session:
        session.execute(update(Transfer).where(Transfer.id == transfer.id).values(state="executed"))
    assert len(transfers_are_booked_once()) == 1  # sent back in the books, and nobody says so


def test_whoever_drafts_a_batch_cannot_approve_it(
    weaver: Unit, due: int, drafter: Account, approver: Account, clock: VirtualClock
) -> None:
    batch = draft(drafter)
    with pytest.raises(Refused):
        approve(batch, drafter)
    assert fresh(batch).state == "draft"
    # Not even by hand.
    by_hand = update(Batch).values(state="approved", approved_by=drafter.id, approved_at=clock_module.now())
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(by_hand)
    with pytest.raises(Invalid), transaction():
        services.approve_batch(batch.public_id, executes_on=clock_module.today() - timedelta(days=1), actor=approver.id)
    approve(batch, approver)
    with pytest.raises(Conflict):
        approve(batch, approver)
    with pytest.raises(Conflict), transaction():
        cancel_batch(batch.public_id, actor=drafter.id)


def test_two_drafts_at_once_never_take_the_same_money(
    app: Flask, weaver: Unit, due: int, drafter: Account, approver: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = services.list_candidates
    rival = Somebody(app, lambda: draft(approver))

    def look_and_wait(*given: Any, **more: Any) -> Any:
        seen = look(*given, **more)
        monkeypatch.setattr(services, "list_candidates", look)
        # Between what we saw and what we write another officer drafts the same money.
        rival.meanwhile(1.0)
        return seen

    monkeypatch.setattr(services, "list_candidates", look_and_wait)
    outcomes = []
    for act in (lambda: draft(drafter), rival.finish):
        try:
            act()
            outcomes.append("drafted")
        except Conflict:
            outcomes.append("refused")
    assert sorted(outcomes) == ["drafted", "refused"]
    db.session.rollback()
    taken = db.session.scalars(select(Transfer).where(Transfer.state == "drafted")).all()
    assert [row.amount_minor for row in taken] == [due]


def test_two_approvals_at_once_let_a_batch_go_once(
    app: Flask, weaver: Unit, due: int, drafter: Account, approver: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = draft(drafter)
    third = Somebody(app, lambda: approve(batch, approver))
    check = services._check_amounts

    def check_and_wait(locked: Batch) -> int:
        monkeypatch.setattr(services, "_check_amounts", check)
        third.meanwhile(0.3)
        return check(locked)

    monkeypatch.setattr(services, "_check_amounts", check_and_wait)
    approve(batch, approver)
    with pytest.raises(Conflict):
        third.finish()
    assert [row.state for row in list_transfers(batch.id)] == ["approved"]


def test_what_goes_back_between_draft_and_approval_is_not_sent(
    weaver: Unit, due: int, drafter: Account, approver: Account
) -> None:
    potter = make_unit(rib=OTHER_RIB, name_fr="Atelier Safi")
    owe(potter, 5000)
    batch = draft(drafter)
    assert [row.amount_minor for row in list_transfers(batch.id)] == [due, 5000]
    owe(weaver, -8000)
    owe(potter, -5000)
    approve(batch, approver)
    kept, dropped = list_transfers(batch.id)
    assert (kept.state, kept.drafted_minor, kept.amount_minor) == ("approved", due, due - 8000)
    assert (dropped.state, dropped.reason) == ("dropped", "nothing")


def test_a_refund_after_the_transfer_leaves_a_debt_that_the_next_sale_pays_first(
    stripe: Bench, weaver: Unit, sell: Sell, drafter: Account, approver: Account, clock: VirtualClock
) -> None:
    order = sell(weaver)
    clock.advance(days=20)
    due = standing(weaver).available
    batch = draft(drafter)
    approve(batch, approver)
    executed(list_transfers(batch.id)[0], drafter)
    with transaction():
        request_refund(order.id, line_ids=None, reason="buyer", actor=None)
    stripe.work()
    assert standing(weaver).available == -due
    assert [candidate.reason for candidate in list_candidates("EUR")] == ["nothing"]
    with pytest.raises(Conflict):
        draft(drafter)
    owe(weaver, due + 1)
    assert [row.amount_minor for row in list_transfers(draft(drafter).id)] == [1]


def test_who_cannot_be_paid_is_left_out_with_the_reason(drafter: Account, approver: Account) -> None:
    paid = make_unit(rib=RIB, name_fr="Coopérative Nour", payee="cooperative nour")
    left = {
        "no_rib": make_unit(),
        "bad_rib": make_unit(rib="011519000001205000534922"),
        "letters": make_unit(rib=OTHER_RIB, payee="تعاونية"),
        "no_consent": make_unit(rib=OTHER_RIB, payee="Hassan Ouali"),
    }
    for unit in (paid, *left.values()):
        owe(unit, 100)
    batch = draft(drafter)
    assert [row.unit_id for row in list_transfers(batch.id)] == [paid.id]
    assert {row["unit_id"]: row["reason"] for row in batch.left_out} == {unit.id: why for why, unit in left.items()}
    approve(batch, approver)
    # One brings a certificate of the bank, another consents to the brother's account: the next batch has them.
    with transaction():
        set_bank_details(left["no_rib"].id, rib="001 810 0078000201106202 21", payee="", actor=drafter.id)
        consent = record_consent(
            left["no_consent"].id,
            given_by="Fatima Aït Ali",
            given_on=clock_module.today(),
            document="Procuration légalisée, classeur 3",
            actor=drafter.id,
        )
    following = draft(drafter)
    assert {row.unit_id for row in list_transfers(following.id)} == {left["no_rib"].id, left["no_consent"].id}
    # The consent is withdrawn, and the other account changed, before the second officer looks: neither is sent.
    with transaction():
        withdraw_consent(left["no_consent"].id, consent.id, actor=drafter.id)
        set_bank_details(left["no_rib"].id, rib=OTHER_RIB, payee="", actor=drafter.id)
    assert approve(following, approver).state == "cancelled"
    assert {row.reason for row in list_transfers(following.id)} == {"no_consent", "changed"}


def test_what_the_bank_refuses_or_a_draft_gives_up_is_available_again(
    weaver: Unit, due: int, drafter: Account, approver: Account
) -> None:
    batch = draft(drafter)
    with transaction():
        cancel_batch(batch.public_id, actor=drafter.id)
    assert standing(weaver).available == due
    again = draft(drafter)
    approve(again, approver)
    (transfer,) = list_transfers(again.id)
    with transaction():
        record_refused(transfer.public_id, reason="RIB inconnu", actor=drafter.id)
    assert (standing(weaver).available, booked(transfer)) == (due, [])


def test_an_answer_of_the_bank_that_cannot_be_is_refused(due: int, drafter: Account, approver: Account) -> None:
    batch = draft(drafter)
    approve(batch, approver)
    (transfer,) = list_transfers(batch.id)
    today = clock_module.today()
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("rate", {"rate_millionths": 107_000_000}),
        ("rate", {"rate_millionths": 0}),
        ("mad", {"mad_minor": 10**9}),
        ("reference", {"reference": " "}),
        ("on", {"on": today + timedelta(days=1)}),
        ("on", {"on": today - timedelta(days=1)}),
    ]
    for field, changes in wrong:
        with pytest.raises(Invalid) as refused:
            executed(transfer, drafter, **changes)
        assert set(refused.value.fields) == {field}
    assert booked(transfer) == []
    executed(transfer, drafter)
    with pytest.raises(Invalid), transaction():
        record_returned(transfer.public_id, on=today - timedelta(days=1), reason="Compte clos", actor=drafter.id)
