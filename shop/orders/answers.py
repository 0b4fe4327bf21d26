"""What a buyer has typed at checkout, kept with the cart as it was typed, right or wrong.

So a step back, another language or a refused payment loses nothing; it is looked at anew each time it is used. Forgotten
soon after the payment, and with the cart's cookie when nothing came of it.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import exists, func, or_, select, update

from shop.core import clock
from shop.core.db import db, transaction
from shop.orders.cart import find_cart
from shop.orders.models import Cart, Order

# As long as the cookie of the cart.
KEPT = timedelta(days=30)
LONGEST = 500


def keep_answers(token: str | None, typed: Mapping[str, str]) -> None:
    """Keep what was typed in place of what was kept before. Inside a transaction; harmless without a cart."""
    cart = find_cart(token)
    if cart is not None:
        cart.answers = {name: text[:LONGEST] for name, text in typed.items()}
        cart.updated_at = clock.now()


def find_answers(token: str | None) -> dict[str, str]:
    """What was typed for a cart, by the name of its field; empty where nothing was."""
    if not token:
        return {}
    return dict(db.session.scalar(select(Cart.answers).where(Cart.token == token)) or {})


def forget_answers() -> None:
    """Forget what was typed for carts that were paid for, or that nobody has touched for long. Opens its own transaction.

    A round of the worker's, not a part of settling: that is to take no statement more than the money needs.
    """
    paid = exists().where(Order.cart_id == Cart.id, Order.paid_at >= Cart.updated_at)
    over = or_(Cart.updated_at < clock.now() - KEPT, paid)
    with transaction():
        db.session.execute(update(Cart).where(Cart.answers.is_not(None), over).values(answers=None))


def forget_own_answers(token: str | None, email: str) -> None:
    """Forget what was typed, or taken from earlier orders, for the cart of a cookie, if it is of this e-mail address.
    Inside a transaction."""
    typed = func.lower(Cart.answers["email"].as_string()) == email.lower()
    db.session.execute(update(Cart).where(Cart.token == (token or ""), typed).values(answers=None))


def erase_answers(email: str) -> None:
    """Forget what was typed beside an e-mail address, and for every cart its orders came from. Inside a transaction."""
    typed = func.lower(Cart.answers["email"].as_string()) == email.lower()
    bought = Cart.id.in_(select(Order.cart_id).where(Order.email == email, Order.cart_id.is_not(None)))
    db.session.execute(update(Cart).where(or_(typed, bought)).values(answers=None))
