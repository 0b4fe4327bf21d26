"""Payments contested at the bank: those to be answered first, with the day by which Stripe wants the answer."""

from flask import Blueprint, render_template, request, url_for

from shop.core import clock
from shop.payments import wording
from shop.payments.queries import list_contested, sum_dispute_fees
from shop.web.staff import words

blueprint = Blueprint("disputes", __name__, url_prefix="/disputes")

PAGE = 50


@blueprint.get("")
def index() -> str:
    """All that are open, then those that are over, newest first, paged by key."""
    before = request.args.get("before", type=int)
    opened = [] if before else list_contested(is_open=True)
    over = list_contested(is_open=False, before_id=before, limit=PAGE + 1)
    shown = over[:PAGE]
    return render_template(
        "staff/disputes/index.html",
        opened=opened,
        over=shown,
        fees=sum_dispute_fees(dispute.stripe_id for dispute, _order in [*opened, *shown]),
        next_url=url_for("staff.disputes.index", before=shown[-1][0].id) if len(over) > PAGE else "",
        first_url=url_for("staff.disputes.index") if before else "",
        now=clock.now(),
        wording=wording,
        words=words,
    )
