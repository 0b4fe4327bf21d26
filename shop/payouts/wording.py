"""What pages and papers call the parts of a statement, in the language of the moment."""

from collections.abc import Iterable

from shop.artisans.queries import person_name
from shop.i18n.formats import date
from shop.i18n.messages import gettext as _
from shop.ledger.statements import Amounts
from shop.payouts.papers import Paper

COLUMNS = ("gross", "commission", "fees", "refunds", "adjustments")


def title() -> str:
    return _("Statement of account")


def month_name(paper: Paper) -> str:
    return date(paper.statement.first, "month")


def column_names() -> dict[str, str]:
    """Names of a statement's columns, by their name in ledger.statements.Amounts."""
    return {
        "gross": _("Sold for"),
        "commission": _("Commission"),
        "fees": _("Payment fees"),
        "refunds": _("Given back"),
        "adjustments": _("Other"),
        "net": _("Yours"),
    }


def used_columns(amounts: Iterable[Amounts]) -> list[str]:
    """The columns in which anything stands, in their order; sales and what they bring always."""
    rows = list(amounts)
    return [name for name in COLUMNS if name == "gross" or any(getattr(row, name) for row in rows)]


def sums(paper: Paper) -> list[tuple[str, int, str]]:
    """The statement as a sum, line under line: (name, minor units with their sign, kind).

    `kind` is "edge" for what stood before and stands after, else "". All but the last add up to the last.
    """
    statement, names = paper.statement, column_names()
    totals = statement.totals
    lines = [(_("Brought forward"), statement.opening, "edge")]
    lines += [(names[name], getattr(totals, name), "") for name in used_columns([totals])]
    if totals.paid:
        lines.append((_("Transferred to you"), totals.paid, ""))
    return [*lines, (_("Balance at the end of the month"), statement.closing, "edge")]


def maker_parts(paper: Paper) -> list[tuple[str, int]]:
    """Each maker's part of the month, (name, minor units); what is nobody's stands under the unit as a whole."""
    ordered = sorted(paper.parts.items(), key=lambda pair: (pair[0] is None, pair[0]))
    return [
        (_("The unit as a whole") if person_id is None else person_name(paper.persons[person_id]), minor)
        for person_id, minor in ordered
    ]


def reasons() -> dict[str, str]:
    """Why a unit or a transfer is left out, by code."""
    return {
        "nothing": _("Nothing is available."),
        "in_transfer": _("Another transfer to it is under way."),
        "no_rib": _("No RIB is known."),
        "bad_rib": _("Its RIB is not valid."),
        "letters": _("The name of the account is not in Latin letters."),
        "no_consent": _("The account is in another name, and no consent is recorded."),
        "changed": _("The account was changed after the draft."),
        "cancelled": _("The draft was cancelled."),
    }


def waiting_reasons() -> dict[str, str]:
    """Why money waits without a day, by code."""
    return {
        "stripe": _("The card payment has not arrived yet."),
        "refund": _("The buyer is being refunded."),
        "dispute": _("The buyer’s bank disputes the payment."),
    }
