"""Facts about money going back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefundSettled:
    """Stripe has given the money back."""

    refund_id: int
