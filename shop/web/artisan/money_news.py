"""What has happened to the money of a sale, as far as its maker has to know."""

from shop.orders.models import OrderLine
from shop.payments.models import Dispute

UNSENT = ("paid", "accepted", "ready")


def news_of(line: OrderLine, dispute: Dispute | None) -> str:
    """The one thing to say: going_back, came_back, contested, lost, kept (lost, but not the maker's loss), reduced.

    "" where there is nothing. `dispute` is one that took money of the line and has not given it back.
    """
    if dispute is not None:
        if dispute.status != "lost":
            return "contested"
        return "lost" if line.loss_bearer == "maker" else "kept"
    if line.state == "refund_failed":
        return "came_back"
    if line.refund_asked_at is not None and line.refunded_at is None:
        return "going_back"
    if line.refunded_minor and line.refunded_at is None:
        return "reduced"
    return ""
