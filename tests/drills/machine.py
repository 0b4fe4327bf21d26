"""The shop and Stripe's double on one clock, and every act a buyer, a bank, staff or bad luck can add to the story.

Hypothesis chooses the acts and their order; after each of them all invariants of `shop check` hold, and at the end, when
all news has arrived, the books and the orders agree with Stripe.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from shop import worker
from shop.app import create_app
from shop.catalogue.models import Variant
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.demo.double.app import state_of
from shop.demo.double.inprocess import pay
from shop.demo.double.payments import SessionClosed
from shop.fulfilment import services as fulfilment
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments import checkout
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from shop.payments.refunds import request_refund
from shop.reports.invariants import list_findings
from tests.builders import make_order, make_product, make_unit
from tests.conftest import MORNING, make_settings
from tests.drills.databases import fresh_database
from tests.stripe_bench import Bench, make_bench

# Good, declined, with 3-D Secure, contested at once, refunds pending, refunds in vain.
CARDS = (
    "4242424242424242",
    "4000000000000002",
    "4000002500003155",
    "4000000000000259",
    "4000000000007726",
    "4000000000005126",
)
WAITS = (1, 6, 50, 60 * 13, 60 * 24 * 2)
# The worker looks at least so often, however much time passes.
AWAKE_MINUTES = 60 * 6
ENDINGS = ("won", "lost", "review")


@dataclass
class Counted:
    """Steps that were tried, how often each, and how many of them the shop or Stripe refused, as they should."""

    by_name: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    @property
    def steps(self) -> int:
        return sum(self.by_name.values())


@contextmanager
def world(database: str, parent: Path) -> Iterator[tuple[Bench, VirtualClock]]:
    """An empty shop on a database of its own, beside its own Stripe."""
    folder = Path(tempfile.mkdtemp(prefix="history-", dir=parent))
    (folder / "media").mkdir()
    clock = VirtualClock(MORNING)
    with clock_module.use(clock), fresh_database(database, folder) as url:
        app = create_app(make_settings(folder, url))
        with app.app_context():
            bench = make_bench(app, clock)
            gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
            with use_gateway(gateway):
                yield bench, clock
            db.session.remove()
            db.engine.dispose()
    shutil.rmtree(folder, ignore_errors=True)


def machine_on(database: str, folder: Path, count: Counted) -> type[RuleBasedStateMachine]:
    """The machine on a kind of database, counting its steps."""

    class Machine(ShopAndStripe):
        def __init__(self) -> None:
            super().__init__(database, folder, count)

    return Machine


class ShopAndStripe(RuleBasedStateMachine):
    """One history."""

    def __init__(self, database: str, folder: Path, count: Counted) -> None:
        super().__init__()
        self._stack, self._count = ExitStack(), count
        self.bench, self.clock = self._stack.enter_context(world(database, folder))
        self.orders: list[Order] = []
        self.goods: list[Variant] = []

    @initialize()
    def open_shop(self) -> None:
        unit = make_unit()
        self.goods = [make_product(unit), make_product(make_unit(), stock=12, kind="repeatable")]

    # Buyers

    @rule(
        which=st.sampled_from([(0,), (1,), (1,), (0, 1)]),
        currency=st.sampled_from(["EUR", "USD"]),
        card=st.sampled_from((*CARDS, None)),
    )
    def buy(self, which: tuple[int, ...], currency: str, card: str | None) -> None:
        """Order, and pay at once unless there is no card at hand."""
        with self._step("buy"):
            email = f"buyer{len(self.orders)}@example.org"
            order = make_order(*(self.goods[one] for one in which), currency=currency, email=email)
            self.orders.append(order)
            if card is not None:
                pay(self.bench.double, self.bench.open(order), card)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), card=st.sampled_from(CARDS))
    def pay_later(self, data: st.DataObject, card: str) -> None:
        with self._step("pay later"):
            pay(self.bench.double, self.bench.open(self._order(data)), card)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        with self._step("come back"):
            checkout.return_view(self._order(data).id)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        with self._step("cancel"):
            checkout.abandon_order(self._order(data).id, actor=None)

    # Staff and makers

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), what=st.sampled_from(["all", "line", "amount", "postage"]), minor=st.integers(1, 40_000))
    def give_back(self, data: st.DataObject, what: str, minor: int) -> None:
        with self._step(f"give back {what}"):
            order = self._order(data)
            how: dict[str, Any] = {
                "all": {},
                "line": {"line_ids": [list_lines(order.id)[0].id]},
                "amount": {"amount_minor": minor},
                "postage": {"shipping_only": True},
            }[what]
            with transaction():
                request_refund(order.id, reason="staff", actor=None, **how)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        with self._step("hand over"):
            order = self._order(data)
            line = data.draw(st.sampled_from(list_lines(order.id)))
            with transaction():
                fulfilment.accept_line(line.id, unit_id=line.unit_id, actor=None)
            with transaction():
                fulfilment.hand_over(
                    order.id,
                    unit_id=line.unit_id,
                    line_ids=[line.id],
                    carrier="Amana",
                    tracking="RR1",
                    handed_over_on=clock_module.today(),
                    actor=None,
                    on_behalf=True,
                )

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        with self._step("decline"):
            line = list_lines(self._order(data).id)[0]
            with transaction():
                fulfilment.decline_line(line.id, unit_id=line.unit_id, reason="no_time", actor=None)

    # Stripe and banks

    @precondition(lambda self: self._list("charge"))
    @rule(data=st.data(), part=st.integers(1, 4))
    def refund_at_stripe(self, data: st.DataObject, part: int) -> None:
        charge = self._one(data, "charge", status="succeeded")
        if charge is not None:
            self._act(
                "refund", charge=charge["id"], amount=max(1, (charge["amount"] - charge["amount_refunded"]) // part)
            )

    @precondition(lambda self: self._list("refund"))
    @rule(data=st.data())
    def fail_refund(self, data: st.DataObject) -> None:
        refund = self._one(data, "refund", status="succeeded")
        if refund is not None:
            self._act("fail_refund", refund=refund["id"])

    @precondition(lambda self: self._list("charge"))
    @rule(data=st.data(), inquiry=st.booleans())
    def contest(self, data: st.DataObject, inquiry: bool) -> None:
        charge = self._one(data, "charge", status="succeeded", disputed=False)
        if charge is not None:
            self._act("dispute", charge=charge["id"], inquiry=inquiry)

    @precondition(lambda self: self._list("dispute"))
    @rule(data=st.data(), outcome=st.sampled_from(ENDINGS))
    def decide(self, data: st.DataObject, outcome: str) -> None:
        dispute = self._one(data, "dispute")
        if dispute is not None:
            self._act("dispute", dispute=dispute["id"], outcome=outcome)

    @precondition(lambda self: self._list("charge"))
    @rule()
    def pay_out(self) -> None:
        self._act("payout")

    # Messages, time and bad luck

    @rule(drop=st.sampled_from([0, 0, 40]), duplicate=st.integers(0, 2), shuffle=st.booleans())
    def post_changes(self, drop: int, duplicate: int, shuffle: bool) -> None:
        with self._step("post changes"):
            self.bench.control("webhooks", drop=drop, duplicate=duplicate, shuffle=shuffle)

    @rule(works=st.booleans())
    def deliver(self, works: bool) -> None:
        with self._step("deliver and work" if works else "deliver"):
            self.bench.deliver()
            if works:
                worker.run_due()

    @rule(minutes=st.sampled_from(WAITS))
    def wait(self, minutes: int) -> None:
        with self._step("wait"):
            self._pass_time(minutes)

    @rule(trouble=st.sampled_from(["refuse", "reset_after_work", "truncate"]), times=st.integers(1, 3))
    def trouble(self, trouble: str, times: int) -> None:
        with self._step("trouble"):
            self.bench.control(trouble, times=times)

    # How it is done

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._count.by_name[name] += 1
        try:
            yield
        except (ShopError, SessionClosed):
            # As they should to much of this; were it wrong, the invariants would tell.
            self._count.refused += 1
        finally:
            db.session.rollback()

    def _order(self, data: st.DataObject) -> Order:
        order: Order = data.draw(st.sampled_from(self.orders))
        return order

    def _list(self, kind: str) -> list[dict[str, Any]]:
        found, _more = state_of(self.bench.double).page(kind, limit=100)
        return found

    def _one(self, data: st.DataObject, kind: str, **wanted: Any) -> dict[str, Any] | None:
        fitting = [one for one in self._list(kind) if all(one[name] == value for name, value in wanted.items())]
        if not fitting:
            return None
        chosen: dict[str, Any] = fitting[data.draw(st.integers(0, len(fitting) - 1))]
        return chosen

    def _act(self, verb: str, **values: Any) -> None:
        """Something that begins at Stripe; it may refuse."""
        self._count.by_name[f"{verb} at Stripe"] += 1
        answer = self.bench.double.test_client().post(f"/_ctl/{verb}", json=values)
        self._count.refused += answer.status_code != 200

    def _pass_time(self, minutes: int) -> None:
        while minutes > 0:
            self._live(min(minutes, AWAKE_MINUTES))
            minutes -= AWAKE_MINUTES

    def _live(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        self.bench.deliver()
        worker.run_due()
        for _name, act, _every in worker.ROUNDS:
            try:
                act()
            except ShopError:
                db.session.rollback()
        worker.run_due()

    @invariant()
    def nothing_is_wrong(self) -> None:
        found = list_findings()
        db.session.rollback()
        assert found == [], found

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self._stack.close()

    def _end(self) -> None:
        """All news arrives: then Stripe and the shop tell the same story."""
        for name in ("webhooks", "refuse", "reset_after_work", "truncate"):
            self.bench.control(name)
        for minutes in (5, 50, 60 * 2, 60 * 26):
            self._pass_time(minutes)
        self.nothing_is_wrong()
        assert self.bench.violations() == []
        charged = {
            charge["metadata"]["order"]: charge for charge in self._list("charge") if charge["status"] == "succeeded"
        }
        orders = db.session.execute(select(Order.number, Order.state)).all()
        paid = {order.number for order in orders if order.state in ("paid", "refunded", "unfillable")}
        assert paid == set(charged), (paid, set(charged))
        db.session.rollback()
