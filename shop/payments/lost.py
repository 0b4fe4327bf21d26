"""An order that Stripe knows and we do not: what a restored database has forgotten, made anew from what Stripe was told.

Every session carries which installation made it, and every attempt is committed before Stripe hears of it: a session of
ours without an attempt can only mean that the database has gone back in time.
"""

import logging
from dataclasses import replace

from sqlalchemy import delete, select

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.core.policies import audit
from shop.orders.cart import CartView, add_to_cart, read_cart, set_choice
from shop.orders.checkout import place_order
from shop.orders.models import Cart, CartLine, Order
from shop.orders.queries import find_order, lock_order
from shop.orders.services import note
from shop.payments.gateway import SaleView, SessionView, gateway
from shop.payments.models import Attempt
from shop.payments.quarantine import put_aside, resolve
from shop.payments.queries import find_attempt, list_quarantine
from shop.payments.recipients import address_from
from shop.payments.settle import settle_order
from shop.shipping.charges import Goods

log = logging.getLogger("shop.lost")

# Kind of the entry in quarantine that keeps what could not be made anew.
KIND = "lost_order"
ORDER_IS_HERE = ("known", "adopted", "rebuilt")


class CannotRebuild(ShopError):
    """Stripe's word is not enough for an order of ours; the sentence says why."""


def is_ours(metadata: dict[str, str], own: str) -> bool:
    """Whether the installation of this id has made a session or payment, whatever it remembers of it."""
    return bool(metadata.get("attempt")) and metadata.get("installation") == own


def make_known(view: SessionView) -> str:
    """Make a session of ours known again. Outside any transaction; safe to repeat. Raises EdgeFailed.

    "known": we have its attempt; what Stripe says of it is applied. "adopted": its order is there, the attempt was not.
    "rebuilt": the order was made anew. "set aside": it was paid and cannot be made anew; all that Stripe knows of it
    stands in quarantine. "closed": nobody paid, and nobody can any more.
    """
    outcome = _find_or_make(view)
    if outcome in ORDER_IS_HERE and list_quarantine(kind=KIND, stripe_id=view.id):
        with transaction():
            resolve(list_quarantine(kind=KIND, stripe_id=view.id), "found")
    return outcome


def _find_or_make(view: SessionView) -> str:
    attempt = find_attempt(session_id=view.id, key=view.metadata.get("attempt"))
    if attempt is not None:
        settle_order(attempt.order_id)
        return "known"
    order = find_order(view.metadata.get("order", ""))
    if order is not None:
        with transaction():
            adopt(lock_order(order.id), view)
        settle_order(order.id)
        return "adopted"
    if view.status == "open":
        # Nobody shall pay for what nobody would know of.
        gateway().expire_session(view.id, f"expire-{view.metadata['attempt']}-{int(clock.now().timestamp())}")
        view = gateway().fetch_session(view.id)
    if view.status != "complete":
        return "closed"
    return _rebuild_or_set_aside(gateway().fetch_sale(view.id))


def adopt(order: Order, view: SessionView) -> Attempt:
    """Write down the attempt a session was opened by; the one there is if it was meanwhile. Inside a transaction.

    What was agreed is the order's; whether that is what was charged is settled as ever.
    """
    key, now = view.metadata.get("attempt") or f"{order.number}-{view.id}", clock.now()
    known = find_attempt(session_id=view.id, key=key)
    if known is not None:
        return known
    attempt = Attempt(
        order_id=order.id,
        key=key,
        amount_minor=order.total_minor,
        currency=order.currency,
        parameters={},
        state="open",
        session_id=view.id,
        session_url=view.url,
        client_secret=view.client_secret,
        created_at=now,
        expires_at=view.expires_at or now,
    )
    db.session.add(attempt)
    db.session.flush()
    note(order.id, "payment_found", session=view.id)
    return attempt


def _rebuild_or_set_aside(sale: SaleView) -> str:
    try:
        with transaction():
            order = _rebuild(sale)
            adopt(order, sale.session)
    except ShopError as problem:
        with transaction():
            _set_aside(sale, str(problem))
        return "set aside"
    settle_order(order.id)
    return "rebuilt"


def _rebuild(sale: SaleView) -> Order:
    """The order as it was paid: its lines, amounts, buyer and number; everything else as of today."""
    number, language = sale.session.metadata["order"], sale.session.metadata.get("language", "fr")
    if sale.recipient is None or not sale.email:
        raise CannotRebuild("Stripe does not know where it goes.")
    address = address_from(sale.recipient)
    cart = _cart_of(sale, address["country_code"], language)
    order = place_order(cart, email=sale.email, address=address, language=language)
    if order.total_minor != sale.session.amount_minor:
        raise CannotRebuild(f"Its total would be {order.total_minor} {order.currency}.")
    order.number, order.placed_at, order.cart_id = number, sale.created_at, None
    db.session.execute(delete(CartLine).where(CartLine.cart_id == cart.cart_id))
    db.session.execute(delete(Cart).where(Cart.id == cart.cart_id))
    note(order.id, "rebuilt", session=sale.session.id)
    audit(None, "rebuild order", "order", number, session=sale.session.id)
    return order


def _cart_of(sale: SaleView, country: str, language: str) -> CartView:
    """A cart with what was bought, at the prices that were charged, whatever they are today."""
    pieces = [item for item in sale.items if item.sku]
    known = {
        row.sku: row.id
        for row in db.session.execute(select(Variant.id, Variant.sku).where(Variant.sku.in_([i.sku for i in pieces])))
    }
    missing = [item.sku for item in pieces if item.sku not in known]
    if missing or not pieces:
        raise CannotRebuild(f"There is no piece {', '.join(missing)} any more.")
    token = None
    for item in pieces:
        cart = add_to_cart(token, known[item.sku], item.quantity, sale.session.currency)
        token = cart.token
    set_choice(cart, sale.session.currency, country)
    db.session.flush()
    view = read_cart(token, language)
    charged = {known[item.sku]: item.unit_minor for item in pieces}
    lines = tuple(
        replace(
            line,
            unit_price_minor=charged[line.variant_id],
            seen_minor=charged[line.variant_id],
            line_minor=charged[line.variant_id] * line.quantity,
        )
        for line in view.lines
    )
    if view.shipping is None or view.tariff is None:
        raise CannotRebuild(view.shipping_problem)
    goods = [Goods(line.line_minor, line.hs_code) for line in lines]
    # What was paid beside the pieces is postage, unless tax or duty came on top: then the postage of today is tried.
    beside = sum(item.unit_minor * item.quantity for item in sale.items if not item.sku)
    for postage in (view.shipping.amount_minor, beside):
        charges = view.tariff.charge(country, goods, postage)
        if charges.total_minor == sale.session.amount_minor:
            break
    return replace(view, lines=lines, goods_minor=sum(line.line_minor for line in lines), charges=charges)


def _set_aside(sale: SaleView, problem: str) -> None:
    """Keep what was paid and cannot be made anew: what people need to tell whose it is, and all that Stripe said."""
    if list_quarantine(kind=KIND, stripe_id=sale.session.id):
        return
    log.error("the lost session %s cannot be made an order again: %s", sale.session.id, problem)
    data = {
        "problem": problem,
        "order": sale.session.metadata["order"],
        "email": sale.email,
        "charged_minor": sale.session.amount_minor,
        "charged_currency": sale.session.currency,
        "payment_intent": sale.session.payment_intent,
        "charge": sale.session.charge,
        "description": _described(sale),
        "session": sale.raw,
    }
    put_aside(KIND, sale.session.id, data)


def _described(sale: SaleView) -> str:
    """What was bought and where it goes, in one line."""
    goods = ", ".join(f"{item.quantity} × {item.sku}" for item in sale.items if item.sku)
    address = ", ".join(part for part in (sale.recipient or {}).values() if part)
    return f"{goods}; {address}"
