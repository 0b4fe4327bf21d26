"""The worker's own loop, on a clock that never shows the same time twice."""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask

from shop import worker
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock


class Ticking(VirtualClock):
    """Goes on by a microsecond whenever somebody looks, as the real one does."""

    def __call__(self) -> datetime:
        return self.advance(microseconds=1)


def test_every_round_comes_round_at_the_start_and_then_in_its_time(
    app: Flask, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking, stop = Ticking(clock()), threading.Event()
    seen: list[str] = []
    begun = ticking.moment

    def look() -> int:
        if ticking.advance(seconds=20) > begun + timedelta(seconds=110):
            stop.set()
        return 1

    rounds = (("sweep", timedelta(seconds=30)), ("poll_events", timedelta(hours=1)))
    monkeypatch.setattr(
        worker, "ROUNDS", [(name, lambda name=name: seen.append(name), every) for name, every in rounds]
    )
    monkeypatch.setattr(worker, "run_due", look)
    with clock_module.use(ticking):
        worker.work(stop, 0)
    assert seen == ["sweep", "poll_events", "sweep", "sweep"]
