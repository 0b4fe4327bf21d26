"""Batches: who can be paid, drafting, a second officer's approval, the bank's file."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import NotFound, ShopError
from shop.core.policies import get_policy
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.payouts import wording
from shop.payouts.bank_file import FORMS, write_bank_file
from shop.payouts.models import Batch
from shop.payouts.queries import (
    Candidate,
    count_unanswered,
    get_batch,
    list_batches,
    list_candidates,
    list_transfers,
    sum_batches,
)
from shop.payouts.rib import grouped, shown
from shop.payouts.services import approve_batch, cancel_batch, draft_batch
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import StaffForm, required

blueprint = Blueprint("payouts", __name__, url_prefix="/payouts")

FILE_TYPES = {"xml": "application/xml", "csv": "text/csv; charset=us-ascii"}


class ApproveForm(StaffForm):
    executes_on = DateField(
        lazy_gettext("Day of execution"), [required(lazy_gettext("Enter the day of execution, as in 2026-03-31."))]
    )


@blueprint.get("")
def index() -> str:
    """What could be sent now, by currency, and the batches there were."""
    return _index()


def _index(problem: str = "") -> str:
    batches = list_batches()
    candidates: dict[str, list[Candidate]] = {}
    for candidate in list_candidates():
        candidates.setdefault(candidate.standing.currency, []).append(candidate)
    return render_template(
        "staff/payouts/index.html",
        candidates=candidates,
        batches=batches,
        sums=sum_batches([batch.id for batch in batches]),
        unanswered=count_unanswered(),
        people=_names(batches),
        paying_account=get_policy("paying_account"),
        problems=[{"id": "", "text": problem}] if problem else [],
        wording=wording,
        words=words,
    )


def _names(batches: list[Batch]) -> dict[int, str]:
    ids = {account for batch in batches for account in (batch.drafted_by, batch.approved_by, batch.cancelled_by)}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids - {None})))
    return dict(rows.all())


@blueprint.post("")
def create() -> Response | tuple[str, int]:
    """Draft a batch of all that is available in a currency."""
    officer = current_officer()
    try:
        with transaction():
            batch = draft_batch(request.form.get("currency", ""), actor=officer.id)
        return redirect(url_for("staff.payouts.show", public_id=batch.public_id, done="drafted"), 303)
    except ShopError as error:
        return _index(error.text), error.status


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    return _page(get_batch(public_id))


def _page(batch: Batch, form: ApproveForm | None = None) -> str:
    transfers = list_transfers(batch.id)
    ids = {transfer.unit_id for transfer in transfers} | {row["unit_id"] for row in batch.left_out}
    units = {unit.id: unit for unit in db.session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    kept = [transfer for transfer in transfers if transfer.state != "dropped"]
    return render_template(
        "staff/payouts/show.html",
        batch=batch,
        transfers=transfers,
        units=units,
        count=len(kept),
        total_minor=sum(transfer.amount_minor for transfer in kept),
        people=_names([batch]),
        own=batch.drafted_by == current_officer().id,
        form=form or ApproveForm(formdata=None, data={"executes_on": clock.today()}),
        problems=form.problems() if form is not None else [],
        forms=FORMS,
        grouped=grouped,
        shown=shown,
        wording=wording,
        words=words,
    )


@blueprint.post("/<public_id>/approve")
def approve(public_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = ApproveForm()
    if form.validate():
        try:
            with transaction():
                batch = approve_batch(public_id, executes_on=form.executes_on.data, actor=officer.id)
            done = "approved" if batch.state == "approved" else "nothing_left"
            return redirect(url_for("staff.payouts.show", public_id=public_id, done=done), 303)
        except NotFound:
            raise
        except ShopError as error:
            form.blame(error)
            return _page(get_batch(public_id), form), error.status
    return _page(get_batch(public_id), form), 422


@blueprint.post("/<public_id>/cancel")
def cancel(public_id: str) -> Response:
    officer = current_officer()
    with transaction():
        cancel_batch(public_id, actor=officer.id)
    return redirect(url_for("staff.payouts.show", public_id=public_id, done="draft_cancelled"), 303)


@blueprint.get("/<public_id>/bank-file.<form>")
def bank_file(public_id: str, form: str) -> Response:
    """What is handed to the bank: pain.001 or CSV."""
    if form not in FORMS:
        raise NotFound(_("There is no such file."))
    batch = get_batch(public_id)
    response = Response(write_bank_file(batch, list_transfers(batch.id), form), content_type=FILE_TYPES[form])
    name = f"payouts-{batch.executes_on}-{batch.currency}-{batch.public_id}.{form}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
