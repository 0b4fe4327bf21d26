"""The one gate to Stripe. Nothing of the SDK leaves it: callers get our own small values and our own errors.

Pinned to one API version; no `payment_method_types` is sent (Stripe refuses it from 2026-09-30 on). Every POST carries
the caller's idempotency key, because the SDK's own random one dies with the process.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from shop.core import clock
from shop.core.config import Settings
from shop.core.db import let_go, writing
from shop.core.errors import EdgeFailed, ShopError
from shop.core.runtime import settings as current_settings

API_VERSION = "2026-05-27.dahlia"
# docs.stripe.com/webhooks: five minutes; the SDK accepts any time to come, we do not.
TOLERANCE_SECONDS = 300


class StripeRefused(ShopError):
    """Stripe understood and said no: repeating the same call cannot help. `code` and `message` are Stripe's.

    No sentence for people: Stripe's speaks English, of parameters and keys.
    """

    status = 409

    def __init__(self, code: str, message: str) -> None:
        super().__init__("", code=code, message=message)
        self.code, self.message = code, message


class SignatureWrong(ShopError):
    """A webhook that Stripe did not sign, or signed at another time."""

    status = 400


@dataclass(frozen=True, slots=True)
class SessionView:
    """A Checkout Session and, once there is one, its payment: amounts in minor units of `currency`."""

    id: str
    url: str | None
    status: str
    payment_status: str
    amount_minor: int
    currency: str
    payment_intent: str | None
    charge: str | None
    metadata: dict[str, str]
    livemode: bool
    # Of the payment intent: tells a bank that still works on a payment from one that has refused it.
    intent_status: str | None = None


@dataclass(frozen=True, slots=True)
class RefundView:
    id: str
    status: str
    amount_minor: int
    currency: str
    charge: str | None
    payment_intent: str | None
    failure: str | None
    metadata: dict[str, str]
    # Our key of the attempt that paid, from the payment's own metadata.
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute: whether its money has been withdrawn and given back is read from its balance transactions.

    `attempt` is our key of the attempt that paid, from the payment's own metadata.
    """

    id: str
    status: str
    reason: str
    amount_minor: int
    currency: str
    charge: str | None
    payment_intent: str | None
    is_refundable: bool
    withdrawn: bool
    reinstated: bool
    answer_by: datetime | None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class BalanceView:
    """A balance transaction; `raw` is what Stripe said, whole."""

    id: str
    type: str
    reporting_category: str
    source: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: str | None
    created_at: datetime
    available_at: datetime
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventView:
    """An event: what it is about is only a hint, the object itself is always fetched."""

    id: str
    type: str
    livemode: bool
    object: dict[str, Any]


@contextmanager
def _translated() -> Iterator[None]:
    if writing():
        raise RuntimeError("no network call happens inside a transaction")
    let_go()
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise EdgeFailed("", stripe=_said(error), code=getattr(error, "code", None)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # A wrong key of ours is no verdict on a payment or a refund: it can be repeated once the key is right.
        raise EdgeFailed("", stripe=str(error), code=error.code) from error
    except stripe.IdempotencyError as error:
        raise EdgeFailed("", stripe=str(error), code=error.code) from error
    except stripe.StripeError as error:
        raise StripeRefused(error.code or "refused", str(error)) from error


def _said(error: stripe.StripeError) -> str:
    """What went wrong, for logs: of an answer it cannot read the SDK repeats all, and with it a buyer's name and address."""
    if error.http_body and error.error is None:
        return f"Stripe's answer of status {error.http_status} cannot be read."
    return str(error)


def _plain(value: Any) -> Any:
    return value.to_dict(recursive=True) if hasattr(value, "to_dict") else value


def _id_of(value: Any) -> str | None:
    """A field that is an id, or the object itself when expanded."""
    if value is None or isinstance(value, str):
        return value
    return str(value["id"])


class Gateway:
    """Calls to one Stripe account. `patient` for the worker (retries), impatient for a page somebody waits for."""

    def __init__(self, settings: Settings, *, patient: bool = True, http_client: Any = None) -> None:
        timeout = (3, 10) if patient else (1, 3)
        self._secrets = settings.stripe_webhook_secrets
        self._client = stripe.StripeClient(
            settings.stripe_secret_key,
            base_addresses={"api": settings.stripe_api_base},
            stripe_version=API_VERSION,
            http_client=http_client or stripe.RequestsClient(timeout=timeout),
            max_network_retries=2 if patient else 0,
        )

    def open_checkout(self, parameters: dict[str, Any], key: str) -> SessionView:
        """Create a Checkout Session. The same key and parameters give the same session for 24 hours."""
        with _translated():
            created = self._client.v1.checkout.sessions.create(
                parameters,  # type: ignore[arg-type]
                options={"idempotency_key": key},
            )
        return _session(_plain(created))

    def fetch_session(self, session_id: str) -> SessionView:
        """The session as it is now, with its payment."""
        with _translated():
            found = self._client.v1.checkout.sessions.retrieve(
                session_id, {"expand": ["payment_intent", "payment_intent.latest_charge"]}
            )
        return _session(_plain(found))

    def expire_session(self, session_id: str, key: str) -> None:
        """Close the payment page for good. A session that is not open any more is left as it is."""
        try:
            with _translated():
                self._client.v1.checkout.sessions.expire(session_id, options={"idempotency_key": key})
        except StripeRefused:
            return

    def find_session(self, attempt_key: str, since: datetime) -> SessionView | None:
        """The session that carries an attempt's key in its metadata, if one was created since."""
        with _translated():
            page = self._client.v1.checkout.sessions.list(
                {"created": {"gte": int(since.timestamp())}, "limit": 100, "expand": ["data.payment_intent"]}
            )
            for found in page.auto_paging_iter():
                plain = _plain(found)
                if (plain.get("metadata") or {}).get("attempt") == attempt_key:
                    return _session(plain)
        return None

    def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundView:
        """Give money back. The same key never gives it twice."""
        with _translated():
            created = self._client.v1.refunds.create(
                {"payment_intent": payment_intent, "amount": amount_minor, "metadata": {"refund": key}},
                options={"idempotency_key": key},
            )
        return _refund(_plain(created))

    def fetch_refund(self, refund_id: str) -> RefundView:
        with _translated():
            found = self._client.v1.refunds.retrieve(refund_id, {"expand": ["payment_intent"]})
            return _refund(_plain(found))

    def find_refund(self, payment_intent: str, key: str) -> RefundView | None:
        """The refund that carries our key in its metadata, if Stripe has one."""
        return next((view for view in self.list_refunds(payment_intent) if view.metadata.get("refund") == key), None)

    def list_refunds(self, payment_intent: str) -> list[RefundView]:
        """Every refund Stripe has of a payment, also those that were not begun here, oldest first."""
        with _translated():
            page = self._client.v1.refunds.list(
                {"payment_intent": payment_intent, "limit": 100, "expand": ["data.payment_intent"]}
            )
            return [_refund(_plain(found)) for found in page.auto_paging_iter()][::-1]

    def fetch_dispute(self, dispute_id: str) -> DisputeView:
        with _translated():
            found = self._client.v1.disputes.retrieve(dispute_id, {"expand": ["payment_intent"]})
            return _dispute(_plain(found))

    def list_balance_transactions(self, since: datetime) -> list[BalanceView]:
        """Movements of Stripe's balance created since a moment, oldest first."""
        with _translated():
            page = self._client.v1.balance_transactions.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
            found = [_balance(_plain(item)) for item in page.auto_paging_iter()]
        return sorted(found, key=lambda item: (item.created_at, item.id))

    def list_events(self, since: datetime) -> list[tuple[EventView, dict[str, Any]]]:
        """Events created since a moment with their whole content, oldest first: what webhooks may have lost."""
        with _translated():
            page = self._client.v1.events.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
            found = [_plain(item) for item in page.auto_paging_iter()]
        return [(_event(item), item) for item in reversed(found)]

    def read_webhook(self, body: bytes, signature: str) -> EventView:
        """Verify and read a webhook; any secret of a rotation will do. Raises SignatureWrong."""
        now = int(clock.now().timestamp())
        for secret in self._secrets:
            try:
                stripe.WebhookSignature.verify_header(body.decode(), signature, secret, None)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            # Our own clock decides, in both directions: the SDK takes any time that is yet to come.
            sent = [part[2:] for part in signature.split(",") if part.startswith("t=")]
            if not sent or not sent[0].isdigit() or abs(now - int(sent[0])) > TOLERANCE_SECONDS:
                raise SignatureWrong("The signature's time is too far from now.")
            return _event(stripe.StripeObject.construct_from(_load(body), None).to_dict(recursive=True))
        raise SignatureWrong("No secret of this shop fits the signature.")


def _load(body: bytes) -> dict[str, Any]:
    content = json.loads(body)
    if not isinstance(content, dict) or not isinstance(content.get("id"), str):
        raise SignatureWrong("The body is not an event.")
    return content


def _event(plain: dict[str, Any]) -> EventView:
    return EventView(
        plain["id"], plain["type"], bool(plain.get("livemode")), dict((plain.get("data") or {}).get("object") or {})
    )


def _session(plain: dict[str, Any]) -> SessionView:
    intent = plain.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return SessionView(
        id=plain["id"],
        url=plain.get("url"),
        status=plain.get("status") or "",
        payment_status=plain.get("payment_status") or "",
        amount_minor=int(plain.get("amount_total") or 0),
        currency=str(plain.get("currency") or "").upper(),
        payment_intent=_id_of(intent),
        charge=_id_of(charge),
        metadata=dict(plain.get("metadata") or {}),
        livemode=bool(plain.get("livemode")),
        intent_status=intent.get("status") if isinstance(intent, dict) else None,
    )


def _refund(plain: dict[str, Any]) -> RefundView:
    return RefundView(
        id=plain["id"],
        status=plain.get("status") or "",
        amount_minor=int(plain["amount"]),
        currency=str(plain["currency"]).upper(),
        charge=_id_of(plain.get("charge")),
        payment_intent=_id_of(plain.get("payment_intent")),
        failure=plain.get("failure_reason"),
        metadata=dict(plain.get("metadata") or {}),
        attempt=_attempt_of(plain),
    )


def _attempt_of(plain: dict[str, Any]) -> str | None:
    """Our key of an attempt, from a payment intent that came expanded."""
    intent = plain.get("payment_intent")
    return (intent.get("metadata") or {}).get("attempt") if isinstance(intent, dict) else None


def _dispute(plain: dict[str, Any]) -> DisputeView:
    moved = [int(item["amount"]) for item in plain.get("balance_transactions") or []]
    due = (plain.get("evidence_details") or {}).get("due_by")
    return DisputeView(
        id=plain["id"],
        status=plain["status"],
        reason=plain.get("reason") or "",
        amount_minor=int(plain["amount"]),
        currency=str(plain["currency"]).upper(),
        charge=_id_of(plain.get("charge")),
        payment_intent=_id_of(plain.get("payment_intent")),
        is_refundable=bool(plain.get("is_charge_refundable")),
        withdrawn=any(minor < 0 for minor in moved),
        reinstated=any(minor > 0 for minor in moved),
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
        attempt=_attempt_of(plain),
    )


def _balance(plain: dict[str, Any]) -> BalanceView:
    rate = plain.get("exchange_rate")
    return BalanceView(
        id=plain["id"],
        type=plain["type"],
        reporting_category=plain.get("reporting_category") or plain["type"],
        source=_id_of(plain.get("source")),
        amount_minor=int(plain["amount"]),
        fee_minor=int(plain["fee"]),
        net_minor=int(plain["net"]),
        currency=str(plain["currency"]).upper(),
        exchange_rate=None if rate is None else str(rate),
        created_at=datetime.fromtimestamp(plain["created"], UTC),
        available_at=datetime.fromtimestamp(plain["available_on"], UTC),
        raw=plain,
    )


# The SDK's own error for a lost connection, for clients that are not the SDK's.
CONNECTION_ERROR = stripe.APIConnectionError

_made: dict[tuple[int, bool], Gateway] = {}
_instead: list[Gateway] = []
_lock = threading.Lock()


def gateway(*, patient: bool = True) -> Gateway:
    """The gateway of the running process's settings."""
    if _instead:
        return _instead[-1]
    settings = current_settings()
    key = (id(settings), patient)
    with _lock:
        if key not in _made:
            if len(_made) > 8:  # tests make many apps in one process
                _made.clear()
            _made[key] = Gateway(settings, patient=patient)
        return _made[key]


@contextmanager
def use_gateway(other: Gateway) -> Iterator[None]:
    """Talk to another gateway inside the block: the demonstration's past, tests."""
    _instead.append(other)
    try:
        yield
    finally:
        _instead.remove(other)
