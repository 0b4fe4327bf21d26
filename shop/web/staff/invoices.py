"""Invoices and credit notes: a period's list, the same as CSV, each as PDF."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from shop.core import clock
from shop.core.errors import Invalid
from shop.i18n.messages import gettext as _
from shop.invoicing.contents import kind_name
from shop.invoicing.documents import to_pdf
from shop.invoicing.queries import get_document, list_issued
from shop.reports.invoices_csv import signed, to_csv

blueprint = Blueprint("invoices", __name__, url_prefix="/invoices")


def _asked() -> tuple[date, date]:
    """First and last day the address asks for; this month where it names none. Raises Invalid, which names the fields."""
    today = clock.today()
    usual = {"from": today.replace(day=1), "to": today}
    days, fields = {}, {}
    for name, day in usual.items():
        try:
            days[name] = date.fromisoformat(request.args[name]) if request.args.get(name) else day
        except ValueError:
            fields[name] = _("This is not a day. Enter it as in 2026-03-31.")
    if not fields and days["to"] < days["from"]:
        fields["to"] = _("The last day lies before the first.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    return days["from"], days["to"]


@blueprint.get("")
def index() -> str | tuple[str, int]:
    try:
        return _page(_asked(), {})
    except Invalid as error:
        return _page(None, error.fields), 422


def _page(period: tuple[date, date] | None, errors: Mapping[str, str]) -> str:
    rows = list_issued(*period) if period else []
    sums: dict[str, int] = {}
    for row in rows:
        document = row.document
        sums[document.currency] = sums.get(document.currency, 0) + signed(document, document.total_minor)
    return render_template(
        "staff/invoices/index.html",
        period=period,
        asked=request.args,
        errors=errors,
        rows=rows,
        sums=dict(sorted(sums.items())),
        signed=signed,
        kind_name=kind_name,
        problems=[{"id": name, "text": text} for name, text in errors.items()],
    )


@blueprint.get("/invoices.csv")
def download() -> Response:
    """A period's documents for the accountant's spreadsheet."""
    first, last = _asked()
    response = Response(to_csv(list_issued(first, last)), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"invoices-{first}-{last}.csv")
    return response


@blueprint.get("/<number>.pdf")
def show(number: str) -> Response:
    """A document as it was issued."""
    document = get_document(number)
    response = Response(to_pdf(document), content_type="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=f"{document.number}.pdf")
    return response
