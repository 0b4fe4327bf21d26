"""A report as a file: one table of formats for the page, the API's sister addresses, the command and letters."""

from collections.abc import Callable
from dataclasses import dataclass

from shop.core.errors import Invalid
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.reports.csv_out import to_csv, to_locale_csv
from shop.reports.json_out import to_json
from shop.reports.pdf_out import to_pdf
from shop.reports.sales import Report, lines_of
from shop.reports.xlsx_out import to_xlsx


@dataclass(frozen=True, slots=True)
class Document:
    """A file with a name that says what is in it."""

    name: str
    media_type: str
    content: bytes


def _workbook(report: Report) -> bytes:
    return to_xlsx(report, lines_of(report.filters))


_CSV = "text/csv; charset=utf-8"
# format -> (ending, media type, writer); "csv" is for machines, "table" the CSV for a person's spreadsheet.
FORMATS: dict[str, tuple[str, str, Callable[[Report], bytes]]] = {
    "csv": ("csv", _CSV, to_csv),
    "table": ("csv", _CSV, to_locale_csv),
    "json": ("json", "application/json", to_json),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
    "pdf": ("pdf", "application/pdf", to_pdf),
}


def write_document(report: Report, form: str) -> Document:
    """The report as a file in the language of the moment; PDF and XLSX take a second of a worker or command.

    Raises Invalid for a format that is not in FORMATS.
    """
    if form not in FORMATS:
        raise Invalid(_("“%(text)s” is not one of: %(allowed)s.", text=form, allowed=", ".join(FORMATS)))
    ending, media_type, write = FORMATS[form]
    filters = report.filters
    name = f"artisan-sales-{filters.basis}-{filters.first}-{filters.last}-{current_language()}.{ending}"
    return Document(name, media_type, write(report))
