"""The report as a workbook: figures as real numbers, the lines behind them, the notes to read them by."""

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shop.core.money import exponent
from shop.i18n.formats import date
from shop.i18n.messages import gettext as _
from shop.reports import wording
from shop.reports.csv_out import guard
from shop.reports.sales import COLUMNS, CurrencyTotal, Report, ReportLine

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

TEXTS = frozenset(["unit_id", "unit_name", "programmes", "cohorts", "family", "region", "currency"])
# A workbook of more lines takes seconds and helps nobody; the lines of a unit are a page and a filter away.
MAX_LINES = 5000
WIDTHS = {"unit_name": 34, "programmes": 18, "cohorts": 18, "family": 22, "region": 24, "net_mad_minor": 20}


class _Sheets:
    """A workbook under construction with its formats, each made once."""

    def __init__(self, workbook: "Workbook") -> None:
        self.workbook = workbook
        self.mirrored = wording.is_right_to_left()
        self._formats: dict[tuple[Any, ...], Any] = {}

    def style(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            order = {"reading_order": 2} if self.mirrored else {}
            font = {"font_name": "Calibri", "valign": "top"}
            self._formats[key] = self.workbook.add_format({**font, **order, **properties})
        return self._formats[key]

    def amount(self, currency: str, **properties: Any) -> Any:
        digits = exponent(currency)
        return self.style(num_format="#,##0" + ("." + "0" * digits if digits else ""), **properties)

    def sheet(self, name: str, columns: list[tuple[str, int]]) -> "Worksheet":
        """A sheet with a frozen header; columns are (heading, width in characters)."""
        sheet = self.workbook.add_worksheet(name[:31])
        if self.mirrored:
            sheet.right_to_left()
        head = self.style(bold=True, bottom=1, text_wrap=True)
        for index, (heading, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, heading, head)
        sheet.freeze_panes(1, 0)
        return sheet


def to_xlsx(report: Report, lines: list[ReportLine]) -> bytes:
    """The workbook in the language of the moment; `lines` are those of `lines_of(report.filters)`.

    More than MAX_LINES of them are left out, and the notes say so.
    """
    # A web process that makes no workbook does not load the library.
    import xlsxwriter  # noqa: PLC0415

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        workbook.set_properties({"title": wording.title(), "created": report.as_of.replace(tzinfo=None)})
        sheets = _Sheets(workbook)
        _write_sales(sheets, report)
        if len(lines) <= MAX_LINES:
            _write_lines(sheets, lines, {row.unit_id: row.unit_name for row in report.rows})
        _write_notes(sheets, report, left_out=len(lines) > MAX_LINES)
        _write_rates(sheets, report)
    return buffer.getvalue()


def _write_sales(sheets: _Sheets, report: Report) -> None:
    headings = wording.headings()
    sheet = sheets.sheet(_("Sales"), [(headings[name], WIDTHS.get(name, 14)) for name in COLUMNS])
    families = wording.family_names()
    at = 1
    for row in report.rows:
        for index, name in enumerate(COLUMNS):
            value = getattr(row, name)
            if name == "family":
                value = families.get(value, value)
            elif name == "region":
                value = wording.region_label(value)
            _write_cell(sheets, sheet, at, index, name, value, row.currency)
        at += 1
    for total in report.totals.currencies:
        _write_total(sheets, sheet, at, total)
        at += 1
    bold = sheets.style(bold=True, top=1)
    sheet.write_string(at, 1, wording.totals_text(report), bold)
    column = COLUMNS.index("net_mad_minor")
    sheet.write_number(at, column, _major(report.totals.net_mad_minor, "MAD"), sheets.amount("MAD", bold=True, top=1))


def _write_total(sheets: _Sheets, sheet: "Worksheet", at: int, total: CurrencyTotal) -> None:
    bold = sheets.style(bold=True)
    sheet.write_string(at, 1, _("Total in %(currency)s", currency=total.currency), bold)
    sheet.write_string(at, COLUMNS.index("currency"), total.currency, bold)
    for name in CurrencyTotal.__dataclass_fields__:
        if name.endswith("_minor"):
            currency = "MAD" if name == "net_mad_minor" else total.currency
            value = _major(getattr(total, name), currency)
            sheet.write_number(at, COLUMNS.index(name), value, sheets.amount(currency, bold=True))


def _write_cell(
    sheets: _Sheets, sheet: "Worksheet", at: int, index: int, name: str, value: str | int, currency: str
) -> None:
    if name in TEXTS:
        # Written as a string a formula is only shown; the guard holds when the sheet is saved as CSV.
        sheet.write_string(at, index, guard(str(value)), sheets.style())
    elif name.endswith("_minor"):
        code = "MAD" if name == "net_mad_minor" else currency
        sheet.write_number(at, index, _major(int(value), code), sheets.amount(code))
    else:
        sheet.write_number(at, index, int(value), sheets.style(num_format="#,##0"))


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def _write_lines(sheets: _Sheets, lines: list[ReportLine], names: dict[str, str]) -> None:
    columns = [
        (_("Date"), 12),
        (_("Order"), 14),
        (_("Kind"), 10),
        (_("Unit"), 30),
        (_("Item no."), 16),
        (_("Piece"), 36),
        (_("Destination"), 18),
        (_("Quantity"), 10),
        (_("Currency"), 10),
        (_("Amount"), 14),
        (_("Rate"), 12),
        (_("Dirhams"), 14),
        (_("Commission"), 12),
        (_("Fees"), 12),
        (_("Due to the unit"), 14),
        (_("Payment at Stripe"), 30),
        (_("Charge at Stripe"), 30),
        (_("Refunds at Stripe"), 30),
        (_("Balance transactions at Stripe"), 30),
    ]
    sheet = sheets.sheet(_("Lines"), columns)
    places = wording.destination_names({line.country for line in lines})
    for at, line in enumerate(lines, start=1):
        _write_line(sheets, sheet, at, line, names[line.unit_id], places[line.country])


def _write_line(sheets: _Sheets, sheet: "Worksheet", at: int, line: ReportLine, unit: str, place: str) -> None:
    plain, amount = sheets.style(), sheets.amount(line.currency)
    sheet.write_datetime(at, 0, line.on, sheets.style(num_format="yyyy-mm-dd"))
    texts = {
        1: line.number,
        2: _("Sale") if line.kind == "sale" else _("Refund"),
        3: unit,
        4: line.sku,
        5: line.title,
        6: place,
        8: line.currency,
        15: line.payment_intent,
        16: line.charge,
        17: " ".join(line.refunds),
        18: " ".join(line.balance_transactions),
    }
    for index, text in texts.items():
        sheet.write_string(at, index, guard(text), plain)
    sheet.write_number(at, 7, line.quantity, plain)
    sheet.write_number(at, 9, _major(line.amount_minor, line.currency), amount)
    if line.rate is not None and line.mad_minor is not None:
        rate = Decimal(line.rate.mad.numerator) / Decimal(line.rate.mad.denominator)
        sheet.write_number(at, 10, rate, sheets.style(num_format="0.0000"))
        sheet.write_number(at, 11, _major(line.mad_minor, "MAD"), sheets.amount("MAD"))
    for index, minor in ((12, line.commission_minor), (13, line.fees_minor), (14, line.payable_minor)):
        sheet.write_number(at, index, _major(minor, line.currency), amount)


def _write_notes(sheets: _Sheets, report: Report, *, left_out: bool) -> None:
    sheet = sheets.sheet(_("Notes"), [(wording.title(), 26), ("", 100)])
    bold, wrapped = sheets.style(bold=True), sheets.style(text_wrap=True)
    pairs = wording.facts(report)
    if report.rates:
        pairs.append((_("Exchange rates from"), wording.rate_sources(report)))
    if report.totals.unconverted_lines:
        pairs.append((_("Attention"), wording.unconverted_text(report)))
    if left_out:
        pairs.append(
            (_("Lines"), _("There are too many lines for a sheet of their own; ask for one unit or a shorter time."))
        )
    sentences = wording.definitions(report.filters)
    pairs += [(_("Definitions") if at == 0 else "", text) for at, text in enumerate(sentences)]
    for at, (label, value) in enumerate(pairs, start=1):
        sheet.write_string(at, 0, label, bold)
        sheet.write_string(at, 1, guard(value), wrapped)


def _write_rates(sheets: _Sheets, report: Report) -> None:
    columns = [(_("Currency"), 12), (_("Date"), 20), (_("Dirhams for one"), 18), (_("Source"), 50)]
    sheet = sheets.sheet(_("Exchange rates"), columns)
    for at, rate in enumerate(report.rates, start=1):
        sheet.write_string(at, 0, rate.currency, sheets.style())
        sheet.write_string(at, 1, date(rate.on), sheets.style())
        value = Decimal(rate.mad.numerator) / Decimal(rate.mad.denominator)
        sheet.write_number(at, 2, value, sheets.style(num_format="0.000000"))
        sheet.write_string(at, 3, guard(rate.source), sheets.style())
