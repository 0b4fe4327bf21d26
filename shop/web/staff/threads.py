"""What buyers and makers of an order wrote to each other, as its page shows it, with a form to answer for the maker."""

from dataclasses import dataclass

from wtforms import TextAreaField

from shop.i18n.messages import lazy_gettext
from shop.orders.messages import list_messages
from shop.orders.models import Message, Order
from shop.web.staff.forms import StaffForm


class ReplyForm(StaffForm):
    text = TextAreaField(lazy_gettext("Answer in the maker’s stead"))


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages between the buyer and one maker, oldest first."""

    unit_id: int
    messages: tuple[Message, ...]
    form: ReplyForm


def list_threads(order: Order, wrong: StaffForm | None) -> list[Thread]:
    """The talks about an order, the first begun first; `wrong` is a form that was refused."""
    found: dict[int, list[Message]] = {}
    for message in list_messages(order.id):
        found.setdefault(message.unit_id, []).append(message)
    return [Thread(unit_id, tuple(messages), _form(unit_id, wrong)) for unit_id, messages in found.items()]


def reply_form(unit_id: int) -> ReplyForm:
    """The form of one talk, with what was sent in it."""
    return ReplyForm(prefix=f"reply{unit_id}-")


def _form(unit_id: int, wrong: StaffForm | None) -> ReplyForm:
    return ReplyForm(prefix=f"reply{unit_id}-", formdata=None).or_refused(wrong)
