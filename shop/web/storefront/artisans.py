"""The makers: all of them, by region, and each with their words and pieces."""

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from shop.catalogue.facets import Filters
from shop.catalogue.makers import get_maker, list_makers
from shop.catalogue.queries import list_products
from shop.core.errors import NotFound
from shop.core.versions import LIST
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS, region_name
from shop.programme.queries import list_memberships
from shop.web.page_cache import rests_on
from shop.web.storefront import chrome, listing, structured
from shop.web.storefront.chrome import form_name

blueprint = Blueprint("artisans", __name__)


@blueprint.get("/artisans")
def index() -> str:
    region = request.args.get("region") or None
    if region is not None and region not in REGIONS:
        raise NotFound(_("There is no such region."))
    rests_on(LIST)
    makers = list_makers(current_language())
    present = sorted({maker.region for maker in makers})
    shown = [maker for maker in makers if region in (None, maker.region)]
    paths = [
        chrome.address(
            "storefront.artisans.show", reference=chrome.reference(maker.public_id, maker.slugs[current_language()])
        )
        for maker in shown
    ]
    return render_template(
        "storefront/artisans/index.html",
        makers=shown,
        region=region,
        regions=[
            {"text": region_name(code), "url": chrome.link("artisans.index", region=code), "current": code == region}
            for code in present
        ],
        form_name=form_name,
        structured=structured.page(
            chrome.absolute(chrome.address("storefront.artisans.index", **({"region": region} if region else {}))),
            (_("Makers"), ""),
            things=[structured.links(paths)],
        ),
        image=structured.share_image(maker.picture for maker in shown),
    )


@blueprint.get("/artisans/<path:reference>")
def show(reference: str) -> str | Response:
    """A maker and their pieces. The id is the identity; another slug leads to the right address for good."""
    public_id, _hyphen, slug = reference.partition("-")
    language = current_language()
    maker = get_maker(public_id, language)
    if slug != maker.slugs[language]:
        return redirect(chrome.maker_link(public_id, maker.slugs[language]), 308)
    question = listing.read_question()
    found = list_products(language, g.currency, Filters(unit=public_id), question.page)
    editions = {edition.starts_on.year: programme for _m, edition, programme in list_memberships(maker.id)}
    since = min(editions, default=None)
    alternates = chrome.alternates("artisans.show", chrome.slugged(public_id, maker.slugs))
    return render_template(
        "storefront/artisans/show.html",
        maker=maker,
        form_name=form_name(maker.legal_form),
        since=since,
        programme_name=getattr(editions[since], f"name_{language}") if since else "",
        alternates=alternates,
        structured=structured.page(
            alternates[language],
            (_("Makers"), chrome.address("storefront.artisans.index")),
            (maker.name, ""),
            things=[structured.maker(maker, alternates[language]), structured.item_list(found.cards)],
        ),
        image=structured.share_image([maker.picture]),
        **listing.context(question, found, "artisans.show", heading="h3", eager=0, reference=reference),
    )
