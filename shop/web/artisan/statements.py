"""A month's account for the maker: what each piece brought, what was taken off, what was sent."""

from flask import Blueprint, Response, render_template

from shop.ledger.statements import list_statements
from shop.payouts import wording
from shop.payouts.papers import read_paper
from shop.web.artisan.amounts import Converter
from shop.web.guards import current_unit
from shop.web.papers import send_statement

blueprint = Blueprint("statements", __name__, url_prefix="/money/statements")


@blueprint.get("")
def list() -> str:
    """The months, newest first."""
    converter = Converter()
    statements = list_statements(current_unit().id)
    return render_template(
        "artisan/statements/list.html",
        statements=[(s, converter.in_dirhams({s.currency: s.totals.net - s.totals.paid})) for s in statements],
    )


@blueprint.get("/<currency>/<month>")
def show(currency: str, month: str) -> str:
    paper = read_paper(current_unit(), currency, month)
    return render_template("artisan/statements/show.html", paper=paper, wording=wording)


@blueprint.get("/<currency>/<month>.pdf")
def pdf(currency: str, month: str) -> Response:
    return send_statement(read_paper(current_unit(), currency, month))
