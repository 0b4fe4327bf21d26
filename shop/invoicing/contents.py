"""What a document says: every text formatted and translated, so that its paper is the same for ever.

Nothing is looked up when it is typeset: neither the catalogue of translations nor the operator's name nor a format of
dates may change what was issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shop.i18n import formats
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, use_language
from shop.i18n.messages import gettext as _
from shop.i18n.quantities import how_many
from shop.i18n.regions import REGIONS, region_name
from shop.invoicing.amounts import LinePart, Sums
from shop.invoicing.models import Invoice
from shop.orders.addresses import envelope_lines
from shop.orders.models import Order, OrderLine
from shop.orders.wording import tax_name

ltr, own = formats.isolate_ltr_text, formats.isolate_text


@dataclass(frozen=True, slots=True)
class Sale:
    """What a document is drawn from. `makers` by unit id, in the order's language; `issuer` as in the policy "operator"."""

    order: Order
    lines: Sequence[OrderLine]
    makers: Mapping[int, str]
    issuer: Mapping[str, Any]
    payment: str


def print_document(
    kind: str, number: str, on: date, sale: Sale, sums: Sums, refers_to: Invoice | None
) -> dict[str, Any]:
    """All that the paper says, for typst/document.typ, in the order's language."""
    order = sale.order
    with use_language(order.language):
        language, taxed = LANGUAGES[order.language], sums.tax_minor > 0
        return {
            "language": language.code,
            "direction": language.direction,
            "title": kind_name(kind),
            "number": ltr(number),
            "date": formats.date(on, "long"),
            "heading": f"{kind_name(kind)} {number}",
            "facts": _facts(kind, sale, refers_to),
            "issuer_title": _("Issued by"),
            "issuer": _issuer(sale.issuer),
            "buyer_title": _("Buyer and place of delivery"),
            "buyer": _buyer(order),
            "columns": _columns(kind, sale, taxed),
            "rows": [_row(kind, sale, part, taxed) for part in sums.lines],
            "sums": _sums(kind, sale, sums),
            "mentions": _mentions(kind, sale, sums),
            "page": _("Page {page} of {pages}"),
        }


def kind_name(kind: str) -> str:
    """The kind of a document in words."""
    return {
        "invoice": _("Invoice"),
        "credit_note": _("Credit note"),
        "reversal": _("Reversal of a credit note"),
    }[kind]


def _facts(kind: str, sale: Sale, refers_to: Invoice | None) -> list[tuple[str, str]]:
    order = sale.order
    facts = [(_("Order"), ltr(order.number))]
    if kind == "invoice" and order.paid_at:
        facts.append((_("Paid on"), formats.date(order.paid_at)))
    if refers_to is not None:
        day = formats.date(refers_to.issued_on)
        facts.append((kind_name(refers_to.kind), _("%(number)s of %(day)s", number=ltr(refers_to.number), day=day)))
    place, city = formats.country_name(order.country), order.address.get("city")
    if city:
        place = _("%(city)s, %(country)s", city=own(city), country=place)
    facts += [
        (_("Payment reference"), ltr(sale.payment)),
        (_("Currency"), ltr(order.currency)),
        (_("Delivery (Incoterms 2020)"), f"{ltr(order.incoterm)} {place}"),
    ]
    return facts


def _issuer(issuer: Mapping[str, Any]) -> dict[str, Any]:
    """Name, address and identifiers (CGI and commercial code: ICE, IF, RC with its court, TP, CNSS), as far as known."""
    numbers = [(name, issuer.get(key)) for key, name in IDENTIFIERS.items()]
    if issuer.get("rc") and issuer.get("rc_city"):
        numbers = [
            (name, f"{text} {issuer['rc_city']}" if name == IDENTIFIERS["rc"] else text) for name, text in numbers
        ]
    others = [line.partition(":") for line in str(issuer.get("other_numbers", "")).splitlines() if ":" in line]
    numbers += [(name.strip(), text.strip()) for name, _colon, text in others]
    form = [issuer["legal_form"]] if issuer.get("legal_form") else []
    contact = [ltr(issuer[key]) for key in ("phone", "email") if issuer.get(key)]
    return {
        "name": own(issuer.get("name", "")),
        "lines": [*map(own, [*form, *str(issuer.get("address", "")).splitlines()]), *contact],
        "numbers": [(name, ltr(text)) for name, text in numbers if text],
    }


# The names Moroccan papers give them, the same in every language.
IDENTIFIERS = {"ice": "ICE", "tax_id": "IF", "rc": "RC", "tp": "TP", "cnss": "CNSS"}


def _buyer(order: Order) -> list[str]:
    address = order.address
    lines = [address.get("company", ""), *envelope_lines(address), formats.country_name(order.country)]
    return [own(part) for line in [address.get("name", ""), *lines] for part in line.splitlines() if part]


def _columns(kind: str, sale: Sale, taxed: bool) -> list[str]:
    if kind != "invoice":
        amounts = [_("Amount before tax"), _("Tax")] if taxed else [_("Amount")]
        return [_("Description"), _("Quantity"), *amounts]
    inside = any(line.tax_mode == "included" for line in sale.lines)
    price = _("Unit price, tax included") if inside else _("Unit price")
    if taxed:
        return [_("Description"), _("Quantity"), price, _("Amount before tax"), _("Tax")]
    return [_("Description"), _("Quantity"), price, _("Amount")]


def _row(kind: str, sale: Sale, part: LinePart, taxed: bool) -> dict[str, Any]:
    line = next(line for line in sale.lines if line.id == part.line_id)
    currency = sale.order.currency
    # A part of the price is of no piece.
    cells = [how_many(part.quantity, line.sale_unit) if part.quantity else ""]
    if kind == "invoice":
        cells.append(formats.money_text(line.unit_price_minor, currency))
    cells.append(formats.money_text(part.net_minor, currency))
    if taxed:
        cells.append(formats.money_text(part.tax_minor, currency))
    title = own(f"{line.title} ({line.options})" if line.options else line.title)
    return {"title": title, "notes": _notes(line, sale.makers[line.unit_id], part), "cells": cells}


def _notes(line: OrderLine, maker: str, part: LinePart) -> list[str]:
    """What customs ask of a line: who made it, where, its code and weight."""
    code = line.origin_region.removeprefix("MA-")
    notes = [
        _("by %(maker)s", maker=own(maker)),
        _("Origin: Morocco, %(region)s", region=region_name(code) if code in REGIONS else code),
        _("Customs code (HS) %(code)s", code=ltr(_dotted(line.hs_code))) if line.hs_code else "",
        _("Weight: %(weight)s", weight=formats.weight_text(line.weight_grams * part.quantity))
        if line.weight_grams and part.quantity
        else "",
        tax_name(line.tax_rate_bp) if part.tax_minor else "",
    ]
    return [note for note in notes if note]


def _dotted(hs_code: str) -> str:
    """570110 as 5701.10, as tariffs are printed."""
    return ".".join([hs_code[:4], *(hs_code[at : at + 2] for at in range(4, len(hs_code), 2))])


def _sums(kind: str, sale: Sale, sums: Sums) -> list[tuple[str, str]]:
    """What makes the total, and the total last."""
    rates = {line.tax_rate_bp for line in sale.lines if line.tax_minor}
    total = {
        "invoice": _("Total paid"),
        "credit_note": _("Given back"),
        "reversal": _("Owed to the buyer again"),
    }[kind]
    goods, shipping = (_("Pieces"), _("Shipping"))
    if sums.tax_minor:
        goods, shipping = (_("Goods before tax"), _("Shipping before tax"))
    rows = [
        (goods, sums.goods_minor),
        (shipping, sums.shipping_minor),
        (tax_name(rates.pop() if len(rates) == 1 else 0), sums.tax_minor),
        (_("Duty"), sums.duty_minor),
        (_("Discount"), -sums.discount_minor),
    ]
    currency = sale.order.currency
    shown = [(label, formats.money_text(minor, currency)) for label, minor in rows if minor]
    return [*shown, (total, formats.money_text(sums.total_minor, currency))]


def _mentions(kind: str, sale: Sale, sums: Sums) -> list[str]:
    mentions = []
    if not sums.tax_minor:
        mentions.append(str((sale.issuer.get("exemption") or {}).get(current_language(), "")))
    if kind == "credit_note":
        mentions.append(_("The money goes back to the card or account the order was paid with."))
    if kind == "reversal":
        mentions.append(_("The buyer’s bank sent the money back: what the credit note gave back is owed again."))
    if kind == "invoice":
        mentions.append(_("Paid through Stripe."))
    return [mention for mention in mentions if mention]
