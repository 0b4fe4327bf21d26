"""The door as one blueprint: guard, what its layout needs, and its pages."""

from typing import Any

from flask import Blueprint, request, url_for

from shop.payouts.queries import count_to_approve
from shop.web.guards import current_account, guard_staff
from shop.web.staff import (
    bank_details,
    currencies,
    destinations,
    disputes,
    freight,
    freight_requests,
    invoices,
    issuer,
    letters,
    messages,
    orders,
    overview,
    payouts,
    pieces,
    programmes,
    quarantine,
    reports,
    responsible,
    returns,
    session,
    settings,
    statements,
    taxes,
    transfers,
    units,
    words,
)
from shop.web.staff.waiting import count_pieces_to_review

PAGES = (
    session,
    overview,
    pieces,
    orders,
    quarantine,
    disputes,
    freight,
    freight_requests,
    returns,
    letters,
    messages,
    units,
    bank_details,
    statements,
    payouts,
    transfers,
    programmes,
    reports,
    invoices,
    settings,
    issuer,
    taxes,
    destinations,
    currencies,
    responsible,
)


def make_door() -> Blueprint:
    """A fresh blueprint named "staff" under /staff."""
    door = Blueprint("staff", __name__, url_prefix="/staff")
    door.before_request(guard_staff)
    door.context_processor(_chrome)
    for page in PAGES:
        door.register_blueprint(page.blueprint)
    return door


def _chrome() -> dict[str, Any]:
    """What layouts/staff.html shows around every page."""
    account = current_account()
    done = words.done_text(request.args.get("done", ""))
    known: dict[str, Any] = {"language_url": url_for("staff.session.language"), "done": done, "counts": {}}
    if account is not None and account.role == "staff":
        known |= {
            "person_name": account.name,
            "sign_out_url": url_for("staff.session.destroy"),
            "counts": {"pieces": count_pieces_to_review(), "payouts": count_to_approve(account.id)},
        }
    return known
