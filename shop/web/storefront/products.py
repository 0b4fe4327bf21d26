"""The listing of all pieces and the page of one."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, g, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from shop.catalogue.models import CURRENCIES
from shop.catalogue.product_page import Offer, ProductPage, get_product_page
from shop.catalogue.queries import list_products
from shop.core import clock
from shop.i18n import formats
from shop.i18n.countries import list_countries
from shop.i18n.messages import current_language, ngettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import region_name
from shop.orders.wording import border_text
from shop.shipping.charges import Charges, Goods
from shop.shipping.errors import CannotShip
from shop.shipping.queries import Tariff, read_tariff
from shop.shipping.services import ship_by
from shop.web.storefront import chrome, listing, structured
from shop.web.storefront.artisans import form_name

blueprint = Blueprint("products", __name__)

# More variants than this are chosen from a closed list.
MAX_RADIOS = 6


@blueprint.get("/products")
def index() -> str:
    question = listing.read_question()
    found = list_products(current_language(), g.currency, question.filters, question.page)
    return render_template(
        "storefront/products/index.html",
        **listing.context(question, found, "products.index"),
        structured=structured.page(
            chrome.absolute(chrome.address("storefront.products.index")),
            (_("All pieces"), ""),
            things=[structured.item_list(found.cards)],
        ),
        image=structured.share_image(card.picture for card in found.cards),
    )


@blueprint.get("/products/<path:reference>")
def show(reference: str) -> str | Response:
    """One piece. The id is the identity; another slug, or none, leads to the right address for good."""
    public_id, _hyphen, slug = reference.partition("-")
    language = current_language()
    piece = get_product_page(public_id, language, g.currency)
    if slug != piece.slugs[language]:
        return redirect(chrome.product_link(public_id, piece.slugs[language]), 308)
    return page(piece)


def page(piece: ProductPage, *, error: str = "", variant: str = "", quantity: str = "") -> str:
    """The page of a piece, also after a form was refused: with what was chosen and why it cannot be."""
    language = current_language()
    tariff = read_tariff(g.currency, g.to)
    offers = [offer for offer in piece.offers if offer.minor is not None]
    chosen = _choose(offers, variant, piece.min_quantity)
    alternates = chrome.alternates("products.show", chrome.slugged(piece.public_id, piece.slugs))
    crumbs, delivery, stock_text = _crumbs(piece), _delivery(piece, chosen, tariff), _stock_text(piece, chosen)
    return render_template(
        "storefront/products/show.html",
        piece=piece,
        piece_mark=chrome.kind_name(piece.kind) if piece.kind != "repeatable" else "",
        offers=offers,
        variants=_variants(offers, piece.min_quantity),
        radios=len(offers) <= MAX_RADIOS,
        sold_out=[_offer_name(offer) for offer in offers if offer.available < piece.min_quantity],
        chosen=chosen,
        varies=len({offer.minor for offer in offers}) > 1,
        price_note=chrome.price_note(piece.sale_unit),
        unit_sign=chrome.unit_sign(piece.sale_unit),
        quantity=quantity or piece.min_quantity,
        most=_most(chosen, piece),
        error=error,
        error_field="variant" if error and not variant else "quantity",
        has_errors=bool(error),
        facts=_facts(piece),
        crumbs=crumbs,
        promises=_promises(piece, delivery, stock_text),
        stock_text=stock_text,
        to=g.to or "",
        countries=list_countries((), tariff.destinations()),
        own_path=url_for(
            "storefront.products.show", reference=chrome.reference(piece.public_id, piece.slugs[language])
        ),
        tint=chrome.TINTS.get(piece.family, ""),
        maker_note=form_name(piece.maker.legal_form),
        alternates=alternates,
        canonical=alternates[language],
        currency_urls=_currency_urls(piece, language),
        structured=structured.product(piece, offers, alternates[language], delivery, g.to, crumbs),
        image=structured.image_of(piece),
    )


def _currency_urls(piece: ProductPage, language: str) -> dict[str, str]:
    """This page in every currency, also when it was shown in answer to a form."""
    view: dict[str, Any] = {"reference": chrome.reference(piece.public_id, piece.slugs[language])}
    if g.to:
        view["to"] = g.to
    addresses = {code: url_for("storefront.products.show", **view, currency=code) for code in CURRENCIES}
    return {**addresses, chrome.DEFAULT_CURRENCY: url_for("storefront.products.show", **view)}


def _choose(offers: list[Offer], variant: str, least: int) -> Offer | None:
    """The variant that was sent, or the first that can be bought."""
    sent = next((offer for offer in offers if str(offer.id) == variant), None)
    return sent or next((offer for offer in offers if offer.available >= least), None) or next(iter(offers), None)


def _offer_name(offer: Offer) -> str:
    return formats.list_text([option for option in (offer.option1, offer.option2) if option]) or offer.sku


def _variants(offers: Iterable[Offer], least: int) -> list[dict[str, Any]]:
    """The variants that can be bought, as the form offers them."""
    return [
        {
            "value": str(offer.id),
            "text": " · ".join(option for option in (offer.option1, offer.option2) if option) or offer.sku,
            "minor": offer.minor,
        }
        for offer in offers
        if offer.available >= least
    ]


def _most(chosen: Offer | None, piece: ProductPage) -> int:
    if chosen is None or piece.kind == "one_of_a_kind":
        return piece.min_quantity
    return max(piece.min_quantity, chosen.available - chosen.available % piece.quantity_step)


def _delivery(piece: ProductPage, chosen: Offer | None, tariff: Tariff) -> dict[str, Any]:
    """When a piece arrives, what the post costs and what the border, for the destination; why not, if it cannot."""
    found: dict[str, Any] = {"ship_by": ship_by(piece.lead_time_days, clock.today()), "quote": None, "problem": ""}
    found["border"] = border_text("DAP", 0)
    if g.to is None:
        return found
    try:
        grams = piece.weight_grams or 0
        quote = tariff.quote(g.to, grams * piece.min_quantity, grams)
    except CannotShip as error:
        return {**found, "problem": error.text}
    found |= {"quote": quote, "arrives": quote.arrives(piece.lead_time_days)}
    if chosen is not None and chosen.minor is not None:
        goods = Goods(chosen.minor * piece.min_quantity, piece.hs_code)
        found["border"] = _border_text(tariff.charge(g.to, [goods], quote.amount_minor))
    return found


def _border_text(charges: Charges) -> str:
    """What is paid for the border with the price shown, and what on top of it."""
    return {
        "included": _("Import tax is included."),
        "added": _("Import tax is added at checkout."),
    }.get(charges.lines[0].tax_mode, border_text(charges.incoterm, charges.tax_minor))


def _promises(piece: ProductPage, delivery: dict[str, Any], stock_text: str) -> list[tuple[str, str]]:
    """The buy box in five short lines, each with its sign: price, arrival, border, return, stock."""
    quote = delivery["quote"]
    if quote is not None:
        postage = formats.money(quote.amount_minor, piece.currency)
        price = _("Postage to %(country)s: %(price)s.", country=formats.country_name(g.to), price=postage)
        first, last = formats.date(delivery["arrives"].earliest), formats.date(delivery["arrives"].latest)
        arrival = _("Arrives from %(first)s to %(last)s.", first=first, last=last)
    else:
        price = _("The price is for the piece, before postage.")
        day = formats.date(delivery["ship_by"])
        arrival = delivery["problem"] or _("Leaves the workshop by %(day)s.", day=day)
    if piece.kind == "custom":
        back = _("Made to your measure: it can be sent back only if something is wrong with it.")
    else:
        back = ngettext(
            "You may send it back within %(num)s day of receiving it.",
            "You may send it back within %(num)s days of receiving it.",
            structured.RETURN_DAYS,
        )
    lines = [("coins", price), ("truck", arrival), ("globe", delivery["border"]), ("return", back)]
    return [*lines, ("hand", stock_text)] if piece.stock == "available" else lines


def _stock_text(piece: ProductPage, chosen: Offer | None) -> str:
    """The truth about stock in a sentence."""
    if piece.stock == "reserved":
        return _("Somebody is paying for it at this moment. If they do not, it is for sale again within the hour.")
    if piece.stock == "sold":
        return _("This piece is sold. It was the only one.")
    if piece.stock == "withdrawn":
        return _("This piece is no longer for sale.")
    if piece.stock == "unpriced":
        return _("This piece has no price in this currency yet.")
    if piece.stock == "out":
        return _("Sold out for now.")
    if piece.kind == "one_of_a_kind":
        return _("Only one exists.")
    if piece.kind in {"made_to_order", "custom"}:
        return ngettext("Made for you in %(num)s day.", "Made for you in %(num)s days.", piece.lead_time_days)
    available = chosen.available if chosen else 0
    if piece.sale_unit in {"m2", "m"}:
        sign = chrome.unit_sign(piece.sale_unit)
        return _("In stock: %(amount)s %(unit)s.", amount=formats.number(available), unit=sign)
    return ngettext("%(num)s in stock.", "%(num)s in stock.", available)


def _facts(piece: ProductPage) -> list[tuple[str, Any]]:
    length, width, height = piece.sides_mm
    skus = [offer.sku for offer in piece.offers]
    return [
        (_("Size"), _size(length, width, height)),
        (_("Weight, packed"), formats.weight(piece.weight_grams) if piece.weight_grams else ""),
        (_("Materials"), formats.list_text(piece.materials) if piece.materials else ""),
        (_("Craft"), piece.craft_name),
        (_("Made in"), _("%(region)s, Morocco", region=formats.isolate(region_name(piece.origin_region)))),
        (_("Customs code (HS)"), formats.isolate_ltr(piece.hs_code) if piece.hs_code else ""),
        (_("Reference"), formats.isolate_ltr(skus[0]) if len(skus) == 1 else formats.isolate_ltr(piece.public_id)),
    ]


def _size(length: int | None, width: int | None, height: int | None) -> Markup:
    """Centimetres, and inches for those who think in them."""
    sides = [side for side in (length, width, height) if side]
    if not sides:
        return Markup("")
    # Tenths of an inch from whole millimetres, rounded half up.
    inches = [(side * 100 + 127) // 254 for side in sides]
    imperial = " × ".join(f"{value // 10}.{value % 10}" if value % 10 else str(value // 10) for value in inches)
    return Markup('%s <span class="quiet">%s</span>') % (
        formats.dimensions(length, width, height),
        formats.isolate_ltr(f"{imperial} in"),
    )


def _crumbs(piece: ProductPage) -> list[dict[str, str]]:
    craft = chrome.link("crafts.show", reference=chrome.reference(piece.craft, piece.craft_slugs[current_language()]))
    return [
        {"text": _("All pieces"), "url": chrome.link("products.index")},
        {"text": piece.craft_name, "url": craft},
        {"text": piece.title.text, "url": ""},
    ]
