"""Delivery of events: signed afresh at each attempt, tried again for three days."""

import hashlib
import hmac
import http.client
import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from shop.demo.double import control, endpoints
from shop.demo.double.state import Send, State

# Seconds from one attempt to the next; Stripe retries for up to three days with growing waits.
WAITS = (10, 60, 600, 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
GIVE_UP_AFTER = 3 * 24 * 3600
TIMEOUT = 10
STRANGER = "whsec_of_somebody_else"


def enqueue(state: State, event: dict[str, Any]) -> int:
    """Line up an event's deliveries as the `webhooks` control says; the number that will be tried."""
    faults = control.value(state, "webhooks")
    # What was due before is told now: Stripe was not silent, the double was asleep.
    now = state.real_now()
    waiting = 0
    for url in endpoints.list_urls(state):
        lost = faults["drop"] > 0 and state.chance.random() * 100 < faults["drop"]
        for _ in range(1 + faults["duplicate"]):
            due = None if lost else now + faults["delay"]
            _insert(state, event["id"], url, now, due, False)
            waiting += not lost
        if faults["forge"]:
            _insert(state, event["id"], url, now, now, True)
    return waiting


def resend(state: State, event: str) -> None:
    """Send an event once more to every endpoint, however old it is."""
    for url in endpoints.list_urls(state):
        _insert(state, event, url, state.now(), state.now(), False)


def _insert(state: State, event: str, url: str | None, born: int, due: int | None, forged: bool) -> None:
    outcome = "dropped" if due is None else "pending"
    state.db.execute(
        "INSERT INTO delivery (event, url, born, due, attempts, forged, outcome) VALUES (?, ?, ?, ?, 0, ?, ?)",
        (event, url, born, due, forged, outcome),
    )


def signature(body: bytes, secrets: tuple[str, ...], moment: int) -> str:
    """The `Stripe-Signature` header: one `v1` per secret."""
    signed = str(moment).encode() + b"." + body
    codes = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={moment}", *(f"v1={code}" for code in codes)])


def deliver(state: State, send: Send | None = None) -> int:
    """Try every delivery whose time has come, and return how many were tried.

    Nothing is locked while `send` runs, so that the receiver may call the double back.
    """
    send = send or state.send or post
    tried = 0
    for row in _claim(state):
        try:
            endpoint = endpoints.find(state, row["url"])
            if endpoint is None:
                state.db.execute("UPDATE delivery SET due = NULL, outcome = 'removed' WHERE seq = ?", (row["seq"],))
                continue
            body, headers = _letter(state, row, endpoint.secrets)
            try:
                status = send(endpoint.url or "", body, headers)
            except (OSError, http.client.HTTPException):
                # No answer at all counts as a refusal, as it does at Stripe.
                status = 0
            _record(state, row, status)
            tried += 1
        finally:
            state.delivering.discard(row["seq"])
    return tried


def _claim(state: State) -> list[sqlite3.Row]:
    with state.lock:
        rows = state.db.execute("SELECT * FROM delivery WHERE due <= ? ORDER BY due, seq", (state.now(),)).fetchall()
        rows = [row for row in rows if row["seq"] not in state.delivering]
        if control.value(state, "webhooks")["shuffle"]:
            state.chance.shuffle(rows)
        state.delivering.update(row["seq"] for row in rows)
    return rows


def _letter(state: State, row: sqlite3.Row, secrets: tuple[str, ...]) -> tuple[bytes, dict[str, str]]:
    event = state.find(row["event"]) or {}
    version = control.value(state, "webhooks")["api_version"]
    if version:
        event["api_version"] = version
    if row["forged"]:
        event["id"] = "evt_forged" + event["id"][10:]
        event["data"]["object"] |= {"amount_total": 1, "amount": 1}
        secrets = (STRANGER,)
    body = json.dumps(event, indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(body, secrets, state.now()),
    }
    return body, headers


def _record(state: State, row: sqlite3.Row, status: int) -> None:
    attempts = row["attempts"] + 1
    with state.transaction():
        now = state.now()
        if 200 <= status < 300:
            due, outcome = None, "delivered"
        elif row["forged"]:
            due, outcome = None, f"refused {status}"
        else:
            due = now + WAITS[min(attempts, len(WAITS)) - 1]
            outcome = f"failed {status}"
            if due > row["born"] + GIVE_UP_AFTER:
                due, outcome = None, f"given up {status}"
        state.db.execute(
            "UPDATE delivery SET due = ?, attempts = ?, outcome = ? WHERE seq = ?",
            (due, attempts, outcome, row["seq"]),
        )
        event = state.find(row["event"])
        if event and not row["forged"]:
            waiting = state.db.execute(
                "SELECT count(*) FROM delivery WHERE event = ? AND due IS NOT NULL AND NOT forged", (row["event"],)
            ).fetchone()[0]
            state.put(event | {"pending_webhooks": waiting})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Stripe counts a redirect as a failure."""
        return


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one delivery over HTTP and return the status."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
