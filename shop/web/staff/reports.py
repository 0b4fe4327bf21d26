"""Export sales by artisan: the figures, what lies behind each, files of them, and the way to a programme."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectField

from shop.artisans.models import Unit
from shop.artisans.queries import unit_names
from shop.catalogue.models import Family
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Invalid, NotFound, ShopError
from shop.core.policies import get_policy
from shop.core.rates import DatedRate
from shop.i18n.countries import list_countries
from shop.i18n.formats import dirhams_text, number
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, lazy_gettext
from shop.i18n.messages import gettext as _
from shop.ledger.queries import list_balances
from shop.programme.queries import list_editions, list_programmes, list_recipients
from shop.reports import wording
from shop.reports.documents import FORMATS, write_document
from shop.reports.filters import BASES, SOURCES, ReportFilters, parse_filters
from shop.reports.footing import compare_with_ledger
from shop.reports.mailing import send_month_report
from shop.reports.sales import Report, artisan_sales, get_reported_unit, lines_of, unit_name
from shop.web.guards import current_officer
from shop.web.staff.charts import Chart, bar_chart
from shop.web.staff.forms import LineField, StaffForm, required

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

CHARTED = 10
LINES_SHOWN = 500


class SendForm(StaffForm):
    recipient = SelectField(lazy_gettext("Recipient"), [required(lazy_gettext("Choose a recipient."))])
    month = LineField(lazy_gettext("Month"), [required(lazy_gettext("Write the month as in 2026-03."))])
    basis = SelectField(lazy_gettext("Basis"), default="exported")


def _periods(today: date) -> list[tuple[str, dict[str, str]]]:
    """Quick ways to a period: (name, from and to)."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return [
        (_("This month"), {"from": month.isoformat(), "to": today.isoformat()}),
        (_("Last month"), {"from": before.replace(day=1).isoformat(), "to": before.isoformat()}),
        (_("This year"), {"from": today.replace(month=1, day=1).isoformat(), "to": today.isoformat()}),
    ]


def _asked() -> dict[str, str]:
    """What the address asks for; this month where it names no day at all."""
    asked = dict(request.args.items())
    if not asked.get("from") and not asked.get("to"):
        asked |= _periods(clock.today())[0][1]
    return asked


@blueprint.get("")
def sales() -> str | tuple[str, int]:
    asked = _asked()
    try:
        filters = parse_filters(asked)
    except Invalid as error:
        return _sales_page(asked, None, error.fields), 422
    return _sales_page(asked, artisan_sales(filters), {})


def _sales_page(
    asked: Mapping[str, str], report: Report | None, errors: Mapping[str, str], send: SendForm | None = None
) -> str:
    return render_template(
        "staff/reports/sales.html",
        asked=asked,
        errors=errors,
        options=_options(),
        periods=_periods(clock.today()),
        report=report,
        chart=_chart(report) if report is not None else None,
        query=report.filters.as_query() if report is not None else {},
        wording=wording,
        headings=wording.headings(),
        send_form=send
        or _send_form(
            formdata=None, data={"month": asked.get("from", "")[:7], "basis": asked.get("basis") or "exported"}
        ),
        problems=send.problems() if send is not None else [{"id": name, "text": errors[name]} for name in errors],
    )


def _options() -> dict[str, list[tuple[str, str]]]:
    """What each filter may be, with its names."""
    code = current_language()
    everything = ("", _("All"))
    families = db.session.scalars(select(Family).order_by(Family.position, Family.code))
    return {
        "basis": [(basis, wording.basis_name(basis)) for basis in BASES],
        "source": [(source, wording.source_name(source)) for source in SOURCES],
        "programme": [everything, *((row.code, getattr(row, f"name_{code}")) for row in list_programmes())],
        "edition": [everything, *((row.code, getattr(row, f"name_{code}")) for row, _programme in list_editions())],
        "family": [everything, *((row.code, getattr(row, f"name_{code}")) for row in families)],
        "country": [everything, *list_countries(get_policy("domestic_codes"))],
    }


def _chart(report: Report) -> Chart | None:
    """Net sales in dirhams of the units that sold most; all currencies of a unit in one bar."""
    worth: dict[str, int] = {}
    names: dict[str, str] = {}
    for row in report.rows:
        worth[row.unit_id] = worth.get(row.unit_id, 0) + row.net_mad_minor
        names[row.unit_id] = row.unit_name
    if not worth:
        return None
    most = sorted(worth, key=lambda unit_id: (-worth[unit_id], unit_id))[:CHARTED]
    rows = [(names[key], worth[key], dirhams_text(worth[key])) for key in most]
    return bar_chart(rows, mirrored=LANGUAGES[current_language()].direction == "rtl")


@blueprint.get("/lines")
def lines() -> str:
    """The sales and refunds behind a figure; their sums are that figure."""
    asked = _asked()
    filters = parse_filters(asked)
    unit_id, currency = asked.get("unit") or None, asked.get("currency") or None
    found = lines_of(filters, unit_id, currency)
    unit = get_reported_unit(unit_id) if unit_id is not None else None
    sums: dict[str, dict[str, int]] = {}
    for line in found:
        total = sums.setdefault(line.currency, dict.fromkeys(("amount", "commission", "fees", "payable", "mad"), 0))
        total["amount"] += line.amount_minor
        total["commission"] += line.commission_minor
        total["fees"] += line.fees_minor
        total["payable"] += line.payable_minor
        total["mad"] += line.mad_minor or 0
    return render_template(
        "staff/reports/lines.html",
        filters=filters,
        query=filters.as_query(),
        lines=found[:LINES_SHOWN],
        count=len(found),
        sums=sums,
        unit=unit,
        unit_name=unit_name(unit) if unit is not None else "",
        currency=currency,
        rate_text=_rate_text,
        names=_names({line.unit_id for line in found}),
        wording=wording,
    )


def _names(public_ids: set[str]) -> dict[str, str]:
    units = db.session.scalars(select(Unit).where(Unit.public_id.in_(public_ids)))
    return {unit.public_id: unit_name(unit) for unit in units}


def _rate_text(rate: DatedRate) -> str:
    return number((Decimal(rate.mad.numerator) / rate.mad.denominator).quantize(Decimal("0.001")))


@blueprint.get("/artisan-sales.<form>")
def download(form: str) -> Response:
    """The same figures as a file."""
    if form not in FORMATS:
        raise NotFound(_("There is no such file."))
    document = write_document(artisan_sales(parse_filters(_asked())), form)
    response = Response(document.content, content_type=document.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=document.name)
    return response


def _send_form(**kwargs: Any) -> SendForm:
    form = SendForm(prefix="send-", **kwargs)
    code = current_language()
    form.recipient.choices = [("", _("Choose"))]
    form.recipient.choices += [
        (str(row.id), f"{row.name} · {getattr(programme, f'name_{code}')} · {LANGUAGES[row.language].own_name}")
        for row, programme in list_recipients()
    ]
    form.basis.choices = [(basis, wording.basis_name(basis)) for basis in BASES]
    return form


@blueprint.post("/send")
def send() -> Response | tuple[str, int]:
    officer = current_officer()
    form = _send_form()
    if form.validate():
        try:
            with transaction():
                send_month_report(int(form.recipient.data), form.month.data, form.basis.data, officer.id)
            return redirect(url_for("staff.reports.sent", recipient=form.recipient.data, month=form.month.data), 303)
        except ShopError as error:
            form.blame(error)
    asked = _asked()
    report = artisan_sales(ReportFilters(date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])))
    return _sales_page(asked, report, {}, form), 422


@blueprint.get("/sent")
def sent() -> str:
    """What was sent to whom, and where a demonstration lets one read it."""
    wanted = request.args.get("recipient", type=int)
    found = next(((row, programme) for row, programme in list_recipients() if row.id == wanted), None)
    if found is None:
        raise NotFound(_("There is no such recipient."))
    recipient, programme = found
    return render_template(
        "staff/reports/sent.html",
        recipient=recipient,
        programme=getattr(programme, f"name_{current_language()}"),
        month=request.args.get("month", ""),
        language_name=LANGUAGES[recipient.language].own_name,
    )


@blueprint.get("/balances")
def balances() -> str:
    """What stands on every account of the books, and whether the report of the year equals them."""
    rows = list_balances()
    ids = {int(row.account.partition(":")[2]) for row in rows if ":" in row.account}
    today = clock.today()
    return render_template(
        "staff/reports/balances.html",
        rows=rows,
        units=unit_names(ids),
        differences=compare_with_ledger(today.replace(month=1, day=1), today),
        today=today,
    )
