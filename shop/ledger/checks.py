"""Whether the books are what they promise: guards in place, every currency in balance."""

from sqlalchemy import text

from shop.core.db import db, dialect
from shop.ledger.models import POSTGRESQL_GUARDS, SQLITE_GUARDS
from shop.ledger.queries import list_balances


def missing_guards() -> list[str]:
    """One sentence per trigger that should keep the ledger append-only and is not there."""
    if dialect() == "sqlite":
        wanted = set(SQLITE_GUARDS)
        found = set(db.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    else:
        wanted = set(POSTGRESQL_GUARDS)
        found = set(db.session.scalars(text("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")))
    return [f"The trigger {name} is missing: ledger rows could be changed." for name in sorted(wanted - found)]


def unbalanced() -> list[str]:
    """One sentence per currency whose accounts do not sum to zero."""
    sums: dict[str, int] = {}
    for balance in list_balances():
        sums[balance.currency] = sums.get(balance.currency, 0) + balance.minor
    return [f"The accounts in {currency} sum to {minor}, not 0." for currency, minor in sorted(sums.items()) if minor]
