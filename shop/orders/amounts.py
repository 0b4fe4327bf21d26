"""What an order comes to, as its buyer reads it: prices as they were shown, then what is paid on top. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shop.core.money import allocate, smallest_charge


class Taxed(Protocol):
    """A line of an order, or of a cart that is charged."""

    @property
    def net_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def tax_mode(self) -> str: ...
    @property
    def tax_rate_bp(self) -> int: ...


class Ordered(Protocol):
    """An order, or a cart that is charged."""

    @property
    def goods_minor(self) -> int: ...
    @property
    def shipping_minor(self) -> int: ...
    @property
    def shipping_tax_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def duty_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def total_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Amounts:
    """Minor units: goods + shipping + duty - discount = total, and the tax besides when `tax_mode` is added.

    When it is included, goods and shipping contain it. `tax_rate_bp` is 0 where the lines have several rates.
    """

    goods_minor: int
    shipping_minor: int
    tax_minor: int
    duty_minor: int
    discount_minor: int
    total_minor: int
    tax_mode: str
    tax_rate_bp: int


def amounts_of(order: Ordered, lines: Iterable[Taxed]) -> Amounts:
    """The amounts of an order with its lines."""
    taxed = [line for line in lines if line.tax_mode != "none"]
    mode = taxed[0].tax_mode if taxed else "none"
    rates = {line.tax_rate_bp for line in taxed}
    inside = mode == "included"
    return Amounts(
        order.goods_minor + inside * (order.tax_minor - order.shipping_tax_minor),
        order.shipping_minor + inside * order.shipping_tax_minor,
        order.tax_minor,
        order.duty_minor,
        order.discount_minor,
        order.total_minor,
        mode,
        rates.pop() if len(rates) == 1 else 0,
    )


def shown_minor(line: Taxed) -> int:
    """A line's price as it was shown to the buyer."""
    return line.net_minor + (line.tax_minor if line.tax_mode == "included" else 0)


def share_discount(discount_minor: int, lines: Sequence[Taxed], currency: str) -> list[int]:
    """A discount shared over the lines by their prices, in amounts that can be charged: none is more than its price."""
    step = smallest_charge(currency)
    parts = allocate(discount_minor // step, [shown_minor(line) // step for line in lines])
    return [part * step for part in parts]
