"""Public ids that follow from the seed: a link to a piece of the demonstration works on every machine that runs it."""

from random import Random

from shop.core.ids import BASE32


def make_public_id(seed: int, kind: str, key: str) -> str:
    """Ten letters, as core.ids.public_id gives."""
    chance = Random(f"{seed}/{kind}/{key}")
    return "".join(chance.choice(BASE32) for _ in range(10))
