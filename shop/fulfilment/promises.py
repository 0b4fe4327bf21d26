"""When parts of an order leave and arrive, as its buyer was promised when it was placed.

The carrier's working days are those of the quote the order was placed with: a tariff changed since changes nothing for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shop.core.clock import local_day
from shop.orders.models import Order, OrderLine
from shop.shipping.queries import read_tariff
from shop.shipping.services import add_working_days, count_working_days

# Working days in transit where neither the order nor any zone says.
UNKNOWN_DAYS = (5, 15)
# What does not exist when it is bought.
MADE_FOR_THE_BUYER = ("made_to_order", "custom")


@dataclass(frozen=True, slots=True)
class Promise:
    """Last days of what is still to be done, and the days of arrival. `ready_on` is None if all of it exists already."""

    ready_on: date | None
    leaves_on: date
    earliest: date
    latest: date


def promise_of(order: Order, lines: Iterable[OrderLine]) -> Promise:
    """For lines of one maker that have not left, together in a parcel."""
    lines = list(lines)
    leaves_on = max(line.promise_on for line in lines)
    making = max((line.lead_time_days for line in lines if line.kind in MADE_FOR_THE_BUYER), default=0)
    ready_on = local_day(order.placed_at) + timedelta(days=making) if making else None
    return Promise(ready_on, leaves_on, *arrival_window(order, lines[0].unit_id, leaves_on))


def arrival_window(order: Order, unit_id: int, leaves_on: date) -> tuple[date, date]:
    """From when to when a maker's parcel arrives that leaves on a day."""
    least, most = _transit_days(order, unit_id)
    return add_working_days(leaves_on, least), add_working_days(leaves_on, most)


def _transit_days(order: Order, unit_id: int) -> tuple[int, int]:
    for parcel in order.parcels:
        if parcel["unit_id"] == unit_id:
            left, *window = (date.fromisoformat(parcel[key]) for key in ("ship_by", "earliest", "latest"))
            return count_working_days(left, window[0]), count_working_days(left, window[1])
    # Placed before its parcels were kept with it.
    zone = read_tariff(order.currency).find_zone(order.country)
    return (zone.days_min, zone.days_max) if zone else UNKNOWN_DAYS
