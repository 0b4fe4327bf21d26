"""The makers' door put together: one guard for all of it, and what every page of it shows."""

from typing import Any

from flask import Blueprint, g, request, url_for

from shop.i18n.languages import LANGUAGES
from shop.orders.queries import list_unit_lines
from shop.web.artisan import account, drafts, home, messages, money, orders, pieces, session, statements, transfers
from shop.web.artisan.amounts import about_dirhams, whole_dirhams
from shop.web.artisan.session import LANGUAGE_COOKIE
from shop.web.guards import current_account, guard_artisan
from shop.web.speech import speak


def make_door() -> Blueprint:
    """A new blueprint `artisan` with every page of the door; endpoints are artisan.<file>.<function>."""
    door = Blueprint("artisan", __name__, url_prefix="/artisan")
    door.before_request(_speak_before_sign_in)
    door.before_request(guard_artisan)
    door.context_processor(_chrome)
    door.add_app_template_filter(whole_dirhams, "whole_dirhams")
    door.add_app_template_filter(about_dirhams, "about_dirhams")
    for part in (session, account, home, pieces, drafts, orders, messages, money, statements, transfers):
        door.register_blueprint(part.blueprint)
    return door


def _speak_before_sign_in() -> None:
    """Arabic until the account is known, unless this telephone chose otherwise."""
    code = request.cookies.get(LANGUAGE_COOKIE, "ar")
    speak(code if code in LANGUAGES else "ar")


def _chrome() -> dict[str, Any]:
    """What the layout shows on every page: addresses, who is signed in, how many orders wait."""
    account_ = current_account()
    if account_ is None or "unit" not in g:
        return {"account": None, "unit": None, "units": []}
    return {
        "account": account_,
        "unit": g.unit,
        "units": g.units,
        "counts": {"orders": len(list_unit_lines(g.unit.id, ["paid"]))},
        "sign_out_url": "",
        "account_url": url_for("artisan.account.show"),
    }
