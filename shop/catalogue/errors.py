"""What the catalogue refuses. Each names the fields, so that a form can say it beside them."""

from shop.core.errors import Conflict, Invalid


class PieceIncomplete(Invalid):
    """Something is missing before a piece may go for review or on sale; `fields` says what, one sentence each."""


class WrongState(Conflict):
    """What was asked does not fit the piece's state; `state` says which it is in."""


class StockInvalid(Invalid):
    """Not a quantity this piece can have."""


class PriceInvalid(Invalid):
    """Not an amount a piece can cost."""
