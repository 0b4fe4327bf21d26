"""The amounts of an order in words, the same on every page, in letters and on documents."""

from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shop.i18n.formats import date as date_text
from shop.i18n.formats import isolate, money, money_text, percent
from shop.i18n.messages import gettext as _
from shop.orders.amounts import Amounts
from shop.orders.models import Order
from shop.shipping.charges import Charges, Landed


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


def landed_text(landed: Landed, currency: str, on: date) -> str:
    """About what the carrier will ask for, with the day of the estimate and where the rules are written; else empty."""
    if landed.kind != "estimate":
        return ""
    values = {"day": date_text(on), "source": isolate("; ".join(landed.sources))}
    if not landed.total_minor:
        return _("Nothing should be owed on arrival: estimate of %(day)s, after %(source)s.", **values)
    amount = money(landed.total_minor, currency)
    return _(
        "On arrival the carrier may ask you for about %(amount)s of tax and duty: estimate of %(day)s, after %(source)s.",
        amount=amount,
        **values,
    )


def charges_text(charges: Charges, currency: str, on: date) -> str:
    """What the border asks of an order with these charges: it is paid, about so much on arrival, or not known."""
    estimate = landed_text(charges.landed, currency, on)
    if not estimate:
        return border_text(charges.incoterm, charges.tax_minor)
    return Markup("%s %s") % (_("Import tax is paid with the order."), estimate) if charges.tax_minor else estimate


def order_border_text(order: Order) -> str:
    """What the border asks of a placed order, as its buyer was told then."""
    return told_border(order.incoterm, order.tax_minor, order.landed, order.currency)


def told_border(incoterm: str, tax_minor: int, told: dict[str, Any] | None, currency: str) -> str:
    """The same from its parts; `told` is what the order has as `landed`."""
    if told is None or told["kind"] != "estimate":
        return border_text(incoterm, tax_minor)
    landed = Landed(told["kind"], told["tax_minor"], told["duty_minor"], tuple(told["sources"]))
    estimate = landed_text(landed, currency, date.fromisoformat(told["on"]))
    return Markup("%s %s") % (_("Import tax is paid with the order."), estimate) if tax_minor else estimate


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
