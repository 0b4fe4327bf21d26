"""Which event is answered by which letter. Each handler runs inside the event's transaction and only writes rows.

Makers get no mail: their orders wait for them at their own door. The operator gets some where money is at stake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.core import clock
from shop.core.clock import local_day
from shop.core.db import db
from shop.core.events import subscribe
from shop.core.policies import get_policy
from shop.core.runtime import settings
from shop.fulfilment.carriers import tracking_url
from shop.fulfilment.events import LineAnswered, ParcelArrived, ParcelHandedOver
from shop.fulfilment.models import Parcel, ParcelLine
from shop.fulfilment.promises import arrival_window, promise_of
from shop.i18n.texts import tell, texts_of
from shop.ledger.books import portion
from shop.notifications.models import Letter
from shop.notifications.services import write_letter
from shop.orders.addresses import envelope_lines
from shop.orders.amounts import amounts_of, shown_minor
from shop.orders.events import ContractWithdrawn, MessageWritten, OrderPaid, OrderUnfillable, ReturnMoved
from shop.orders.links import order_path, withdrawal_path
from shop.orders.models import Message, Order, OrderLine, Return, ReturnLine
from shop.orders.queries import get_order_by_id, list_lines
from shop.orders.returns import list_choices, withdrawal_ends_on
from shop.orders.states import UNSENT
from shop.payments.disputes import CLOSED, TO_ANSWER
from shop.payments.events import DisputeChanged, RefundFailed, RefundRefused, RefundSettled
from shop.payments.models import Dispute, Refund, RefundPart
from shop.payments.queries import list_refund_parts
from shop.shipping.events import FreightAnswered
from shop.shipping.models import FreightRequest


def subscribe_all() -> None:
    """Called once at start, by the app."""
    subscribe(OrderPaid, on_order_paid)
    subscribe(OrderUnfillable, on_order_unfillable)
    subscribe(LineAnswered, on_line_answered)
    subscribe(ParcelHandedOver, on_parcel_handed_over)
    subscribe(ParcelArrived, on_parcel_arrived)
    subscribe(MessageWritten, on_message_written)
    subscribe(ContractWithdrawn, on_contract_withdrawn)
    subscribe(ReturnMoved, on_return_moved)
    subscribe(RefundSettled, on_refund_settled)
    subscribe(RefundFailed, on_refund_failed)
    subscribe(RefundRefused, on_refund_refused)
    subscribe(DisputeChanged, on_dispute_changed)
    subscribe(FreightAnswered, on_freight_answered)


def on_order_paid(event: OrderPaid) -> None:
    """The confirmation: what was bought, from whom, for how much, where it goes, by when it leaves and arrives."""
    order, lines = get_order_by_id(event.order_id), event.lines
    _write(
        "order_confirmation",
        order,
        lines=_lines(lines),
        **asdict(amounts_of(order, lines)),
        address=[order.address.get("name", ""), *envelope_lines(order.address)],
        country=order.country,
        **_promised(order, lines),
    )


def _promised(order: Order, lines: Sequence[OrderLine]) -> dict[str, str]:
    """The last day of leaving, and the days between which all of these lines arrive."""
    by_maker: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_maker.setdefault(line.unit_id, []).append(line)
    promises = [promise_of(order, theirs) for theirs in by_maker.values()]
    return {
        "promise_on": max(promise.leaves_on for promise in promises).isoformat(),
        "earliest": min(promise.earliest for promise in promises).isoformat(),
        "latest": max(promise.latest for promise in promises).isoformat(),
    }


def on_order_unfillable(event: OrderUnfillable) -> None:
    """Paid, but the last piece went to somebody else meanwhile: the money goes back by itself."""
    order = get_order_by_id(event.order_id)
    lines = _lines(list_lines(order.id))
    _write("order_unfillable", order, lines=lines, total_minor=order.total_minor)


def on_line_answered(event: LineAnswered) -> None:
    """The maker has said yes or no; that one asks to be called is between the maker and us.

    A no is told at once; the yes in one letter per maker, when they have answered about all they are to make.
    """
    line = db.session.get_one(OrderLine, event.line_id)
    if event.answer == "declined":
        _write_answer("declined", [line])
    if event.answer in ("accepted", "declined"):
        theirs = [each for each in list_lines(line.order_id) if each.unit_id == line.unit_id]
        accepted = [each for each in theirs if each.state in ("accepted", "ready", "handed_over")]
        if accepted and all(each.state != "paid" for each in theirs) and not _has_told_yes(line):
            _write_answer("accepted", accepted)


def _write_answer(answer: str, lines: Sequence[OrderLine]) -> None:
    order = get_order_by_id(lines[0].order_id)
    pieces = {line.id: line.to_send for line in lines}
    _write("line_answered", order, lines=_lines(lines, pieces), answer=answer, **_promised(order, lines))


def _has_told_yes(line: OrderLine) -> bool:
    """Whether the yes of a line's maker is in a letter of its order already."""
    told = select(Letter.data).where(Letter.order_id == line.order_id, Letter.kind == "line_answered")
    return any(
        data["answer"] == "accepted" and data["lines"][0]["unit_id"] == line.unit_id
        for data in db.session.scalars(told)
    )


def on_message_written(event: MessageWritten) -> None:
    """A buyer has an answer, of the maker or of the programme. What a buyer writes waits at the maker's door."""
    message = db.session.get_one(Message, event.message_id)
    if message.author != "buyer":
        order = get_order_by_id(message.order_id)
        _write("message_written", order, unit_id=message.unit_id, author=message.author, words=message.text)


def on_contract_withdrawn(event: ContractWithdrawn) -> None:
    """The acknowledgement the law asks for, with day and time (Directive 2011/83/EU, article 11a)."""
    pieces = dict(event.pieces)
    chosen = [line for line in list_lines(event.order_id) if line.id in pieces]
    _write(
        "withdrawal_acknowledged",
        get_order_by_id(event.order_id),
        lines=_lines(chosen, pieces),
        withdrawn_at=clock.now().isoformat(),
        has_sent=bool(event.sent_ids),
        has_unsent=len(event.pieces) > len(event.sent_ids),
    )


def on_return_moved(event: ReturnMoved) -> None:
    """A return was approved (where to send it), received or refused (why)."""
    way_back = db.session.get_one(Return, event.return_id)
    rows = db.session.execute(
        select(ReturnLine.line_id, ReturnLine.quantity).where(ReturnLine.return_id == way_back.id)
    )
    inside = {row.line_id: row.quantity for row in rows}
    _write(
        "return_moved",
        get_order_by_id(way_back.order_id),
        lines=_lines([line for line in list_lines(way_back.order_id) if line.id in inside], inside),
        state=event.state,
        instructions=way_back.instructions,
        refusal=way_back.reason,
    )


def on_parcel_handed_over(event: ParcelHandedOver) -> None:
    """A parcel is on its way: what is in it, who carries it, how to follow it, when it arrives."""
    parcel = db.session.get_one(Parcel, event.parcel_id)
    order = get_order_by_id(parcel.order_id)
    inside = set(db.session.scalars(select(ParcelLine.line_id).where(ParcelLine.parcel_id == parcel.id)))
    every = list_lines(order.id)
    waiting = [line for line in every if line.id not in inside and line.state in UNSENT]
    earliest, latest = arrival_window(order, parcel.unit_id, parcel.handed_over_on)
    _write(
        "parcel_handed_over",
        order,
        lines=_lines([line for line in every if line.id in inside], {line.id: line.kept for line in every}),
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        follow_url=tracking_url(parcel.carrier, parcel.tracking),
        handed_over_on=parcel.handed_over_on.isoformat(),
        earliest=earliest.isoformat(),
        latest=latest.isoformat(),
        more_to_come=bool(waiting),
    )


def on_parcel_arrived(event: ParcelArrived) -> None:
    """Its buyer is told what was recorded, whoever said it: the time for withdrawing is counted from there."""
    parcel = db.session.get_one(Parcel, event.parcel_id)
    order, every = get_order_by_id(parcel.order_id), list_lines(parcel.order_id)
    inside = set(db.session.scalars(select(ParcelLine.line_id).where(ParcelLine.parcel_id == parcel.id)))
    ends_on = withdrawal_ends_on(every)
    _write(
        "parcel_arrived",
        order,
        lines=_lines([line for line in every if line.id in inside]),
        arrived_on=parcel.arrived_on.isoformat() if parcel.arrived_on else "",
        by_staff=event.by_staff,
        may_withdraw=any(not choice.obstacle for choice in list_choices(order, every)),
        withdraw_until=ends_on.isoformat() if ends_on else "",
    )


def on_refund_settled(event: RefundSettled) -> None:
    """Money went back: how much, of what."""
    refund = db.session.get_one(Refund, event.refund_id)
    order, parts = get_order_by_id(refund.order_id), list_refund_parts(refund.id)
    lines = list_lines(order.id)
    _write(
        "refund_settled",
        order,
        lines=_refunded_lines(lines, parts),
        shipping_minor=sum(part.amount_minor for part in parts if part.kind == "shipping"),
        duty_minor=sum(part.amount_minor for part in parts if part.kind == "duty"),
        amount_minor=refund.amount_minor,
        reason=refund.reason,
        # Of a payment that bought nothing it may be another than the order's.
        currency=refund.currency,
        extent=_extent(order, lines, parts),
    )


def _extent(order: Order, lines: Sequence[OrderLine], parts: Sequence[RefundPart]) -> str:
    """What a refund comes to for its buyer: all, pieces, a part of the price, or the postage."""
    touched = [line for line in lines if any(part.line_id == line.id for part in parts)]
    if parts and not touched:
        return "postage"
    pieces = {part.line_id for part in parts if part.quantity}
    if any(line.refunded_at is None and line.id not in pieces for line in touched):
        return "part"
    postage_is_back = order.shipping_refunded_minor == order.shipping_minor + order.shipping_tax_minor
    all_is_back = postage_is_back and all(line.refunded_at is not None for line in lines)
    return "all" if all_is_back or not parts else "pieces"


def on_refund_failed(event: RefundFailed) -> None:
    """The money came back from the buyer's bank, days after we said that it was on its way."""
    refund = db.session.get_one(Refund, event.refund_id)
    order = get_order_by_id(refund.order_id)
    _write("refund_failed", order, amount_minor=refund.amount_minor)
    _tell_operator_of(refund, order)


def on_refund_refused(event: RefundRefused) -> None:
    """A refund came to nothing at once. The buyer has not been told of it; the operator has to act."""
    refund = db.session.get_one(Refund, event.refund_id)
    _tell_operator_of(refund, get_order_by_id(refund.order_id))


def _tell_operator_of(refund: Refund, order: Order) -> None:
    _write_operator("refund_to_repeat", order, amount_minor=refund.amount_minor, failure=refund.failure)


def on_dispute_changed(event: DisputeChanged) -> None:
    """A dispute opens, becomes a chargeback or is decided. That its answer has reached the bank is no news."""
    if event.status not in (*TO_ANSWER, *CLOSED):
        return
    dispute = db.session.get_one(Dispute, event.dispute_id)
    _write_operator(
        "dispute_changed",
        get_order_by_id(dispute.order_id),
        status=event.status,
        reason=dispute.reason,
        amount_minor=dispute.amount_minor,
        answer_by=local_day(dispute.answer_by).isoformat() if dispute.answer_by else "",
    )


def on_freight_answered(event: FreightAnswered) -> None:
    """What it costs to bring a piece that is no parcel, or that it cannot be done."""
    asked = db.session.get_one(FreightRequest, event.request_id)
    product_id = db.session.get_one(Variant, asked.variant_id).product_id
    title = tell(texts_of("product", [product_id], ["title"]).get((product_id, "title"), {}), asked.language)
    data = {
        "title": title.text if title else "",
        "country": asked.country,
        "currency": asked.currency,
        "amount_minor": asked.amount_minor,
        "answer": asked.answer,
    }
    write_letter("freight_answered", asked.email, asked.language, data)


def _write_operator(kind: str, order: Order, **data: Any) -> None:
    """To the operator's own address, in the operator's language."""
    operator = get_policy("operator")
    head = {"number": order.number, "currency": order.currency, "path": f"/staff/orders/{order.number}"}
    write_letter(kind, operator["email"], operator.get("language", "fr"), {**head, **data}, order_id=order.id)


def _write(kind: str, order: Order, **data: Any) -> None:
    if order.erased_at is not None:
        return
    head = {
        "number": order.number,
        "currency": order.currency,
        "name": order.address.get("name", ""),
        "incoterm": order.incoterm,
        "tax_minor": order.tax_minor,
        "landed": order.landed,
        "path": order_path(order, settings().secret_key),
        "withdraw_path": withdrawal_path(order, settings().secret_key),
    }
    write_letter(kind, order.email, order.language, {**head, **data}, order_id=order.id)


def _refunded_lines(lines: Sequence[OrderLine], parts: Sequence[RefundPart]) -> list[dict[str, Any]]:
    """The lines a refund gives something of back, with what it gives."""
    given = {part.line_id: part.amount_minor for part in parts if part.line_id is not None}
    pieces = {part.line_id: part.quantity for part in parts if part.line_id is not None and part.quantity}
    touched = [line for line in lines if line.id in given]
    return [{**told, "minor": given[line.id]} for line, told in zip(touched, _lines(touched, pieces), strict=True)]


def _lines(lines: Sequence[OrderLine], pieces: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
    """Lines as bought, or as many of them as `pieces` says; amounts are the prices as they were shown.

    Their makers are named when the letter is rendered.
    """
    how_many = {**{line.id: line.quantity for line in lines}, **(pieces or {})}
    return [
        {
            "title": line.title,
            "options": line.options,
            "unit_id": line.unit_id,
            "quantity": how_many[line.id],
            "of": line.quantity,
            "sale_unit": line.sale_unit,
            "minor": portion(shown_minor(line), how_many[line.id], line.quantity),
        }
        for line in lines
    ]
