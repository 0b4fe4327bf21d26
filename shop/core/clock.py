"""The only clock. Everything asks it, so that drills and the demo's past can move it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CASABLANCA = ZoneInfo("Africa/Casablanca")


def _system() -> datetime:
    return datetime.now(UTC)


_clock: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_system)


def now() -> datetime:
    """The time, aware, UTC."""
    return _clock.get()()


def today() -> date:
    """The local day of the programme, Africa/Casablanca."""
    return local_day(now())


def local_day(moment: datetime) -> date:
    """The Casablanca day a moment falls in; periods of every report are such days."""
    return moment.astimezone(CASABLANCA).date()


def day_start(day: date) -> datetime:
    """The first moment of a Casablanca day, in UTC. The zone's offset changes around Ramadan; tzdata knows."""
    return datetime.combine(day, time.min, tzinfo=CASABLANCA).astimezone(UTC)


def day_bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """Half-open UTC interval that covers the Casablanca days first to last, both included."""
    return day_start(first), day_start(last + timedelta(days=1))


@contextmanager
def use(clock: Callable[[], datetime]) -> Iterator[None]:
    """Replace the clock inside the block."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


class VirtualClock:
    """A clock that stands still until it is moved. Aware UTC times only."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> datetime:
        self.moment += timedelta(**delta)
        return self.moment

    def move_to(self, moment: datetime) -> None:
        self.moment = moment
