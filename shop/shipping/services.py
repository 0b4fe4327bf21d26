"""Promise dates. Pure: from a day, how long a piece takes and how long it travels."""

from dataclasses import dataclass
from datetime import date, timedelta

# A finished piece is checked, wrapped and given its papers before a carrier takes it.
PREPARATION_DAYS = 2

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Arrival:
    """`ship_by` is the last day to hand the piece to a carrier; it arrives from `earliest` to `latest`."""

    ship_by: date
    earliest: date
    latest: date


def add_working_days(day: date, count: int) -> date:
    """The day that many working days (Monday to Friday) later; 0: the day itself or the next Monday."""
    while count > 0 or day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            count -= 1
    return day


def count_working_days(first: date, last: date) -> int:
    """Working days after `first` up to and with `last`: what has to be added to come from a working day to the other."""
    return sum((first + timedelta(days=step)).weekday() < _SATURDAY for step in range(1, (last - first).days + 1))


def ship_by(lead_time_days: int, today: date) -> date:
    """The last day to hand over: the making in calendar days, then the preparation in working days."""
    return add_working_days(today + timedelta(days=lead_time_days), PREPARATION_DAYS)


def arrival(lead_time_days: int, days_min: int, days_max: int, today: date) -> Arrival:
    """Dates for a piece ordered on a day, with its zone's working days in transit."""
    handed_over = ship_by(lead_time_days, today)
    return Arrival(handed_over, add_working_days(handed_over, days_min), add_working_days(handed_over, days_max))
