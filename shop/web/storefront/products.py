"""The listing of all pieces and the page of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from flask import Blueprint, g, redirect, render_template
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from shop.catalogue.currencies import list_currencies
from shop.catalogue.pricing import ShareTerms, share_terms
from shop.catalogue.product_page import Neighbour, Offer, ProductPage, get_product_page
from shop.catalogue.queries import list_products
from shop.core import clock
from shop.core.kept import kept
from shop.core.policies import get_policy
from shop.core.versions import of_piece, of_unit
from shop.i18n import formats
from shop.i18n.countries import list_countries
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, ngettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import region_name
from shop.i18n.texts import Told
from shop.orders.wording import border_text, charges_text, landed_text
from shop.shipping.charges import Charges, Goods
from shop.shipping.errors import CannotShip
from shop.shipping.queries import Tariff, kept_tariff
from shop.shipping.services import ship_by
from shop.web.fragments import fragment, render_part
from shop.web.page_cache import rests_on
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
    rests_on(of_unit(piece.maker.id), of_piece(piece.id), *(of_piece(other.id) for other in piece.more))
    alternates = chrome.alternates("products.show", chrome.slugged(piece.public_id, piece.slugs))
    return render_template(
        "storefront/products/show.html",
        piece=piece,
        main=_main(piece, alternates[language], error, variant, quantity),
        has_errors=bool(error),
        alternates=alternates,
        canonical=alternates[language],
        currency_urls=_currency_urls(piece, language),
        image=structured.image_of(piece),
    )


def _main(piece: ProductPage, own_address: str, error: str, variant: str, quantity: str) -> Markup:
    """Everything between head and foot; kept by all that it is made of, unless it answers a form."""
    day, currency, to = clock.today(), g.currency, g.to
    house = kept(("house of a piece", currency, to, day), lambda: _read_house(currency, to))

    def make() -> Markup:
        return _make_main(piece, house, own_address, error, variant, quantity)

    refused, others = error or variant or quantity, len(piece.more)
    key = ("piece", piece.portrait, piece.offers, piece.stock, others, house, day)
    made = make() if refused else chrome.part(*key, make=make)
    cards = {f"more {number}": _more_card(piece, other) for number, other in enumerate(piece.more)}
    # What other pages show as well is kept once.
    return chrome.put({"countries": _country_choices(house.tariff), **cards}, made)


@dataclass(frozen=True, slots=True, eq=False)
class _House:
    """What the house decides of a page for a currency and a destination: the same object until it decides anew."""

    tariff: Tariff
    terms: ShareTerms
    operator: dict[str, str]
    person: dict[str, str]


def _read_house(currency: str, to: str | None) -> _House:
    person = get_policy("eu_responsible_person") or {}
    return _House(kept_tariff(currency, to), share_terms(), get_policy("operator"), person)


def _make_main(piece: ProductPage, house: _House, own_address: str, error: str, variant: str, quantity: str) -> Markup:
    offers = [offer for offer in piece.offers if offer.minor is not None]
    chosen = _choose(offers, variant, piece.min_quantity)
    crumbs, delivery, stock_text = _crumbs(piece), _delivery(piece, chosen, house.tariff), _stock_text(piece, chosen)
    made = render_template(
        "storefront/products/piece.html",
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
        crumbs=crumbs,
        promises=_promises(piece, delivery, stock_text),
        stock_text=stock_text,
        countries=chrome.hole("countries"),
        own_path=chrome.address(
            "storefront.products.show", reference=chrome.reference(piece.public_id, piece.slugs[current_language()])
        ),
        own_address=own_address,
        charged_text=chrome.charged_text(piece.currency),
        gallery=render_part("components/gallery.html", "gallery", piece.pictures),
        words=_words(piece, house),
        more=[chrome.hole(f"more {number}") for number in range(len(piece.more))],
        share=_share_links(piece, own_address),
        reaches_text=_reaches_text(piece, chosen, delivery, house.terms),
        freight_url=_freight_url(piece, chosen) if delivery["freight"] else "",
        structured=structured.product(piece, offers, own_address, delivery, g.to, crumbs),
    )
    return Markup(made)


def _currency_urls(piece: ProductPage, language: str) -> dict[str, str]:
    """This page in every currency, also when it was shown in answer to a form."""
    view: dict[str, Any] = {"reference": chrome.reference(piece.public_id, piece.slugs[language])}
    if g.to:
        view["to"] = g.to
    first, *others = list_currencies()
    addresses = {code: chrome.address("storefront.products.show", **view, currency=code) for code in others}
    return {first: chrome.address("storefront.products.show", **view), **addresses}


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
    found |= {"border": border_text("DAP", 0), "charges": None, "freight": False}
    if g.to is None:
        return found
    try:
        grams = piece.weight_grams or 0
        quoted = tariff.quote(g.to, grams * piece.min_quantity, grams)
    except CannotShip as error:
        return {**found, "problem": error.text, "freight": error.reason == "freight"}
    found |= {"quote": quoted, "arrives": quoted.arrives(piece.lead_time_days)}
    if chosen is not None and chosen.minor is not None:
        goods = Goods(chosen.minor * piece.min_quantity, piece.hs_code)
        charges = tariff.charge(g.to, [goods], quoted.amount_minor)
        found |= {"border": _border_text(charges, piece.currency), "charges": charges}
    return found


def _border_text(charges: Charges, currency: str) -> str:
    """What the border asks for: with the price shown, on top of it at checkout, or on arrival."""
    mode, today = charges.lines[0].tax_mode, clock.today()
    added = charges.duty_minor + (charges.tax_minor if mode == "added" else 0)
    if charges.landed.kind == "paid" and added:
        amount = formats.money(added, currency)
        return _("At checkout %(amount)s of tax and duty is added: the carrier asks you for nothing.", amount=amount)
    if mode == "included":
        more = landed_text(charges.landed, currency, today)
        return Markup("%s %s") % (_("Import tax is included."), more) if more else _("Import tax is included.")
    if mode == "added":
        more = landed_text(charges.landed, currency, today)
        text = _("Import tax is added at checkout.")
        return Markup("%s %s") % (text, more) if more else text
    return charges_text(charges, currency, today)


def _reaches_text(piece: ProductPage, chosen: Offer | None, delivery: dict[str, Any], terms: ShareTerms) -> str:
    """About what of the price reaches the maker, where the maker agrees that it is said: an estimate by today's terms."""
    if not piece.shows_share or chosen is None or chosen.minor is None:
        return ""
    charges = delivery["charges"]
    net = charges.lines[0].net_minor // piece.min_quantity if charges else chosen.minor
    return _(
        "Of %(price)s, about %(share)s reaches the maker: an estimate by the terms of today. The maker agrees that it is shown.",
        price=formats.money(chosen.minor, piece.currency),
        share=formats.money(terms.reaches(net), piece.currency),
    )


def _safety(piece: ProductPage, operator: dict[str, str], person: dict[str, str]) -> list[tuple[str, Any]]:
    """Who made it, who answers for it in the European Union, and how to name it (Regulation (EU) 2023/988, art. 19)."""
    ask = _("On request from the programme: %(email)s", email=formats.isolate_ltr(operator["email"]))
    # Each for itself: none is a part of a sentence, in whatever direction that goes.
    known_as = dict.fromkeys([piece.public_id, *(offer.sku for offer in piece.offers)])
    return [
        (_("Maker"), formats.isolate(piece.maker.name)),
        (_("Postal address of the maker"), formats.isolate(piece.maker_address) if piece.maker_address else ask),
        (_("E-mail of the maker"), formats.isolate_ltr(piece.maker_email) if piece.maker_email else ask),
        (_("Responsible person in the European Union"), _person_text(person)),
        (_("Product identifier"), Markup(" · ").join(map(formats.isolate_ltr, known_as))),
    ]


def _person_text(person: dict[str, str]) -> str:
    if not person:
        return _("Not named yet.")
    parts = (person["name"], person["postal_address"], person["email"])
    return Markup("<br>").join(formats.isolate(part) for part in parts)


def _country_choices(tariff: Tariff) -> Markup:
    """The list of the countries we send to, as a field of a form."""
    to, codes = g.to or "", tuple(tariff.destinations())

    def make() -> Markup:
        countries = [("", _("Choose a country")), *list_countries((), codes)]
        return render_part("components/select.html", "select", "to", _("Send to"), countries, value=to)

    return fragment(("send to", current_language(), to, codes), make)


def _words(piece: ProductPage, house: _House) -> Markup:
    """The story of the piece, its facts, its safety and its maker."""
    return render_part(
        "storefront/products/words.html",
        "words",
        piece,
        LANGUAGES[current_language()],
        facts=_facts(piece),
        safety=_safety(piece, house.operator, house.person),
        own_maker=chrome.maker_link(piece.maker.public_id, piece.maker.slugs[current_language()]),
        maker_note=form_name(piece.maker.legal_form),
        tint=chrome.TINTS.get(piece.family, ""),
    )


def _more_card(piece: ProductPage, other: Neighbour) -> Markup:
    """A card of the maker's other pieces."""
    return chrome.part(
        "more",
        other,
        piece.currency,
        piece.maker.name,
        make=lambda: render_part("components/product_card.html", "product_card", _more_view(piece, other)),
    )


def _more_view(piece: ProductPage, other: Neighbour) -> dict[str, Any]:
    """A card of the maker's other pieces; the maker is named by the heading above."""
    made = other.kind in {"made_to_order", "custom"}
    return {
        "url": chrome.product_link(other.public_id, other.slug),
        "title": other.title.text,
        "title_lang": other.title.language if other.title.language != current_language() else "",
        "maker": piece.maker.name,
        "place": "",
        "minor": other.minor,
        "currency": piece.currency,
        "picture": other.picture,
        "mark": chrome.kind_name(other.kind) if made or other.kind == "one_of_a_kind" else "",
        "mark_kind": "quiet" if made else "warm",
        "price_note": chrome.price_note(other.sale_unit),
    }


def _share_links(piece: ProductPage, address: str) -> list[tuple[str, str]]:
    """Ways to send the address of the page to somebody; plain links, nothing of others is loaded."""
    text = quote_plus(f"{piece.title.text} {address}", safe="")
    subject, body = quote(piece.title.text), quote(address)
    return [
        (_("WhatsApp"), f"https://wa.me/?text={text}"),
        (_("E-mail"), f"mailto:?subject={subject}&body={body}"),
    ]


def _freight_url(piece: ProductPage, chosen: Offer | None) -> str:
    return chrome.link("freight.new", variant_id=chosen.id) if chosen else ""


def _promises(piece: ProductPage, delivery: dict[str, Any], stock_text: str) -> list[tuple[str, str]]:
    """The buy box in five short lines, each with its sign: price, arrival, border, return, stock."""
    quoted = delivery["quote"]
    if quoted is not None:
        postage = formats.money(quoted.amount_minor, piece.currency)
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
        (_("Technique"), _told(piece.technique)),
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
    return Markup('<span class="nowrap">%s</span> <span class="quiet nowrap">%s</span>') % (
        formats.dimensions(length, width, height),
        formats.isolate_ltr(f"{imperial} in"),
    )


def _told(text: Told | None) -> Markup:
    """A text with its language where it is not the page's."""
    if text is None:
        return Markup("")
    if text.language == current_language():
        return escape(text.text)
    direction = LANGUAGES[text.language].direction
    return Markup('<span lang="%s" dir="%s">%s</span>') % (text.language, direction, text.text)


def _crumbs(piece: ProductPage) -> list[dict[str, str]]:
    craft = chrome.link("crafts.show", reference=chrome.reference(piece.craft, piece.craft_slugs[current_language()]))
    return [
        {"text": _("All pieces"), "url": chrome.link("products.index")},
        {"text": piece.craft_name, "url": craft},
        {"text": piece.title.text, "url": ""},
    ]
