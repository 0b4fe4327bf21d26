"""What the way back of a piece cost, charged to its maker: only where the sale was made on such terms."""

import re
from dataclasses import dataclass

from shop.core import clock
from shop.core.errors import Invalid, NotFound, Refused
from shop.core.ids import BASE32
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.ledger.queries import sum_line_shares
from shop.ledger.transfers import post_return_freight
from shop.orders.models import Order, OrderLine
from shop.orders.queries import get_order, list_lines, lock_order
from shop.orders.services import note

CHARGE_ID = re.compile(f"[{BASE32}]{{10}}")


@dataclass(frozen=True, slots=True)
class Chargeable:
    """A line whose maker may be charged, and the currencies its money stands in."""

    line: OrderLine
    order: Order
    currencies: list[str]


def get_chargeable(number: str, line_id: int) -> Chargeable:
    """A line that has left and whose frozen terms let its maker bear return freight. Raises NotFound, Refused."""
    order = get_order(number)
    line = next((line for line in list_lines(order.id) if line.id == line_id), None)
    if line is None:
        raise NotFound(_("There is no such order."), line_id=line_id)
    if line.handed_over_at is None:
        raise Refused(_("This piece has not left yet: it cannot have come back."))
    if line.freight_bearer != "maker":
        raise Refused(
            _("When this piece was sold the programme bore return freight. It cannot be charged to the maker.")
        )
    standing = sum_line_shares([line.id]).get(line.id, {})
    return Chargeable(line, order, sorted(standing, key=lambda currency: (not standing[currency], currency)))


def charge_return_freight(
    number: str, line_id: int, *, charge_id: str, minor: int, currency: str, remark: str, actor: int
) -> None:
    """Take return freight off what a unit is owed, in a currency its money for the line stands in.

    Inside a transaction. `charge_id` comes from the form, so that sending it twice charges once. Raises Invalid,
    NotFound, Refused.
    """
    lock_order(get_order(number).id)
    known = get_chargeable(number, line_id)
    fields = {}
    if not CHARGE_ID.fullmatch(charge_id):
        raise Invalid(_("Open the form again and send it from there."))
    if minor <= 0:
        fields["amount"] = _("Enter what the way back cost.")
    if currency not in known.currencies:
        fields["currency"] = _("Choose the currency the maker’s money stands in.")
    if not remark.strip():
        fields["remark"] = _("Say what was paid, to whom, and where the paper is.")
    if fields:
        raise Invalid(_("Something is missing about the freight."), fields)
    line, order = known.line, known.order
    written = post_return_freight(
        charge_id,
        order_id=order.id,
        line_id=line.id,
        unit_id=line.unit_id,
        minor=minor,
        currency=currency,
        on=clock.today(),
    )
    if written:
        data = {"amount_minor": minor, "currency": currency, "remark": remark.strip()}
        note(order.id, "freight_charged", line_id=line.id, actor=actor, **data)
        audit(actor, "charge return freight", "order", order.number, line_id=line.id, **data)
