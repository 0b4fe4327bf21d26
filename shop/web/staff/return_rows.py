"""The returns of an order as its page shows them, with the forms their state allows."""

from dataclasses import dataclass

from wtforms import TextAreaField

from shop.i18n.messages import lazy_gettext
from shop.orders.models import Order, Return
from shop.orders.returns import find_last_instructions, list_returns
from shop.web.staff.forms import StaffForm


class WordsForm(StaffForm):
    words = TextAreaField(lazy_gettext("What the buyer reads"))


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A return with what is in it, {line id: how many}, and the forms its state allows."""

    way_back: Return
    pieces: dict[int, int]
    approve: WordsForm | None
    refuse: WordsForm | None


def return_rows(order: Order, wrong: StaffForm | None) -> list[ReturnRow]:
    """The returns of an order, oldest first; `wrong` is a form that was refused."""
    return [
        ReturnRow(
            way_back,
            pieces,
            _form(way_back, "approve", wrong) if way_back.state == "asked" else None,
            _form(way_back, "refuse", wrong) if way_back.state in ("asked", "received") else None,
        )
        for way_back, pieces in list_returns(order.id)
    ]


def _form(way_back: Return, action: str, wrong: StaffForm | None) -> WordsForm:
    known = find_last_instructions() if action == "approve" else ""
    form = WordsForm(prefix=f"{action}{way_back.public_id}-", formdata=None, data={"words": known})
    return form.or_refused(wrong)
