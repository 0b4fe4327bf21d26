"""A month's report for a programme's recipient: asked for by staff, made by the worker, posted by notifications."""

from dataclasses import dataclass
from typing import Any

from shop.core import clock
from shop.core.db import db
from shop.core.errors import Invalid, NotFound
from shop.core.ids import public_id
from shop.core.outbox import enqueue
from shop.core.policies import audit
from shop.i18n.formats import date, dirhams_text, money_text
from shop.i18n.messages import gettext as _
from shop.i18n.messages import use_language
from shop.programme.models import Programme, Recipient
from shop.reports import wording
from shop.reports.documents import Document, write_document
from shop.reports.filters import BASES, ReportFilters, month_bounds
from shop.reports.sales import Report, artisan_sales

JOB = "month_report"


@dataclass(frozen=True, slots=True)
class MonthReport:
    """What the letter needs: to whom, what it says (`data`, in the recipient's language), what travels with it."""

    email: str
    language: str
    data: dict[str, Any]
    documents: list[Document]


def send_month_report(recipient_id: int, month: str, basis: str, actor: int | None) -> str:
    """Ask for the letter; inside a transaction. `month` is YYYY-MM and has begun. Raises NotFound, Invalid.

    Answers the public id the letter will bear: known now, so that a worker that does it twice writes one letter.
    """
    if db.session.get(Recipient, recipient_id) is None:
        raise NotFound(_("There is no such recipient."), recipient_id=recipient_id)
    try:
        first = month_bounds(month)[0]
    except ValueError:
        raise Invalid(_("Write the month as in 2026-03."), {"month": _("Write the month as in 2026-03.")}) from None
    if first > clock.today():
        raise Invalid(_("This month has not begun."), {"month": _("This month has not begun.")})
    if basis not in BASES:
        sentence = _("“%(text)s” is not one of: %(allowed)s.", text=basis, allowed=", ".join(BASES))
        raise Invalid(sentence, {"basis": sentence})
    letter = public_id()
    audit(actor, "send month report", "recipient", recipient_id, month=month, basis=basis, letter=letter)
    enqueue(JOB, {"letter": letter, "recipient_id": recipient_id, "month": month, "basis": basis})
    return letter


def make_month_report(recipient_id: int, month: str, basis: str) -> MonthReport:
    """Figures of the recipient's programme for a month, as text and files in their language. Slow: for the worker."""
    recipient = db.session.get(Recipient, recipient_id)
    programme = db.session.get(Programme, recipient.programme_id) if recipient else None
    if recipient is None or programme is None:
        raise NotFound(_("There is no such recipient."), recipient_id=recipient_id)
    first, last = month_bounds(month)
    with use_language(recipient.language):
        report = artisan_sales(ReportFilters(first, last, basis=basis, programme=programme.code))
        data = {
            "name": recipient.name,
            "title": wording.title(),
            "programme": str(getattr(programme, f"name_{recipient.language}")),
            "month": date(first, "month"),
            "facts": [list(pair) for pair in wording.facts(report)],
            "totals": _totals(report),
            "counted": wording.totals_text(report),
            "warning": wording.unconverted_text(report),
            "definitions": wording.definitions(report.filters),
            "rates": wording.rate_sources(report),
        }
        documents = [write_document(report, "pdf"), write_document(report, "table")]
    return MonthReport(recipient.email, recipient.language, data, documents)


def _totals(report: Report) -> list[list[str]]:
    """(label, amount) per currency, then the dirhams of all."""
    totals = [
        [_("Net sales in %(currency)s", currency=total.currency), money_text(total.net_minor, total.currency)]
        for total in report.totals.currencies
    ]
    return [*totals, [_("Net sales in dirhams"), dirhams_text(report.totals.net_mad_minor)]]
