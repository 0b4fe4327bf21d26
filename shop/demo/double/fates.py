"""What a test card does once its payment has succeeded. Source: https://docs.stripe.com/testing"""

from typing import Any

from shop.demo.double import disputes
from shop.demo.double.cards import TestCard
from shop.demo.double.state import State


def hidden(card: TestCard) -> dict[str, Any]:
    """What its charge has to remember of a card and the API never shows."""
    return {name: value for name, value in (("refunds", card.refunds), ("quick", card.quick)) if value}


def follow(state: State, charge: dict[str, Any], card: TestCard) -> None:
    """Dispute a charge that was paid with one of the cards for it."""
    if card.disputed:
        disputes.open_dispute(state, charge, inquiry=card.inquiry, reason=card.disputed)
