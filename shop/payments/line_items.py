"""What an order is made of, as Stripe's page lists it: pieces, shipping, tax, duty; their sum is what it asks for.

Stripe reckons nothing: no automatic tax, no coupon. It refuses an amount below zero, so a discount is taken out of the
prices of the pieces.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from shop.i18n.formats import money_text
from shop.i18n.messages import gettext as _
from shop.i18n.messages import use_language
from shop.orders.amounts import Amounts, amounts_of, share_discount, shown_minor
from shop.orders.models import Order, OrderLine
from shop.orders.wording import tax_name

Item = dict[str, Any]


def line_items(order: Order, lines: Sequence[OrderLine]) -> list[Item]:
    """The parameter `line_items` of a Checkout Session, words in the order's language.

    Raises ValueError when they do not sum to the order's total: nothing else may ever be charged.
    """
    with use_language(order.language):
        items = [*_pieces(order, lines), *_extras(order.currency, amounts_of(order, lines))]
    asked = sum(item["quantity"] * item["price_data"]["unit_amount"] for item in items)
    if asked != order.total_minor:
        raise ValueError(f"the items of order {order.number} sum to {asked}, agreed were {order.total_minor}")
    return items


def _pieces(order: Order, lines: Sequence[OrderLine]) -> Iterator[Item]:
    """A line as it was priced, or its sum in one, where a discount does not divide by the quantity."""
    for line, discount in zip(lines, share_discount(order.discount_minor, lines, order.currency), strict=True):
        product: Item = {"name": line.title, "metadata": {"sku": line.sku}}
        notes = []
        if line.tax_mode == "included":
            notes.append(_("Includes %(amount)s of tax.", amount=money_text(line.tax_minor, order.currency)))
        if not discount:
            amount, quantity = line.unit_price_minor, line.quantity
        else:
            amount, quantity = shown_minor(line) - discount, 1
            product["name"] = line.title if line.quantity == 1 else f"{line.quantity} × {line.title}"
            notes.append(_("%(amount)s less by discount.", amount=money_text(discount, order.currency)))
        if notes:
            product["description"] = " ".join(notes)
        yield _item(order.currency, amount, quantity, product)


def _extras(currency: str, amounts: Amounts) -> Iterator[Item]:
    tax = amounts.tax_minor if amounts.tax_mode == "added" else 0
    for name, minor in (
        (_("Shipping"), amounts.shipping_minor),
        (tax_name(amounts.tax_rate_bp), tax),
        (_("Duty"), amounts.duty_minor),
    ):
        if minor:
            yield _item(currency, minor, 1, {"name": name})


def _item(currency: str, minor: int, quantity: int, product: Item) -> Item:
    return {
        "quantity": quantity,
        "price_data": {"currency": currency.lower(), "unit_amount": minor, "product_data": product},
    }
