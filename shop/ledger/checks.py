"""Whether the books are what they promise: every currency in balance."""

from shop.ledger.queries import list_balances


def unbalanced() -> list[str]:
    """One sentence per currency whose accounts do not sum to zero."""
    sums: dict[str, int] = {}
    for balance in list_balances():
        sums[balance.currency] = sums.get(balance.currency, 0) + balance.minor
    return [f"The accounts in {currency} sum to {minor}, not 0." for currency, minor in sorted(sums.items()) if minor]
