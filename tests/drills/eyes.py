"""What a drill looks at afterwards: states of orders here, charges at Stripe."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from shop.core.db import db
from shop.ledger import accounts
from shop.ledger.queries import list_balances
from shop.orders.models import Order
from tests.drills.installation import Installation


@dataclass(frozen=True)
class Seen:
    """An order as it stands; `email` tells which buyer of the drill it belongs to."""

    email: str
    number: str
    state: str


def read_orders() -> list[Seen]:
    """Every order, oldest first."""
    rows = db.session.execute(select(Order.email, Order.number, Order.state).order_by(Order.id))
    return [Seen(*row) for row in rows]


def read_states() -> dict[str, int]:
    """How many orders are in which state."""
    rows = db.session.execute(select(Order.state, func.count(Order.id).label("count")).group_by(Order.state))
    return {row.state: row.count for row in rows}


def charges_of(shop: Installation) -> Counter[str]:
    """How often each order was charged at Stripe, whatever became of the money."""
    return Counter(
        charge["metadata"]["order"] for charge in shop.stripe_list("charges") if charge["status"] == "succeeded"
    )


def at_stripe_per_currency(shop: Installation) -> dict[str, int]:
    """What Stripe's balance transactions sum to."""
    found: Counter[str] = Counter()
    for row in shop.stripe_list("balance_transactions"):
        found[row["currency"].upper()] += row["net"]
    return {currency: net for currency, net in found.items() if net}


def books_at_stripe() -> dict[str, int]:
    """What the books say stands at Stripe."""
    return {
        balance.currency: -balance.minor for balance in list_balances() if balance.account == accounts.STRIPE_BALANCE
    }
