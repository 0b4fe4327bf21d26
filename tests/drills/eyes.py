"""What a drill looks at afterwards: states of orders here, charges at Stripe."""

from collections import Counter

from sqlalchemy import func, select

from shop.core.db import db
from shop.orders.models import Order
from tests.drills.installation import Installation


def read_orders() -> list[tuple[str, str, str]]:
    """E-mail, number and state of every order, oldest first."""
    rows = db.session.execute(select(Order.email, Order.number, Order.state).order_by(Order.id))
    return [(row.email, row.number, row.state) for row in rows]


def read_states() -> dict[str, int]:
    """How many orders are in which state."""
    rows = db.session.execute(select(Order.state, func.count(Order.id).label("count")).group_by(Order.state))
    return {row.state: row.count for row in rows}


def charges_of(shop: Installation) -> Counter[str]:
    """How often each order was charged at Stripe, whatever became of the money."""
    return Counter(
        charge["metadata"]["order"] for charge in shop.stripe_list("charges") if charge["status"] == "succeeded"
    )
