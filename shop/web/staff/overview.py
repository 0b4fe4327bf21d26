"""The first page: what waits, and how the month goes."""

from flask import Blueprint, render_template

from shop.artisans.queries import unit_names
from shop.core import clock
from shop.reports.filters import ReportFilters
from shop.reports.sales import artisan_sales
from shop.web.staff import words
from shop.web.staff.waiting import list_urgent_lines, list_waits

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def index() -> str:
    today = clock.today()
    filters = ReportFilters(today.replace(day=1), today)
    urgent = list_urgent_lines()
    return render_template(
        "staff/overview/index.html",
        waits=list_waits(),
        urgent=urgent,
        unit_names=unit_names(line.unit_id for line, _order in urgent),
        line_badge=words.line_badge,
        report=artisan_sales(filters),
        query=filters.as_query(),
        today=today,
    )
