"""The buyer's own orders: followed by a signed link, paid again, found again by number and e-mail."""

import hashlib
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from shop.artisans.queries import unit_names
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.core.ids import public_id
from shop.core.outbox import enqueue
from shop.core.policies import get_policy
from shop.fulfilment.services import note_arrival
from shop.i18n import formats
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.invoicing.contents import kind_name
from shop.invoicing.documents import to_pdf
from shop.invoicing.queries import get_document, list_documents
from shop.media.queries import picture_views
from shop.orders.addresses import envelope_lines
from shop.orders.amounts import amounts_of
from shop.orders.limits import count_look
from shop.orders.links import order_token
from shop.orders.messages import count_message, list_messages, write_message
from shop.orders.models import Order, OrderLine
from shop.orders.queries import find_order_of, list_lines
from shop.orders.wording import included_text, order_border_text, total_rows
from shop.payments.checkout import HOSTED_LANGUAGES, return_view
from shop.payments.models import Refund
from shop.payments.queries import list_attempts, list_failed_refunds, list_parts_of, list_refunds
from shop.web.storefront import payment_page
from shop.web.storefront.own_orders import (
    get_own_order,
    mask_email,
    masked,
    secret,
    state_text,
    summary_line,
    to_own_order,
)
from shop.web.storefront.tracking import ParcelView, parcel_views
from shop.web.storefront.withdrawals import ends_on, piece_name, return_views

blueprint = Blueprint("orders", __name__)

# The return page asks Stripe at first and then now and again; in between the webhook may have answered.
ASK_AT = (0, 3, 8, 20)
LAST_LOOK = 40
# Asked twice, Stripe has said that a form on our page is still open.
NO_NEWS_AT = 8
REFRESH_SECONDS = 3


@blueprint.get("/orders/<number>")
def show(number: str) -> str:
    return _page(get_own_order(number))


def _page(order: Order, text: str = "", errors: dict[str, str] | None = None) -> str:
    """The order with all its buyer may know; `text` is a message that was refused, `errors` why."""
    lines = list_lines(order.id)
    pictures = picture_views(line.picture_id for line in lines)
    refunds = list_refunds(order.id)
    amounts = amounts_of(order, lines)
    may_withdraw, withdrawal_ends_on = ends_on(order, lines)
    makers = unit_names({line.unit_id for line in lines}, current_language()) if order.paid_at else {}
    parcels = parcel_views(order, lines, makers)
    return render_template(
        "storefront/orders/show.html",
        order=order,
        token=order_token(order.number, secret()),
        state_text=state_text(order),
        parcels=parcels,
        summary_lines=[summary_line(order, line, pictures) for line in lines],
        totals=[(label, formats.money(minor, order.currency)) for label, minor in total_rows(amounts)],
        included=included_text(amounts, order.currency),
        documents=list_documents(order.id),
        kind_name=kind_name,
        may_withdraw=may_withdraw,
        withdrawal_ends_on=withdrawal_ends_on,
        returns=return_views(order, lines),
        makers=makers,
        messages=list_messages(order.id),
        text=text,
        errors=errors or {},
        has_errors=bool(errors),
        looked_at=clock.now(),
        operator=get_policy("operator"),
        border_text=order_border_text(order),
        refunds=_refund_views(order, lines, refunds),
        refunded_minor=sum(refund.amount_minor for refund in refunds if refund.state == "succeeded"),
        masked_email=mask_email(order.email),
        masked_name=masked(order.address["name"]),
        address_lines=_masked_lines(order),
        next_text=_next_text(order, lines, parcels),
        currency=order.currency,
    )


@blueprint.post("/orders/<number>/messages")
def write(number: str) -> Response | tuple[str, int]:
    """A message to a maker of the order. Neither sees the other's address."""
    order = get_own_order(number)
    text, unit_id = request.form.get("text", ""), request.form.get("maker", "")
    count_message(request.remote_addr or "", order.number)
    try:
        with transaction():
            write_message(order.id, int(unit_id) if unit_id.isdecimal() and len(unit_id) < 19 else 0, "buyer", text)
    except Invalid as error:
        return _page(order, text, error.fields), error.status
    return to_own_order(number, "messages")


@blueprint.post("/orders/<number>/parcels/<parcel>/arrived")
def arrive(number: str, parcel: str) -> Response:
    """The buyer has the parcel; a second touch changes nothing."""
    order = get_own_order(number)
    with transaction():
        note_arrival(order.id, parcel, actor=None)
    return to_own_order(number, f"parcel-{parcel}")


@blueprint.get("/orders/<number>/documents/<document>.pdf")
def document(number: str, document: str) -> Response:
    """An invoice or credit note of the order, to whoever holds its link."""
    found = get_document(document, order_id=get_own_order(number).id)
    response = Response(to_pdf(found), content_type="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=f"{found.number}.pdf")
    return response


@blueprint.get("/orders/<number>/return")
def come_back(number: str) -> str | tuple[str, int] | Response:
    """Where Stripe sends the buyer: says what is known of the money, asks Stripe, and looks again until it is."""
    order = get_own_order(number)
    session_id = request.args.get("session_id")
    paid_by = [attempt for attempt in list_attempts(order.id) if attempt.session_id == session_id]
    if session_id is not None and not paid_by:
        raise NotFound(_("There is no such order."))
    typed = request.args.get("look", "")
    look = min(int(typed), LAST_LOOK) if typed.isdecimal() and len(typed) < 4 else 0
    state = return_view(order.id) if look in ASK_AT else order.state
    # From a form on our page one also comes back after the bank has said no.
    came_from_paying = session_id is not None and not (paid_by[0].is_on_our_page and look >= NO_NEWS_AT)
    waiting = state == "processing" or (state == "awaiting_payment" and came_from_paying)
    token = order_token(order.number, secret())
    again = url_for(
        "storefront.orders.come_back", number=number, t=token, session_id=session_id, look=min(look + 1, LAST_LOOK)
    )
    return render_template(
        "storefront/orders/come_back.html",
        order=order,
        state=state,
        waiting=waiting,
        refresh_url=again if waiting and look < LAST_LOOK and state != "processing" else "",
        refresh_seconds=REFRESH_SECONDS,
        token=token,
        masked_email=mask_email(order.email),
        currency=order.currency,
    )


@blueprint.get("/orders/<number>/pay")
def pay(number: str) -> Response:
    """The last step of checkout, or the way to Stripe's own page for it."""
    return payment_page.show(get_own_order(number))


@blueprint.post("/orders/<number>/pay")
def pay_again(number: str) -> Response:
    """The buyer wants to pay now; `hosted` names a language in which Stripe's own page is wanted in place of ours."""
    hosted_in = request.form.get("hosted", "")
    order = get_own_order(number)
    return payment_page.lead_on(order, hosted_in=hosted_in if hosted_in in HOSTED_LANGUAGES else None)


@blueprint.route("/orders", methods=["GET", "POST"])
def find() -> str | tuple[str, int] | Response:
    """Find an order again, to see it or to withdraw from it.

    Number and e-mail address together open it; alone, the answer never tells which of them is wrong. Whoever rather
    wants the link has it sent to the order's own address, and is told the same whether there is such an order or not.
    """
    intent = "withdraw" if request.values.get("intent") == "withdraw" else ""
    number, email = request.form.get("number", "").strip().upper(), request.form.get("email", "").strip().casefold()
    if request.method == "GET":
        return _find_page("", "", intent)
    errors = {}
    if not number:
        errors["number"] = _("Enter the number of your order.")
    if "@" not in email:
        errors["email"] = _("Enter the e-mail address you ordered with.")
    number, email = number[:40], email[:254]
    if not errors and "open" in request.form:
        count_look(request.remote_addr or "", number)
        order = find_order_of(number, email)
        if order is not None:
            page_of = "storefront.withdrawals.new" if intent else "storefront.orders.show"
            return redirect(url_for(page_of, number=order.number, t=order_token(order.number, secret())), 303)
        errors["number"] = _("There is no order with this number and this e-mail address. Look at both again.")
    if errors:
        return _find_page(number, email, intent, errors), 422
    # The same question within an hour is one letter: nobody's mailbox is filled by pressing a button.
    asked = hashlib.sha256(f"{number} {email} {int(clock.now().timestamp()) // 3600}".encode()).hexdigest()
    with transaction():
        # The worker looks whether the two belong together: this answer takes the same time either way.
        payload = {"letter": public_id(), "number": number, "email": email, "language": current_language()}
        enqueue("order_link", payload, key=f"order-link-{asked}")
    return _find_page(number, email, intent, asked=True)


def _find_page(
    number: str, email: str, intent: str, errors: dict[str, str] | None = None, *, asked: bool = False
) -> str:
    return render_template(
        "storefront/orders/find.html",
        asked=asked,
        errors=errors or {},
        has_errors=bool(errors),
        number=number,
        email=email,
        intent=intent,
    )


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back, in a sentence, with what it is of: (name, amount). `kind` is that of a notice."""

    kind: str
    text: str
    parts: tuple[tuple[str | Markup, str], ...]


def _refund_views(order: Order, lines: list[OrderLine], refunds: list[Refund]) -> list[RefundView]:
    """What the buyer has to know of: not what failed before it was said to be done, nor what has gone back since."""
    of_line = {line.id: line for line in lines}
    unanswered = {refund.id for refund in list_failed_refunds(order.id)}
    parts = list_parts_of(refund.id for refund in refunds)
    views = []
    for refund in refunds:
        amount, of = formats.money(refund.amount_minor, refund.currency), parts.get(refund.id, [])
        told = tuple(
            (
                piece_name(of_line[part.line_id], part.quantity) if part.line_id else _part_name(part.kind),
                formats.money(part.amount_minor, refund.currency),
            )
            for part in of
        )
        if refund.state == "failed":
            if refund.settled_at is None or refund.id not in unanswered:
                continue
            text = _(
                "Your bank has sent %(amount)s back to us. The money is yours: we try again, or write to you about "
                "another way.",
                amount=amount,
            )
            views.append(RefundView("warn", text, told))
        elif refund.settled_at is None:
            views.append(RefundView("info", _("%(amount)s is being given back.", amount=amount), told))
        else:
            day = formats.date(refund.settled_at)
            views.append(RefundView("info", _("%(amount)s was given back on %(day)s.", amount=amount, day=day), told))
    return views


def _part_name(kind: str) -> str:
    return _("Postage") if kind == "shipping" else _("Duty")


def _next_text(order: Order, lines: list[OrderLine], parcels: list[ParcelView]) -> str:
    """What happens now, in a sentence or two."""
    if order.state == "awaiting_payment":
        return _("The pieces are kept for you for a short while. Pay to make the order final.")
    if order.state == "processing":
        return _("Your bank has been asked. This can take some days; we write to you as soon as it has answered.")
    if order.state == "unfillable":
        return _("Your payment arrived after the piece was gone. All of it is given back, without you doing anything.")
    if order.state in {"expired", "cancelled"}:
        return _("Nothing was charged. The pieces are back in the shop.")
    if order.state == "refunded":
        return _("The money goes back to the card you paid with; banks take up to ten days to show it.")
    if order.state == "quarantined":
        return _("The amount that arrived is not the one agreed. A person looks at it and writes to you.")
    stages = {parcel.stage for parcel in parcels}
    if "asked" in stages:
        return _("We write to you when its maker has answered, and when a parcel leaves Morocco.")
    if "making" in stages:
        return _("We write to you when a parcel leaves Morocco.")
    if {"sent", "arrived"} <= stages:
        return _("A part has arrived, and the rest is on its way.")
    if "sent" in stages:
        return _("Everything is on its way. The carrier's number lets you follow it.")
    if "arrived" in stages:
        return _("Everything has arrived.")
    if "withdrawn" in stages:
        return _("You have withdrawn from the contract. How it goes on stands below.")
    if any(line.state == "refund_failed" for line in lines):
        return _("Nothing is sent any more. Your bank has sent the money back to us; we give it back another way.")
    return _("Nothing is sent any more. Your money is being given back.")


def _masked_lines(order: Order) -> list[str]:
    """The address with its street hidden: a link may be forwarded."""
    street = masked(order.address.get("street_address", "").replace("\n", " "))
    return [
        *envelope_lines({"country_code": order.country, **order.address, "street_address": street}),
        formats.country_name(order.country),
    ]
