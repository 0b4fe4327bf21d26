"""Stripe's test cards and what each of them does. Source: https://docs.stripe.com/testing"""

from dataclasses import dataclass
from typing import Any

from shop.demo.double.errors import DOCUMENTATION


@dataclass(frozen=True)
class TestCard:
    """A card number and its fate; `decline` is Stripe's decline code, None where the bank agrees.

    `disputed` is the reason of a dispute that follows the charge, `inquiry` that it is one without a chargeback;
    `refunds` says what becomes of a refund, `pending` or `failed`.
    """

    number: str
    brand: str = "visa"
    decline: str | None = None
    authenticates: bool = False
    # The bank agrees to keep it with a customer, and only charging it fails.
    saves: bool = False
    disputed: str | None = None
    inquiry: bool = False
    refunds: str | None = None
    # Its money is available at once.
    quick: bool = False


CARDS = {
    card.number: card
    for card in (
        TestCard("4242424242424242"),
        TestCard("5555555555554444", brand="mastercard"),
        TestCard("378282246310005", brand="amex"),
        TestCard("4000002500003155", authenticates=True),
        TestCard("4000002760003184", authenticates=True),
        TestCard("4000008260003178", decline="insufficient_funds", authenticates=True),
        TestCard("4000000000000002", decline="generic_decline"),
        TestCard("4000000000009995", decline="insufficient_funds"),
        TestCard("4000000000009987", decline="lost_card"),
        TestCard("4000000000000069", decline="expired_card"),
        TestCard("4000000000000127", decline="incorrect_cvc"),
        TestCard("4000000000000119", decline="processing_error"),
        TestCard("4000000000000341", decline="generic_decline", saves=True),
        TestCard("4000000000000259", disputed="fraudulent"),
        TestCard("4000000000002685", disputed="product_not_received"),
        TestCard("4000000000001976", disputed="fraudulent", inquiry=True),
        TestCard("4000000000007726", refunds="pending"),
        TestCard("4000000000005126", refunds="failed"),
        TestCard("4000000000000077", quick=True),
    )
}

# The error code where it is not `card_declined`, and the sentence Stripe sends with it.
CODES = {"expired_card", "incorrect_cvc", "processing_error"}
MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def failure_code(card: TestCard) -> str:
    """The error code of a card that is declined."""
    return str(card.decline) if card.decline in CODES else "card_declined"


def refusal(card: TestCard) -> dict[str, Any]:
    """The error in which a bank's refusal is told."""
    code = failure_code(card)
    error: dict[str, Any] = {
        "type": "card_error",
        "code": code,
        "doc_url": DOCUMENTATION + code.replace("_", "-"),
        "message": MESSAGES[card.decline or ""],
    }
    return error | ({"decline_code": card.decline} if code == "card_declined" else {})


def expired(month: int, year: int, now: int) -> bool:
    """Whether a card's last month is over; `now` in seconds since 1970."""
    return (year - 1970) * 12 + month <= now // 2_629_746


def passes_luhn(number: str) -> bool:
    """Whether the check digit is right."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
