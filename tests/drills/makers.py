"""Makers who sell, hand over and are paid: what has to be there before money can go out to them."""

from sqlalchemy import func, select

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.policies import decide_policy
from shop.fulfilment import services as fulfilment
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.orders.models import Order, OrderLine
from shop.payouts.models import Batch, Transfer
from tests.builders import make_product, make_unit
from tests.drills.installation import Installation
from tests.drills.shelves import Goods, goods_of

RIB = "011519000001205000534921"
PAYING = {"name": "Maison de l’export", "account": "FR1420041010050500013M02606", "bic": "BNPAFRPP"}
# Days after which what was handed over can be paid, and a little.
DAYS = 15


def enrol(shop: Installation, number: int, stock: int) -> list[Goods]:
    """So many makers with an account at a bank and a light piece each, and an account to pay them from."""
    with shop.inside():
        with transaction():
            decide_policy("paying_account", PAYING, clock.today())
        units = [make_unit(rib=RIB) for _maker in range(number)]
        return [goods_of(make_product(unit, stock=stock, kind="repeatable", weight_grams=100)) for unit in units]


def hand_over_all(email: str) -> None:
    """Every maker of somebody's orders hands their line over."""
    rows = db.session.execute(
        select(OrderLine.id, OrderLine.unit_id, OrderLine.order_id)
        .join(Order, OrderLine.order_id == Order.id)
        .where(Order.email == email)
    ).all()
    for row in rows:
        with transaction():
            fulfilment.accept_line(row.id, unit_id=row.unit_id, actor=None)
            fulfilment.hand_over(
                row.order_id,
                unit_id=row.unit_id,
                line_ids=[row.id],
                carrier="Amana",
                tracking=f"EE{row.id}",
                handed_over_on=clock.today(),
                actor=None,
                on_behalf=True,
            )


def find_draft() -> str:
    """Public id of the batch that is still a draft; "" where there is none."""
    found = db.session.scalars(select(Batch.public_id).where(Batch.state == "draft")).all()
    assert len(found) <= 1, found
    return found[0] if found else ""


def list_approved() -> list[str]:
    """Public ids of transfers whose answer of the bank is awaited."""
    return list(
        db.session.scalars(select(Transfer.public_id).where(Transfer.state == "approved").order_by(Transfer.id))
    )


def count_transfers() -> dict[str, int]:
    """Transfers by state; what the books say went to the bank must be those that were executed."""
    rows = db.session.execute(select(Transfer.state, func.count(Transfer.id).label("count")).group_by(Transfer.state))
    sent = db.session.scalar(select(func.sum(Transfer.amount_minor)).where(Transfer.state == "executed"))
    booked = db.session.scalar(select(func.sum(Entry.amount_minor)).where(Entry.credit == accounts.BANK))
    assert sent == booked, (sent, booked)
    return {row.state: row.count for row in rows}
