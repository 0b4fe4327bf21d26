"""Three chairs, one sale: sit down with one click as buyer, maker or officer, and see the same order from each."""

from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from shop.accounts.handles import shown_phone
from shop.accounts.models import Account
from shop.accounts.queries import list_handles
from shop.artisans.models import Delegate, Unit
from shop.core.db import db, transaction
from shop.core.errors import NotFound
from shop.core.tables import Installation
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.media.queries import picture_views
from shop.orders.links import order_path
from shop.orders.models import Order, OrderLine
from shop.web.guards import check_origin
from shop.web.sessions import sign_in

blueprint = Blueprint("chairs", __name__)

CHAIRS = ("buyer", "artisan", "officer")


@dataclass(frozen=True, slots=True)
class Followed:
    """The order that is looked at from all three chairs, by one of its lines."""

    order: Order
    line: OrderLine
    unit: Unit


def _first(role: str) -> Account | None:
    statement = select(Account).where(Account.role == role, Account.archived_at.is_(None))
    return db.session.scalars(statement.order_by(Account.id).limit(1)).first()


def _account(chair: str) -> Account:
    account = _first({"artisan": "artisan", "officer": "staff"}[chair])
    if account is None:
        raise NotFound(_("Nobody sits on this chair yet."))
    return account


def find_followed() -> Followed | None:
    """The newest paid order with a piece of the maker whose chair one may take, or None."""
    maker = _first("artisan")
    if maker is None:
        return None
    row = db.session.execute(
        select(Order, OrderLine, Unit)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Unit, Unit.id == OrderLine.unit_id)
        .join(Delegate, Delegate.unit_id == Unit.id)
        .where(Delegate.account_id == maker.id, Order.state == "paid")
        .order_by(Order.paid_at.desc(), Order.id.desc(), OrderLine.position)
        .limit(1)
    ).first()
    return Followed(row[0], row[1], row[2]) if row else None


@blueprint.get("", strict_slashes=False)
def index() -> str:
    followed = find_followed()
    pictures = picture_views([followed.line.picture_id]) if followed else {}
    code = current_language()
    return render_template(
        "demo/chairs/index.html",
        alternates={language: url_for("demo.chairs.index", lang=language) for language in LANGUAGES},
        chairs=_chairs(),
        by_hand=_by_hand(),
        followed=followed,
        picture_of_line=pictures.get(followed.line.picture_id or 0) if followed else None,
        unit_name=getattr(followed.unit, f"name_{code}") if followed else "",
        title=followed.line.maker_title if followed and code == "ar" else followed.line.title if followed else "",
    )


def _by_hand() -> dict[str, list[tuple[str, str]]]:
    """What to type at each door to sign in without this page, as (label, value) by chair."""
    marks = {row.key: row.value for row in db.session.scalars(select(Installation))}
    found = {}
    for chair, role, names, secret in (
        ("artisan", "artisan", (_("Your phone number"), _("Your PIN (6 digits)")), marks.get("demo_pin")),
        ("officer", "staff", (_("E-mail"), _("Password")), marks.get("demo_password")),
    ):
        account = _first(role)
        if account is not None and secret is not None:
            handle = list_handles(account.id)[0]
            shown = shown_phone(handle.value) if handle.kind == "phone" else handle.value
            found[chair] = [(names[0], shown), (names[1], secret)]
    return found


def _chairs() -> list[dict[str, object]]:
    """What each chair is for, and its suggested two minutes."""
    return [
        {
            "code": "buyer",
            "icon": "cart",
            "name": _("Buyer"),
            "who": _("Somebody in Lyon, Riyadh or Boston who looks for a rug."),
            "action": _("Visit the shop"),
            "steps": [
                _("Choose a piece you like and put it into the cart."),
                _("Say where you live: postage, days and the whole amount appear."),
                _("Pay with the test card 4242 4242 4242 4242, any later month and any three digits."),
                _("Read the letter with your order’s page in the mailbox."),
            ],
        },
        {
            "code": "artisan",
            "icon": "hand",
            "name": _("Artisan"),
            "who": _("A maker with a telephone, in Arabic. Try a narrow window."),
            "action": _("Open the workshop"),
            "steps": [
                _("Open the new order and accept it; then mark it ready."),
                _("Look at what awaits export and what is due to you."),
                _("Add a piece: photo, name, your price in dirhams; see what a buyer abroad will see."),
                _("Send it for review."),
            ],
        },
        {
            "code": "officer",
            "icon": "certificate",
            "name": _("Programme officer"),
            "who": _("Somebody at the programme who helps, watches and reports."),
            "action": _("Open the office"),
            "steps": [
                _("Review the piece that was sent, complete its languages and prices, publish it."),
                _("Hand a ready parcel to the carrier: from then on the sale counts as exported."),
                _("Open the report of the month and follow a figure to its order and to Stripe’s ids."),
                _("Send the report to the programme and read it in the mailbox."),
            ],
        },
    ]


@blueprint.post("/chairs/<chair>")
def sit(chair: str) -> Response:
    """Sign in on a chair; with the field `order`, straight to the followed order as that chair sees it."""
    check_origin()
    if chair not in CHAIRS:
        raise NotFound(_("Nobody sits on this chair yet."))
    followed = find_followed() if "order" in request.form else None
    if chair == "buyer":
        secret = current_app.config["SETTINGS"].secret_key
        return redirect(order_path(followed.order, secret) if followed else f"/{current_language()}/", 303)
    with transaction():
        sign_in(_account(chair), **({"unit_id": followed.unit.id} if followed and chair == "artisan" else {}))
    return redirect(_place(chair, followed), 303)


def _place(chair: str, followed: Followed | None) -> str:
    if chair == "officer":
        if followed is None:
            return url_for("staff.overview.index")
        return url_for("staff.orders.show", number=followed.order.number)
    if followed is None:
        return url_for("artisan.home.show")
    return url_for("artisan.orders.show", number=followed.order.number, position=followed.line.position)
