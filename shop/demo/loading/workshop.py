"""Makers and officers of the past: answers, readiness, parcels, and money given back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, transaction
from shop.demo.loading.afterwards import Afterwards
from shop.demo.loading.buyers import Visit
from shop.demo.loading.past import Past
from shop.demo.loading.troubles import Troubles
from shop.fulfilment import services as fulfilment
from shop.orders.models import Order, OrderLine
from shop.orders.queries import list_lines
from shop.orders.states import may_line
from shop.payments.refunds import refundable, request_refund

# Answers from eight in the morning to eight in the evening, UTC and an hour.
OPENS, CLOSES = 7, 19
REASONS = ("material", "time", "sold")
# Of a hundred parcels, how many the programme's officer hands over for the maker, and how many their buyers say arrived.
BY_OFFICER = 35
TOLD = 55
LATE = 5
CARRIERS = (("Poste Maroc EMS", "EE{:09d}MA"), ("Amana International", "AM{:09d}MA"), ("DHL Express", "{:010d}"))
FREIGHT = ("Transit Ennakl", "TE-{:07d}")
FREIGHT_GRAMS = 30_000


def in_hours(moment: datetime) -> datetime:
    """The same moment, or the next morning's first hour if nobody works then."""
    if moment.hour < OPENS:
        return moment.replace(hour=OPENS)
    return moment.replace(hour=OPENS) + timedelta(days=1) if moment.hour >= CLOSES else moment


class Workshops:
    """What follows a paid order. `accounts` maps a unit's id to the account that acts for it."""

    def __init__(self, past: Past, accounts: Mapping[int, int], officer: int) -> None:
        self._past, self._accounts, self._officer = past, accounts, officer
        self._troubles = Troubles(past, officer)
        self._afterwards = Afterwards(past, accounts, officer)

    def receive(self, order_id: int, visit: Visit, chance: Random) -> None:
        """Lay out what will happen to an order that was just paid."""
        fate = visit.fate
        order = db.session.get_one(Order, order_id, populate_existing=True)
        if order.state != "paid":
            return
        lines = list_lines(order_id)
        by_unit: dict[int, list[OrderLine]] = {}
        for line in lines:
            by_unit.setdefault(line.unit_id, []).append(line)
        sent = [self._lay_out(unit_lines, fate, chance) for unit_lines in by_unit.values()]
        if fate == "cancelled":
            self._past.at(clock.now() + timedelta(hours=chance.randint(3, 30)), partial(self._refund, order_id, None))
        elif fate in {"returned", "part_returned"}:
            chosen = [lines[0].id] if fate == "part_returned" and len(lines) > 1 else None
            moment = max(sent) + timedelta(days=chance.randint(8, 24), hours=chance.randint(0, 5))
            self._past.at(in_hours(moment), partial(self._refund, order_id, chosen))
        self._troubles.follow(order_id, fate, chance)
        self._afterwards.follow(order_id, fate, (visit.wanted, visit.buyer.country) if visit.wanted else None)

    def _lay_out(self, lines: list[OrderLine], fate: str, chance: Random) -> datetime:
        """Steps of one unit's lines, which it answers, makes and sends together; the moment their parcel leaves."""
        answered = self._soon(chance)
        kept = [line.id for line in lines]
        if fate == "declined":
            self._past.at(answered, partial(self._decline, kept.pop(0), chance.choice(REASONS)))
        elif fate == "call":
            self._past.at(answered, partial(self._act, kept, "accept", fulfilment.ask_call))
        if fate not in {"new", "call"}:
            self._past.at(answered, partial(self._act, kept, "accept", fulfilment.accept_line))
        lead = max(line.lead_time_days for line in lines)
        share = chance.randint(30, 90) if chance.randrange(100) >= LATE else chance.randint(130, 170)
        ready = in_hours(answered + timedelta(days=lead * share // 100, hours=chance.randint(2, 30)))
        if fate == "ready":
            # Left ready for the officer's chair, however long its making should take.
            ready = min(ready, self._past.end - timedelta(hours=20))
        if fate not in {"new", "call", "accepted"}:
            self._past.at(ready, partial(self._act, kept, "make_ready", fulfilment.mark_ready))
        moment = in_hours(ready + timedelta(days=chance.randint(0, 2), hours=chance.randint(1, 6)))
        if fate not in {"new", "call", "accepted", "ready"}:
            self._past.at(moment, partial(self._hand_over, lines[0].order_id, lines[0].unit_id, chance))
        return moment

    def _soon(self, chance: Random) -> datetime:
        return in_hours(clock.now() + timedelta(minutes=chance.randint(50, 1_900)))

    def _may(self, line_id: int, action: str) -> OrderLine | None:
        """The line, if its order still stands and it has not been answered otherwise."""
        row = db.session.execute(
            select(OrderLine, Order.state).join(Order, OrderLine.order_id == Order.id).where(OrderLine.id == line_id)
        ).one()
        line: OrderLine = row[0]
        open_ = row[1] == "paid" and line.refunded_at is None and may_line(line.state, action)
        return line if open_ else None

    def _actor(self, line: OrderLine) -> dict[str, int]:
        return {"unit_id": line.unit_id, "actor": self._accounts[line.unit_id]}

    def _act(self, line_ids: Sequence[int], action: str, service: Callable[..., OrderLine]) -> None:
        with transaction():
            for line_id in line_ids:
                if line := self._may(line_id, action):
                    service(line_id, **self._actor(line))

    def _decline(self, line_id: int, reason: str) -> None:
        with transaction():
            if line := self._may(line_id, "decline"):
                fulfilment.decline_line(line_id, reason=reason, **self._actor(line))
        self._past.catch_up()

    def _hand_over(self, order_id: int, unit_id: int, chance: Random) -> None:
        with transaction():
            lines = [line for line in list_lines(order_id) if line.unit_id == unit_id and line.state == "ready"]
            lines = [line for line in lines if self._may(line.id, "hand_over")]
            if not lines:
                return
            heavy = sum(line.weight_grams * line.quantity for line in lines) > FREIGHT_GRAMS
            carrier, pattern = FREIGHT if heavy else chance.choice(CARRIERS)
            on_behalf = chance.randrange(100) < BY_OFFICER
            parcel = fulfilment.hand_over(
                order_id,
                unit_id=unit_id,
                line_ids=[line.id for line in lines],
                carrier=carrier,
                tracking=pattern.format(chance.randrange(10**7)),
                handed_over_on=clock.today(),
                actor=self._officer if on_behalf else self._accounts[unit_id],
                on_behalf=on_behalf,
            )
        # With a chance of its own, so that saying it or not changes nothing else of the past.
        luck = Random(parcel.tracking)
        if luck.randrange(100) < TOLD:
            moment = clock.now() + timedelta(days=luck.randint(4, 12), hours=luck.randint(0, 9))
            self._past.at(moment, partial(self._arrive, order_id, parcel.public_id))

    def _arrive(self, order_id: int, known_as: str) -> None:
        with transaction():
            fulfilment.note_arrival(order_id, known_as, actor=None)

    def _refund(self, order_id: int, line_ids: list[int] | None) -> None:
        """The buyer asks for their money back. Before the parcel leaves that ends the order, afterwards it does not."""
        with transaction():
            left = refundable(order_id)
            if db.session.get_one(Order, order_id).state != "paid" or not left.total:
                return
            if line_ids is None or set(line_ids) <= left.lines.keys():
                request_refund(order_id, line_ids=line_ids, reason="buyer", actor=self._officer)
        self._past.catch_up()
