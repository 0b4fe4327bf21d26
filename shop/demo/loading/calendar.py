"""The demonstration's past on any day it is started: which cycles, from when orders came, which months are busy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from shop.core import clock
from shop.demo.content.load import Edition, Membership, Programme, Texts

MONTHS_OF_ORDERS = 14
# Enrolment, contracts, first photographs: what happens before the first order and before the first cycle.
PREPARATION = timedelta(days=60)
# How busy a month is, January first: gifts in December, few buyers in February and in the heat.
SEASON = (70, 75, 90, 100, 110, 95, 85, 75, 100, 115, 150, 165)
WEEKEND = 125
# The hours buyers order at, in UTC; evenings more than mornings.
HOURS = (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 20, 21, 21, 22)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month."""
    month = day.year * 12 + day.month - 1 - months
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Calendar:
    """`end` is the moment the demonstration begins to live; `first_day` is that of the first order.

    The content's cycles are moved by `years`, so that the first of them, from `first_cycle` on, covers that order.
    """

    end: datetime
    first_day: date
    first_cycle: date
    years: int

    @property
    def last_day(self) -> date:
        return clock.local_day(self.end)

    @property
    def opening(self) -> datetime:
        """When the first unit was enrolled."""
        return clock.day_start(min(self.first_day, self.first_cycle)) - PREPARATION + timedelta(hours=10)

    def day(self, written: date) -> date:
        """A day of the content, moved to this calendar."""
        return written.replace(year=written.year + self.years, day=min(written.day, 28 if written.month == 2 else 31))

    def busy_moments(self, chance: Random, count: int) -> list[datetime]:
        """So many moments at which somebody orders, in order; none in the last hours, which are arranged by hand."""
        last = clock.day_start(self.last_day) - timedelta(days=1)
        days = [self.first_day + timedelta(days=n) for n in range((clock.local_day(last) - self.first_day).days)]
        weights = [_weight(day, n, len(days)) for n, day in enumerate(days)]
        chosen = chance.choices(days, weights, k=count)
        return sorted(
            clock.day_start(day) + timedelta(hours=chance.choice(HOURS), seconds=chance.randrange(3600))
            for day in chosen
        )


def _weight(day: date, position: int, length: int) -> int:
    """Season, week, and a shop that grows by half over its life."""
    week = WEEKEND if day.weekday() >= 5 else 100
    return SEASON[day.month - 1] * week * (200 + 100 * position // length)


def make_calendar(now: datetime, editions: Iterable[Edition]) -> Calendar:
    """The calendar of a demonstration that is started now."""
    first_day = months_before(clock.local_day(now), MONTHS_OF_ORDERS)
    earliest = min(edition.starts_on for edition in editions)
    started = first_day.year - ((first_day.month, first_day.day) < (earliest.month, earliest.day))
    return Calendar(now, first_day, earliest.replace(year=started), started - earliest.year)


def move_edition(edition: Edition, years: int) -> Edition:
    """An edition so many years later: its days, and the year in its code and names."""
    year = edition.starts_on.year
    old, new = str(year), str(year + years)
    return replace(
        edition,
        code=edition.code.replace(old, new),
        names=Texts(**{language: text.replace(old, new) for language, text in edition.names.as_dict().items()}),
        starts_on=edition.starts_on.replace(year=year + years),
        ends_on=edition.ends_on.replace(year=edition.ends_on.year + years),
    )


def editions_of(programme: Programme, calendar: Calendar) -> list[Edition]:
    """A programme's editions on this calendar, and the one that follows if the last has ended."""
    moved = [move_edition(edition, calendar.years) for edition in programme.editions]
    last = max(moved, key=lambda edition: edition.starts_on)
    if last.ends_on < calendar.last_day:
        moved.append(move_edition(last, 1))
    return moved


def memberships_of(
    written: Iterable[Membership], of_edition: dict[str, Edition], calendar: Calendar
) -> list[Membership]:
    """A unit's memberships on this calendar; an open one is ended with its edition and renewed where that is over.

    `of_edition` holds the content's editions by their code.
    """
    result = []
    for membership in written:
        edition = move_edition(of_edition[membership.edition], calendar.years)
        from_on = calendar.day(membership.starts_on)
        if membership.ends_on is not None:
            result.append(Membership(edition.code, from_on, calendar.day(membership.ends_on)))
        elif edition.ends_on >= calendar.last_day:
            result.append(Membership(edition.code, from_on, None))
        else:
            following = move_edition(edition, 1)
            result.append(Membership(edition.code, from_on, edition.ends_on))
            result.append(Membership(following.code, following.starts_on, None))
    return sorted(result, key=lambda membership: membership.starts_on)
