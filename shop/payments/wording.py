"""Refunds and disputes in words, for staff and for letters: what they are, why, and what to do about them."""

from shop.i18n.messages import gettext as _


def dispute_badge(status: str) -> tuple[str, str]:
    """(kind, text) of a status for Stripe's word on a dispute; the bare word for one that is not known."""
    return {
        "warning_needs_response": ("warn", _("Inquiry, to be answered")),
        "warning_under_review": ("warn", _("Inquiry, answered")),
        "warning_closed": ("neutral", _("Inquiry closed")),
        "needs_response": ("wrong", _("Chargeback, to be answered")),
        "under_review": ("warn", _("Chargeback, the bank decides")),
        "won": ("good", _("Chargeback won")),
        "lost": ("wrong", _("Chargeback lost")),
        "prevented": ("neutral", _("Chargeback prevented")),
    }.get(status, ("neutral", status))


def dispute_task(status: str) -> str:
    """What is to be done about a dispute, or what came of it."""
    waits = _("The answer is with the bank. It can take three months to decide; until then nothing can be done.")
    return {
        "warning_needs_response": _(
            "No money has moved. Answer in Stripe’s dashboard, or give everything back: then no chargeback follows."
        ),
        "warning_under_review": waits,
        "warning_closed": _("Nothing came of it."),
        "needs_response": _(
            "Answer in Stripe’s dashboard in time, with the proof of hand-over, the tracking number and the letters "
            "exchanged with the buyer. Without an answer the bank decides for the buyer."
        ),
        "under_review": waits,
        "won": _("The bank has decided for us and given the money back."),
        "lost": _(
            "The bank has decided for the buyer, and keeps the money. Who bears the loss was agreed when the pieces "
            "were ordered."
        ),
        "prevented": _("The bank took the dispute back before any money moved."),
    }.get(status, "")


def dispute_reason(code: str) -> str:
    """Why a payment is contested."""
    return {
        "credit_not_processed": _("The buyer says that money was promised back and did not come."),
        "debit_not_authorized": _("The account’s owner says that they did not allow this debit."),
        "duplicate": _("The buyer says that they paid twice."),
        "fraudulent": _("The card’s owner says that they did not make this payment."),
        "insufficient_funds": _("There was not enough money on the account."),
        "product_not_received": _("The buyer says that nothing has arrived."),
        "product_unacceptable": _("The buyer says that the piece is damaged, or not what was shown."),
        "unrecognized": _("The card’s owner does not recognise this payment."),
    }.get(code, _("The bank gives no particular reason."))


def refund_failure(failure: str) -> str:
    """Why a refund failed; what Stripe wrote where it has no words of ours (docs.stripe.com/refunds, failure_reason)."""
    return {
        "charge_for_pending_refund_disputed": _("The buyer contests the payment at the bank."),
        "declined": _("The buyer’s bank did not take the money."),
        "expired_or_canceled_card": _("The buyer’s card has expired or was cancelled."),
        "insufficient_funds": _("There was not enough money on the account at Stripe."),
        "lost_or_stolen_card": _("The buyer’s card was lost or stolen."),
        "merchant_request": _("Somebody stopped it at Stripe."),
        "unknown": _("The bank does not say why."),
    }.get(failure, failure)


def refund_subject(extent: str, number: str) -> str:
    """The letter about money that went back, by what it came to: all, pieces, a part of the price, or the postage."""
    return {
        "postage": _("The postage of order %(number)s is on its way back", number=number),
        "part": _("A part of the price of order %(number)s is on its way back", number=number),
        "pieces": _("The money for a part of order %(number)s is on its way back", number=number),
        "all": _("Your money for order %(number)s is on its way back", number=number),
    }[extent]


def refund_heading(extent: str) -> str:
    """As refund_subject, as its first sentence."""
    return {
        "postage": _("We have given the postage back"),
        "part": _("We have given a part of the price back"),
        "pieces": _("We have given the money for these pieces back"),
        "all": _("We have given your money back"),
    }[extent]
