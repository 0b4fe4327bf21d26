"""Facts of the catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PieceSubmitted:
    """A maker sent a piece for review."""

    product_id: int


@dataclass(frozen=True, slots=True)
class PieceReturned:
    """Staff gave a piece back to its maker with a note."""

    product_id: int


@dataclass(frozen=True, slots=True)
class PiecePublished:
    """A piece went on sale."""

    product_id: int
