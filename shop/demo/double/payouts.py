"""Payouts: what is available leaves the account for the bank, by itself or on request, and may come back.

Source: https://docs.stripe.com/payouts. Only an automatic payout knows its balance transactions.
"""

from typing import Any

from shop.demo.double import balance, control, jobs
from shop.demo.double.balance import DAY, Settled
from shop.demo.double.changes import change
from shop.demo.double.currencies import money_text
from shop.demo.double.errors import ApiError, invalid
from shop.demo.double.events import emit
from shop.demo.double.operations import ONE, lists, operation, reads
from shop.demo.double.params import (
    DATED_PAGE,
    EXPAND,
    Choice,
    Created,
    Currency,
    Fields,
    Integer,
    Metadata,
    MetadataChange,
    Text,
    absent,
)
from shop.demo.double.resources import get
from shop.demo.double.state import State

KIND = "payout"
BANK_ACCOUNT = "ba_1DemonstrationAccountBank"
CREATE = Fields(
    {
        "amount": Integer(),
        "currency": Currency(),
        "description": Text(),
        "metadata": Metadata(),
        "method": Choice("standard", absent=("instant",)),
        "source_type": Choice("card", absent=("bank_account", "fpx")),
        "statement_descriptor": Text(22),
        **EXPAND,
        **absent("destination", "payout_method"),
    },
    ("amount", "currency"),
)
# What Stripe says of each code. Source: https://docs.stripe.com/api/payouts/failures
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "no_account": "The bank account could not be located.",
}


def create(state: State, params: dict[str, Any], host: str) -> dict[str, Any]:
    """Pay out an amount; raises Stripe's refusal when less is available."""
    amount, currency = params["amount"], params["currency"]
    if amount <= 0:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    available = balance.totals(state).get(currency, {}).get("available", 0)
    if amount > available:
        text = money_text(max(available, 0), currency)
        raise ApiError(
            400,
            f"You have insufficient funds in your Stripe account for this payout: {text} is available.",
            code="balance_insufficient",
            param="amount",
        )
    return _send(state, amount, currency, params)


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Change a payout's metadata."""
    return change(state, "payout.updated", get(state, KIND, identifier), params)


def cancel(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Keep the money after all, as long as the bank has not been told."""
    payout = get(state, KIND, identifier)
    if payout["status"] != "pending":
        raise ApiError(400, f"Payouts can only be canceled while pending; this one is {payout['status']}.")
    jobs.drop(state, "arrive", identifier)
    _take_back(state, payout, "payout_cancel")
    payout["status"] = "canceled"
    emit(state, "payout.canceled", state.put(payout), previous={"status": "pending"})
    return payout


def pay_out(state: State) -> list[dict[str, Any]]:
    """Send what is available in each currency, as an automatic payout; nothing where nothing is owed to us."""
    made = []
    for currency, held in sorted(balance.totals(state).items()):
        if held["available"] > 0:
            made.append(_send(state, held["available"], currency, {}, automatic=True))
    return made


def run(state: State, job: dict[str, Any]) -> None:
    """A day of the payout schedule."""
    pay_out(state)
    schedule(state)


def schedule(state: State) -> None:
    """Note the next day of the schedule that the control `payouts` names."""
    jobs.drop(state, "run_payouts", KIND)
    days = control.value(state, "payouts")["every_days"]
    if days:
        now = state.now()
        jobs.later(state, now - now % DAY + days * DAY, "run_payouts", KIND)


def arrive(state: State, job: dict[str, Any]) -> None:
    """The day a payout should be at the bank."""
    payout = state.find(job["source"]) or {}
    failing = control.spend(state, "payouts", "fail")
    if failing:
        fail(state, payout, failing["failure_code"])
    else:
        settle(state, payout)


def settle(state: State, payout: dict[str, Any]) -> dict[str, Any]:
    """A payout reached the bank."""
    if payout["status"] not in ("pending", "in_transit"):
        raise invalid(f"Payout {payout['id']} is {payout['status']} already.", "payout")
    jobs.drop(state, "arrive", payout["id"])
    before = payout["status"]
    payout["status"] = "paid"
    emit(state, "payout.paid", state.put(payout), previous={"status": before})
    return payout


def fail(state: State, payout: dict[str, Any], code: str) -> dict[str, Any]:
    """The bank sent a payout back, possibly days after it was called paid."""
    if payout["status"] in ("failed", "canceled"):
        raise invalid(f"Payout {payout['id']} is {payout['status']} already.", "payout")
    jobs.drop(state, "arrive", payout["id"])
    before = payout["status"]
    _take_back(state, payout, "payout_failure")
    payout |= {"status": "failed", "failure_code": code, "failure_message": FAILURES.get(code, "The payout failed.")}
    emit(state, "payout.failed", state.put(payout), previous={"status": before})
    return payout


def _take_back(state: State, payout: dict[str, Any], kind: str) -> None:
    sent = state.find(payout["balance_transaction"]) or {}
    written = balance.mirror(state, sent, kind, "payout_reversal", "REFUND FOR PAYOUT (STRIPE PAYOUT)")
    payout["failure_balance_transaction"] = written["id"]


def _send(
    state: State, amount: int, currency: str, params: dict[str, Any], *, automatic: bool = False
) -> dict[str, Any]:
    identifier = state.new_id("po_1")
    written = balance.record(
        state,
        "payout",
        "payout",
        identifier,
        Settled(-amount, currency, None),
        params.get("description", "STRIPE PAYOUT"),
    )
    if automatic:
        _mark(state, identifier, currency)
    arrival = state.now() + control.value(state, "payouts")["arrive_days"] * DAY
    payout = state.add(_payout(state, identifier, amount, currency, params, automatic))
    payout |= {"arrival_date": arrival - arrival % DAY, "balance_transaction": written["id"]}
    jobs.later(state, arrival, "arrive", identifier)
    emit(state, "payout.created", state.put(payout))
    if automatic:
        emit(state, "payout.reconciliation_completed", payout)
    return payout


def _mark(state: State, payout: str, currency: str) -> None:
    """Note what leaves with a payout: all that is available and has not left before."""
    state.db.execute(
        "UPDATE object SET hidden = json_set(hidden, '$.payout', ?) WHERE kind = ?"
        " AND json_extract(hidden, '$.payout') IS NULL AND json_extract(body, '$.currency') = ?"
        " AND json_extract(body, '$.available_on') <= ?",
        (payout, balance.KIND, currency, state.now()),
    )


def _payout(
    state: State, identifier: str, amount: int, currency: str, params: dict[str, Any], automatic: bool
) -> dict[str, Any]:
    return {
        "id": identifier,
        "object": KIND,
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": 0,
        "automatic": automatic,
        "balance_transaction": None,
        "created": state.now(),
        "currency": currency,
        "description": params.get("description", "STRIPE PAYOUT" if automatic else None),
        "destination": BANK_ACCOUNT,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "in_transit" if automatic else "pending",
        "trace_id": None,
        "type": "bank_account",
    }


OPERATIONS = (
    operation("PostPayouts", "POST", "/v1/payouts", CREATE, create),
    lists(
        "GetPayouts",
        KIND,
        Fields({**DATED_PAGE, "arrival_date": Created(), "destination": Text(), "status": Text()}),
    ),
    reads("GetPayoutsPayout", KIND),
    operation("PostPayoutsPayout", "POST", "/v1/payouts/{}", Fields({"metadata": MetadataChange(), **EXPAND}), update),
    operation("PostPayoutsPayoutCancel", "POST", "/v1/payouts/{}/cancel", ONE, cancel),
)
