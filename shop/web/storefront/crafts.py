"""Crafts as a page of pictures, and each craft as a listing."""

from flask import Blueprint, g, redirect, render_template
from werkzeug.wrappers import Response

from shop.catalogue.queries import find_craft, list_crafts, list_products
from shop.i18n.messages import current_language
from shop.web.storefront import chrome, listing

blueprint = Blueprint("crafts", __name__)


@blueprint.get("/crafts")
def index() -> str:
    return render_template("storefront/crafts/index.html", crafts=list_crafts(current_language()))


@blueprint.get("/crafts/<path:reference>")
def show(reference: str) -> str | Response:
    """A craft's pieces. Another slug leads to the right address for good."""
    language = current_language()
    craft, slug = find_craft(reference, language)
    if slug != craft.slugs[language]:
        return redirect(chrome.link("crafts.show", reference=chrome.reference(craft.code, craft.slugs[language])), 308)
    question = listing.read_question(craft=craft.code)
    found = list_products(language, g.currency, question.filters, question.page)
    return render_template(
        "storefront/crafts/show.html",
        craft=craft,
        tint=chrome.TINTS.get(craft.family, ""),
        alternates=chrome.alternates("crafts.show", chrome.slugged(craft.code, craft.slugs), **question.own),
        **listing.context(question, found, "crafts.show", reference=reference),
    )
