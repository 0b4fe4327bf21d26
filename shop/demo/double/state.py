"""What the double remembers: JSON rows in SQLite, in memory or in a file that outlives the process."""

import hashlib
import json
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
UNCHANGED = object()
# Carries one delivery: address, body and headers; returns the status that was answered.
Send = Callable[[str, bytes, Mapping[str, str]], int]

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created INTEGER NOT NULL,
    due INTEGER, body TEXT NOT NULL, hidden TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_order ON object (kind, created, seq);
CREATE INDEX IF NOT EXISTS object_time ON object (due, seq) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_intent ON object (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS object_charge ON object (kind, json_extract(body, '$.charge'));
CREATE INDEX IF NOT EXISTS object_source ON object (kind, json_extract(body, '$.source'));
CREATE INDEX IF NOT EXISTS object_payout ON object (json_extract(hidden, '$.payout'))
    WHERE json_extract(hidden, '$.payout') IS NOT NULL;
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY, event TEXT NOT NULL, born INTEGER NOT NULL, due INTEGER, attempts INTEGER NOT NULL,
    forged INTEGER NOT NULL, outcome TEXT NOT NULL, url TEXT
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (created);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks go; several secrets while one is being rotated."""

    url: str | None
    secrets: tuple[str, ...]


class State:
    """Objects, deliveries, idempotency keys and controls of one double. Safe to use from several threads."""

    def __init__(self, path: str | None, clock: Callable[[], datetime], seed: int, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.send: Send | None = None
        self.in_flight: set[str] = set()
        self.delivering: set[int] = set()
        self.lock = threading.RLock()
        self._clock = clock
        self._depth = 0
        self._moment = threading.local()
        self._requests = 0
        self.db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = TRUNCATE")
        # A killed process loses nothing this way; only a machine that loses power would, and this is a stand-in.
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(SCHEMA)
        if not any(column["name"] == "url" for column in self.db.execute("PRAGMA table_info(delivery)")):
            # A file of an earlier demonstration.
            self.db.execute("ALTER TABLE delivery ADD COLUMN url TEXT")
        self._counter = int(self._meta("counter", "0"))
        self.seed = int(self._meta("seed", str(seed)))
        self._set_meta("seed", str(self.seed))
        self.controls: dict[str, dict[str, Any]] = json.loads(self._meta("controls", "{}"))
        self.chance = random.Random(self.seed)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.db.close()

    def now(self) -> int:
        """The double's time in whole seconds since 1970, offset included; inside `as_of` that moment."""
        moment: int | None = getattr(self._moment, "value", None)
        return self.real_now() if moment is None else moment

    def real_now(self) -> int:
        """The double's time, also while something is done that was due before."""
        offset = self.controls.get("clock", {}).get("offset", 0)
        return int(self._clock().timestamp()) + offset

    @contextmanager
    def as_of(self, moment: int) -> Iterator[None]:
        """Do something as if it were done at a moment that has passed."""
        self._moment.value = moment
        try:
            yield
        finally:
            self._moment.value = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one thread at a time; inner ones join the outer one."""
        with self.lock:
            if self._depth:
                yield
                return
            self._depth = 1
            self.db.execute("BEGIN IMMEDIATE")
            controls = {name: dict(values) for name, values in self.controls.items()}
            try:
                yield
                self._set_meta("counter", str(self._counter))
                self.db.execute("COMMIT")
            except BaseException:
                self.db.execute("ROLLBACK")
                self.controls = controls
                raise
            finally:
                self._depth = 0

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An identifier that follows from the seed and how many went before; never given twice."""
        self._counter += 1
        return prefix + _letters(f"{self.seed}:{self._counter}", length)

    def new_request_id(self) -> str:
        """An identifier for one API call."""
        with self.lock:
            self._requests += 1
            return "req_" + _letters(f"{self.seed}:{self._counter}:{self._requests}", 14)

    def set_control(self, name: str, values: dict[str, Any]) -> None:
        """Remember a control's values."""
        self.controls[name] = values
        self._set_meta("controls", json.dumps(self.controls))

    def reseed(self, seed: int) -> None:
        """Begin the identifiers, rates and chances of another seed."""
        self.seed = seed
        self.chance = random.Random(seed)
        self._set_meta("seed", str(seed))

    def add(
        self, body: dict[str, Any], *, due: int | None = None, hidden: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Keep a new object. `due` is when time will act on it; `hidden` is what the API never shows."""
        self.db.execute(
            "INSERT INTO object (id, kind, created, due, body, hidden) VALUES (?, ?, ?, ?, ?, ?)",
            (body["id"], body["object"], body["created"], due, json.dumps(body), json.dumps(hidden or {})),
        )
        return body

    def put(self, body: dict[str, Any], *, due: Any = UNCHANGED, hidden: Any = UNCHANGED) -> dict[str, Any]:
        """Keep a changed object."""
        self.db.execute("UPDATE object SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        if due is not UNCHANGED:
            self.db.execute("UPDATE object SET due = ? WHERE id = ?", (due, body["id"]))
        if hidden is not UNCHANGED:
            self.db.execute("UPDATE object SET hidden = ? WHERE id = ?", (json.dumps(hidden), body["id"]))
        return body

    def remove(self, identifier: str) -> None:
        """Forget an object."""
        self.db.execute("DELETE FROM object WHERE id = ?", (identifier,))

    def find(self, identifier: str, kind: str | None = None) -> dict[str, Any] | None:
        """One object, or None; with `kind`, only an object of that kind."""
        with self.lock:
            row = self.db.execute("SELECT kind, body FROM object WHERE id = ?", (identifier,)).fetchone()
        if row is None or kind not in (None, row["kind"]):
            return None
        body: dict[str, Any] = json.loads(row["body"])
        return body

    def hidden(self, identifier: str) -> dict[str, Any]:
        """What the API never shows of an object."""
        with self.lock:
            row = self.db.execute("SELECT hidden FROM object WHERE id = ?", (identifier,)).fetchone()
        hidden: dict[str, Any] = json.loads(row["hidden"])
        return hidden

    def next_due(self, now: int) -> tuple[int, dict[str, Any]] | None:
        """The object whose time came first, with that time."""
        with self.lock:
            row = self.db.execute(
                "SELECT due, body FROM object WHERE due <= ? ORDER BY due, seq LIMIT 1", (now,)
            ).fetchone()
        return (row["due"], json.loads(row["body"])) if row else None

    def page(
        self,
        kind: str,
        *,
        equal: dict[str, Any] | None = None,
        ranges: dict[str, dict[str, int]] | None = None,
        payout: str | None = None,
        types: list[str] | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int = 10,
    ) -> tuple[list[dict[str, Any]], bool]:
        """Newest first; and whether there is more in that direction. `types` may end in `*`.

        `payout` names the payout a balance transaction left the account with.
        """
        where = ["kind = ?"]
        values: list[Any] = [kind]
        for name, wanted in (equal or {}).items():
            where.append(f"json_extract(body, '$.{name}') = ?")
            values.append(wanted)
        for name, bounds in (ranges or {}).items():
            column = name if name == "created" else f"json_extract(body, '$.{name}')"
            for sign, moment in bounds.items():
                where.append(f"{column} {COMPARISONS[sign]} ?")
                values.append(moment)
        if payout:
            where.append("json_extract(hidden, '$.payout') = ?")
            values.append(payout)
        if types:
            where.append("(" + " OR ".join(["json_extract(body, '$.type') GLOB ?"] * len(types)) + ")")
            values += types
        for cursor, sign in ((after, "<"), (before, ">")):
            if cursor:
                where.append(f"(created, seq) {sign} (SELECT created, seq FROM object WHERE id = ?)")
                values.append(cursor)
        order = "ASC" if before else "DESC"
        with self.lock:
            rows = self.db.execute(
                f"SELECT body FROM object WHERE {' AND '.join(where)} ORDER BY created {order}, seq {order} LIMIT ?",
                (*values, limit + 1),
            ).fetchall()
        bodies = [json.loads(row["body"]) for row in rows[:limit]]
        return (bodies[::-1] if before else bodies), len(rows) > limit

    def _meta(self, name: str, default: str) -> str:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else default

    def _set_meta(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))


def _letters(text: str, length: int) -> str:
    digest = hashlib.shake_256(text.encode()).digest(length)
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
