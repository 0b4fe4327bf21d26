"""The amounts of an order in words, the same on every page, in letters and on documents."""

from decimal import Decimal

from shop.i18n.formats import money_text, percent
from shop.i18n.messages import gettext as _
from shop.orders.amounts import Amounts


def tax_name(rate_bp: int) -> str:
    """The tax with its rate; without one where there are several (0)."""
    return _("Tax (%(rate)s)", rate=percent(Decimal(rate_bp) / 10_000, decimals=2)) if rate_bp else _("Tax")


def total_rows(amounts: Amounts) -> list[tuple[str, int]]:
    """(label, minor units) of all that makes the total, in order; a tax that is included is said after it."""
    rows = [
        (_("Pieces"), amounts.goods_minor),
        (_("Shipping"), amounts.shipping_minor),
        (tax_name(amounts.tax_rate_bp), amounts.tax_minor if amounts.tax_mode == "added" else 0),
        (_("Duty"), amounts.duty_minor),
        (_("Discount"), -amounts.discount_minor),
    ]
    return [(label, minor) for label, minor in rows if minor]


def included_text(amounts: Amounts, currency: str) -> str:
    """What of the total is tax, where the prices contain it; else empty."""
    if amounts.tax_mode != "included" or not amounts.tax_minor:
        return ""
    amount = money_text(amounts.tax_minor, currency)
    if not amounts.tax_rate_bp:
        return _("The total includes %(amount)s of tax.", amount=amount)
    rate = percent(Decimal(amounts.tax_rate_bp) / 10_000, decimals=2)
    return _("The total includes %(amount)s of tax (%(rate)s).", amount=amount, rate=rate)


def border_text(incoterm: str, tax_minor: int) -> str:
    """What a buyer may still owe when the parcel arrives; "DAP" and 0 where nothing is paid for them."""
    if incoterm == "DDP":
        return _("Import tax and duty are paid with the order: the carrier asks you for nothing.")
    if tax_minor:
        return _("Import tax is paid with the order. The carrier may ask you for the duty of your country.")
    return _("Import tax and duty of your country are not included: the carrier may ask you for them.")


def return_subject(state: str, number: str) -> str:
    """Subject of the letter about a return that was approved, received or refused."""
    return {
        "approved": _("How to send back what you bought: order %(number)s", number=number),
        "received": _("Your return of order %(number)s has arrived", number=number),
        "refused": _("Your return of order %(number)s was refused", number=number),
    }[state]


def return_heading(state: str) -> str:
    """The same as a heading."""
    return {
        "approved": _("How to send it back"),
        "received": _("Your return has arrived"),
        "refused": _("Your return was refused"),
    }[state]


def answer_subject(answer: str, number: str) -> str:
    """Subject of the letter that tells a maker's answer: accepted or declined."""
    if answer == "accepted":
        return _("The maker has accepted your order %(number)s", number=number)
    return _("The maker cannot make a piece of your order %(number)s", number=number)


def answer_heading(answer: str) -> str:
    """The same as a heading."""
    return _("The maker has said yes") if answer == "accepted" else _("The maker cannot make it for you")
