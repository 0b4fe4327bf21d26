"""Stripe's rules for `Idempotency-Key`. Source: https://docs.stripe.com/api/idempotent_requests

The same key with the same parameters answers as the first time, status and body, 500s too; with other parameters it is
refused; while the first call still runs it is a conflict; after 24 hours it is forgotten.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from shop.demo.double.errors import ApiError
from shop.demo.double.state import State

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Kept:
    """An answer given before."""

    request: str
    status: int
    body: dict[str, Any]


def fingerprint(path: str, form: str) -> str:
    """The same for the same parameters in any order."""
    pairs = sorted(parse_qsl(form, keep_blank_values=True))
    return hashlib.sha256(json.dumps([path, pairs]).encode()).hexdigest()


@contextmanager
def claimed(state: State, key: str | None) -> Iterator[None]:
    """Hold a key while its call runs; a second call with it meanwhile is a conflict."""
    if key is None:
        yield
        return
    with state.lock:
        if key in state.in_flight:
            raise ApiError(
                409,
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                kind="idempotency_error",
                code="idempotency_key_in_use",
                kept=False,
            )
        state.in_flight.add(key)
    try:
        yield
    finally:
        with state.lock:
            state.in_flight.discard(key)


def find(state: State, key: str, print_: str) -> Kept | None:
    """The answer this key got before; raises where its parameters were others."""
    if len(key) > 255:
        raise ApiError(400, "The idempotency key cannot be longer than 255 characters.", kept=False)
    with state.lock:
        row = state.db.execute(
            "SELECT * FROM idempotency WHERE key = ? AND created > ?", (key, state.now() - KEPT_SECONDS)
        ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != print_:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            kept=False,
        )
    return Kept(row["request"], row["status"], json.loads(row["body"]))


def keep(state: State, key: str, print_: str, request: str, status: int, body: dict[str, Any]) -> None:
    """Remember an answer, and forget those older than a day."""
    now = state.now()
    state.db.execute("DELETE FROM idempotency WHERE created <= ?", (now - KEPT_SECONDS,))
    state.db.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
        (key, print_, request, status, json.dumps(body), now),
    )
