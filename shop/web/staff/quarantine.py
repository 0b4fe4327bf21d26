"""What fits nothing: seen whole, with what Stripe says of it, and cleared up."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField

from shop.core.db import db, transaction
from shop.core.errors import Invalid
from shop.i18n.messages import lazy_gettext
from shop.orders.models import Order
from shop.payments import clearing
from shop.payments.models import BalanceTransaction, Quarantine
from shop.payments.queries import list_quarantine
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import StaffForm

blueprint = Blueprint("quarantine", __name__, url_prefix="/quarantine")

# What may be known of something in quarantine.
SAID = (
    "agreed_currency", "agreed_minor", "amount_minor", "charge", "charged_currency", "charged_minor", "currency",
    "description", "email", "misfit", "object", "order", "payment_intent", "problem", "refund", "return_asked",
    "return_refused", "returned_currency", "returned_minor", "type",
)  # fmt: skip


class ExplainForm(StaffForm):
    account = SelectField(lazy_gettext("What it is"), default="")
    note = TextAreaField(lazy_gettext("What it is and how you know"))


@dataclass(frozen=True)
class Aside:
    """Something in quarantine as it is shown: its money, its order if that is here, messages about it."""

    row: Quarantine
    movement: BalanceTransaction | None
    order: Order | None
    messages: list[Quarantine]
    form: ExplainForm | None

    @property
    def data(self) -> dict[str, Any]:
        return {**dict.fromkeys(SAID), **self.row.data}

    @property
    def can_give_back(self) -> bool:
        return clearing.can_give_back(self.row)


@blueprint.get("")
def index() -> str:
    return _page()


def _page(wrong: ExplainForm | None = None, wrong_id: int = 0) -> str:
    # A refund that failed waits among the refunds.
    rows = [row for row in list_quarantine() if row.kind != "refund_failed"]
    movements = {
        row.id: row
        for row in db.session.scalars(
            select(BalanceTransaction).where(BalanceTransaction.id.in_([row.stripe_id for row in rows]))
        )
    }
    orders = _orders_of(rows)
    own, messages = _sort(rows)
    shown = [
        Aside(
            row,
            movements.get(row.stripe_id),
            orders.get(row.order_id) or orders.get(row.data.get("order")),
            messages.get(str(row.data.get("payment_intent")), []),
            wrong if row.id == wrong_id else _form(row, formdata=None),
        )
        for row in own
    ]
    problems = wrong.problems() if wrong is not None else []
    return render_template("staff/quarantine/index.html", shown=shown, words=words, problems=problems)


def _orders_of(rows: list[Quarantine]) -> dict[int | str | None, Order]:
    """Orders the rows belong to, by id, and those that Stripe names and that are here, by number."""
    ids, numbers = {row.order_id for row in rows}, {row.data.get("order") for row in rows}
    found = db.session.scalars(select(Order).where(Order.id.in_(ids - {None}) | Order.number.in_(numbers - {None})))
    return {key: order for order in found for key in (order.id, order.number)}


def _sort(rows: list[Quarantine]) -> tuple[list[Quarantine], dict[str, list[Quarantine]]]:
    """Money first; messages about a payment whose money is shown stand below that money, {payment: messages}."""
    money = [row for row in rows if row.kind != "event"]
    shown = {row.data.get("payment_intent") for row in money} - {None}
    messages: dict[str, list[Quarantine]] = {}
    alone = []
    for row in rows:
        if row.kind == "event" and row.data.get("payment_intent") in shown:
            messages.setdefault(row.data["payment_intent"], []).append(row)
        elif row.kind == "event":
            alone.append(row)
    return [*money, *alone], messages


def _form(row: Quarantine, **kwargs: object) -> ExplainForm | None:
    """The form by which an officer's word clears something up; None where that is not enough."""
    if not clearing.can_explain(row):
        return None
    form = ExplainForm(prefix=f"q{row.id}-", **kwargs)
    if row.kind == "balance":
        form.account.choices = [("", words.choose()), *words.explanations().items()]
    else:
        del form.account
    return form


@blueprint.post("/<int:quarantine_id>/again")
def again(quarantine_id: int) -> Response:
    """Have Stripe asked once more what it belongs to."""
    officer = current_officer()
    with transaction():
        clearing.request_look(quarantine_id, actor=officer.id)
    return redirect(url_for("staff.quarantine.index", done="asked"), 303)


@blueprint.post("/<int:quarantine_id>/return")
def give_back(quarantine_id: int) -> Response:
    """Give a payment that bought nothing back; an order quarantined for it is cancelled."""
    officer = current_officer()
    with transaction():
        clearing.give_back(quarantine_id, actor=officer.id)
    return redirect(url_for("staff.quarantine.index", done="given_back"), 303)


@blueprint.post("/<int:quarantine_id>/explain")
def explain(quarantine_id: int) -> Response | tuple[str, int]:
    """Say what it is: money leaves suspense for an account of the operator's."""
    officer = current_officer()
    form = ExplainForm(prefix=f"q{quarantine_id}-")
    form.account.choices = [("", words.choose()), *words.explanations().items()]
    note = (form.note.data or "").strip()
    try:
        with transaction():
            clearing.explain(quarantine_id, account=form.account.data or None, note=note, actor=officer.id)
    except Invalid as error:
        form.blame(error)
        return _page(form, quarantine_id), 422
    return redirect(url_for("staff.quarantine.index", done="explained"), 303)
