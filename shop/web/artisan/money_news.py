"""What has happened to the money of a sale, as far as its maker has to know."""

from collections.abc import Sequence

from shop.orders.models import OrderLine
from shop.payments.models import Dispute, DisputePart
from shop.payments.queries import contested_lines, is_taken_back, owed_lines


def list_news(lines: Sequence[OrderLine]) -> dict[int, str]:
    """The one thing to say of each line, {line id: word}, by two statements. The words are those of `_news_of`."""
    ids = [line.id for line in lines]
    contested, owed = contested_lines(ids), owed_lines(ids)
    return {line.id: _news_of(line, contested.get(line.id), owed=line.id in owed) for line in lines}


def _news_of(line: OrderLine, contested: tuple[Dispute, DisputePart] | None, *, owed: bool) -> str:
    """going_back, came_back, contested, lost, kept (lost, but not the maker's loss) or reduced; "" where there is nothing.

    `owed`: whether money went back in vain.
    """
    if contested is not None:
        dispute, part = contested
        if dispute.status != "lost":
            return "contested"
        if is_taken_back(line, dispute, part):
            return "lost" if line.loss_bearer == "maker" else "kept"
    if owed or line.state == "refund_failed":
        return "came_back"
    if line.refund_asked_at is not None and line.refunded_at is None:
        return "going_back"
    if contested is not None or (line.refunded_minor and line.refunded_at is None):
        return "reduced"
    return ""
