"""Moroccan bank account numbers (RIB), and the IBAN of whoever pays. Pure.

A RIB has 24 digits: bank 3, locality 3, account 16, key 2 (the BBAN of Morocco in the IBAN Registry of SWIFT, ISO 13616).
The key is 97 less the remainder of the other 22 digits, with two zeros behind them, by 97: then the whole number is
divisible by 97 (the method of the clé RIB; checked on the registry's example and on accounts of Bank Al-Maghrib).
"""

import re

LENGTH = 24
SEPARATORS = re.compile(r"[\s.\-\u00a0\u202f\u2066-\u2069]+")


class RibWrong(ValueError):
    """`why` is length, digits or key."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def key_of(first: str) -> str:
    """The key of the first 22 digits of a RIB, "01" to "97"."""
    return f"{97 - int(first + '00') % 97:02d}"


def parse_rib(text: str) -> str:
    """24 digits from what people type: spaces, dots and hyphens between, Arabic-Indic digits, MA and its key before.

    Raises RibWrong.
    """
    compact = SEPARATORS.sub("", text).upper()
    if re.fullmatch(r"MA\d{26}", compact):
        # As an IBAN: what follows the country and its own two check digits is the RIB.
        compact = compact[4:]
    if not compact.isdecimal():
        raise RibWrong("digits")
    # isdecimal takes the digits of every script, and int reads them.
    digits = "".join(str(int(digit)) for digit in compact)
    if len(digits) != LENGTH:
        raise RibWrong("length")
    if digits[22:] != key_of(digits[:22]):
        raise RibWrong("key")
    return digits


def is_rib(text: str | None) -> bool:
    """Whether a stored number is a RIB as parse_rib gives it."""
    try:
        return text is not None and parse_rib(text) == text
    except RibWrong:
        return False


def grouped(rib: str) -> str:
    """As it is printed on a bank's paper: 011 519 0000012050005349 21."""
    return f"{rib[:3]} {rib[3:6]} {rib[6:22]} {rib[22:]}"


def masked(rib: str) -> str:
    """Enough for its owner to know it by, and no more: the bank, and the last four digits."""
    return f"{rib[:3]} ••• •••• {rib[20:22]} {rib[22:]}"


def shown(account: str) -> str:
    """An account number in the groups it is printed in: a RIB as above, an IBAN by fours (ISO 13616)."""
    if is_rib(account):
        return grouped(account)
    return " ".join(account[start : start + 4] for start in range(0, len(account), 4))


def is_iban(text: str) -> bool:
    """Whether a compact IBAN has its check digits (ISO 13616: the letters as numbers, modulo 97 is 1)."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def compact(text: str) -> str:
    """An account number without what people write between its signs."""
    return SEPARATORS.sub("", text).upper()
