"""What is posted about a unit outside any sale: transfers to its bank account, and return freight it bears.

| event | source | source_id | rows |
|---|---|---|---|
| the bank has executed a transfer | payout | transfer | artisan_payable:{unit} to bank |
| the bank sends it back | payout_returned | transfer | bank to artisan_payable:{unit} |
| a maker bears the way back of a piece | adjustment | charge | artisan_payable:{unit} to return_freight |

Each is called inside the transaction of the event it records; a replay writes nothing.
"""

from datetime import date

from shop.core import clock
from shop.core.db import db, insert_new
from shop.ledger import accounts
from shop.ledger.models import Entry

PAYOUT, RETURNED, ADJUSTMENT = "payout", "payout_returned", "adjustment"


def post_transfer(transfer_id: str, unit_id: int, minor: int, currency: str, on: date) -> None:
    """Money has left for a unit's bank account. `on` is the bank's day."""
    _post(PAYOUT, transfer_id, "transfer", accounts.payable(unit_id), accounts.BANK, minor, currency, on, unit_id)


def post_transfer_returned(transfer_id: str, unit_id: int, minor: int, currency: str, on: date) -> None:
    """A transfer came back: the unit is owed it again."""
    _post(RETURNED, transfer_id, "transfer", accounts.BANK, accounts.payable(unit_id), minor, currency, on, unit_id)


def post_return_freight(
    charge_id: str, *, order_id: int, line_id: int, unit_id: int, minor: int, currency: str, on: date
) -> bool:
    """A maker bears what the way back of a piece cost. Whether it was written: a second click of one form does nothing."""
    debit, credit = accounts.payable(unit_id), accounts.RETURN_FREIGHT
    return _post(ADJUSTMENT, charge_id, "freight", debit, credit, minor, currency, on, unit_id, order_id, line_id)


def _post(
    source: str,
    source_id: str,
    leg: str,
    debit: str,
    credit: str,
    minor: int,
    currency: str,
    on: date,
    unit_id: int,
    order_id: int | None = None,
    line_id: int | None = None,
) -> bool:
    db.session.flush()
    return insert_new(
        Entry,
        source=source,
        source_id=source_id,
        leg=leg,
        debit=debit,
        credit=credit,
        amount_minor=minor,
        currency=currency,
        order_id=order_id,
        line_id=line_id,
        unit_id=unit_id,
        effective_on=on,
        posted_at=clock.now(),
    )
