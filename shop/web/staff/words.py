"""States and kinds in words, with the sign they are shown by."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from shop.i18n.formats import date as date_text
from shop.i18n.formats import money, money_text
from shop.i18n.messages import gettext as _
from shop.notifications.models import Letter
from shop.payments.wording import dispute_badge, refund_failure

Badge = tuple[str, str]


def order_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of an order."""
    return {
        "awaiting_payment": ("neutral", _("Awaiting payment")),
        "processing": ("warn", _("Payment in progress")),
        "paid": ("good", _("Paid")),
        "unfillable": ("wrong", _("Cannot be filled")),
        "expired": ("neutral", _("Expired")),
        "cancelled": ("neutral", _("Cancelled")),
        "refunded": ("neutral", _("Refunded")),
        "quarantined": ("wrong", _("Quarantined")),
    }[state]


def line_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of an order line."""
    return {
        "placed": ("neutral", _("Not paid yet")),
        "paid": ("warn", _("Waits for an answer")),
        "accepted": ("action", _("In preparation")),
        "declined": ("wrong", _("Declined by the maker")),
        "ready": ("action", _("Ready to hand over")),
        "handed_over": ("good", _("Handed over")),
        "cancelled": ("neutral", _("Cancelled")),
        "refunded": ("neutral", _("Refunded")),
        "refund_failed": ("wrong", _("Refund came back")),
    }[state]


def refund_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a refund."""
    return {
        "requested": ("warn", _("To be sent to Stripe")),
        "pending": ("warn", _("On its way")),
        "succeeded": ("good", _("Given back")),
        "failed": ("wrong", _("Failed")),
    }[state]


def attempt_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a payment attempt."""
    return {
        "created": ("neutral", _("Being prepared")),
        "open": ("neutral", _("Payment page open")),
        "processing": ("warn", _("Payment in progress")),
        "paid": ("good", _("Paid")),
        "expired": ("neutral", _("Expired")),
        "abandoned": ("neutral", _("Abandoned")),
    }[state]


def freight_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a freight request."""
    return {
        "asked": ("warn", _("Waits for an answer")),
        "quoted": ("good", _("Quoted")),
        "declined": ("neutral", _("Declined")),
    }[state]


def piece_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a piece."""
    return {
        "draft": ("neutral", _("With the maker")),
        "review": ("warn", _("To review")),
        "published": ("good", _("Published")),
        "archived": ("neutral", _("Archived")),
    }[state]


def refund_reasons() -> dict[str, str]:
    """Why money is given back, by code."""
    return {
        "buyer": _("The buyer asked for it"),
        "declined": _("The maker cannot make it"),
        "unfillable": _("The stock was gone"),
        "duplicate": _("Paid twice"),
        "withdrawal": _("The buyer has withdrawn"),
        "staff": _("Decision of the programme"),
        "stripe": _("Begun at Stripe"),
    }


def return_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a return."""
    return {
        "asked": ("warn", _("To approve")),
        "approved": ("action", _("With the buyer")),
        "sent": ("action", _("On its way back")),
        "received": ("warn", _("Received, to be refunded")),
        "refunded": ("good", _("Refunded")),
        "refused": ("neutral", _("Refused")),
    }[state]


def letter_badge(letter: Letter) -> Badge:
    """(kind, text) of a status for how far a letter has come."""
    if letter.sent_at is not None:
        return "good", _("Sent")
    return ("wrong", _("Failed, is tried again")) if letter.error else ("neutral", _("Waits to be sent"))


def letter_name(letter: Letter) -> str:
    """What a letter is about; the bare kind for one that has no words yet."""
    if letter.kind == "message_written" and letter.data.get("author") == "programme":
        return _("The programme has written")
    return {
        "order_confirmation": _("Order confirmation"),
        "order_unfillable": _("The stock was gone"),
        "order_link": _("Link to the order"),
        "buyer_link": _("Link to the buyer's orders"),
        "line_answered": _("The maker’s answer"),
        "parcel_handed_over": _("Parcel handed over"),
        "parcel_arrived": _("Parcel arrived"),
        "refund_settled": _("Money given back"),
        "refund_failed": _("Refund came back"),
        "refund_to_repeat": _("To us: a refund failed"),
        "dispute_changed": _("To us: a payment is contested"),
        "withdrawal_acknowledged": _("Withdrawal acknowledged"),
        "return_moved": _("How a return goes on"),
        "message_written": _("The maker has written"),
    }.get(letter.kind, letter.kind)


def event_name(kind: str) -> str:
    """What happened to an order; the bare kind for one that has no words yet."""
    return {
        "placed": _("Order placed"),
        "rebuilt": _("Made anew from what Stripe knows, after a restore"),
        "paid": _("Paid"),
        "processing": _("Payment in progress"),
        "expired": _("Nobody paid in time; stock given back"),
        "cancelled": _("Cancelled before payment"),
        "cancelled_and_returned": _("Cancelled; what was charged goes back"),
        "payment_found": _("A payment of it was found at Stripe"),
        "unfillable": _("Paid after the stock was gone"),
        "paid_twice": _("Paid a second time; that payment goes back"),
        "quarantined": _("Put into quarantine"),
        "accepted": _("Accepted by the maker"),
        "declined": _("Declined by the maker"),
        "call_asked": _("The maker asks for a call"),
        "ready": _("Ready to hand over"),
        "handed_over": _("Handed over to the carrier"),
        "arrived": _("Arrived at the buyer’s"),
        "arrival_taken_back": _("Has not arrived after all"),
        "refund_requested": _("Refund asked for"),
        "refund_failed": _("Refund failed"),
        "refund_at_stripe": _("Refund begun at Stripe"),
        "refund_waits_for_dispute": _("Refund waits until the bank has decided"),
        "disputed": _("Payment contested at the bank"),
        "refunded": _("Refunded"),
        "withdrawn": _("The buyer has withdrawn"),
        "return_approved": _("Return approved"),
        "return_sent": _("The buyer has sent it back"),
        "return_received": _("Return received"),
        "return_refunded": _("Return closed, money given back"),
        "return_refused": _("Return refused"),
        "freight_charged": _("Return freight charged to the maker"),
        "noted": _("Note"),
        "erased": _("Buyer erased"),
    }.get(kind, kind)


def quarantine_kind(kind: str, data: Mapping[str, Any]) -> str:
    """What waits in quarantine, by its kind."""
    if kind == "balance" and data.get("misfit"):
        return _("Money that does not fit the books")
    return {
        "balance": _("Money that belongs to nothing known"),
        "amount": _("A payment of another amount than was agreed"),
        "event": _("A message about something unknown"),
        "lost_order": _("An order that is gone and was paid"),
    }.get(kind, kind)


def choose() -> str:
    """The first, empty choice of a list."""
    return _("Choose")


def explanations() -> dict[str, str]:
    """What money in suspense may turn out to be, by the account it goes to."""
    return {
        "bank": _("The operator’s own money, in or out of the bank"),
        "payment_fees": _("A fee of Stripe’s, or one given back"),
        "losses": _("A loss or a gain the operator bears"),
    }


def event_detail(data: Mapping[str, Any]) -> str:
    """What the history keeps of an event beside its name: the amount, Stripe's word, why it failed, a note."""
    told = []
    if "amount_minor" in data and "currency" in data:
        told.append(money_text(data["amount_minor"], data["currency"]))
    if "status" in data:
        told.append(dispute_badge(data["status"])[1])
    if data.get("failure"):
        told.append(refund_failure(data["failure"]))
    if "arrived_on" in data:
        told.append(date_text(date.fromisoformat(data["arrived_on"])))
    told.append(data.get("words", ""))
    return " · ".join(filter(None, told))


def fee_words(fees: Iterable[tuple[int, str]]) -> Markup:
    """What Stripe keeps, in each currency: [(minor, currency)]."""
    return Markup(" + ").join(money(minor, currency) for minor, currency in fees)


def kind_name(kind: str) -> str:
    """How a piece is made."""
    return {
        "one_of_a_kind": _("One of a kind"),
        "repeatable": _("Repeatable"),
        "made_to_order": _("Made to order"),
        "custom": _("To the buyer’s wishes"),
    }[kind]


def legal_forms() -> dict[str, str]:
    """Legal forms of a unit, by code."""
    return {
        "artisan": _("Craftsperson"),
        "maitre_artisan": _("Master craftsperson"),
        "cooperative": _("Co-operative"),
        "enterprise": _("Enterprise"),
        "association": _("Association"),
        "aggregator": _("Aggregator"),
    }


def batch_badge(state: str, unanswered: int = 0) -> Badge:
    """(kind, text) of a status for the state of a batch; `unanswered` is how many transfers wait for the bank."""
    if state == "approved" and not unanswered:
        return "good", _("All answered")
    return {
        "draft": ("warn", _("To approve")),
        "approved": ("action", _("At the bank")),
        "cancelled": ("neutral", _("Cancelled")),
    }[state]


def transfer_badge(state: str) -> Badge:
    """(kind, text) of a status for the state of a transfer."""
    return {
        "drafted": ("warn", _("Drafted")),
        "approved": ("action", _("At the bank")),
        "dropped": ("neutral", _("Left out")),
        "executed": ("good", _("Sent")),
        "refused": ("wrong", _("Refused by the bank")),
        "returned": ("wrong", _("Sent back")),
    }[state]


def bearers() -> dict[str, str]:
    """Who bears a cost, by code."""
    return {"maker": _("The maker"), "operator": _("The programme")}


def settings() -> dict[str, tuple[str, str]]:
    """Name and meaning of each dated setting, by key."""
    return {
        "commission_bp": (_("Commission"), _("What the programme keeps of each sale, before tax and postage.")),
        "fee_bearer": (_("Payment fees"), _("Who bears Stripe’s fee on the goods. On postage the programme does.")),
        "loss_bearer": (_("Losses"), _("Who bears exchange differences and lost disputes, and the fees Stripe keeps.")),
        "dispute_fee_bearer": (_("Dispute fees"), _("Who bears what Stripe charges when a buyer’s bank disputes.")),
        "freight_bearer": (_("Return freight"), _("Who bears what the way back of a piece costs.")),
        "available_after_days": (_("Waiting time"), _("How long after the hand-over money may be sent to the maker.")),
        "refund_window_days": (_("Refund window"), _("After so many days without a refund a sale counts as settled.")),
        "price_margin_bp": (_("Margin"), _("What a suggested price adds to what the maker asks.")),
        "fee_estimate_bp": (
            _("Estimated fee"),
            _("What a payment is taken to cost when a maker is told what arrives."),
        ),
    }


def programme_kinds() -> dict[str, str]:
    """What membership of a programme means, by kind."""
    return {
        "export": _("Members sell in the shop"),
        "production": _("Support without selling"),
        "aggregation": _("Members carry other units"),
    }


def done_text(code: str) -> str:
    """What has just been done, said on the page one is sent to; empty for an unknown code."""
    return {
        "saved": _("Saved."),
        "published": _("The piece is on sale."),
        "returned": _("The piece is with its maker again, with your note."),
        "archived": _("The piece was taken off sale."),
        "accepted": _("Accepted for the maker."),
        "ready": _("Marked ready for the maker."),
        "handed_over": _("The parcel is recorded. What it holds counts as exported."),
        "refund": _("The refund is asked for. Stripe confirms it within minutes."),
        "cancelled": _("The order was cancelled and its stock is free again."),
        "admitted": _("The unit is admitted."),
        "ended": _("The end of the membership is recorded."),
        "carried": _("The aggregator is recorded."),
        "recipient": _("The recipient was added."),
        "asked": _("Stripe is being asked. Look at this page again in a minute."),
        "given_back": _("The money goes back to whoever paid. Stripe confirms it within minutes."),
        "explained": _("It is cleared up, with your note."),
        "sent": _("The report is on its way to its recipient."),
        "drafted": _("The batch is drafted. A second officer has to approve it."),
        "approved": _("The batch is approved. Hand its file to the bank, then record what the bank answers."),
        "nothing_left": _("Nothing was left to send: the batch is cancelled, and the table says why."),
        "draft_cancelled": _("The draft is cancelled. Its amounts are available again."),
        "transfer_sent": _("The transfer is in the books, and its slip is ready."),
        "transfer_refused": _("The transfer is given up. Its amount is available again."),
        "transfer_returned": _("The transfer is posted back. Its amount is available again."),
        "consent": _("The consent is recorded."),
        "withdrawn": _("The consent no longer holds."),
        "freight": _("The return freight is taken off what the maker is owed."),
        "decided": _("The decision is written down."),
        "letter": _("The letter is sent once more."),
        "quoted": _("The answer is on its way to the buyer."),
        "arrived": _("The arrival is recorded, and the buyer is told."),
        "arrival_taken_back": _("It is recorded that the parcel has not arrived."),
        "reply": _("The answer is on its way to the buyer, and its maker sees it too."),
        "return_approve": _("The buyer is told where to send it."),
        "return_receive": _("The return is received, and the buyer is told."),
        "return_refuse": _("The return is refused, and the buyer is told why."),
        "language": "",
    }.get(code, "")
