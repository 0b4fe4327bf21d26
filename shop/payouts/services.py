"""Verbs of a batch: one officer drafts it, another approves it, then the bank's answer is recorded for each transfer.

Each is called inside a transaction and locks what it changes first, so that of two clicks the second finds the work of
the first. Only what the bank has executed is in the books.
"""

from datetime import date
from fractions import Fraction

from sqlalchemy import select

from shop.core import clock
from shop.core.db import db, insert_new
from shop.core.errors import Conflict, Invalid, NotFound, Refused
from shop.core.ids import public_id
from shop.core.money import exponent, round_half_up
from shop.core.policies import audit, get_policy
from shop.core.rates import find_rate
from shop.i18n.messages import gettext as _
from shop.ledger.transfers import post_transfer, post_transfer_returned
from shop.payouts.models import Batch, Transfer
from shop.payouts.queries import list_candidates

# A rate further from the published one than this is taken for a slip of the pen. Banks keep two or three per cent.
NEAR = Fraction(1, 5)


def draft_batch(currency: str, *, actor: int) -> Batch:
    """Take what is available in a currency into a new batch, a transfer per unit; the others are noted with the reason.

    What another draft has taken meanwhile is left to it. Raises Conflict where nobody is left.
    """
    candidates = list_candidates(currency)
    batch = Batch(
        public_id=public_id(), currency=currency, state="draft", left_out=[], drafted_by=actor, drafted_at=clock.now()
    )
    db.session.add(batch)
    db.session.flush()
    left_out, drafted = [], 0
    for candidate in candidates:
        reason, minor = candidate.reason, candidate.standing.available
        if not reason:
            written = insert_new(
                Transfer,
                public_id=public_id(),
                batch_id=batch.id,
                unit_id=candidate.unit.id,
                currency=currency,
                drafted_minor=minor,
                amount_minor=minor,
                payee=candidate.payee,
                rib=candidate.unit.rib,
                state="drafted",
            )
            drafted += written
            reason = "" if written else "in_transfer"
        if reason:
            left_out.append({"unit_id": candidate.unit.id, "minor": minor, "reason": reason})
    if not drafted:
        raise Conflict(_("Nobody can be paid in %(currency)s now: the list says why.", currency=currency))
    batch.left_out = left_out
    audit(actor, "draft payouts", "payout batch", batch.public_id, currency=currency, transfers=drafted)
    return batch


def _locked_batch(public_id_: str) -> Batch:
    statement = select(Batch).where(Batch.public_id == public_id_).with_for_update()
    batch = db.session.scalars(statement.execution_options(populate_existing=True)).first()
    if batch is None:
        raise NotFound(_("There is no such batch."), public_id=public_id_)
    return batch


def _locked_transfers(batch_id: int) -> list[Transfer]:
    statement = select(Transfer).where(Transfer.batch_id == batch_id).order_by(Transfer.id).with_for_update()
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))


def _still_draft(batch: Batch) -> None:
    if batch.state == "approved":
        raise Conflict(_("This batch has been approved already."))
    if batch.state != "draft":
        raise Conflict(_("This batch has been cancelled."))


def approve_batch(public_id_: str, *, executes_on: date, actor: int) -> Batch:
    """A second officer lets a batch go. Amounts are looked at once more: what went back meanwhile is not sent.

    Then a transfer is reduced to what is left or dropped, with the reason; if none remains, the batch is cancelled.
    Raises Refused for the officer who drafted it, Conflict when somebody was faster or no paying account is decided,
    Invalid for a day in the past.
    """
    batch = _locked_batch(public_id_)
    _still_draft(batch)
    if batch.drafted_by == actor:
        raise Refused(_("Whoever drafts a batch cannot approve it: a second officer has to look at it."))
    if executes_on < clock.today():
        text = _("The day of execution cannot lie in the past.")
        raise Invalid(text, {"executes_on": text})
    account = get_policy("paying_account")
    if account is None:
        raise Conflict(_("Decide first from which account makers are paid: Settings, paying account."))
    kept = _check_amounts(batch)
    now = clock.now()
    if kept:
        batch.state, batch.approved_by, batch.approved_at = "approved", actor, now
        batch.executes_on, batch.paying_account = executes_on, account
    else:
        batch.state, batch.cancelled_by, batch.cancelled_at = "cancelled", actor, now
    audit(actor, "approve payouts" if kept else "cancel payouts", "payout batch", batch.public_id, transfers=kept)
    return batch


def _check_amounts(batch: Batch) -> int:
    """Bring each transfer to what is available now; how many are left to send."""
    known = {row.unit.id: row for row in list_candidates(batch.currency, but_batch=batch.id)}
    kept = 0
    for transfer in _locked_transfers(batch.id):
        candidate = known.get(transfer.unit_id)
        reason = candidate.reason if candidate is not None else "nothing"
        if candidate is None or reason:
            transfer.state, transfer.reason = "dropped", reason
        elif (transfer.payee, transfer.rib) != (candidate.payee, candidate.unit.rib):
            # The second officer has seen another account than the money would go to: it is drafted anew.
            transfer.state, transfer.reason = "dropped", "changed"
        else:
            transfer.amount_minor = min(transfer.amount_minor, candidate.standing.available)
            transfer.state = "approved"
            kept += 1
    return kept


def cancel_batch(public_id_: str, *, actor: int) -> Batch:
    """Give a draft up; its amounts are free for another. Raises Conflict once it is approved."""
    batch = _locked_batch(public_id_)
    _still_draft(batch)
    for transfer in _locked_transfers(batch.id):
        transfer.state, transfer.reason = "dropped", "cancelled"
    batch.state, batch.cancelled_by, batch.cancelled_at = "cancelled", actor, clock.now()
    audit(actor, "cancel payouts", "payout batch", batch.public_id)
    return batch


def _locked_transfer(public_id_: str, state: str) -> Transfer:
    statement = select(Transfer).where(Transfer.public_id == public_id_).with_for_update()
    transfer = db.session.scalars(statement.execution_options(populate_existing=True)).first()
    if transfer is None:
        raise NotFound(_("There is no such transfer."), public_id=public_id_)
    if transfer.state != state:
        raise Conflict(_("Somebody has recorded the bank’s answer to this transfer meanwhile."))
    return transfer


def in_dirhams(minor: int, currency: str, rate_millionths: int) -> int:
    """Minor units at a rate in millionths of a dirham for one unit, in centimes, rounded half up."""
    return round_half_up(Fraction(minor, 10 ** exponent(currency)) * Fraction(rate_millionths, 10_000))


def record_executed(
    public_id_: str, *, on: date, rate_millionths: int, mad_minor: int | None, reference: str, actor: int
) -> Transfer:
    """The bank has sent a transfer on a day at its own rate: from here on it is in the books.

    `mad_minor` is what arrived, in centimes: None for the amount at the rate, less where the bank kept charges. Raises
    Conflict when it was recorded before, Invalid.
    """
    transfer = _locked_transfer(public_id_, "approved")
    batch = db.session.get_one(Batch, transfer.batch_id)
    assert batch.approved_at is not None
    fields: dict[str, str] = {}
    _check_day(fields, "on", on, clock.local_day(batch.approved_at))
    _check_rate(fields, transfer.currency, on, rate_millionths)
    most = in_dirhams(transfer.amount_minor, transfer.currency, rate_millionths) if rate_millionths > 0 else 0
    arrived = most if mad_minor is None else mad_minor
    if not fields and not 0 < arrived <= most:
        fields["mad"] = _("At this rate it can be no more than the amount sent. Check the rate and the dirhams.")
    if not reference.strip():
        fields["reference"] = _("Enter the bank’s reference.")
    if fields:
        raise Invalid(_("The bank’s answer cannot be taken like this."), fields)
    transfer.state, transfer.executed_on = "executed", on
    transfer.rate_millionths, transfer.mad_minor = rate_millionths, arrived
    transfer.bank_reference = reference.strip()
    transfer.recorded_by, transfer.recorded_at = actor, clock.now()
    post_transfer(transfer.public_id, transfer.unit_id, transfer.amount_minor, transfer.currency, on)
    audit(actor, "record transfer", "payout transfer", transfer.public_id, reference=transfer.bank_reference)
    return transfer


def _check_day(fields: dict[str, str], name: str, day: date, earliest: date) -> None:
    if day > clock.today():
        fields[name] = _("This day lies in the future.")
    elif day < earliest:
        fields[name] = _("This day lies before the transfer could have left.")


def _check_rate(fields: dict[str, str], currency: str, on: date, rate_millionths: int) -> None:
    if rate_millionths <= 0:
        fields["rate"] = _("Enter the bank’s rate: how many dirhams for one unit of the currency.")
        return
    published = find_rate(currency, on)
    if published is None:
        return
    if abs(Fraction(rate_millionths, 1_000_000) - published.mad) > published.mad * NEAR:
        fields["rate"] = _("This rate is far from the published one. Check where its decimal mark stands.")


def record_refused(public_id_: str, *, reason: str, actor: int) -> Transfer:
    """The bank did not send a transfer: nothing is booked, and its amount is available again."""
    transfer = _locked_transfer(public_id_, "approved")
    transfer.state, transfer.reason = "refused", _given(reason)
    transfer.recorded_by, transfer.recorded_at = actor, clock.now()
    audit(actor, "record refused transfer", "payout transfer", transfer.public_id, reason=transfer.reason)
    return transfer


def record_returned(public_id_: str, *, on: date, reason: str, actor: int) -> Transfer:
    """A transfer that had left came back: the unit is owed it again."""
    transfer = _locked_transfer(public_id_, "executed")
    assert transfer.executed_on is not None
    fields: dict[str, str] = {}
    _check_day(fields, "on", on, transfer.executed_on)
    if fields:
        raise Invalid(_("The bank’s answer cannot be taken like this."), fields)
    transfer.state, transfer.reason = "returned", _given(reason)
    transfer.returned_on, transfer.returned_by = on, actor
    post_transfer_returned(transfer.public_id, transfer.unit_id, transfer.amount_minor, transfer.currency, on)
    audit(actor, "record returned transfer", "payout transfer", transfer.public_id, reason=transfer.reason)
    return transfer


def _given(reason: str) -> str:
    if not reason.strip():
        text = _("Enter what the bank says.")
        raise Invalid(text, {"reason": text})
    return reason.strip()
