"""The one gate to Stripe. Nothing of the SDK leaves it: callers get our own small values and our own errors.

Pinned to one API version; no `payment_method_types` is sent (Stripe refuses it from 2026-09-30 on). Every POST carries
the caller's idempotency key, because the SDK's own random one dies with the process.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
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
    """A Checkout Session and, once there is one, its payment: amounts in minor units of `currency`.

    It is paid at `url`, or on our page by whoever has its `client_secret`.
    """

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
    expires_at: datetime | None = None
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SoldItem:
    """A line of a Checkout Session; `sku` is empty for the shipping."""

    sku: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True, slots=True)
class SaleView:
    """A Checkout Session with all that tells who bought what and where it goes. `raw` is what Stripe said, whole.

    `recipient` is Stripe's form of an address with name and phone: {name, phone, line1, line2, city, state, postal_code,
    country}, None if it was never told.
    """

    session: SessionView
    created_at: datetime
    email: str
    items: tuple[SoldItem, ...]
    recipient: dict[str, str] | None
    raw: dict[str, Any]


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
    opened_at: datetime
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeView:
    """A charge, with what tells whose it is: its payment, our metadata, the buyer's e-mail."""

    id: str
    payment_intent: str | None
    amount_minor: int
    currency: str
    status: str
    email: str | None
    description: str | None
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout to the operator's bank. Stripe says what it consists of once its `reconciliation` is "completed"."""

    id: str
    amount_minor: int
    currency: str
    status: str
    reconciliation: str
    balance_transaction: str | None
    created_at: datetime


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

    def list_sessions(self, since: datetime) -> list[SessionView]:
        """Every session created since a moment, oldest first."""
        with _translated():
            page = self._client.v1.checkout.sessions.list(
                {"created": {"gte": int(since.timestamp())}, "limit": 100, "expand": ["data.payment_intent"]}
            )
            return [_session(_plain(found)) for found in page.auto_paging_iter()][::-1]

    def fetch_sale(self, session_id: str) -> SaleView:
        """All that Stripe knows of a session."""
        sessions = self._client.v1.checkout.sessions
        with _translated():
            found = _plain(
                sessions.retrieve(session_id, {"expand": ["payment_intent", "payment_intent.latest_charge"]})
            )
            page = sessions.line_items.list(session_id, {"limit": 100, "expand": ["data.price.product"]})
            items = [_plain(item) for item in page.auto_paging_iter()]
        return _sale(found, items)

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

    def fetch_charge(self, charge_id: str) -> ChargeView:
        with _translated():
            return _charge(_plain(self._client.v1.charges.retrieve(charge_id)))

    def find_session_of(self, payment_intent: str) -> SessionView | None:
        """The session a payment was made in, if it was made in one."""
        with _translated():
            page = self._client.v1.checkout.sessions.list(
                {
                    "payment_intent": payment_intent,
                    "limit": 1,
                    "expand": ["data.payment_intent", "data.payment_intent.latest_charge"],
                }
            )
            return next((_session(_plain(found)) for found in page.data), None)

    def list_disputes(self, since: datetime, until: datetime) -> Iterator[DisputeView]:
        """Disputes opened between two moments, newest first."""
        for page in self._pages("/v1/disputes", {"created": _between(since, until)}):
            for item in page:
                yield _dispute(item)

    def list_balance_transactions(self, since: datetime, until: datetime | None = None) -> Iterator[BalanceView]:
        """Movements of Stripe's balance created from a moment to another, newest first; a page in memory at a time."""
        return self._movements(created=_between(since, until))

    def list_movements_of(self, source: str) -> list[BalanceView]:
        """The movements of one charge, refund or dispute, newest first."""
        return list(self._movements(source=source))

    def list_movements_in(self, payout_id: str) -> Iterator[BalanceView]:
        """The movements an automatic payout consists of, its own among them, newest first."""
        return self._movements(payout=payout_id)

    def _movements(self, **parameters: Any) -> Iterator[BalanceView]:
        for page in self._pages("/v1/balance_transactions", parameters):
            for item in page:
                yield read_movement(item)

    def list_payouts(self, since: datetime, until: datetime) -> Iterator[PayoutView]:
        """Payouts to the operator's bank created between two moments, newest first."""
        for page in self._pages("/v1/payouts", {"created": _between(since, until)}):
            for item in page:
                yield _payout(item)

    def fetch_balance(self) -> dict[str, int]:
        """What stands at Stripe by currency, available or not yet, in minor units."""
        with _translated():
            found = _plain(self._client.v1.balance.retrieve())
        sums: dict[str, int] = {}
        for part in (*found["available"], *found["pending"]):
            currency = str(part["currency"]).upper()
            sums[currency] = sums.get(currency, 0) + int(part["amount"])
        return sums

    def _pages(self, path: str, parameters: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """The items of a list as Stripe sent them: objects of the SDK take longer to make than pages to fetch."""
        after: dict[str, Any] = {}
        while True:
            with _translated():
                answer: Any = self._client.raw_request("get", path, limit=100, **parameters, **after)
            yield answer.data["data"]
            if not answer.data["has_more"]:
                return
            after = {"starting_after": answer.data["data"][-1]["id"]}

    def ask_time(self) -> datetime | None:
        """Stripe's clock, by the smallest call that needs our key; None if the answer bears no date."""
        with _translated():
            answer = self._client.v1.events.list({"limit": 1}).last_response
        told = (answer.headers or {}).get("Date") if answer is not None else None
        return parsedate_to_datetime(told) if told else None

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
        expires_at=datetime.fromtimestamp(plain["expires_at"], UTC) if plain.get("expires_at") else None,
        client_secret=plain.get("client_secret"),
    )


def _sale(plain: dict[str, Any], items: list[dict[str, Any]]) -> SaleView:
    intent = plain.get("payment_intent")
    shipping = intent.get("shipping") if isinstance(intent, dict) else None
    recipient = None
    if shipping:
        told = {"name": shipping.get("name"), "phone": shipping.get("phone"), **(shipping.get("address") or {})}
        recipient = {name: value or "" for name, value in told.items()}
    buyer = plain.get("customer_details") or {}
    return SaleView(
        session=_session(plain),
        created_at=datetime.fromtimestamp(plain["created"], UTC),
        email=str(plain.get("customer_email") or buyer.get("email") or ""),
        items=tuple(_item(item) for item in items),
        recipient=recipient,
        # The SDK makes decimals of some amounts, which JSON does not know.
        raw=json.loads(json.dumps({**plain, "line_items": items}, default=str)),
    )


def _item(plain: dict[str, Any]) -> SoldItem:
    price = plain.get("price") or {}
    product = price.get("product")
    sku = (product.get("metadata") or {}).get("sku", "") if isinstance(product, dict) else ""
    return SoldItem(sku, int(plain["quantity"]), int(price["unit_amount"]))


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
        opened_at=datetime.fromtimestamp(plain["created"], UTC),
        attempt=_attempt_of(plain),
    )


def _charge(plain: dict[str, Any]) -> ChargeView:
    return ChargeView(
        id=plain["id"],
        payment_intent=_id_of(plain.get("payment_intent")),
        amount_minor=int(plain["amount"]),
        currency=str(plain["currency"]).upper(),
        status=plain["status"],
        email=(plain.get("billing_details") or {}).get("email") or plain.get("receipt_email"),
        description=plain.get("description"),
        metadata=dict(plain.get("metadata") or {}),
    )


def _payout(plain: dict[str, Any]) -> PayoutView:
    return PayoutView(
        id=plain["id"],
        amount_minor=int(plain["amount"]),
        currency=str(plain["currency"]).upper(),
        status=plain["status"],
        reconciliation=plain["reconciliation_status"],
        balance_transaction=_id_of(plain.get("balance_transaction")),
        created_at=datetime.fromtimestamp(plain["created"], UTC),
    )


def _between(since: datetime, until: datetime | None) -> dict[str, int]:
    upper = {} if until is None else {"lte": int(until.timestamp())}
    return {"gte": int(since.timestamp()), **upper}


def read_movement(plain: dict[str, Any]) -> BalanceView:
    """A balance transaction from what Stripe said of it, also when that was kept for long."""
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
