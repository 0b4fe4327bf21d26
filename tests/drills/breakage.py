"""What a drill breaks inside a process of the shop: guards taken away, and death at a named point."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from shop.catalogue import stock
from shop.catalogue.models import Variant
from shop.core.db import db
from shop.core.policies import DEFAULTS
from shop.core.versions import touch
from shop.ledger import services as ledger
from shop.ledger import transfers
from shop.orders.cart import CartView
from shop.orders.models import Order
from shop.payments import checkout, refund_news, settle
from shop.payments.gateway import Gateway
from shop.payouts import services as payouts
from shop.web.storefront import checkout as checkout_page

COUNTED = ("available", "reserved", "sold", "returned", "received")
# What the shop does in several steps, by the name the points of death give it.
ACTS: dict[str, Callable[..., Any]] = {
    "opening": checkout.open_payment,
    "settling": settle.settle_order,
    "refunding": refund_news.send_refund,
}
# Acts inside a transaction of their caller: they end with its commit.
INNER_ACTS: dict[str, Callable[..., Any]] = {
    "drafting": payouts.draft_batch,
    "approving": payouts.approve_batch,
    "paying out": payouts.record_executed,
}
CALLS = ("open_checkout", "fetch_session", "refund")
POSTINGS: tuple[Callable[..., Any], ...] = (ledger.post_payment, ledger.post_refund, transfers.post_transfer)

LATE_SECONDS = 0.5
LOOK_SECONDS = 0.1


@dataclass
class Act:
    """Something the shop does in several steps; an inner one ends with the commit of its caller."""

    name: str
    inner: bool
    commits: int = 0


class _Here(threading.local):
    """What a thread is doing, and what it read before."""

    def __init__(self) -> None:
        self.acts: list[Act] = []  # the innermost last
        self.rows: dict[int, Any] = {}


_here = _Here()


# Without the guard of stock


def _read(variant_ids: list[int]) -> dict[int, Any]:
    rows = db.session.execute(
        select(Variant.id, *(getattr(Variant, name) for name in COUNTED)).where(Variant.id.in_(variant_ids))
    )
    return {row.id: row for row in rows}


def _write_what_was_seen(variant_id: int, quantity: int, **changes: int) -> bool:
    """catalogue.stock._move as it is often written: read, compare, write."""
    row = _here.rows.get(variant_id) or _read([variant_id])[variant_id]
    values = {name: getattr(row, name) + sign * quantity for name, sign in changes.items()}
    if min(values.values()) < 0:
        return False
    touch()
    db.session.execute(update(Variant).where(Variant.id == variant_id).values(values))
    return True


def take_away_the_stock_guard(_folder: Path) -> None:
    """Stock is read when the buyer clicks and written when the order is: between the two, others do the same."""
    place = checkout_page.check_out

    def read_and_place(cart: CartView, **given: Any) -> Order:
        _here.rows = _read([line.variant_id for line in cart.lines])
        # Long enough for others to come by, however few processes the machine lets run at once.
        time.sleep(LOOK_SECONDS)
        try:
            return place(cart, **given)
        finally:
            _here.rows = {}

    checkout_page.check_out = read_and_place
    stock._move = _write_what_was_seen


# Death at a point such as "opening, after commit 1" or "refunding, before refund"


def die() -> None:
    """At once and without a word, as for lack of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def let_die(folder: Path) -> None:
    """Name the points of every act; who comes by one for which a death is ordered takes the order and dies."""
    deaths = folder / "deaths"
    deaths.mkdir(exist_ok=True)

    def pass_by(moment: str) -> None:
        if not _here.acts:
            return
        point = f"{_here.acts[-1].name}, {moment}"
        for order in deaths.glob(f"{point}.*"):
            # Whoever removes the order has it, whatever other process looks at the same time.
            with contextlib.suppress(FileNotFoundError):
                order.unlink()
                die()

    def around(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(act)
        def observed(*given: Any, **more: Any) -> Any:
            pass_by(f"before {name}")
            answer = act(*given, **more)
            pass_by(f"after {name}")
            return answer

        return observed

    def within(name: str, act: Callable[..., Any], *, inner: bool) -> Callable[..., Any]:
        @wraps(act)
        def named(*given: Any, **more: Any) -> Any:
            _here.acts.append(Act(name, inner))
            try:
                answer = act(*given, **more)
            except BaseException:
                _here.acts.pop()
                raise
            if not inner:
                _here.acts.pop()
            return answer

        return named

    commit = Session.commit

    def counted(session: Session) -> None:
        if not _here.acts:
            commit(session)
            return
        act = _here.acts[-1]
        act.commits += 1
        around(f"commit {act.commits}", commit)(session)
        if act.inner:
            _here.acts.pop()

    Session.commit = counted  # type: ignore[method-assign]
    for name in CALLS:
        setattr(Gateway, name, around(name, getattr(Gateway, name)))
    for posting in POSTINGS:
        _replace(posting, around(posting.__name__, posting))
    for name, act in ACTS.items():
        _replace(act, within(name, act, inner=False))
    for name, act in INNER_ACTS.items():
        _replace(act, within(name, act, inner=True))


def _replace(old: Any, new: Any) -> None:
    """Put one thing in the place of another wherever a module of the shop knows it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("shop."):
            for known, value in list(vars(module).items()):
                if value is old:
                    setattr(module, known, new)


def order_deaths(folder: Path, point: str, number: int) -> None:
    """Let the next `number` processes that come by a point die there."""
    for turn in range(number):
        (folder / "deaths" / f"{point}.{turn}").touch()


def count_ordered(folder: Path) -> int:
    """Deaths that were ordered and have not happened."""
    return len(list((folder / "deaths").iterdir()))


def take_away_the_bulkhead(_folder: Path) -> None:
    """Every thread may wait for Stripe."""
    checkout._waiting = threading.BoundedSemaphore(1000)


def answer_late(_folder: Path) -> None:
    """What Stripe made is known to everybody before the shop has the answer: as on a slow line."""
    for name in ("open_checkout", "refund"):
        _delay(name)


def _delay(name: str) -> None:
    call = getattr(Gateway, name)

    @wraps(call)
    def late(*given: Any, **more: Any) -> Any:
        answer = call(*given, **more)
        time.sleep(LATE_SECONDS)
        return answer

    setattr(Gateway, name, late)


def sell_in_many_currencies(_folder: Path) -> None:
    """No fault, but more currencies than the shop begins with."""
    DEFAULTS["currencies"] = [*DEFAULTS["currencies"], "MAD", "JPY", "KRW", "TND", "KWD"]


def cap_pages(folder: Path) -> None:
    """The database may have as many pages as the file `pages` says: a disk that is full where none can be mounted."""

    def cap(connection: Any, *_given: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={(folder / 'pages').read_text(encoding='ascii')}")

    event.listen(Pool, "checkout", cap)


FAULTS: dict[str, Callable[[Path], None]] = {
    "no_stock_guard": take_away_the_stock_guard,
    "no_bulkhead": take_away_the_bulkhead,
    "late_answers": answer_late,
    "many_currencies": sell_in_many_currencies,
    "deaths": let_die,
    # A worker that is killed every moment begins anew with everything loaded: see launcher.work.
    "warm_worker": lambda _folder: None,
    "page_cap": cap_pages,
}


def break_shop(folder: Path, faults: list[str]) -> None:
    """Install the ordered faults in this process."""
    for name in faults:
        FAULTS[name](folder)
