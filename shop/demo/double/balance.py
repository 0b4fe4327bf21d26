"""Balance transactions: what a charge or refund does to the account, in its settlement currency.

Whether Stripe writes `exchange_rate` between major or minor units where exponents differ was not verified against
Stripe; here it is between major units, as in its documentation's example.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shop.demo.double import control, currencies
from shop.demo.double.events import emit
from shop.demo.double.operations import lists, reads
from shop.demo.double.params import DATED_PAGE, Currency, Fields, Text, absent
from shop.demo.double.state import State

DAY = 24 * 3600
AVAILABLE_AFTER = 7 * DAY
# Per settlement currency: hundredths of a per cent, and minor units per charge. Kept when a charge is refunded.
FEES = {"eur": (290, 30)}
JOB = "job"


def book(state: State, thing: dict[str, Any], *, not_before: int = 0) -> None:
    """Give a charge or refund its balance transaction, now or after the time `balance_delay` names."""
    delay = control.value(state, "balance_delay")["seconds"]
    due = max(state.now() + delay, not_before)
    if due <= state.now():
        _attach(state, thing, state.now())
        return
    job = {"id": state.new_id("job_"), "object": JOB, "created": state.now(), "source": thing["id"]}
    state.add(job, due=due)


def expected_at(state: State, source: str) -> int:
    """When the balance transaction of a charge is due, 0 when it stands already."""
    row = state.db.execute(
        "SELECT due FROM object WHERE kind = ? AND json_extract(body, '$.source') = ?", (JOB, source)
    ).fetchone()
    return row["due"] if row else 0


def book_due(state: State, now: int) -> None:
    """Write the balance transactions whose time has come, with the event that tells of them."""
    for due, job in state.due(JOB, now):
        thing = state.find(job["source"])
        state.remove(job["id"])
        if thing is None:
            continue
        _attach(state, thing, due)
        kind = "charge.updated" if thing["object"] == "charge" else "refund.updated"
        emit(state, kind, thing, previous={"balance_transaction": None}, at=due)


def _attach(state: State, thing: dict[str, Any], at: int) -> None:
    transaction = _transaction(state, thing, at)
    state.add(transaction)
    thing["balance_transaction"] = transaction["id"]
    state.put(thing)


def _transaction(state: State, thing: dict[str, Any], at: int) -> dict[str, Any]:
    settlement = currencies.SETTLEMENT
    currency = thing["currency"]
    rate = currencies.rate(currency, at // DAY, state.seed)
    amount = currencies.settle(thing["amount"], currency, rate)
    is_charge = thing["object"] == "charge"
    fee = _fee(amount) if is_charge else 0
    signed = amount if is_charge else -amount
    description = thing["description"] if is_charge else f"REFUND FOR CHARGE ({thing['charge']})"
    return {
        "id": state.new_id("txn_3"),
        "object": "balance_transaction",
        "amount": signed,
        "available_on": at - at % DAY + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": at,
        "currency": settlement,
        "description": description,
        # JSON has no decimals: the only number here that is not an integer, and no amount.
        "exchange_rate": None if currency == settlement else float(rate),
        "fee": fee,
        "fee_details": [_fee_detail(fee)] if fee else [],
        "net": signed - fee,
        "reporting_category": "charge" if is_charge else "refund",
        "source": thing["id"],
        "status": "pending",
        "type": "charge" if is_charge else "refund",
    }


def _fee(amount: int) -> int:
    points, fixed = FEES[currencies.SETTLEMENT]
    share = (Decimal(amount) * points / 10000).quantize(Decimal(1), ROUND_HALF_UP)
    return int(share) + fixed


def _fee_detail(fee: int) -> dict[str, Any]:
    return {
        "amount": fee,
        "application": None,
        "currency": currencies.SETTLEMENT,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }


OPERATIONS = (
    lists(
        "GetBalanceTransactions",
        "balance_transaction",
        Fields({**DATED_PAGE, "currency": Currency(), "source": Text(), "type": Text(), **absent("payout")}),
    ),
    reads("GetBalanceTransactionsId", "balance_transaction"),
)
