"""What an order and a line may become. Two tables; anything that is not in them is refused."""

from shop.core.errors import Conflict

ORDER_STATES = (
    "awaiting_payment",  # placed, stock held, a payment page open or to be opened
    "processing",  # the buyer has paid by a method that takes days; held until Stripe decides
    "paid",
    "unfillable",  # paid after its stock was gone: refunded by itself
    "expired",  # nobody paid in time; stock given back
    "cancelled",  # cancelled before payment
    "refunded",  # everything given back
    "quarantined",  # Stripe reports another amount or currency than was agreed
)
LINE_STATES = (
    "placed",
    "paid",
    "accepted",
    "declined",
    "ready",
    "handed_over",
    "cancelled",
    "refunded",
    "refund_failed",  # its refund came back from the buyer's bank: not sent, and the money is owed
)

# Of a line that is paid for and still to leave its workshop.
UNSENT = ("paid", "accepted", "ready")

ORDER_TABLE = {
    ("awaiting_payment", "pay"): "paid",
    ("awaiting_payment", "process"): "processing",
    ("awaiting_payment", "expire"): "expired",
    ("awaiting_payment", "cancel"): "cancelled",
    ("awaiting_payment", "quarantine"): "quarantined",
    # Stripe's word that the page is closed comes first; that somebody wanted it closed is said after it.
    ("expired", "cancel"): "cancelled",
    ("processing", "pay"): "paid",
    ("processing", "expire"): "expired",
    ("processing", "quarantine"): "quarantined",
    # Money that arrives late: the stock may still be there, or not.
    ("expired", "pay"): "paid",
    ("cancelled", "pay"): "paid",
    ("expired", "fail_to_fill"): "unfillable",
    ("cancelled", "fail_to_fill"): "unfillable",
    ("expired", "quarantine"): "quarantined",
    ("cancelled", "quarantine"): "quarantined",
    # What was charged goes back.
    ("quarantined", "cancel"): "cancelled",
    ("paid", "refund"): "refunded",
    ("unfillable", "refund"): "refunded",
    ("refunded", "fail_refund"): "paid",
    ("refunded", "fail_unfilled_refund"): "unfillable",
}
LINE_TABLE = {
    ("placed", "pay"): "paid",
    ("placed", "cancel"): "cancelled",
    ("cancelled", "pay"): "paid",  # its order was paid after all
    ("paid", "accept"): "accepted",
    ("paid", "decline"): "declined",
    ("accepted", "decline"): "declined",
    ("accepted", "make_ready"): "ready",
    ("ready", "hand_over"): "handed_over",
    ("accepted", "hand_over"): "handed_over",
    ("paid", "refund"): "refunded",
    ("accepted", "refund"): "refunded",
    ("declined", "refund"): "refunded",
    ("ready", "refund"): "refunded",
    ("placed", "refund"): "refunded",  # of an order that could not be filled
    ("cancelled", "refund"): "refunded",
    # What has left the country stays exported; its refund is a fact beside it.
    ("handed_over", "refund"): "handed_over",
    ("handed_over", "fail_refund"): "handed_over",
    ("refunded", "fail_refund"): "refund_failed",
    ("refund_failed", "refund"): "refunded",
}


class TransitionRefused(Conflict):
    """`state` does not allow `action`."""

    def __init__(self, state: str, action: str) -> None:
        super().__init__("", state=state, action=action)
        self.state, self.action = state, action


def next_order_state(state: str, action: str) -> str:
    """The state of an order after an action; raises TransitionRefused."""
    if (state, action) not in ORDER_TABLE:
        raise TransitionRefused(state, action)
    return ORDER_TABLE[state, action]


def next_line_state(state: str, action: str) -> str:
    """The state of a line after an action; raises TransitionRefused."""
    if (state, action) not in LINE_TABLE:
        raise TransitionRefused(state, action)
    return LINE_TABLE[state, action]


def may_line(state: str, action: str) -> bool:
    """Whether a line in a state allows an action."""
    return (state, action) in LINE_TABLE
