"""Dated policies and the audit trail: reads and the one write of each."""

from datetime import date
from typing import Any

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, insert_new
from shop.core.tables import Audit, Installation, Policy
from shop.core.versions import touch

# What holds where the operator has decided nothing yet.
DEFAULTS: dict[str, Any] = {
    "commission_bp": 1000,
    # Who bears Stripe's fee on the goods: "maker" or "operator" (the operator always bears it on the shipping).
    "fee_bearer": "maker",
    # Who bears exchange differences and the fees Stripe keeps when a sale is refunded.
    "loss_bearer": "operator",
    # Who bears Stripe's fee for a dispute, and what the way back of a piece costs.
    "dispute_fee_bearer": "operator",
    "freight_bearer": "operator",
    "domestic_codes": ["MA", "EH"],
    "available_after_days": 14,
    # Days after the hand-over in which a refund keeps a sale from counting as settled.
    "refund_window_days": 30,
    # Days a parcel is taken to need at most where nobody says when it arrived; then the days to withdraw are counted.
    "delivery_allowance_days": 30,
    # Orders that may be begun in a quarter of an hour: from one network, for one e-mail address, in all.
    "order_limits": {"network": 40, "email": 10, "all": 1500},
    # What a suggested price adds to the maker's ask: commission, payment fee, and room for exchange.
    "price_margin_bp": 1600,
    # What a payment is taken to cost when a maker is told about what will arrive.
    "fee_estimate_bp": 350,
    # What can be paid in; the first is the one of an address that names none.
    "currencies": ["EUR", "USD", "GBP", "AED"],
    # Who answers for the pieces in the European Union: {"name", "postal_address", "email"}; none until it is decided.
    "eu_responsible_person": None,
    "operator": {"name": "Maison de l’export (demonstration)", "email": "contact@example.org"},
    # From which account makers are paid: {"name", "account" (IBAN or RIB), "bic"}; none until it is decided.
    "paying_account": None,
}


def get_policy(key: str, on: date | None = None) -> Any:
    """The decision that holds on a day (default: today). Raises KeyError for a key that has no default."""
    day = on or clock.today()
    row = db.session.execute(
        select(Policy.value).where(Policy.key == key, Policy.from_on <= day).order_by(Policy.from_on.desc()).limit(1)
    ).first()
    return row.value if row else DEFAULTS[key]


def list_decisions(key: str) -> list[Policy]:
    """All decisions of a kind, the earliest first; those that will hold only later are among them."""
    return list(db.session.scalars(select(Policy).where(Policy.key == key).order_by(Policy.from_on)))


def decide_policy(key: str, value: Any, from_on: date) -> Any:
    """Write a dated decision; the past keeps the one it had. A second one for the same day takes the place of the first.

    Answers what had been decided for that very day, or None.
    """
    touch()
    if insert_new(Policy, key=key, value=value, from_on=from_on):
        return None
    same_day = select(Policy).where(Policy.key == key, Policy.from_on == from_on).with_for_update()
    known = db.session.scalars(same_day.execution_options(populate_existing=True)).one()
    before, known.value = known.value, value
    return before


def audit(actor: int | None, action: str, subject: str, subject_id: object, **data: Any) -> None:
    """Add a line to the audit trail, in the current transaction."""
    db.session.add(
        Audit(at=clock.now(), actor=actor, action=action, subject=subject, subject_id=str(subject_id), data=data)
    )


def is_demo() -> bool:
    """Whether the database bears the demo's mark, which only `shop demo` writes."""
    return db.session.get(Installation, "demo") is not None
