"""Facts about orders, for whoever has to tell somebody."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrderPaid:
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderExpired:
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderUnfillable:
    """Paid after its stock was gone; a refund has been asked for."""

    order_id: int
