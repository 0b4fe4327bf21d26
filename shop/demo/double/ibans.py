"""Stripe's test accounts for SEPA debit and what becomes of a debit of each.

Source: https://docs.stripe.com/payments/sepa-debit/accept-a-payment#test-integration
"""

import re
from dataclasses import dataclass

from shop.demo.double import control
from shop.demo.double.state import State

METHOD = "sepa_debit"
CURRENCY = "eur"


@dataclass(frozen=True)
class TestAccount:
    """An IBAN and its fate: the bank pays, refuses, or pays and its customer takes the money back."""

    iban: str
    fails: bool = False
    disputed: bool = False


ACCOUNTS = {
    account.iban: account
    for account in (
        TestAccount("FR1420041010050500013M02606"),
        TestAccount("FR3020041010050500013M02609"),
        TestAccount("FR8420041010050500013M02607", fails=True),
        TestAccount("FR7920041010050500013M02600", fails=True),
        TestAccount("FR5720041010050500013M02608", disputed=True),
        TestAccount("AT611904300234573201"),
        TestAccount("AT321904300235473204"),
        TestAccount("AT861904300235473202", fails=True),
        TestAccount("DE89370400440532013000"),
        TestAccount("DE08370400440532013003"),
        TestAccount("DE62370400440532013001", fails=True),
        TestAccount("DE78370400440532013004", fails=True),
        TestAccount("DE35370400440532013002", disputed=True),
    )
}


def list_methods(state: State, currency: str) -> list[str]:
    """How something in a currency can be paid on the pay page."""
    debit = currency == CURRENCY and control.value(state, "bank_debit")["offered"]
    return ["card", METHOD] if debit else ["card"]


def shown(iban: str) -> dict[str, str]:
    """What Stripe shows of an account: never its number."""
    bank, branch = (iban[4:9], iban[9:14]) if iban.startswith("FR") else (iban[4:12], "")
    return {
        "bank_code": bank,
        "branch_code": branch,
        "country": iban[:2],
        "fingerprint": f"demo{iban[-4:]}{METHOD}",
        "last4": iban[-4:],
    }


def passes_check(text: str) -> bool:
    """Whether it is an IBAN with the right check digits. Source: ISO 13616."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1
