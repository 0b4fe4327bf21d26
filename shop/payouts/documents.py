"""Statement and advice slip as PDF, for the artisan: in the language of the moment, the same data as the same bytes."""

from decimal import Decimal
from typing import Any

from shop.artisans.models import Unit
from shop.artisans.queries import unit_name, unit_place
from shop.core.policies import get_policy
from shop.core.typeset import typeset
from shop.i18n.formats import date, dirhams_text, isolate_ltr_text, money_text, rate
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.payouts import wording
from shop.payouts.models import Transfer
from shop.payouts.papers import Paper, PieceRow, TransferRow
from shop.payouts.rib import masked
from shop.payouts.services import in_dirhams


def statement_pdf(paper: Paper) -> bytes:
    """A month of a unit's account. Tagged (PDF/UA-1), right to left in Arabic."""
    return typeset("shop.payouts", "statement.typ", _statement(paper))


def slip_pdf(transfer: Transfer, unit: Unit) -> bytes:
    """What the bank has sent for a unit: amount, rate, dirhams, reference."""
    return typeset("shop.payouts", "slip.typ", _slip(transfer, unit))


def statement_file_name(paper: Paper) -> str:
    statement = paper.statement
    return f"statement-{statement.month}-{statement.currency}-{current_language()}.pdf"


def slip_file_name(transfer: Transfer) -> str:
    return f"transfer-{transfer.executed_on}-{transfer.public_id}-{current_language()}.pdf"


def _sheet() -> dict[str, Any]:
    language = LANGUAGES[current_language()]
    return {
        "language": language.code,
        "direction": language.direction,
        "page": _("Page {page} of {pages}"),
        "operator": get_policy("operator")["name"],
    }


def _unit(unit: Unit) -> list[list[str]]:
    pairs = [(_("Unit"), unit_name(unit)), (_("Place"), unit_place(unit))]
    if unit.nia:
        pairs.append((_("Craft register"), isolate_ltr_text(unit.nia)))
    return [list(pair) for pair in pairs]


def _statement(paper: Paper) -> dict[str, Any]:
    currency = paper.statement.currency
    columns = wording.used_columns(piece.row.amounts for piece in paper.pieces)
    names = wording.column_names()
    return {
        **_sheet(),
        "title": wording.title(),
        "month": wording.month_name(paper),
        "unit": _unit(paper.unit),
        "headings": [_("Day"), _("Piece"), *(names[name] for name in [*columns, "net"])],
        "pieces": [_piece(piece, columns, currency) for piece in paper.pieces],
        "empty": _("Nothing was sold or given back this month."),
        "transfers_title": _("Transfers to your bank account"),
        "transfer_headings": [_("Day"), _("Bank’s reference"), _("Dirhams received"), _("Amount")],
        "transfers": [_transfer(row, currency) for row in paper.transfers],
        "sum_title": _("The month as a sum"),
        "sum": [[name, money_text(minor, currency), kind] for name, minor, kind in wording.sums(paper)],
        "parts_title": _("Each maker’s part of what was sold and given back"),
        "parts": [[name, money_text(minor, currency)] for name, minor in wording.maker_parts(paper)],
        "closing_name": _("Balance at the end of the month"),
        "closing": money_text(paper.statement.closing, currency),
        "note": _("Days are those of Casablanca. A balance below zero is paid from the next sales."),
    }


def _piece(piece: PieceRow, columns: list[str], currency: str) -> list[Any]:
    amounts = piece.row.amounts
    shown = [money_text(getattr(amounts, name), currency) if getattr(amounts, name) else "" for name in columns]
    title = [piece.title, isolate_ltr_text(piece.number)]
    return [date(piece.row.on, "short"), title, *shown, money_text(amounts.net, currency)]


def _transfer(shown: TransferRow, currency: str) -> list[str]:
    transfer, minor = shown.transfer, shown.row.amounts.net
    reference = isolate_ltr_text(transfer.bank_reference or "") if transfer else ""
    dirhams = ""
    if transfer is not None and minor > 0:
        reference = _("%(reference)s, sent back", reference=reference)
    elif transfer is not None and transfer.mad_minor is not None:
        dirhams = dirhams_text(transfer.mad_minor)
    return [date(shown.row.on, "short"), reference, dirhams, money_text(-minor, currency)]


def _slip(transfer: Transfer, unit: Unit) -> dict[str, Any]:
    assert transfer.executed_on is not None
    assert transfer.mad_minor is not None
    assert transfer.rate_millionths is not None
    currency = transfer.currency
    at_rate = in_dirhams(transfer.amount_minor, currency, transfer.rate_millionths)
    kept = [
        [_("At this rate"), dirhams_text(at_rate)],
        [_("Kept by the banks"), dirhams_text(transfer.mad_minor - at_rate)],
    ]
    return {
        **_sheet(),
        "title": _("Advice of a transfer"),
        "day": date(transfer.executed_on, "long"),
        "unit": _unit(unit),
        "received_name": _("You receive"),
        "received": dirhams_text(transfer.mad_minor),
        "sum": [
            [_("Sent"), money_text(transfer.amount_minor, currency)],
            [
                _("The bank’s rate for one %(currency)s", currency=currency),
                dirhams_rate(transfer.rate_millionths),
            ],
            *(kept if at_rate != transfer.mad_minor else []),
            [_("Received"), dirhams_text(transfer.mad_minor)],
        ],
        "facts": [
            [_("Account in the name of"), transfer.payee],
            ["RIB", isolate_ltr_text(masked(transfer.rib))],
            [_("Bank’s reference"), isolate_ltr_text(transfer.bank_reference or "")],
            [_("Transfer"), isolate_ltr_text(transfer.public_id)],
        ],
        "returned": _returned(transfer),
        "note": _("The months’ statements say which sales this money comes from."),
    }


def _returned(transfer: Transfer) -> str:
    if transfer.returned_on is None:
        return ""
    return _("The bank sent this transfer back on %(day)s. It will be sent again.", day=date(transfer.returned_on))


def dirhams_rate(millionths: int) -> str:
    """A rate in millionths of a dirham as people read it."""
    return _("%(rate)s dirhams", rate=rate(Decimal(millionths) / 1_000_000))
