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


@dataclass(frozen=True, slots=True)
class ContractWithdrawn:
    """A buyer has withdrawn from the contract: (line id, how many); those of `sent_ids` have to come back first."""

    order_id: int
    pieces: tuple[tuple[int, int], ...]
    sent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReturnMoved:
    """A return was approved, received or refused: `state`."""

    return_id: int
    state: str


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """A buyer or a maker of an order has written to the other, or the programme in the maker's stead."""

    message_id: int
