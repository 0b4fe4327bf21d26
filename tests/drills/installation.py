"""One installation under drill: web with two processes, worker, Stripe's double, and the drill's own eyes on it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

from shop.app import create_app
from shop.core import clock
from shop.core.config import from_environment
from shop.core.db import db
from shop.core.installation import DEMO_FILE
from shop.core.tables import Job
from shop.payments.gateway import API_VERSION
from tests.drills.databases import fresh_database, stand_in_fonts
from tests.drills.processes import Process, free_port

START_SECONDS = 60
KEY = "sk_test_demo_drills"
WEBHOOK_SECRET = "whsec_drills"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotReached(AssertionError):
    """Something that had to happen within a time did not."""


class Installation:
    """Addresses, processes and clock of a running shop, and its database from inside (`with shop.inside(): …`)."""

    def __init__(self, folder: Path, database_url: str, *, seed: int, faults: str, job_workers: int) -> None:
        self.folder, self.database_url = folder, database_url
        self.port, self.double_port = free_port(), free_port()
        self.base, self.double_base = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.double_port}"
        (folder / "offset").write_text("0", encoding="ascii")
        (folder / "turn").touch()
        (folder / "media").mkdir()
        stand_in_fonts(folder / "fonts")
        kept = {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_PUBLISHABLE_KEY": "pk_test_demo_drills",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.double_base,
            "SHOP_BASE_URL": self.base,
        }
        (folder / DEMO_FILE).write_text(json.dumps(kept), encoding="utf-8")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "STRIPE_"))},
            "SHOP_INSTANCE": str(folder),
            "SHOP_DATABASE_URL": database_url,
            "DRILL_FOLDER": str(folder),
            "DRILL_FAULTS": faults,
        }
        self.settings = from_environment({**kept, **self.environment}, demo=True)
        self.app: Flask = create_app(self.settings)
        webhook = f"{self.base}/webhooks/stripe"
        self._violations: list[str] = []
        self.double = self._process(
            "double", str(self.double_port), str(folder / "stripe.sqlite"), webhook, WEBHOOK_SECRET, str(seed)
        )
        self.web = self._process("web", "--port", str(self.port), "--workers", "2")
        self.workers = [self._process("work") for _number in range(job_workers)]

    def _process(self, name: str, *arguments: str) -> Process:
        return Process(name, [name, *arguments], self.environment, self.folder / f"{name}.log")

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self.double, self.web, *self.workers)

    @property
    def worker(self) -> Process:
        """The job worker of an installation that has one."""
        (only,) = self.workers
        return only

    def start(self) -> None:
        """Start all processes and wait until web and double answer."""
        for process in self.processes:
            process.start()
        self.wait_for_web()
        self.wait_for_double()

    def wait_for_web(self) -> None:
        self.until(lambda: self._answers(f"{self.base}/readyz"), START_SECONDS, "the shop answers")

    def wait_for_double(self) -> None:
        self.until(lambda: self._answers(f"{self.double_base}/_ctl/"), START_SECONDS, "the double answers")

    def stop_double(self) -> None:
        """Stop the double; what was found against the specification until now is kept."""
        self._violations = self.list_violations()
        self.double.stop()

    def list_violations(self) -> list[str]:
        """Exchanges with the double that Stripe's specification does not allow."""
        return self._violations + list(self._call("GET", "/_ctl/violations")["violations"])

    def start_double(self) -> None:
        """Start the double again after it was stopped: with its memory, and at the time it is by now."""
        self.double.start()
        self.wait_for_double()
        self.control("clock", offset=self._offset())

    def _answers(self, url: str) -> bool:
        try:
            with _DIRECT.open(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End all processes."""
        for process in reversed(self.processes):
            process.stop()

    def last_words(self) -> str:
        """The ends of what the processes wrote."""
        return "\n".join(f"[{process.name}] {process.last_words()}" for process in self.processes)

    # Its clock

    def now(self) -> datetime:
        """The time as the shop and the double see it."""
        return datetime.now(UTC) + timedelta(seconds=self._offset())

    def _offset(self) -> int:
        return int((self.folder / "offset").read_text(encoding="ascii"))

    def move_clock(self, **delta: float) -> None:
        """Let shop and double live later by so much."""
        offset = self._offset() + int(timedelta(**delta).total_seconds())
        unfinished = self.folder / "offset.part"
        unfinished.write_text(str(offset), encoding="ascii")
        unfinished.replace(self.folder / "offset")
        if self.double.running:
            self.control("clock", offset=offset)

    def pass_time(self, **delta: float) -> None:
        """Move the clock and let the worker do everything that is due by then: rounds, jobs, and jobs of jobs."""
        self.move_clock(**delta)
        self.worker_turns()

    def heal(self) -> None:
        """Let two hours pass: leases and holds run out, and every round of the worker comes round."""
        for minutes in (3, 6, 40, 15, 60):
            self.pass_time(minutes=minutes)
        self.until_quiet()

    def worker_turns(self, turns: int = 2, seconds: float = 180) -> None:
        """Wait until the worker has begun to look for jobs so many times more: what was due before is then done."""
        begun = self._turns()
        self.until(lambda: self._turns() >= begun + turns, seconds, f"the worker looks for jobs {turns} times")

    def _turns(self) -> int:
        return (self.folder / "turn").stat().st_size

    # Its database

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The application's context in the drill's own process, on the installation's clock."""
        with self.app.app_context(), clock.use(self.now):
            try:
                yield
            finally:
                db.session.remove()

    def ask(self, question: Callable[[], Any]) -> Any:
        """An answer of the database as it is now."""
        with self.inside():
            return question()

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> Any:
        """Wait for a condition; its answer. Raises NotReached with what the processes wrote last."""
        deadline = time.monotonic() + seconds
        while True:
            answer = condition()
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise NotReached(f"not within {seconds:g} s: {what}")
            time.sleep(0.05)

    def until_known(self, question: Callable[[], Any], seconds: float, what: str) -> Any:
        """As `until`, for a question to the database."""
        return self.until(lambda: self.ask(question), seconds, what)

    def until_quiet(self, seconds: float = 180) -> None:
        """Wait until every webhook that is due has been delivered and every job that is due is done."""

        def quiet() -> bool:
            return self.count_deliveries() == 0 and self.ask(self._count_due) == 0

        self.until(quiet, seconds, "no webhook and no job is due")

    def _count_due(self) -> int:
        # A lease that runs counts: its job is being done.
        due = select(func.count(Job.id)).where(Job.done_at.is_(None), Job.run_at <= clock.now() + timedelta(seconds=3))
        return db.session.scalar(due) or 0

    # Stripe

    def control(self, name: str, **values: Any) -> None:
        """Set one control of the double."""
        self._call("POST", f"/_ctl/{name}", json.dumps(values).encode())

    def act(self, verb: str, **values: Any) -> dict[str, Any]:
        """Let something happen at Stripe, a bank or in its dashboard that no call of ours begins; what came of it."""
        done: dict[str, Any] = self._call("POST", f"/_ctl/{verb}", json.dumps(values).encode())[verb]
        return done

    def stripe_list(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Everything Stripe lists under a path such as "charges", newest first."""
        found: list[dict[str, Any]] = []
        while True:
            last = {"starting_after": found[-1]["id"]} if found else {}
            page = self._call("GET", f"/v1/{path}?{urlencode({'limit': 100, **parameters, **last})}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def stripe_post(self, path: str, **form: Any) -> dict[str, Any]:
        """A call to Stripe that is not the shop's, as from its dashboard."""
        return self._call("POST", f"/v1/{path}", urlencode(form).encode())

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": API_VERSION}
        request = urllib.request.Request(f"{self.double_base}{path}", data=body, headers=headers, method=method)
        with _DIRECT.open(request, timeout=10) as answer:
            content: dict[str, Any] = json.load(answer)
            return content

    def count_deliveries(self) -> int:
        """Webhooks that are due and not delivered yet."""
        return len(self.list_deliveries("due IS NOT NULL AND due <= ?", int(self.now().timestamp())))

    def list_deliveries(self, condition: str = "1", *values: Any) -> list[tuple[Any, ...]]:
        """(event, attempts, forged, outcome) of the double's deliveries, read from its file."""
        connection = sqlite3.connect(f"file:{self.folder / 'stripe.sqlite'}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(
                f"SELECT event, attempts, forged, outcome FROM delivery WHERE {condition}", values
            ).fetchall()
        finally:
            connection.close()

    # Its commands

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`shop …`, a process of its own on the installation's clock."""
        return subprocess.run(
            [sys.executable, "-m", "tests.drills.launcher", "shop", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def check(self) -> list[str]:
        """What `shop check` finds."""
        answer = self.command("check")
        found = [line for line in answer.stdout.splitlines() if line.strip()]
        return found if answer.returncode and found else [answer.stderr.strip()] if answer.returncode else []


@contextmanager
def install(
    parent: Path, kind: str, *, seed: int, faults: str = "", job_workers: int = 1, database_url: str = ""
) -> Iterator[Installation]:
    """A running installation in a new folder; everything of it is gone at the end, whatever happens.

    `database_url` is of a filled database that the drill itself keeps; otherwise a fresh one of a kind is made.
    """
    folder = Path(tempfile.mkdtemp(prefix="shop-", dir=parent))
    with nullcontext(database_url) if database_url else fresh_database(kind, folder) as url:
        shop = Installation(folder, url, seed=seed, faults=faults, job_workers=job_workers)
        try:
            shop.start()
            yield shop
        except Exception:
            print(shop.last_words(), file=sys.stderr)
            raise
        finally:
            shop.stop()
            with shop.app.app_context():
                db.session.remove()
                db.engine.dispose()
    shutil.rmtree(folder, ignore_errors=True)
