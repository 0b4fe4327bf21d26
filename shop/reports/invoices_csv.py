"""A period's invoices and credit notes for an accountant's spreadsheet."""

from collections.abc import Iterable

from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.invoicing.contents import kind_name
from shop.invoicing.models import Invoice
from shop.invoicing.queries import Issued
from shop.reports.csv_out import decimal_text, guard, write_rows

AMOUNTS = ("goods_minor", "shipping_minor", "tax_minor", "duty_minor", "discount_minor", "total_minor")


def signed(document: Invoice, minor: int) -> int:
    """An amount as it counts in a sum: a credit note takes away."""
    return -minor if document.kind == "credit_note" else minor


def to_csv(rows: Iterable[Issued]) -> bytes:
    """In the language of the moment, as reports.csv_out.to_locale_csv: headings in words, amounts as decimals."""
    mark, delimiter = (".", ",") if current_language() == "en" else (",", ";")
    headings = [
        _("Number"),
        _("Document"),
        _("Day of issue"),
        _("Refers to"),
        _("Order"),
        _("Buyer"),
        _("Country"),
        _("Currency"),
        _("Goods before tax"),
        _("Shipping before tax"),
        _("Tax"),
        _("Duty"),
        _("Discount"),
        _("Total"),
    ]
    return write_rows([headings, *(_row(row, mark) for row in rows)], delimiter)


def _row(row: Issued, mark: str) -> list[str]:
    document, order = row.document, row.order
    words = [
        document.number,
        kind_name(document.kind),
        document.issued_on.isoformat(),
        row.refers_to,
        order.number,
        order.address.get("name", ""),
        order.country,
        document.currency,
    ]
    amounts = (signed(document, getattr(document, name)) for name in AMOUNTS)
    return [*map(guard, words), *(decimal_text(minor, document.currency, mark) for minor in amounts)]
