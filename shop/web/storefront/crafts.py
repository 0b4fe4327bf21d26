"""Crafts as a page of pictures, and each craft as a listing."""

from flask import Blueprint, g, redirect, render_template
from werkzeug.wrappers import Response

from shop.catalogue.queries import find_craft, list_crafts, list_products
from shop.core.versions import LIST
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.web.page_cache import rests_on
from shop.web.storefront import chrome, listing, structured

blueprint = Blueprint("crafts", __name__)


@blueprint.get("/crafts")
def index() -> str:
    rests_on(LIST)
    crafts = list_crafts(current_language())
    return render_template(
        "storefront/crafts/index.html",
        crafts=crafts,
        structured=structured.page(
            chrome.absolute(chrome.address("storefront.crafts.index")),
            (_("Crafts"), ""),
            things=[structured.links([_address(craft.code, craft.slugs[current_language()]) for craft in crafts])],
        ),
        image=structured.share_image(craft.picture for craft in crafts),
    )


@blueprint.get("/crafts/<path:reference>")
def show(reference: str) -> str | Response:
    """A craft's pieces. Another slug leads to the right address for good."""
    language = current_language()
    craft, slug = find_craft(reference, language)
    if slug != craft.slugs[language]:
        return redirect(chrome.link("crafts.show", reference=chrome.reference(craft.code, craft.slugs[language])), 308)
    question = listing.read_question(craft=craft.code)
    found = list_products(language, g.currency, question.filters, question.page)
    crumbs = ((_("Crafts"), chrome.address("storefront.crafts.index")), (craft.name, ""))
    return render_template(
        "storefront/crafts/show.html",
        craft=craft,
        tint=chrome.TINTS.get(craft.family, ""),
        alternates=chrome.alternates("crafts.show", chrome.slugged(craft.code, craft.slugs), **question.own),
        structured=structured.page(
            chrome.absolute(_address(craft.code, craft.slugs[language])),
            *crumbs,
            things=[structured.item_list(found.cards)],
        ),
        image=structured.share_image(card.picture for card in found.cards),
        **listing.context(question, found, "crafts.show", reference=reference),
    )


def _address(code: str, slug: str) -> str:
    """The canonical path of a craft, without what the reader chose."""
    return chrome.address("storefront.crafts.show", reference=chrome.reference(code, slug))
