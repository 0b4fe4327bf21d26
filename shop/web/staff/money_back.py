"""What of an order's money went back or is contested, as its page shows it, and the form that gives more back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField

from shop.i18n.formats import money_text
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.orders.models import Order, OrderLine
from shop.payments.models import Dispute, Refund, RefundPart
from shop.payments.queries import (
    find_charge,
    list_disputes,
    list_failed_refunds,
    list_parts_of,
    list_refunds,
    sum_dispute_fees,
)
from shop.payments.refunds import OPEN_INQUIRY, REFUNDABLE, Refundable, find_blocking_dispute, refundable
from shop.web.staff import words
from shop.web.staff.forms import AmountField, StaffForm, required

REASONS = ("buyer", "declined", "staff")


class RefundForm(StaffForm):
    extent = RadioField(
        lazy_gettext("What is given back"), [required(lazy_gettext("Choose what is given back."))], default=None
    )
    lines = SelectMultipleField(lazy_gettext("Pieces"))
    amount = AmountField(lazy_gettext("Amount"))
    reason = SelectField(lazy_gettext("Reason"), [required(lazy_gettext("Choose a reason."))])

    def validate(self, extra_validators: Any = None) -> bool:
        whole = super().validate(extra_validators)
        if whole and self.extent.data == "lines" and not self.lines.data:
            self.lines.errors = [*self.lines.errors, _("Tick the lines to give back.")]
            return False
        if whole and self.extent.data == "amount" and self.amount.data is None:
            self.amount.errors = [*self.amount.errors, _("Enter how much is given back.")]
            return False
        return whole

    @property
    def wanted(self) -> dict[str, Any]:
        """What the form asks for, in the words of request_refund."""
        extent = self.extent.data
        chosen = [int(line_id) for line_id in self.lines.data or []]
        return {
            "line_ids": chosen if chosen and extent in {"lines", "amount"} else None,
            "amount_minor": self.amount.data if extent == "amount" else None,
            "shipping_only": extent == "shipping",
            "reason": self.reason.data,
        }


@cache
def _form_in(currency: str) -> type[RefundForm]:
    """The form with its amount in a currency: a field reads what was typed as soon as it is made."""

    class InCurrency(RefundForm):
        amount = AmountField(lazy_gettext("Amount"), currency=currency)

    return InCurrency


def refund_form(order: Order, lines: Sequence[OrderLine], left: Refundable, **kwargs: Any) -> RefundForm:
    """The form with what is still left to choose from."""
    form = _form_in(order.currency)(prefix="refund-", **kwargs)

    def told(minor: int) -> str:
        return money_text(minor, order.currency)

    form.extent.choices = [
        ("all", _("Everything that is left: %(amount)s", amount=told(left.total))),
        ("lines", _("Whole pieces, ticked below")),
        ("amount", _("An amount, of all pieces or of those ticked below")),
    ]
    if left.shipping:
        form.extent.choices.append(("shipping", _("Only the postage: %(amount)s", amount=told(left.shipping))))
    form.lines.choices = [
        (str(line.id), _("%(piece)s, of which %(amount)s is left", piece=line.title, amount=told(left.lines[line.id])))
        for line in lines
        if line.id in left.lines
    ]
    form.reason.choices = [("", _("Choose")), *((code, words.refund_reasons()[code]) for code in REASONS)]
    return form


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """`parts` by refund, `unanswered` the failed refunds somebody has to look at, `fees` by dispute: [(minor, currency)].

    `blocking` is the dispute for which nothing can be given back now, `inquiry` one that does not keep anybody from it.
    """

    refunds: list[Refund]
    parts: dict[int, list[RefundPart]]
    unanswered: frozenset[int]
    disputes: list[Dispute]
    fees: dict[str, list[tuple[int, str]]]
    left: Refundable
    blocking: Dispute | None
    inquiry: Dispute | None
    form: RefundForm | None


def money_back_of(order: Order, lines: Sequence[OrderLine], wrong: StaffForm | None) -> MoneyBack:
    """Everything the page shows; `wrong` is the form that was refused, with its answers."""
    refunds, disputes, left = list_refunds(order.id), list_disputes(order.id), refundable(order.id, lines)
    charge = find_charge(order.id) if disputes else None
    blocking = find_blocking_dispute(charge.id) if charge else None
    form = wrong if isinstance(wrong, RefundForm) else None
    if form is None and order.state in REFUNDABLE and left.total and blocking is None:
        form = refund_form(order, lines, left, formdata=None)
    return MoneyBack(
        refunds=refunds,
        parts=list_parts_of(refund.id for refund in refunds),
        unanswered=frozenset(refund.id for refund in list_failed_refunds(order.id)),
        disputes=disputes,
        fees=sum_dispute_fees(dispute.stripe_id for dispute in disputes),
        left=left,
        blocking=blocking,
        inquiry=next((dispute for dispute in disputes if dispute.status in OPEN_INQUIRY), None),
        form=form,
    )
