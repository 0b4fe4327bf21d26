"""Facts about orders, for whoever has to tell somebody."""

from dataclasses import dataclass

from shop.orders.models import OrderLine


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """The money is there; with the lines as they stand in this transaction, so that nobody reads them again."""

    order_id: int
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class OrderExpired:
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderUnfillable:
    """Paid after its stock was gone; a refund has been asked for."""

    order_id: int
