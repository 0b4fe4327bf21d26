"""The processes of a drill: the shop's own commands with a clock that can be moved and faults that can be ordered.

`python -m tests.drills.launcher web|work|double|shop …`. What the drill wants of a process that runs stands in files of
the folder DRILL_FOLDER: `offset` (seconds the clock is ahead), `deaths/` (points at which the next process that comes by
kills itself), `turn` (how often the worker began to look for jobs). DRILL_FAULTS names what is broken from the start.
Nothing of this is in the shop.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask

from shop import worker
from shop.app import create_app, from_environment
from shop.cli import cli
from shop.core import clock
from shop.core.db import db
from shop.core.errors import ShopError
from shop.core.installation import load_settings
from shop.core.logs import begin_logging
from shop.payments.gateway import Gateway
from shop.reports.invariants import list_findings
from tests.drills import breakage

FOLDER = Path(os.environ.get("DRILL_FOLDER", "."))
FAULTS = os.environ.get("DRILL_FAULTS", "").split()
WORKER_PAUSE = 0.05
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it is gone, however that happened."""
    with contextlib.suppress(AttributeError):  # other systems have no such call
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def offset() -> int:
    """Seconds by which the drill has moved the clock."""
    return int((FOLDER / "offset").read_text(encoding="ascii"))


def moved_clock() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=offset())


def prepare() -> None:
    """What every process of a drill does first."""
    die_with_parent()
    # The default of the variable, not its value: a server's threads begin with contexts of their own.
    clock._clock = ContextVar("clock", default=moved_clock)
    breakage.break_shop(FOLDER, FAULTS)


def application() -> Flask:
    """The factory of a web process; it runs in the process that answers."""
    die_with_parent()
    return from_environment()


def web(*arguments: str) -> None:
    """`shop run`, with the same options, but for the factory and for how soon a dead process is replaced."""
    import granian  # noqa: PLC0415

    class Patient(dict[int, float]):
        """Granian takes two deaths of one process within seconds for a fault of the program. Here they are ours."""

        def get(self, _index: int, _default: float = 0) -> float:  # type: ignore[override]
            return 0

    class Watched(granian.Granian):  # type: ignore[misc,valid-type]
        def __init__(self, _target: str, **options: Any) -> None:
            super().__init__("tests.drills.launcher:application", **options)
            self.respawned_wrks = Patient()

    granian.Granian = Watched  # type: ignore[misc]
    cli.main(["run", *arguments])


def work() -> None:
    """`shop work` under a keeper that has the program in memory and replaces a killed worker within milliseconds."""
    begin_logging("text")
    app = create_app(load_settings(serving=True))
    if "warm_worker" in FAULTS:
        _warm(app)
    stopped = threading.Event()
    child = 0

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()
        if child:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    while not stopped.is_set():
        child = os.fork()
        if child == 0:
            die_with_parent()
            _work(app)
            os._exit(0)
        (FOLDER / "worker").write_text(str(child), encoding="ascii")
        os.waitpid(child, 0)


def _warm(app: Flask) -> None:
    """Load what is loaded at first use, and leave no connection open, which processes must not share."""
    with app.app_context():
        with contextlib.suppress(ShopError):
            Gateway(app.config["SETTINGS"]).fetch_session("cs_none")
        list_findings()
        db.session.remove()
        db.engine.dispose()


def _work(app: Flask) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_ignored: stop.set())
    look, turns = worker.run_due, FOLDER / "turn"

    def count_and_look(*given: Any) -> int:
        with turns.open("ab") as file:
            file.write(b".")
        return look(*given)

    worker.run_due = count_and_look
    with app.app_context():
        worker.work(stop, WORKER_PAUSE)


def double(port: str, path: str, webhook: str, secret: str, seed: str) -> None:
    """Stripe's double on loopback, its traffic held to Stripe's specification."""
    from tests.demo.double import examined  # noqa: PLC0415

    examined.main(port, path, webhook, secret, seed)


def shop(*arguments: str) -> None:
    """Any command of the shop, on the drill's clock."""
    cli.main(list(arguments))


COMMANDS = {"web": web, "work": work, "double": double, "shop": shop}

if __name__ == "__main__":
    # Forked web processes import this module by its name; what they need is then what was prepared here.
    sys.modules["tests.drills.launcher"] = sys.modules["__main__"]
    prepare()
    COMMANDS[sys.argv[1]](*sys.argv[2:])
