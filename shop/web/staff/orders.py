"""Orders: found, read whole, helped along. Acting for a maker is written down as such."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, SelectMultipleField

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.artisans.queries import get_unit, unit_name
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import Conflict, Invalid, NotFound, ShopError
from shop.core.policies import audit
from shop.fulfilment.models import Parcel
from shop.fulfilment.queries import list_parcels
from shop.fulfilment.services import accept_line, hand_over, mark_ready, note_arrival, take_back_arrival
from shop.i18n.formats import money
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.invoicing.contents import kind_name
from shop.invoicing.queries import list_documents
from shop.ledger.queries import list_entries
from shop.media.queries import picture_views
from shop.notifications.queries import list_order_letters
from shop.orders.addresses import envelope_lines
from shop.orders.amounts import amounts_of, shown_minor
from shop.orders.models import Order, OrderLine
from shop.orders.queries import get_order, list_events, list_lines, list_orders
from shop.orders.services import note
from shop.orders.states import ORDER_STATES, TransitionRefused
from shop.orders.wording import included_text, total_rows
from shop.payments import wording
from shop.payments.checkout import abandon_order
from shop.payments.queries import list_attempts, list_quarantine, list_refunds
from shop.payments.refunds import ask_again, refundable, request_refund, why_blocked
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import LineField, StaffForm, required
from shop.web.staff.money_back import money_back_of, refund_form
from shop.web.staff.return_rows import return_rows
from shop.web.staff.threads import list_threads
from shop.web.staff.waiting import WAITS, list_orders_waiting

blueprint = Blueprint("orders", __name__, url_prefix="/orders")

PAGE = 50
SENDABLE = ("accepted", "ready")


class HandOverForm(StaffForm):
    lines = SelectMultipleField(
        lazy_gettext("What is in the parcel"),
        [required(lazy_gettext("Tick what is in the parcel."))],
    )
    carrier = LineField(lazy_gettext("Carrier"))
    tracking = LineField(lazy_gettext("Tracking number"))
    handed_over_on = DateField(
        lazy_gettext("Day of hand-over"), [required(lazy_gettext("Enter the day of hand-over, as in 2026-03-31."))]
    )


class ArrivalForm(StaffForm):
    arrived_on = DateField(
        lazy_gettext("Day of arrival"), [required(lazy_gettext("Enter the day of arrival, as in 2026-03-31."))]
    )


class NoteForm(StaffForm):
    words = LineField(lazy_gettext("What was done"), [required(lazy_gettext("Write down what was done."))])


@blueprint.get("")
def index() -> str:
    """Found by state, by what waits, or by the beginning of a number or e-mail address."""
    state, wait, q = (request.args.get(name, "").strip() for name in ("state", "wait", "q"))
    before = request.args.get("before", type=int)
    if wait in WAITS:
        orders = list_orders_waiting(wait, before_id=before, limit=PAGE + 1)
    else:
        states = [state] if state in ORDER_STATES else None
        orders = list_orders(states=states, q=q, before_id=before, limit=PAGE + 1)
    shown = orders[:PAGE]
    chosen: dict[str, Any] = {"state": state or None, "wait": wait or None, "q": q or None}
    return render_template(
        "staff/orders/index.html",
        orders=shown,
        makers=_makers_of(shown),
        state=state,
        wait=wait,
        q=q,
        states=ORDER_STATES,
        next_url=url_for("staff.orders.index", **chosen, before=shown[-1].id) if len(orders) > PAGE else "",
        first_url=url_for("staff.orders.index", **chosen) if before else "",
        words=words,
    )


def _address_lines(order: Order) -> list[str]:
    """As on an envelope; nothing of an order whose buyer was erased."""
    address = {"country_code": order.country, **order.address}
    return [line for line in (address.get("name"), address.get("company"), *envelope_lines(address)) if line]


def _makers_of(orders: list[Order]) -> dict[int, tuple[list[str], list[str]]]:
    """Names of the units and states of the lines of each order, in one statement."""
    found: dict[int, tuple[list[str], list[str]]] = {order.id: ([], []) for order in orders}
    rows = db.session.execute(
        select(OrderLine.order_id, OrderLine.state, Unit)
        .join(Unit, OrderLine.unit_id == Unit.id)
        .where(OrderLine.order_id.in_(found))
        .order_by(OrderLine.position)
    )
    for order_id, state, unit in rows:
        names, states = found[order_id]
        if unit_name(unit) not in names:
            names.append(unit_name(unit))
        if state not in states:
            states.append(state)
    return found


@blueprint.get("/<number>")
def show(number: str) -> str:
    return _page(get_order(number))


def _page(order: Order, wrong: StaffForm | None = None) -> str:
    """An order with all that is known of it; `wrong` is the form that was refused, with its answers."""
    lines = list_lines(order.id)
    units = _units_of(lines)
    events, threads = list_events(order.id), list_threads(order, wrong)
    writers = (message.account_id for thread in threads for message in thread.messages)
    amounts = amounts_of(order, lines)
    hand_overs = _hand_over_forms(order, lines, units, wrong)
    return render_template(
        "staff/orders/show.html",
        order=order,
        address_lines=_address_lines(order),
        lines=lines,
        shown_minor=shown_minor,
        totals=[(label, money(minor, order.currency)) for label, minor in total_rows(amounts)],
        included=included_text(amounts, order.currency),
        units=units,
        parcels=[(parcel, ids, _arrival_form(parcel, wrong)) for parcel, ids in list_parcels(order.id)],
        documents=list_documents(order.id),
        kind_name=kind_name,
        entries=list_entries(order_id=order.id),
        account_words=_account_words(units),
        attempts=list_attempts(order.id),
        letters=list_order_letters(order.id),
        threads=threads,
        returns=return_rows(order, wrong),
        money=money_back_of(order, lines, wrong),
        note_form=wrong if isinstance(wrong, NoteForm) else NoteForm(formdata=None),
        quarantined=[row for row in list_quarantine(order_id=order.id) if row.kind != "refund_failed"],
        events=events,
        actors=_names_of({*(event.actor for event in events), *writers}),
        pictures=picture_views(line.picture_id for line in lines),
        hand_overs=hand_overs,
        problems=wrong.problems() if wrong is not None else [],
        today=clock.today(),
        words=words,
        wording=wording,
        why_blocked=why_blocked,
    )


def _units_of(lines: list[OrderLine]) -> dict[int, Unit]:
    rows = db.session.scalars(select(Unit).where(Unit.id.in_({line.unit_id for line in lines})))
    return {unit.id: unit for unit in rows}


def _names_of(ids: Any) -> dict[int, str]:
    wanted = {account_id for account_id in ids if account_id is not None}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return dict(rows.all())


def _account_words(units: dict[int, Unit]) -> dict[str, str]:
    """Names of the books' accounts that belong to the makers of an order."""
    named = {}
    for unit in units.values():
        named[f"artisan_pending:{unit.id}"] = _("%(unit)s, awaiting export", unit=unit_name(unit))
        named[f"artisan_payable:{unit.id}"] = _("%(unit)s, due", unit=unit_name(unit))
    return named


def _hand_over_form(unit: Unit, lines: list[OrderLine], **kwargs: Any) -> HandOverForm:
    form = HandOverForm(prefix=f"{unit.public_id}-", **kwargs)
    mine = [line for line in lines if line.unit_id == unit.id and line.state in SENDABLE]
    form.lines.choices = [(str(line.id), f"{line.to_send} × {line.title}") for line in mine]
    return form


def _hand_over_forms(
    order: Order, lines: list[OrderLine], units: dict[int, Unit], wrong: StaffForm | None
) -> list[tuple[Unit, HandOverForm]]:
    """A form for each unit that has something to send."""
    forms = []
    for unit in units.values():
        ready = [line.id for line in lines if line.unit_id == unit.id and line.state in SENDABLE]
        if order.state != "paid" or not ready:
            continue
        form = _hand_over_form(
            unit,
            lines,
            formdata=None,
            data={"lines": [str(line_id) for line_id in ready], "handed_over_on": clock.today()},
        )
        forms.append((unit, form.or_refused(wrong)))
    return forms


def _arrival_form(parcel: Parcel, wrong: StaffForm | None) -> ArrivalForm | None:
    """For a parcel that is not known to have arrived."""
    if parcel.arrived_on is not None:
        return None
    return ArrivalForm(prefix=f"{parcel.public_id}-", formdata=None).or_refused(wrong)


def refused_page(number: str, form: StaffForm) -> tuple[str, int]:
    """The order's page with the form that was refused, answers and errors in it."""
    return _page(get_order(number), form), 422


def _moved_on(error: ShopError) -> ShopError:
    """A transition that is not in the table has no sentence of its own."""
    if isinstance(error, TransitionRefused) and not error.text:
        error.text = _("This is no longer possible: somebody has acted meanwhile. Look at the order again.")
    return error


@blueprint.post("/<number>/lines/<int:line_id>/answer")
def answer(number: str, line_id: int) -> Response:
    """Accept or make ready, for a maker who has telephoned."""
    officer = current_officer()
    act = {"accept": accept_line, "ready": mark_ready}.get(request.form.get("action", ""))
    if act is None:
        raise Invalid(_("Choose what the maker answers."))
    with transaction():
        order = get_order(number)
        line = next((line for line in list_lines(order.id) if line.id == line_id), None)
        if line is None:
            raise NotFound(_("There is no such order."), line_id=line_id)
        try:
            act(line_id, unit_id=line.unit_id, actor=officer.id)
        except TransitionRefused as error:
            raise _moved_on(error) from error
        audit(officer.id, f"{request.form['action']} on behalf", "order", number, line_id=line_id, unit_id=line.unit_id)
    done = "accepted" if act is accept_line else "ready"
    return redirect(url_for("staff.orders.show", number=number, done=done), 303)


@blueprint.post("/<number>/units/<unit_id>/hand-over")
def send(number: str, unit_id: str) -> Response | tuple[str, int]:
    """Record a parcel of one unit: from here on its lines are exported."""
    officer = current_officer()
    order, unit = get_order(number), get_unit(unit_id)
    lines = list_lines(order.id)
    form = _hand_over_form(unit, lines)
    if not form.validate():
        return refused_page(number, form)
    chosen = [int(line_id) for line_id in form.lines.data]
    try:
        with transaction():
            hand_over(
                order.id,
                unit_id=unit.id,
                line_ids=chosen,
                carrier=form.carrier.data,
                tracking=form.tracking.data,
                handed_over_on=_day(form.handed_over_on.data),
                actor=officer.id,
                # What its maker has not marked ready is sent in the maker's name, and recorded so.
                on_behalf=any(line.state == "accepted" for line in lines if line.id in chosen),
            )
    except (Invalid, TransitionRefused) as error:
        form.blame(_moved_on(error))
        return refused_page(number, form)
    return redirect(url_for("staff.orders.show", number=number, done="handed_over"), 303)


@blueprint.post("/<number>/parcels/<parcel>/arrived")
def arrive(number: str, parcel: str) -> Response | tuple[str, int]:
    """Record that a buyer has a parcel, on the day the carrier or the buyer names."""
    officer, order = current_officer(), get_order(number)
    form = ArrivalForm(prefix=f"{parcel}-")
    if not form.validate():
        return refused_page(number, form)
    try:
        with transaction():
            note_arrival(order.id, parcel, actor=officer.id, arrived_on=_day(form.arrived_on.data))
            audit(officer.id, "note arrival", "order", number, parcel=parcel)
    except (Conflict, Invalid) as error:
        form.blame(error)
        return refused_page(number, form)
    return redirect(url_for("staff.orders.show", number=number, done="arrived", _anchor="parcels"), 303)


@blueprint.post("/<number>/parcels/<parcel>/not-arrived")
def not_arrived(number: str, parcel: str) -> Response:
    """It was said to have arrived, and has not."""
    officer, order = current_officer(), get_order(number)
    with transaction():
        take_back_arrival(order.id, parcel, actor=officer.id)
        audit(officer.id, "take back arrival", "order", number, parcel=parcel)
    return redirect(url_for("staff.orders.show", number=number, done="arrival_taken_back", _anchor="parcels"), 303)


def _day(value: date | None) -> date:
    if value is None:
        raise Invalid(_("This is not a day. Enter it as in 2026-03-31."))
    return value


@blueprint.post("/<number>/refund")
def refund(number: str) -> Response | tuple[str, int]:
    """Ask for money to be given back; the worker sends it to Stripe."""
    officer = current_officer()
    order = get_order(number)
    lines = list_lines(order.id)
    form = refund_form(order, lines, refundable(order.id, lines))
    if not form.validate():
        return refused_page(number, form)
    try:
        with transaction():
            request_refund(order.id, actor=officer.id, **form.wanted)
    except ShopError as error:
        form.blame(_moved_on(error))
        return refused_page(number, form)
    return redirect(url_for("staff.orders.show", number=number, done="refund"), 303)


@blueprint.post("/<number>/refunds/<int:refund_id>/again")
def refund_again(number: str, refund_id: int) -> Response:
    """Ask once more for a refund that failed."""
    officer = current_officer()
    order = get_order(number)
    if refund_id not in {refund.id for refund in list_refunds(order.id)}:
        raise NotFound(_("There is no such order."), refund_id=refund_id)
    with transaction():
        ask_again(refund_id, actor=officer.id)
    return redirect(url_for("staff.orders.show", number=number, done="refund"), 303)


@blueprint.post("/<number>/notes")
def write_note(number: str) -> Response | tuple[str, int]:
    """Keep in the history what was done elsewhere: said on the telephone, answered in Stripe's dashboard."""
    officer = current_officer()
    order = get_order(number)
    form = NoteForm()
    if not form.validate():
        return refused_page(number, form)
    with transaction():
        note(order.id, "noted", actor=officer.id, words=form.words.data[:1000])
    return redirect(url_for("staff.orders.show", number=number, done="saved"), 303)


@blueprint.post("/<number>/cancel")
def cancel(number: str) -> Response:
    """Close the payment page of an unpaid order at Stripe and free its stock."""
    officer = current_officer()
    order = get_order(number)
    abandon_order(order.id, actor=officer.id)
    with transaction():
        audit(officer.id, "cancel", "order", number)
    return redirect(url_for("staff.orders.show", number=number, done="cancelled"), 303)
