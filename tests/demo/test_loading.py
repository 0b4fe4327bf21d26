"""The demonstration as it is loaded: whole, consistent, the same for the same seed, and with work for every chair."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.accounts.models import Account
from shop.accounts.services import authenticate
from shop.app import create_app
from shop.artisans.models import Delegate, Unit
from shop.catalogue.models import Product, ProductPicture, Variant
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db
from shop.core.outbox import PATIENT
from shop.core.tables import Job, Rate
from shop.demo.content.load import get_content
from shop.demo.loading.accounts import OFFICER, PASSWORD, PIN
from shop.demo.loading.afterwards import RETURNS, Afterwards
from shop.demo.loading.buyers import PAYMENTS, plan_visits
from shop.demo.loading.calendar import editions_of, make_calendar, memberships_of
from shop.demo.loading.load import load_demo
from shop.demo.loading.past import Step
from shop.demo.loading.pictures import Request, make_picture
from shop.demo.loading.pieces import IN_REVIEW
from shop.ledger.queries import list_balances
from shop.media.models import Picture
from shop.media.storage import name_of, store
from shop.notifications.models import Letter
from shop.orders.models import Message, Order, OrderLine, Return, ReturnLine
from shop.orders.returns import list_returns
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from shop.payments.models import Attempt, BalanceTransaction, Dispute, Refund, RefundPart
from shop.payouts.models import Batch, Transfer
from shop.programme.queries import admitted_units
from shop.reports.invariants import list_findings
from shop.web.staff.waiting import list_waits
from tests.builders import make_account
from tests.conftest import MORNING, make_settings
from tests.payments.sales import sell
from tests.stripe_bench import make_bench

ORDERS = 18


def load(
    folder: Path, *, orders: int = ORDERS, products: int | None = None, seed: int = 1
) -> list[tuple[str, int, int]]:
    steps: list[tuple[str, int, int]] = []
    load_demo(
        orders=orders,
        products=products,
        seed=seed,
        double_path=folder / "stripe.sqlite",
        progress=lambda *step: steps.append(step),
        drawn=False,
    )
    return steps


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, int, int]]]:
    """A small demonstration with plain pictures, made once for the tests that only look: the steps it told of."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "media").mkdir()
    shutil.copy(sqlite_template, folder / "shop.sqlite")
    app = create_app(make_settings(folder, f"sqlite:///{folder / 'shop.sqlite'}"))
    with clock_module.use(VirtualClock(MORNING)), app.app_context():
        yield load(folder)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def steps(loaded: list[tuple[str, int, int]]) -> Iterator[list[tuple[str, int, int]]]:
    with clock_module.use(VirtualClock(MORNING)):
        yield loaded
        db.session.rollback()


def totals() -> list[tuple[str, int, str]]:
    """Every order in a line, as far as it follows from the seed."""
    rows = db.session.execute(select(Order.currency, Order.total_minor, Order.state).order_by(Order.id))
    return [(row.currency, row.total_minor, row.state) for row in rows]


def count(model: type, *conditions: object) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]


def test_a_small_demonstration_is_whole_and_breaks_no_invariant(steps: list[tuple[str, int, int]]) -> None:
    content = get_content()
    assert count(Product) == len(content.products)
    assert count(Product, Product.state == "published") == len(content.products) - len(IN_REVIEW)
    assert count(Unit) == len(content.units)
    assert count(Order, Order.paid_at.is_not(None)) == ORDERS
    # The worker of the demonstration makes AVIF once it stands; the first start does not wait for it.
    assert count(Job, Job.done_at.is_(None), Job.kind.not_in(PATIENT)) == 0
    assert count(Job, Job.done_at.is_(None), Job.kind.in_(PATIENT)) == count(Picture)
    assert [finding.text for finding in list_findings()] == []
    assert {name for name, done, total in steps if done == total} == {"workshops", "products", "orders"}
    assert set(db.session.scalars(select(Rate.source))) == {"demonstration"}


def test_the_books_sum_to_zero_and_every_paid_order_has_one_charge(steps: list[tuple[str, int, int]]) -> None:
    sums: Counter[str] = Counter()
    for balance in list_balances():
        sums[balance.currency] += balance.minor
    assert set(sums.values()) == {0}
    paid = db.session.execute(
        select(Order.id, func.count(Attempt.id))
        .join(Attempt, (Attempt.order_id == Order.id) & Attempt.charge.is_not(None))
        .where(Order.paid_at.is_not(None))
        .group_by(Order.id)
    ).all()
    assert [number for _order, number in paid] == [1] * ORDERS
    # Nothing is left between the charge and the books: import, refunds and postings are done.
    assert count(BalanceTransaction, BalanceTransaction.posted_at.is_(None)) == 0
    taken = count(Dispute, Dispute.withdrawn_at.is_not(None)) + count(Dispute, Dispute.reinstated_at.is_not(None))
    assert count(BalanceTransaction) == ORDERS + count(Refund) + count(Refund, Refund.state == "failed") + taken


def test_no_stock_is_negative_and_most_pieces_that_exist_once_are_for_sale(steps: list[tuple[str, int, int]]) -> None:
    assert count(Variant, (Variant.available < 0) | (Variant.reserved < 0)) == 0
    assert count(Variant, Variant.reserved > 0) == 0
    once = (Product.id == Variant.product_id) & (Product.kind == "one_of_a_kind")
    assert count(Variant, Variant.id.in_(select(Variant.id).join(Product, once)), Variant.available == 1) >= 14


def test_every_chair_has_something_to_do(steps: list[tuple[str, int, int]]) -> None:
    first = db.session.scalars(select(Account.id).where(Account.role == "artisan").order_by(Account.id)).first()
    own = select(Delegate.unit_id).where(Delegate.account_id == first)
    waiting = select(OrderLine.state, OrderLine.call_asked_at).where(OrderLine.unit_id.in_(own))
    rows = db.session.execute(waiting).all()
    assert {"paid", "accepted", "ready"} <= {row.state for row in rows}
    assert any(row.call_asked_at for row in rows)
    assert count(Product, Product.state == "review") == len(IN_REVIEW)
    assert count(OrderLine, OrderLine.state == "handed_over") > 0


def test_an_officer_meets_every_kind_of_money_trouble(steps: list[tuple[str, int, int]]) -> None:
    disputes = Counter(db.session.scalars(select(Dispute.status)))
    assert disputes == {"won": 1, "lost": 1, "warning_needs_response": 1}
    reduced = select(RefundPart.refund_id).join(OrderLine, OrderLine.id == RefundPart.line_id)
    reduced = reduced.where(RefundPart.amount_minor < OrderLine.net_minor)
    assert len(set(db.session.scalars(reduced))) >= 2
    (waiting,) = db.session.scalars(select(Refund).where(Refund.state == "failed"))
    assert waiting.settled_at is not None
    waits = {wait.kind: wait.count for wait in list_waits()}
    assert (waits["disputes"], waits["refunds"], waits["quarantine"]) == (1, 1, 0)


def test_buyers_have_asked_and_withdrawn_in_every_language(steps: list[tuple[str, int, int]]) -> None:
    rows = db.session.execute(select(Order.language, Message.author).join(Message, Message.order_id == Order.id)).all()
    assert {row.language for row in rows if row.author == "maker"} == {"ar", "fr", "en"}
    assert Counter(row.author for row in rows) == {"buyer": 6, "maker": 3, "programme": 1}
    assert {wait.kind: wait.count for wait in list_waits()}["messages"] == 1
    some = select(Return.state).join(ReturnLine).join(OrderLine, OrderLine.id == ReturnLine.line_id)
    assert "refunded" in set(db.session.scalars(some.where(ReturnLine.quantity < OrderLine.quantity)))
    assert count(Letter, Letter.kind == "withdrawal_acknowledged") == count(Return)


def test_makers_were_paid_in_the_past_and_an_officer_has_a_draft_to_approve(steps: list[tuple[str, int, int]]) -> None:
    assert count(Transfer, Transfer.state == "executed") > 0
    batch = db.session.scalars(select(Batch).where(Batch.state == "draft")).one()
    officer = db.session.scalars(select(Account.id).where(Account.role == "staff").order_by(Account.id)).first()
    assert batch.drafted_by != officer


def test_its_people_sign_in_with_what_is_printed(steps: list[tuple[str, int, int]]) -> None:
    assert authenticate(OFFICER, PASSWORD, ip="127.0.0.1").role == "staff"
    for unit in list(get_content().units.values())[:2]:
        assert authenticate(unit.phone, PIN, ip="127.0.0.1").role == "artisan"
    admitted = set(db.session.scalars(select(Unit.id).where(admitted_units(clock_module.today()))))
    assert 0 < len(admitted) < count(Unit)


def test_the_same_seed_gives_the_same_orders_and_links(
    steps: list[tuple[str, int, int]], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first = totals(), set(db.session.scalars(select(Product.public_id)))
    request.getfixturevalue("app")
    load(tmp_path)
    assert (totals(), set(db.session.scalars(select(Product.public_id)))) == first


def test_another_seed_plans_other_orders() -> None:
    content = get_content()
    calendar = make_calendar(MORNING, content.editions.values())
    plans = [plan_visits(content.buyers, calendar, orders=400, seed=seed) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    paid = [visit for visit in plans[0] if visit.payment in PAYMENTS]
    assert len(paid) == 400
    assert len({visit.buyer.country for visit in paid}) >= 12
    assert (paid[-1].moment - paid[0].moment).days > 400
    assert [sum(visit.fate == fate for visit in paid) for fate in RETURNS] == [1, 1]


@pytest.mark.parametrize(("fate", "state", "letters"), [("return_sent", "sent", 2), ("return_done", "refunded", 4)])
def test_orders_that_come_back_get_as_far_as_they_should(
    app: Flask, clock: VirtualClock, fate: str, state: str, letters: int
) -> None:
    bench = make_bench(app, clock)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        sale = sell(bench, 1)
        sale.hand_over()
        laid_out: list[tuple[datetime, Step]] = []
        past: Any = SimpleNamespace(end=clock_module.now(), at=lambda *step: laid_out.append(step), catch_up=bench.work)
        Afterwards(past, {}, make_account("staff").id).follow(sale.order.id, fate, None)
        moments = [moment for moment, _step in laid_out]
        assert moments == sorted(moments)
        for _moment, step in laid_out:
            step()
        [(way_back, _pieces)] = list_returns(sale.order.id)
        assert (way_back.state, way_back.carrier) == (state, "Colissimo")
        assert sale.letters[0:2] == ["parcel_handed_over", "withdrawal_acknowledged"]
        assert len(sale.letters) == letters + 1


def test_more_products_are_variations_with_titles_of_their_own(app: Flask, tmp_path: Path) -> None:
    load(tmp_path, orders=0, products=100)
    assert count(Product) == 100
    assert count(Order) == 0
    covers = select(ProductPicture.picture_id).distinct()
    assert count(ProductPicture, ProductPicture.picture_id.in_(covers)) > 100
    assert db.session.scalar(select(func.count(Product.cover_id.distinct()))) <= len(get_content().products)


def test_a_piece_is_drawn_and_written_in_its_widths(app: Flask) -> None:
    drawing = next(iter(get_content().products.values())).drawing
    cleaned = make_picture(Request("piece", drawing.motif, drawing.palette, drawing.seed))
    assert make_picture(Request("piece", drawing.motif, drawing.palette, drawing.seed)) == cleaned
    assert store().missing([name_of(cleaned.sha256, 320, "webp")]) == []


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (date(2026, 11, 23), ["excellence-2025", "excellence-2026"]),
        (date(2027, 3, 31), ["excellence-2025", "excellence-2026", "excellence-2027"]),
        (date(2028, 2, 29), ["excellence-2026", "excellence-2027", "excellence-2028"]),
        (date(2029, 6, 1), ["excellence-2028", "excellence-2029"]),
    ],
)
def test_started_on_any_day_the_cycles_cover_the_past_and_the_present(today: date, codes: list[str]) -> None:
    content = get_content()
    calendar = make_calendar(datetime(today.year, today.month, today.day, 12, tzinfo=UTC), content.editions.values())
    editions = editions_of(content.programmes["excellence"], calendar)
    assert [edition.code for edition in editions] == codes
    assert editions[0].starts_on <= calendar.first_day
    assert editions[-1].starts_on <= today <= editions[-1].ends_on
    for unit in content.units.values():
        held = memberships_of(unit.memberships, dict(content.editions), calendar)
        moved = [edition for programme in content.programmes.values() for edition in editions_of(programme, calendar)]
        by_code = {edition.code: edition for edition in moved}
        assert all(by_code[m.edition].starts_on <= m.starts_on for m in held)
        if any(m.ends_on is None for m in unit.memberships):
            assert any(m.starts_on <= today and m.ends_on is None for m in held)
