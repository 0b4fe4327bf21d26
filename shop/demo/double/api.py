"""Stripe's API: which operations there are, and the life of one call."""

import base64
import binascii
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from shop.demo.double import (
    balance,
    control,
    customers,
    events,
    evidence,
    idempotency,
    intents,
    methods,
    payment_pages,
    payments,
    payouts,
    products,
    refunds,
    resources,
    sessions,
    setups,
    sources,
    timeline,
)
from shop.demo.double.errors import ApiError, Declined, not_implemented
from shop.demo.double.events import API_VERSION
from shop.demo.double.operations import Operation
from shop.demo.double.params import decode
from shop.demo.double.state import State

KEY_PREFIX = "sk_test_demo_"
# Stripe's script in a buyer's browser has this one: it opens only what an operation's guard lets through.
PUBLISHABLE_PREFIX = "pk_test_demo_"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One request; `form` is its query or body in bracket form, `host` the address with a final slash."""

    method: str
    path: str
    form: str
    headers: Mapping[str, str]
    host: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Exchange:
    """A call and its answer, for an observer."""

    call: Call
    answer: Answer


OPERATIONS = (
    *sessions.OPERATIONS,
    *payments.OPERATIONS,
    *refunds.OPERATIONS,
    *evidence.OPERATIONS,
    *balance.OPERATIONS,
    *payouts.OPERATIONS,
    *events.OPERATIONS,
    *customers.OPERATIONS,
    *products.OPERATIONS,
    *methods.OPERATIONS,
    *sources.OPERATIONS,
    *intents.OPERATIONS,
    *setups.OPERATIONS,
    *payment_pages.OPERATIONS,
)


def answer(state: State, call: Call) -> Answer:
    """Answer one call.

    Raises ConnectionResetError where a fault says that the caller gets no answer: the server closes the connection.
    """
    if control.spend(state, "refuse"):
        raise ConnectionResetError("refused by the control")
    request = state.new_request_id()
    headers = {"Request-Id": request, "Stripe-Version": API_VERSION}
    key = call.headers.get("Idempotency-Key") if call.method == "POST" else None
    if key:
        headers["Idempotency-Key"] = key
    try:
        publishable = _authenticate(call)
        if publishable:
            # Stripe's script calls from the shop's page, which is of another origin.
            headers["Access-Control-Allow-Origin"] = "*"
        with idempotency.claimed(state, key):
            status, body = _run(state, call, key, request, headers, publishable=publishable)
    except ApiError as error:
        status, body = error.status, error.body()
    except Exception:
        log.exception("The double failed at %s %s", call.method, call.path)
        status, body = 500, ApiError(500, "An unknown error occurred", kind="api_error").body()
    if status in (501, 401):
        headers["Stripe-Should-Retry"] = "false"
    if control.spend(state, "reset_after_work"):
        raise ConnectionResetError("the answer is lost by the control")
    return Answer(status, body, headers)


def _authenticate(call: Call) -> bool:
    """Whether the key is a publishable one; raises without a key of the demonstration."""
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(token).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
    if not token:
        # A header would make the browser ask beforehand whether it may call.
        token = next((value for name, value in parse_qsl(call.form) if name == "key"), "")
    if not token:
        raise ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            kept=False,
        )
    publishable = token.startswith(PUBLISHABLE_PREFIX)
    if not publishable and not token.startswith(KEY_PREFIX):
        raise ApiError(401, f"Invalid API Key provided: {token[:8]}****", kept=False)
    version = call.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(
            400, f"This double speaks the API version {API_VERSION}, and {version} was asked for.", kept=False
        )
    return publishable


def _run(
    state: State, call: Call, key: str | None, request: str, headers: dict[str, str], *, publishable: bool
) -> tuple[int, dict[str, Any]]:
    """Replay, fault or work; what an idempotency key remembers is written with the work."""
    print_ = idempotency.fingerprint(call.path, call.form)
    if key:
        kept = idempotency.find(state, key, print_)
        if kept:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": kept.request}
            return kept.status, kept.body
    operation, identifiers = _find(call)
    if publishable and operation.guard is None:
        raise ApiError(
            401,
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
            code="secret_key_required",
            kept=False,
        )
    wait = control.value(state, "latency")["seconds"]
    if wait:
        time.sleep(wait)
    fault = control.spend(state, "status")
    if fault and not fault["after_work"]:
        return _refusal(state, key, print_, request, _fault(fault))
    params = operation.fields.read(decode(call.form))
    timeline.tick(state)
    if publishable and operation.guard is not None:
        operation.guard(state, params, *identifiers)
    try:
        with state.transaction():
            paths = params.pop("expand", [])
            try:
                body = operation.work(state, params, call.host, *identifiers)
            except Declined as error:
                return _refusal(state, key, print_, request, error)
            body = resources.expand(state, body, paths)
            if key and not fault:
                idempotency.keep(state, key, print_, request, 200, body)
    except ApiError as error:
        return _refusal(state, key, print_, request, error)
    if fault:
        # The work is done and stays; only the answer lies.
        return _refusal(state, key, print_, request, _fault(fault))
    return 200, body


def _refusal(state: State, key: str | None, print_: str, request: str, error: ApiError) -> tuple[int, dict[str, Any]]:
    if key and error.kept:
        with state.transaction():
            idempotency.keep(state, key, print_, request, error.status, error.body())
    return error.status, error.body()


def _fault(fault: dict[str, Any]) -> ApiError:
    status = fault["status"]
    kept = status == 500 if fault["keep"] is None else fault["keep"]
    if status == 429:
        return ApiError(status, "Request rate limit exceeded.", code="rate_limit", kept=kept)
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return ApiError(status, "The control of the double says so.", kind=kind, kept=kept)


def _find(call: Call) -> tuple[Operation, tuple[str, ...]]:
    for operation in OPERATIONS:
        match = operation.path.fullmatch(call.path)
        if match and operation.method == call.method:
            return operation, match.groups()
    raise not_implemented(f"the operation {call.method} {call.path}")
