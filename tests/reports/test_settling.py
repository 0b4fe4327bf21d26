"""On which day a sale has settled, by what happened to it."""

from datetime import date

import pytest

from shop.reports.settling import Matter, settles_on


def april(day: int) -> date:
    return date(2026, 4, day)


ENDS = april(8)
OPEN = None

Gone = list[tuple[date, int]]


@pytest.mark.parametrize(
    ("matters", "gone", "day"),
    [
        ([], [], 8),
        # Done with before the window ends, or begun after it: no delay.
        ([(april(1), april(3))], [], 8),
        ([(april(9), OPEN)], [], 8),
        # Asked for on the last day counts; each that begins before the last has ended delays further.
        ([(april(8), april(12))], [], 12),
        ([(april(12), april(20)), (april(8), april(12))], [], 20),
        ([(april(13), april(20)), (april(8), april(12))], [], 12),
        ([(april(5), OPEN)], [], None),
        # A reduced price settles; a line given back whole does not, unless its money comes again.
        ([(april(1), april(2))], [(april(2), 40)], 8),
        ([(april(1), april(2))], [(april(2), 100)], None),
        ([], [(april(2), 60), (april(5), 40)], None),
        ([], [(april(2), 100), (april(5), -100)], 8),
        ([], [(april(2), 100), (april(15), -1)], 15),
        # What goes back after it has settled does not undo that.
        ([(april(10), april(11))], [(april(11), 100)], 8),
    ],
)
def test_a_sale_settles_when_nothing_is_open_and_something_is_sold(
    matters: list[Matter], gone: Gone, day: int | None
) -> None:
    assert settles_on(ENDS, 100, matters, gone) == (day and april(day))
