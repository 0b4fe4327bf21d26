"""Sales per artisan: the same figures as the officers' page and the command."""

from flask import Blueprint, Response, request

from shop.core.errors import Invalid
from shop.i18n.messages import gettext as _
from shop.reports.documents import write_document
from shop.reports.filters import NAMES, parse_filters
from shop.reports.sales import artisan_sales

blueprint = Blueprint("reports", __name__, url_prefix="/v1/reports")


@blueprint.get("/artisan-sales")
def artisan_sales_json() -> Response:
    return _answer("json")


@blueprint.get("/artisan-sales.csv")
def artisan_sales_csv() -> Response:
    return _answer("csv")


def _answer(form: str) -> Response:
    # A filter that is misspelt and passed over would answer other figures than were asked for.
    unknown = sorted(set(request.args) - set(NAMES))
    if unknown:
        fields = {name: _("There is no filter of this name.") for name in unknown}
        raise Invalid(
            _("Unknown: %(names)s. Filters are: %(known)s.", names=_join(unknown), known=_join(NAMES)), fields
        )
    twice = [name for name in NAMES if len(request.args.getlist(name)) > 1]
    if twice:
        raise Invalid(_("Given twice: %(names)s.", names=_join(twice)), {name: _("Give it once.") for name in twice})
    document = write_document(artisan_sales(parse_filters(request.args)), form)
    response = Response(document.content, content_type=document.media_type)
    if form == "csv":
        response.headers.set("Content-Disposition", "attachment", filename=document.name)
    return response


def _join(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)
