"""One transfer: what the bank answered, its advice slip."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, StringField

from shop.artisans.queries import get_unit_by_id, unit_name
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Invalid, NotFound, ShopError
from shop.i18n.formats import parse_decimal
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.payouts.models import Transfer
from shop.payouts.queries import batch_of, get_sent, get_transfer
from shop.payouts.rib import grouped
from shop.payouts.services import record_executed, record_refused, record_returned
from shop.web.guards import current_officer
from shop.web.papers import send_slip
from shop.web.staff import words
from shop.web.staff.forms import AmountField, LineField, StaffForm, required

blueprint = Blueprint("transfers", __name__, url_prefix="/transfers")

MILLION = 1_000_000


class RateField(StringField):
    """Dirhams for one unit of a currency, in millionths; None when empty."""

    typed = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if self.typed:
            try:
                millionths = parse_decimal(self.typed) * MILLION
            except ValueError as error:
                raise ValueError(_("This is not a rate. Enter it as on the bank’s advice.")) from error
            if millionths != millionths.to_integral_value() or millionths > 10**12:
                raise ValueError(_("This is not a rate. Enter it as on the bank’s advice."))
            self.data = int(millionths)

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else f"{(Decimal(self.data) / MILLION).normalize():f}")


class ExecutedForm(StaffForm):
    on = DateField(lazy_gettext("Transferred on"), [required(lazy_gettext("Enter the bank’s day, as in 2026-03-31."))])
    rate = RateField(
        lazy_gettext("The bank’s rate, in dirhams"), [required(lazy_gettext("Enter the rate of the bank’s advice."))]
    )
    mad = AmountField(lazy_gettext("Dirhams received"))
    reference = LineField(lazy_gettext("Bank’s reference"), [required(lazy_gettext("Enter the bank’s reference."))])


class RefusedForm(StaffForm):
    reason = LineField(lazy_gettext("What the bank says"), [required(lazy_gettext("Enter what the bank says."))])


class ReturnedForm(RefusedForm):
    on = DateField(lazy_gettext("Sent back on"), [required(lazy_gettext("Enter the bank’s day, as in 2026-03-31."))])


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    return _page(get_transfer(public_id))


def _page(transfer: Transfer, wrong: StaffForm | None = None) -> str:
    """A transfer with what can be recorded of it; `wrong` is the form that was refused, with its answers."""
    unit = get_unit_by_id(transfer.unit_id)
    executed = wrong if isinstance(wrong, ExecutedForm) else None
    returned = wrong if isinstance(wrong, ReturnedForm) else None
    refused = wrong if isinstance(wrong, RefusedForm) and returned is None else None
    return render_template(
        "staff/transfers/show.html",
        transfer=transfer,
        batch=batch_of(transfer),
        unit=unit,
        name=unit_name(unit),
        executed_form=executed or ExecutedForm(prefix="sent-", formdata=None, data=_as_before(transfer)),
        refused_form=refused or RefusedForm(prefix="refused-", formdata=None),
        returned_form=returned or ReturnedForm(prefix="back-", formdata=None, data={"on": clock.today()}),
        problems=wrong.problems() if wrong is not None else [],
        rate=Decimal(transfer.rate_millionths or 0) / MILLION,
        grouped=grouped,
        today=clock.today(),
        words=words,
    )


def _as_before(transfer: Transfer) -> dict[str, Any]:
    """Day and rate of the transfer of the batch that was recorded last: a bank mostly sends them together."""
    last = db.session.scalars(
        select(Transfer)
        .where(Transfer.batch_id == transfer.batch_id, Transfer.state == "executed")
        .order_by(Transfer.recorded_at.desc())
        .limit(1)
    ).first()
    return {"on": last.executed_on, "rate": last.rate_millionths} if last else {"on": clock.today()}


@blueprint.post("/<public_id>/executed")
def executed(public_id: str) -> Response | tuple[str, int]:
    """The bank has sent it: from here on it is in the books."""
    form = ExecutedForm(prefix="sent-")

    def record(actor: int) -> Transfer:
        return record_executed(
            public_id,
            on=form.on.data,
            rate_millionths=form.rate.data or 0,
            mad_minor=form.mad.data,
            reference=form.reference.data,
            actor=actor,
        )

    return _answer(public_id, form, record, "transfer_sent")


@blueprint.post("/<public_id>/refused")
def refused(public_id: str) -> Response | tuple[str, int]:
    """The bank did not send it."""
    form = RefusedForm(prefix="refused-")

    def record(actor: int) -> Transfer:
        return record_refused(public_id, reason=form.reason.data, actor=actor)

    return _answer(public_id, form, record, "transfer_refused")


@blueprint.post("/<public_id>/returned")
def returned(public_id: str) -> Response | tuple[str, int]:
    """It had left, and came back."""
    form = ReturnedForm(prefix="back-")

    def record(actor: int) -> Transfer:
        return record_returned(public_id, on=form.on.data, reason=form.reason.data, actor=actor)

    return _answer(public_id, form, record, "transfer_returned")


def _answer(
    public_id: str, form: StaffForm, record: Callable[[int], Transfer], done: str
) -> Response | tuple[str, int]:
    """Record what the bank answered, once, and go back to the batch; or show what is wrong with it."""
    officer = current_officer()
    status = Invalid.status
    if form.validate():
        try:
            with transaction():
                transfer = record(officer.id)
            return redirect(url_for("staff.payouts.show", public_id=batch_of(transfer).public_id, done=done), 303)
        except NotFound:
            raise
        except ShopError as error:
            form.blame(error)
            status = error.status
    return _page(get_transfer(public_id), form), status


@blueprint.get("/<public_id>/slip.pdf")
def slip(public_id: str) -> Response:
    """The advice for the artisan, in the language the link asks for."""
    transfer = get_sent(public_id)
    return send_slip(transfer, get_unit_by_id(transfer.unit_id))
