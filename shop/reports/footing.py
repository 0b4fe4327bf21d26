"""Whether the report of the shop's own sales equals the books."""

from collections import Counter
from datetime import date

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.core.db import db
from shop.i18n.messages import gettext as _
from shop.ledger import accounts
from shop.ledger.models import Entry
from shop.reports.facts import list_facts
from shop.reports.filters import ReportFilters

# (kind, unit id, currency)
Key = tuple[str, int, str]


def compare_with_ledger(first: date, last: date) -> list[str]:
    """One sentence per difference between booked sales or refunds and the ledger, per unit and order currency.

    The ledger's side: what payments, refunds and disputes move on the makers' and the commission's accounts for order
    lines; both sides are goods without tax and postage.
    """
    reported: Counter[Key] = Counter()
    for fact in list_facts(ReportFilters(first, last, basis="booked", source="platform")):
        reported[fact.kind, fact.unit_id, fact.currency] += fact.amount_minor * (1 if fact.kind == "sale" else -1)
    posted = _posted(first, last)
    names = {row.id: row.public_id for row in db.session.execute(select(Unit.id, Unit.public_id))}
    findings = []
    for key in sorted(reported.keys() | posted.keys()):
        if reported[key] != posted[key]:
            kind, unit_id, currency = key
            findings.append(
                _(
                    "Unit %(unit)s, %(kind)s in %(currency)s: the report says %(reported)s, the ledger %(posted)s.",
                    unit=names.get(unit_id, unit_id),
                    kind=_("sales") if kind == "sale" else _("refunds"),
                    currency=currency,
                    reported=reported[key],
                    posted=posted[key],
                )
            )
    return findings


# What an entry's cause counts as.
_KINDS = {
    "payment": "sale",
    "refund": "refund",
    "refund_failed": "refund",
    "dispute": "refund",
    "dispute_won": "refund",
}


def _posted(first: date, last: date) -> Counter[Key]:
    """Goods per unit: what commission and the makers gained by payments, and lost by what was given back."""
    posted: Counter[Key] = Counter()
    rows = db.session.execute(
        select(Entry.source, Entry.unit_id, Entry.currency, Entry.amount_minor, Entry.debit, Entry.credit).where(
            Entry.source.in_(_KINDS),
            Entry.line_id.is_not(None),
            Entry.unit_id.is_not(None),
            Entry.effective_on.between(first, last),
        )
    )
    for row in rows:
        kind = _KINDS[row.source]
        gained, lost = (row.credit, row.debit) if kind == "sale" else (row.debit, row.credit)
        posted[kind, row.unit_id, row.currency] += row.amount_minor * (_is_goods(gained) - _is_goods(lost))
    return posted


def _is_goods(account: str) -> bool:
    return account == accounts.COMMISSION or account.startswith(accounts.ARTISAN)
