"""What of a line's money is whose, by the shares that were stored when it was sold. Pure."""

from collections.abc import Sequence
from typing import TypedDict

from shop.core.money import allocate

WHOLE = 10_000


class Share(TypedDict):
    """A maker and their part in basis points, as an order line keeps it."""

    person_id: int
    bp: int


def share_out(before: int, change: int, shares: Sequence[Share]) -> dict[int | None, int]:
    """A change of what stands for a line, split among its makers, {person id: minor}; the parts sum to it exactly.

    Split is what stands after, less what stood before (`before`), each by largest remainder: so a sale that goes back
    in any number of parts leaves every maker with nothing, where splitting each part would leave cents. What no maker
    was named for belongs to the unit as a whole, under None.
    """
    people: list[int | None] = [share["person_id"] for share in shares]
    weights = [share["bp"] for share in shares]
    if sum(weights) < WHOLE:
        people.append(None)
        weights.append(WHOLE - sum(weights))
    was, will = allocate(before, weights), allocate(before + change, weights)
    return {person: after - earlier for person, earlier, after in zip(people, was, will, strict=True)}
