"""What the bank has sent to the maker, with its slip."""

from decimal import Decimal

from flask import Blueprint, Response, render_template

from shop.payouts.queries import get_sent, list_sent
from shop.payouts.rib import masked
from shop.web.guards import current_unit
from shop.web.papers import send_slip

blueprint = Blueprint("transfers", __name__, url_prefix="/money/transfers")


@blueprint.get("")
def list() -> str:
    """All transfers, newest first."""
    return render_template("artisan/transfers/list.html", transfers=list_sent(current_unit().id))


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    transfer = get_sent(public_id, current_unit().id)
    return render_template(
        "artisan/transfers/show.html",
        transfer=transfer,
        rib=masked(transfer.rib),
        rate=Decimal(transfer.rate_millionths or 0) / 1_000_000,
    )


@blueprint.get("/<public_id>/slip.pdf")
def slip(public_id: str) -> Response:
    unit = current_unit()
    return send_slip(get_sent(public_id, unit.id), unit)
