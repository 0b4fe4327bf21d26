"""Facts about money going back, and money contested."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefundSettled:
    """Stripe has given the money back."""

    refund_id: int


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """A refund that had succeeded did not reach the buyer after all: the money is owed again."""

    refund_id: int


@dataclass(frozen=True, slots=True)
class RefundRefused:
    """A refund came to nothing before it was said to have succeeded: Stripe or the buyer's bank did not take it."""

    refund_id: int


@dataclass(frozen=True, slots=True)
class DisputeChanged:
    """A buyer contests a payment at the bank, or that has moved on: to Stripe's `status`."""

    dispute_id: int
    status: str
