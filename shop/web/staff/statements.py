"""A unit's account as the artisan reads it, with the way to every order."""

from flask import Blueprint, Response, render_template

from shop.artisans.queries import get_unit, unit_name
from shop.ledger.statements import list_statements
from shop.payouts import wording
from shop.payouts.availability import list_standings
from shop.payouts.papers import read_paper
from shop.payouts.queries import list_sent
from shop.web.papers import send_statement
from shop.web.staff import words

blueprint = Blueprint("statements", __name__, url_prefix="/units/<unit_id>/statements")


@blueprint.get("")
def index(unit_id: str) -> str:
    """Where the unit's money stands, its statements, its transfers."""
    unit = get_unit(unit_id)
    return render_template(
        "staff/statements/index.html",
        unit=unit,
        name=unit_name(unit),
        standings=list_standings(unit_id=unit.id),
        statements=list_statements(unit.id),
        transfers=list_sent(unit.id),
        wording=wording,
        words=words,
    )


@blueprint.get("/<currency>/<month>")
def show(unit_id: str, currency: str, month: str) -> str:
    unit = get_unit(unit_id)
    paper = read_paper(unit, currency, month)
    return render_template(
        "staff/statements/show.html",
        unit=unit,
        name=unit_name(unit),
        paper=paper,
        columns=wording.used_columns(piece.row.amounts for piece in paper.pieces),
        wording=wording,
    )


@blueprint.get("/<currency>/<month>.pdf")
def pdf(unit_id: str, currency: str, month: str) -> Response:
    return send_statement(read_paper(get_unit(unit_id), currency, month))
