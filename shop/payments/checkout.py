"""Opening a payment page for an order: commit the attempt, call, save. Never a call inside a transaction.

Stripe's own page in the languages it speaks; in Arabic a page of ours with Stripe's form in it (`ui_mode: elements`).

One live attempt per order. A crash between the call and the save is harmless: the attempt stands with its key and its
parameters exactly as sent, and is replayed within four minutes; later it is looked up by our metadata first.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, EdgeFailed, ShopError
from shop.core.ids import token
from shop.core.marks import RESTORED_TO, find_moment, installation_id
from shop.core.runtime import settings
from shop.i18n.messages import gettext as _
from shop.orders.cart import CartView
from shop.orders.checkout import HOLD, LiveOrder, place_order
from shop.orders.links import order_token
from shop.orders.models import Order
from shop.orders.queries import get_order_by_id, list_lines, lock_order
from shop.orders.services import call_cancelled, cancel_order, note
from shop.payments.gateway import SessionView, StripeRefused, gateway
from shop.payments.line_items import line_items
from shop.payments.models import Attempt
from shop.payments.queries import list_attempts
from shop.payments.recipients import recipient_of
from shop.payments.settle import LIVE, REPLAY, close_payment, settle_order

log = logging.getLogger("shop.checkout")

# Stripe demands at least 30 minutes; the stock is held longer than the page lives.
SESSION_LIFE = timedelta(minutes=35)
# Stripe's own page is not made in Arabic, its form on ours is (docs.stripe.com/js/appendix/supported_locales).
HOSTED_LANGUAGES = ("fr", "en")
# Methods whose money comes days later: not for a piece that exists once.
DELAYED_METHODS = [
    "acss_debit",
    "au_becs_debit",
    "bacs_debit",
    "boleto",
    "customer_balance",
    "konbini",
    "multibanco",
    "oxxo",
    "sepa_debit",
    "us_bank_account",
]
# At most so many page requests of a process may wait for Stripe at once; the others are told to come back.
WAITING_AT_ONCE = 2
_waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Where an order is paid: at `url`, which is Stripe's, or on our page with Stripe's form (`client_secret`)."""

    session_id: str
    url: str | None
    client_secret: str | None = field(repr=False)


class PaymentRefused(ShopError):
    """Stripe will not open a payment page for this order, now or later."""

    status = 409


class CatchingUp(ShopError):
    """The database was restored, and Stripe has not told yet what was sold since: a piece could be sold twice."""

    status = 503


def _refuse_while_catching_up() -> None:
    if find_moment(RESTORED_TO) is not None:
        raise CatchingUp(_("The shop is being repaired and takes no orders for a few minutes. Your cart is kept."))


@contextmanager
def bulkhead() -> Iterator[None]:
    """A slow Stripe must not stop the whole shop. Raises EdgeFailed when enough requests wait already."""
    if not _waiting.acquire(blocking=False):
        raise EdgeFailed(_("The payment page is being prepared. Try again in a moment."))
    try:
        yield
    finally:
        _waiting.release()


def check_out(cart: CartView, *, email: str, address: dict[str, Any], language: str) -> Order:
    """Place the order of a cart. An earlier order of the same cart with other contents is closed first.

    Outside any transaction. Raises what orders.checkout.place_order raises, and Conflict when the earlier order turns
    out to be paid.
    """
    try:
        with transaction():
            _refuse_while_catching_up()
            return place_order(cart, email=email, address=address, language=language)
    except LiveOrder as earlier:
        abandon_order(earlier.order_id, actor=None)
    with transaction():
        return place_order(cart, email=email, address=address, language=language)


def abandon_order(order_id: int, *, actor: int | None) -> None:
    """Cancel an unpaid order: its payment page is closed at Stripe, then its stock comes back.

    Outside any transaction. Raises Conflict if it was paid meanwhile, EdgeFailed if Stripe does not answer or a page is
    being opened at this moment: then the order and its stock stay as they are.
    """
    with bulkhead():
        close_payment(order_id, patient=False)
    with transaction():
        order = lock_order(order_id)
        if order.state == "awaiting_payment":
            if any(attempt.state in LIVE for attempt in list_attempts(order_id)):
                raise EdgeFailed(_("The payment page is being prepared. Try again in a moment."))
            cancel_order(order, actor=actor)
        elif order.state == "expired":
            call_cancelled(order, actor=actor)
        elif order.state != "cancelled":
            raise Conflict(_("This order has been paid already."))


def open_payment(order_id: int, *, hosted_in: str | None = None) -> PaymentPage:
    """The payment page of an order; opens one if none is open.

    `hosted_in` asks for Stripe's own page, in one of HOSTED_LANGUAGES, in place of ours, now and from now on: whose browser
    runs no scripts cannot pay on ours, and a session cannot change from one to the other. The first one is closed at Stripe
    before the second is opened, so that nobody can pay on both.

    Outside any transaction; at most four seconds. Raises Conflict when the order no longer waits for payment, because it was
    paid on the first page too, and EdgeFailed when Stripe does not answer: the order and its stock are kept, and the next
    call goes on where this one stopped. Raises PaymentRefused when Stripe will have none of it.
    """
    if hosted_in is not None:
        _give_way(order_id, hosted_in)
    attempt = _begin(order_id)
    if attempt is None:
        # An earlier page whose answer was lost for long, whose time is over, or which makes way: first what became of it,
        # because money may have come by it.
        with bulkhead():
            close_payment(order_id, patient=False, overdue_only=True)
        attempt = _begin(order_id)
    if attempt is None:
        raise EdgeFailed(_("The payment page is being prepared. Try again in a moment."))
    if attempt.state == "open" and attempt.session_id and (attempt.session_url or attempt.client_secret):
        return PaymentPage(attempt.session_id, attempt.session_url, attempt.client_secret)
    attempt_id = attempt.id
    try:
        with bulkhead():
            view = gateway(patient=False).open_checkout(attempt.parameters, attempt.key)
    except StripeRefused as refused:
        number = _give_up(attempt_id, refused)
        text = _(
            "The payment page cannot be opened. Nothing was charged. Write to us about order %(number)s.", number=number
        )
        raise PaymentRefused(text) from refused
    if not save_session(attempt_id, view):
        raise Conflict(_("This order is no longer waiting for a payment."))
    if view.url is None and view.client_secret is None:
        raise EdgeFailed(_("The payment page is being prepared. Try again in a moment."))
    return PaymentPage(view.id, view.url, view.client_secret)


def _give_way(order_id: int, hosted_in: str) -> None:
    """The buyer wants Stripe's own page in place of the one on ours, if there is one."""
    with transaction():
        lock_order(order_id)
        for attempt in list_attempts(order_id):
            if attempt.state in {"created", "open"} and attempt.is_on_our_page and attempt.gives_way_to is None:
                attempt.gives_way_to = hosted_in
                note(order_id, "payment_page_replaced", language=hosted_in)


def _give_up(attempt_id: int, refused: StripeRefused) -> str:
    """Note that Stripe has no page for an attempt, and why; the number of its order."""
    log.error("Stripe refused to open a payment page: %s", refused)
    with transaction():
        attempt = db.session.get_one(Attempt, attempt_id, with_for_update=True)
        if attempt.session_id is None and attempt.state == "created":
            attempt.state = "abandoned"
        note(attempt.order_id, "payment_refused", code=refused.code)
        return get_order_by_id(attempt.order_id).number


def _begin(order_id: int) -> Attempt | None:
    """The live attempt of an order, or a new one, committed before Stripe hears of it.

    None while Stripe has to be asked about an earlier one.
    """
    with transaction():
        _refuse_while_catching_up()
        order = lock_order(order_id)
        if order.state != "awaiting_payment":
            raise Conflict(_("This order is no longer waiting for a payment."), state=order.state)
        now = clock.now()
        attempts = list_attempts(order_id)
        for attempt in attempts:
            if attempt.state == "processing":
                raise Conflict(_("Your bank is still working on the payment of this order."))
            if attempt.state in {"created", "open"} and attempt.gives_way_to is not None:
                return None
            if attempt.state == "open":
                return attempt if attempt.expires_at > now else None
            if attempt.state == "created":
                return attempt if now - attempt.created_at < REPLAY else None
        # Money and stock end together: a new page lives as long as the hold is made to last.
        order.hold_until = now + HOLD
        key = f"{order.number}-{token()[:12]}"
        attempt = Attempt(
            order_id=order.id,
            key=key,
            amount_minor=order.total_minor,
            currency=order.currency,
            parameters=_parameters(order, attempts, key, int((now + SESSION_LIFE).timestamp())),
            state="created",
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
        db.session.add(attempt)
    return attempt


def _parameters(order: Order, earlier: Sequence[Attempt], key: str, expires_at: int) -> dict[str, Any]:
    """What Stripe is sent, JSON as stored and as sent again after a crash; `earlier` are the attempts before."""
    config, lines = settings(), list_lines(order.id)
    back = f"{config.base_url}/{order.language}/orders/{order.number}/return"
    signed = order_token(order.number, config.secret_key)
    # Enough for the order to be known again, should our own memory of it be lost (payments.lost).
    metadata = {
        "order": order.number,
        "attempt": key,
        "shop": config.base_url,
        "installation": installation_id(),
        "language": order.language,
    }
    parameters: dict[str, Any] = {
        "mode": "payment",
        "line_items": line_items(order, lines),
        "customer_email": order.email,
        "client_reference_id": order.number,
        "expires_at": expires_at,
        "metadata": metadata,
        "payment_intent_data": {
            "metadata": metadata,
            "description": f"Order {order.number}",
            "shipping": recipient_of(order.address),
        },
        "adaptive_pricing": {"enabled": False},
    }
    done = f"{back}?t={signed}&session_id={{CHECKOUT_SESSION_ID}}"
    chosen = [attempt.gives_way_to for attempt in earlier if attempt.gives_way_to]
    page = chosen[-1] if chosen else order.language
    if page in HOSTED_LANGUAGES:
        parameters |= {"locale": page, "success_url": done, "cancel_url": f"{back}?t={signed}"}
    else:
        # The language of a form on our page is told to Stripe's script.
        parameters |= {"ui_mode": "elements", "return_url": done}
    if any(line.kind == "one_of_a_kind" for line in lines):
        parameters["excluded_payment_method_types"] = DELAYED_METHODS
    return parameters


def save_session(attempt_id: int, view: SessionView) -> bool:
    """Remember the session Stripe gave an attempt, also one that was given up meanwhile.

    Opens its own transaction; doing it again changes nothing. Whether the order still waits for a payment: if not,
    nobody may be sent to the page, and the sweep closes it.
    """
    with transaction():
        order = lock_order(db.session.get_one(Attempt, attempt_id).order_id)
        attempt = db.session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        if attempt.session_id is None:
            attempt.remember(view.id, view.url, view.client_secret)
            if attempt.state in {"created", "abandoned"}:
                attempt.state = "open"
        return order.state == "awaiting_payment"


def return_view(order_id: int) -> str:
    """State of an order for the buyer who comes back from Stripe, asked at Stripe if it still waits for payment.

    Outside any transaction. Never raises for a silent Stripe: the state is then what we knew.
    """
    order = get_order_by_id(order_id)
    if order.state in {"awaiting_payment", "processing"}:
        try:
            with bulkhead():
                settle_order(order_id, patient=False)
        except (EdgeFailed, StripeRefused) as error:
            log.warning("order %s is shown as it was known: %s", order_id, error)
        order = get_order_by_id(order_id)
    return order.state
