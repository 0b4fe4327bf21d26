"""Balance transactions: what a charge, refund, dispute or payout does to the account, in its settlement currency.

Whether Stripe writes `exchange_rate` between major or minor units where exponents differ was not verified against
Stripe; here it is between major units, as in its documentation's example.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shop.demo.double import control, currencies, jobs
from shop.demo.double.events import emit
from shop.demo.double.operations import lists, operation, reads
from shop.demo.double.params import DATED_PAGE, EXPAND, Currency, Fields, Text
from shop.demo.double.state import State

KIND = "balance_transaction"
DAY = 24 * 3600
AVAILABLE_AFTER = 7 * DAY
# Hundredths of a per cent, and euro cents per charge. Kept when a charge is refunded.
FEE_SHARE, FEE_FIXED = 290, 30
# Euro cents for a debit of a bank account.
DEBIT_FEE = 35
# Euro cents, whatever becomes of the dispute. Source: https://stripe.com/fr/pricing
DISPUTE_FEE = 2000


@dataclass(frozen=True)
class Settled:
    """An amount in the currency it settles in, minor units; `rate` is None where nothing was exchanged."""

    amount: int
    currency: str
    rate: Decimal | None


def settlement_of(state: State, currency: str) -> str:
    """The currency of the account's balance that takes what is charged in a currency."""
    chosen = control.value(state, "settlement")
    return currency if currency in chosen["also"] else str(chosen["currency"])


def settle(state: State, amount: int, currency: str, settlement: str) -> Settled:
    """An amount exchanged at the rate of the day."""
    if currency == settlement:
        return Settled(amount, settlement, None)
    rate = currencies.rate(currency, state.now() // DAY, state.seed, settlement)
    return Settled(currencies.settle(amount, currency, rate, settlement), settlement, rate)


def euro_fee(cents: int, settlement: str) -> int:
    """A fee that is fixed in euro cents, in the settlement currency; the day does not move it."""
    rate = currencies.fixed_rate("eur", settlement)
    return currencies.settle(cents, "eur", rate, settlement)


def record(
    state: State,
    kind: str,
    category: str,
    source: str,
    settled: Settled,
    description: str | None,
    *,
    fee: int = 0,
    fee_name: str = "Stripe processing fees",
    available_after: int = 0,
) -> dict[str, Any]:
    """Write a balance transaction. `settled` is signed; `fee` is what Stripe keeps, negative when it gives back."""
    rate = settled.rate
    details = {
        "amount": fee,
        "application": None,
        "currency": settled.currency,
        "description": fee_name,
        "type": "stripe_fee",
    }
    now = state.now()
    return state.add(
        {
            "id": state.new_id("txn_3"),
            "object": KIND,
            "amount": settled.amount,
            "available_on": now - now % DAY + available_after if available_after else now,
            "balance_type": "payments",
            "created": now,
            "currency": settled.currency,
            "description": description,
            # JSON has no decimals: the only number here that is not an integer, and no amount.
            "exchange_rate": None if rate is None else float(rate),
            "fee": fee,
            "fee_details": [details] if fee else [],
            "net": settled.amount - fee,
            "reporting_category": category,
            "source": source,
            "status": "pending",
            "type": kind,
        }
    )


def mirror(
    state: State, transaction: dict[str, Any], kind: str, category: str, description: str | None
) -> dict[str, Any]:
    """Write the balance transaction that takes another back: the same amount, without its fee."""
    rate = transaction["exchange_rate"]
    settled = Settled(-transaction["amount"], transaction["currency"], None if rate is None else Decimal(str(rate)))
    return record(state, kind, category, transaction["source"], settled, description)


def book(state: State, thing: dict[str, Any]) -> None:
    """Give a charge or refund its balance transaction, now or after the time `balance_delay` names.

    A refund waits for that of its charge.
    """
    due = state.now() + control.value(state, "balance_delay")["seconds"]
    charge = thing.get("charge")
    waiting = jobs.find(state, "book", charge) if charge else None
    due = max(due, waiting[1] if waiting else 0)
    if due > state.now():
        jobs.later(state, due, "book", thing["id"])
    else:
        _attach(state, thing)


def book_late(state: State, job: dict[str, Any]) -> None:
    """Write a balance transaction that was put off, with the event that tells of it."""
    thing = state.find(job["source"])
    if thing is not None:
        _attach(state, thing)
        kind = "charge.updated" if thing["object"] == "charge" else "refund.updated"
        emit(state, kind, thing, previous={"balance_transaction": None})


def book_now(state: State, thing: dict[str, Any]) -> dict[str, Any]:
    """Write at once what was put off; the object as it then is."""
    if jobs.drop(state, "book", thing["id"]):
        book_late(state, {"source": thing["id"]})
    return state.find(thing["id"]) or thing


def _attach(state: State, thing: dict[str, Any]) -> None:
    written = _of_charge(state, thing) if thing["object"] == "charge" else _of_refund(state, thing)
    thing["balance_transaction"] = written["id"]
    state.put(thing)


def _of_charge(state: State, charge: dict[str, Any]) -> dict[str, Any]:
    settled = settle(state, charge["amount"], charge["currency"], settlement_of(state, charge["currency"]))
    by_card = _by_card(charge)
    share = (Decimal(settled.amount) * FEE_SHARE / 10000).quantize(Decimal(1), ROUND_HALF_UP)
    card_fee = int(share) + euro_fee(FEE_FIXED, settled.currency)
    return record(
        state,
        "charge" if by_card else "payment",
        "charge",
        charge["id"],
        settled,
        charge["description"],
        fee=card_fee if by_card else euro_fee(DEBIT_FEE, settled.currency),
        available_after=0 if state.hidden(charge["id"]).get("quick") else AVAILABLE_AFTER,
    )


def _by_card(charge: dict[str, Any]) -> bool:
    """Of what is no card's, Stripe calls the transactions payments."""
    return bool(charge["payment_method_details"]["type"] == "card")


def _of_refund(state: State, refund: dict[str, Any]) -> dict[str, Any]:
    charge = state.find(refund["charge"]) or {}
    kind = "refund" if _by_card(charge) else "payment_refund"
    settlement = settled_in(state, charge, refund["currency"])
    settled = settle(state, -refund["amount"], refund["currency"], settlement)
    description = f"REFUND FOR CHARGE ({refund['charge']})"
    return record(state, kind, "refund", refund["id"], settled, description, available_after=AVAILABLE_AFTER)


def settled_in(state: State, charge: dict[str, Any], currency: str) -> str:
    """The currency a charge was settled in: what is taken back of it comes from there."""
    booked = state.find(charge.get("balance_transaction") or "")
    return str(booked["currency"]) if booked else settlement_of(state, currency)


def totals(state: State) -> dict[str, dict[str, int]]:
    """What the account holds in each currency, minor units: `available` and `pending`."""
    rows = state.db.execute(
        "SELECT json_extract(body, '$.currency') AS currency, json_extract(body, '$.available_on') <= ? AS ready,"
        " sum(json_extract(body, '$.net')) AS net FROM object WHERE kind = ? GROUP BY 1, 2",
        (state.now(), KIND),
    ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        one = found.setdefault(row["currency"], {"available": 0, "pending": 0})
        one["available" if row["ready"] else "pending"] += row["net"]
    return found or {settlement_of(state, currencies.EURO): {"available": 0, "pending": 0}}


def show(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """The account's balance."""
    held = sorted(totals(state).items())
    parts = {
        name: [
            {"amount": one[name], "currency": currency, "source_types": {"card": one[name]}} for currency, one in held
        ]
        for name in ("available", "pending")
    }
    return {"object": "balance", **parts, "livemode": False}


OPERATIONS = (
    lists(
        "GetBalanceTransactions",
        KIND,
        Fields({**DATED_PAGE, "currency": Currency(), "payout": Text(), "source": Text(), "type": Text()}),
    ),
    reads("GetBalanceTransactionsId", KIND),
    operation("GetBalance", "GET", "/v1/balance", Fields(EXPAND), show),
)
