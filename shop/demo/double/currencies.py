"""Currencies as Stripe counts them, and the rates at which the double's account exchanges them.

Source of the exponents: https://docs.stripe.com/currencies (zero-decimal, three-decimal and special cases).
"""

import hashlib
from decimal import ROUND_HALF_UP, Decimal

EURO = "eur"

# Euro for one unit. Demonstration values near those of 2026; the day and the seed move them by up to one per cent.
RATES = {
    "aed": "0.2505",
    "aud": "0.61",
    "bhd": "2.44",
    "brl": "0.16",
    "cad": "0.67",
    "chf": "1.06",
    "clp": "0.00096",
    "cny": "0.127",
    "czk": "0.0403",
    "dkk": "0.134",
    "dzd": "0.0068",
    "egp": "0.0185",
    "eur": "1",
    "gbp": "1.17",
    "hkd": "0.118",
    "huf": "0.00256",
    "inr": "0.0109",
    "isk": "0.0068",
    "jod": "1.297",
    "jpy": "0.0061",
    "krw": "0.00067",
    "kwd": "3.00",
    "mad": "0.0925",
    "mxn": "0.0462",
    "nok": "0.0862",
    "nzd": "0.55",
    "omr": "2.39",
    "pln": "0.233",
    "qar": "0.2527",
    "sar": "0.2453",
    "sek": "0.0894",
    "sgd": "0.69",
    "tnd": "0.297",
    "try": "0.0225",
    "ugx": "0.00024",
    "usd": "0.92",
    "vnd": "0.000036",
    "xaf": "0.0015245",
    "xof": "0.0015245",
    "zar": "0.0503",
}
NO_DECIMALS = {"clp", "jpy", "krw", "vnd", "xaf", "xof"}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
# Counted in hundredths by Stripe although nobody uses them: amounts must be whole units.
WHOLE_UNITS = {"isk", "ugx"}
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}


def exponent(currency: str) -> int:
    """How many decimals an amount in minor units has."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def step(currency: str) -> int:
    """The number every amount must be a multiple of; Stripe rounds three-decimal currencies to tens."""
    if currency in THREE_DECIMALS:
        return 10
    return 100 if currency in WHOLE_UNITS else 1


def fixed_rate(currency: str, into: str = EURO) -> Decimal:
    """Units of `into` for one unit of `currency`, the same every day."""
    return Decimal(RATES[currency]) / Decimal(RATES[into])


def rate(currency: str, day: int, seed: int, into: str = EURO) -> Decimal:
    """Units of `into` for one unit of `currency` on a day (days since 1970), to six digits."""
    if currency == into:
        return Decimal(1)
    pair = currency if into == EURO else f"{currency}:{into}"
    digest = hashlib.sha256(f"{seed}:{pair}:{day}".encode()).digest()
    drift = Decimal(int.from_bytes(digest[:2]) - 32768) / Decimal(3_276_800)
    value = fixed_rate(currency, into) * (1 + drift)
    return value.quantize(Decimal(1).scaleb(value.adjusted() - 5))


def settle(amount: int, currency: str, value: Decimal, into: str = EURO) -> int:
    """`amount` minor units of `currency` in minor units of `into`, rounded half up (away from zero)."""
    settled = (Decimal(amount).scaleb(-exponent(currency)) * value).scaleb(exponent(into))
    return int(settled.quantize(Decimal(1), ROUND_HALF_UP))


def money_text(amount: int, currency: str, language: str = "en") -> str:
    """An amount as the pay page and Stripe's messages write it."""
    text = f"{Decimal(amount).scaleb(-exponent(currency)):,.{exponent(currency)}f}"
    symbol = SYMBOLS.get(currency)
    if language == "fr":
        text = text.replace(",", "\u202f").replace(".", ",")
        return f"{text}\u00a0{symbol or currency.upper()}"
    return f"{symbol}{text}" if symbol else f"{currency.upper()}\u00a0{text}"
