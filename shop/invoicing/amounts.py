"""What a document is about, in minor units: an order as it was sold, or what of it went back. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinePart:
    """A line, or what of it went back: net + tax - discount is what was paid, or given.

    `quantity` is how many pieces that is; 0 where only their price was reduced.
    """

    line_id: int
    net_minor: int
    tax_minor: int = 0
    discount_minor: int = 0
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """A document's amounts; goods and shipping without tax."""

    lines: tuple[LinePart, ...]
    shipping_minor: int = 0
    shipping_tax_minor: int = 0
    duty_minor: int = 0

    @property
    def goods_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines) + self.shipping_tax_minor

    @property
    def discount_minor(self) -> int:
        return sum(line.discount_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return self.goods_minor + self.shipping_minor + self.tax_minor + self.duty_minor - self.discount_minor


def sums_of_legs(legs: Iterable[tuple[str, int]], line_ids: Sequence[int], pieces: Mapping[int, int]) -> Sums:
    """What the books say went back: (leg, minor units) of the rows of a refund, a discount taken back below zero.

    `pieces` is how many of a line that is.

    Legs as in ledger.posting. A payment that bought nothing has none of them, and so its return comes to nothing.
    """
    found = dict(legs)

    def part(line_id: int) -> LinePart:
        name = f"line:{line_id}"
        net = found.get(f"{name}:artisan", 0) + found.get(f"{name}:commission", 0)
        tax, discount = found.get(f"{name}:tax", 0), -found.get(f"{name}:discount", 0)
        return LinePart(line_id, net, tax, discount, pieces.get(line_id, 0))

    lines = tuple(part for part in map(part, line_ids) if part.net_minor or part.tax_minor)
    return Sums(lines, found.get("shipping", 0), found.get("shipping_tax", 0), found.get("duty", 0))
