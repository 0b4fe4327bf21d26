"""An order that Stripe knows and we do not: what a restored database has forgotten, made anew from what Stripe was told.

Every session carries which installation made it, and every attempt is committed before Stripe hears of it: a session of
ours without an attempt can only mean that the database has gone back in time.
"""

import logging
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, or_, select

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.core.policies import audit
from shop.orders.cart import CartView, add_to_cart, read_cart, set_choice
from shop.orders.checkout import place_order
from shop.orders.models import Cart, CartLine, Order
from shop.orders.services import note
from shop.payments.gateway import SaleView, SessionView, gateway
from shop.payments.models import Attempt, Quarantine
from shop.payments.quarantine import put_aside
from shop.payments.settle import settle_order

log = logging.getLogger("shop.lost")

# Kind of the entry in quarantine that keeps what could not be made anew.
KIND = "lost_order"
# Stripe's limits for a line of an address and a phone number.
LONGEST = 200


class CannotRebuild(ShopError):
    """Stripe's word is not enough for an order of ours; the sentence says why."""


def recipient_of(address: dict[str, Any]) -> dict[str, Any]:
    """A delivery address as Stripe takes it (docs.stripe.com/api/payment_intents/create, shipping)."""
    first, _newline, rest = str(address["street_address"]).partition("\n")
    more = [
        address.get("company", ""),
        *rest.split("\n"),
        address.get("city_area", ""),
        address.get("sorting_code", ""),
    ]
    told = {
        "line1": first,
        "line2": ", ".join(part for part in more if part),
        "city": address.get("city", ""),
        "state": address.get("country_area", ""),
        "postal_code": address.get("postal_code", ""),
        "country": address["country_code"],
    }
    recipient: dict[str, Any] = {
        "name": address["name"],
        "address": {name: value[:LONGEST] for name, value in told.items() if value},
    }
    if address.get("phone"):
        recipient["phone"] = address["phone"]
    return recipient


def _address_from(recipient: dict[str, str]) -> dict[str, str]:
    """An address of ours from one of Stripe's; what we had in fields of its own stands in the street's second line."""
    street = "\n".join(line for line in (recipient.get("line1", ""), recipient.get("line2", "")) if line)
    return {
        "name": recipient.get("name", ""),
        "company": "",
        "street_address": street,
        "city": recipient.get("city", ""),
        "city_area": "",
        "country_area": recipient.get("state", ""),
        "postal_code": recipient.get("postal_code", ""),
        "sorting_code": "",
        "country_code": recipient.get("country", ""),
        "phone": recipient.get("phone", ""),
    }


def is_ours(metadata: dict[str, str], own: str) -> bool:
    """Whether the installation of this id has made a session or payment, whatever it remembers of it."""
    return bool(metadata.get("attempt")) and metadata.get("installation") == own


def make_known(view: SessionView) -> str:
    """Make a session of ours known again. Outside any transaction; safe to repeat. Raises EdgeFailed.

    "known": we have its attempt; what Stripe says of it is applied. "adopted": its order is there, the attempt was not.
    "rebuilt": the order was made anew. "set aside": it was paid and cannot be made anew; all that Stripe knows of it
    stands in quarantine. "closed": nobody paid, and nobody can any more.
    """
    attempt = _find_attempt(view)
    if attempt is not None:
        settle_order(attempt.order_id)
        return "known"
    order = db.session.scalars(select(Order).where(Order.number == view.metadata.get("order", ""))).first()
    if order is not None:
        with transaction():
            _remember(order, view)
        settle_order(order.id)
        return "adopted"
    if view.status == "open":
        # Nobody shall pay for what nobody would know of.
        gateway().expire_session(view.id, f"expire-{view.metadata['attempt']}-{int(clock.now().timestamp())}")
        view = gateway().fetch_session(view.id)
    if view.status != "complete":
        return "closed"
    return _rebuild_or_set_aside(gateway().fetch_sale(view.id))


def _find_attempt(view: SessionView) -> Attempt | None:
    known = or_(Attempt.key == view.metadata.get("attempt", ""), Attempt.session_id == view.id)
    return db.session.scalars(select(Attempt).where(known).limit(1)).first()


def _remember(order: Order, view: SessionView) -> None:
    now = clock.now()
    db.session.add(
        Attempt(
            order_id=order.id,
            key=view.metadata["attempt"],
            amount_minor=order.total_minor,
            currency=order.currency,
            parameters={},
            state="open",
            session_id=view.id,
            session_url=view.url,
            created_at=now,
            expires_at=view.expires_at or now,
        )
    )


def _rebuild_or_set_aside(sale: SaleView) -> str:
    try:
        with transaction():
            order = _rebuild(sale)
            _remember(order, sale.session)
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
    address = _address_from(sale.recipient)
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
    goods = [item for item in sale.items if item.sku]
    known = {
        row.sku: row.id
        for row in db.session.execute(select(Variant.id, Variant.sku).where(Variant.sku.in_([i.sku for i in goods])))
    }
    missing = [item.sku for item in goods if item.sku not in known]
    if missing or not goods:
        raise CannotRebuild(f"There is no piece {', '.join(missing)} any more.")
    token = None
    for item in goods:
        cart = add_to_cart(token, known[item.sku], item.quantity, sale.session.currency)
        token = cart.token
    set_choice(cart, sale.session.currency, country)
    db.session.flush()
    view = read_cart(token, language)
    charged = {known[item.sku]: item.unit_minor for item in goods}
    lines = tuple(
        replace(
            line,
            unit_price_minor=charged[line.variant_id],
            seen_minor=charged[line.variant_id],
            line_minor=charged[line.variant_id] * line.quantity,
        )
        for line in view.lines
    )
    if view.shipping is None:
        raise CannotRebuild(view.shipping_problem)
    shipping = replace(view.shipping, amount_minor=sum(i.unit_minor * i.quantity for i in sale.items if not i.sku))
    return replace(view, lines=lines, goods_minor=sum(line.line_minor for line in lines), shipping=shipping)


def _set_aside(sale: SaleView, problem: str) -> None:
    """Keep what was paid and cannot be made anew: what people need to tell whose it is, and all that Stripe said."""
    seen = select(Quarantine.id).where(Quarantine.kind == KIND, Quarantine.stripe_id == sale.session.id)
    if db.session.scalar(seen) is not None:
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
