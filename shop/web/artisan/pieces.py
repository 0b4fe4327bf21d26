"""A maker's pieces: the list, one piece, sending it for review, how many there are."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.artisans.models import Unit
from shop.catalogue import services
from shop.catalogue.errors import PieceIncomplete, StockInvalid
from shop.catalogue.gates import missing_for_review
from shop.catalogue.models import Product, Variant
from shop.catalogue.pieces import (
    craft_names,
    get_unit_product,
    get_unit_variant,
    list_picture_ids,
    list_unit_pieces,
    list_variants,
)
from shop.catalogue.pricing import Estimate, estimate_receives
from shop.catalogue.stock import OutOfStock
from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.core.rates import MissingRate
from shop.i18n import current_language
from shop.i18n import gettext as _
from shop.i18n.texts import Told, tell, texts_of
from shop.media.queries import picture_views
from shop.web.artisan.forms import AvailableForm
from shop.web.guards import current_account, current_unit

blueprint = Blueprint("pieces", __name__)


@blueprint.get("/pieces")
def list() -> str:
    """All pieces of the unit, newest first."""
    pieces = list_unit_pieces(current_unit().id)
    pictures = picture_views(piece.picture_id for piece in pieces)
    return render_template(
        "artisan/pieces/list.html", pieces=pieces, pictures=pictures, archived="archived" in request.args
    )


@blueprint.get("/pieces/<public_id>")
def show(public_id: str) -> str:
    """One piece: a draft as buyers would see it, with what is missing; later its state and stock."""
    return _page(get_unit_product(current_unit().id, public_id), sent="sent" in request.args)


@blueprint.post("/pieces/<public_id>/submit")
def submit(public_id: str) -> Response | tuple[str, int]:
    """Send for review. What is missing is said and nothing is lost; a second touch changes nothing."""
    unit, account = current_unit(), current_account()
    product = get_unit_product(unit.id, public_id)
    if product.state == "draft":
        try:
            with transaction():
                services.submit_for_review(product.id, actor=account.id if account else None)
        except PieceIncomplete as refusal:
            return _page(get_unit_product(unit.id, public_id), refusal=refusal.text), refusal.status
    return redirect(url_for("artisan.pieces.show", public_id=public_id, sent=1), 303)


@blueprint.post("/pieces/<public_id>/discard")
def discard(public_id: str) -> Response:
    """Throw a draft away."""
    unit, account = current_unit(), current_account()
    with transaction():
        product = get_unit_product(unit.id, public_id)
        if product.state != "draft":
            raise Invalid(_("Only a piece that was not sent yet can be thrown away."))
        services.archive(product.id, actor=account.id if account else None)
    return redirect(url_for("artisan.pieces.list", archived=1), 303)


@blueprint.post("/pieces/<public_id>/stock/<sku>")
def change_stock(public_id: str, sku: str) -> Response | tuple[str, int]:
    """How many there are now. The buttons send the number they lead to, so a touch sent twice counts once."""
    unit, account = current_unit(), current_account()
    variant, product = get_unit_variant(unit.id, sku)
    form = AvailableForm()
    try:
        if not form.validate():
            raise StockInvalid(form.available.errors[0], {"available": form.available.errors[0]})
        with transaction():
            services.change_stock(
                variant.id,
                unit_id=unit.id,
                new_available=int(form.available.data or 0),
                actor=account.id if account else None,
            )
    except (StockInvalid, OutOfStock) as refusal:
        text = refusal.text or _("Somebody bought one a moment ago. Look at the number again.")
        page = _page(get_unit_product(unit.id, product.public_id), wrong=(sku, text, request.form.get("available", "")))
        return page, refusal.status
    return redirect(url_for("artisan.pieces.show", public_id=public_id, _anchor=f"stock-{sku}"), 303)


def estimate(ask_mad_minor: int | None) -> Estimate | None:
    """What a buyer sees and what arrives; None without an ask, or without a rate of the day."""
    if ask_mad_minor is None:
        return None
    try:
        return estimate_receives(ask_mad_minor)
    except MissingRate:
        return None


def title_of(product: Product) -> Told | None:
    """The name of a piece in the maker's language, or in the one it has."""
    return tell(texts_of("product", [product.id], ["title"]).get((product.id, "title"), {}), current_language())


def _page(
    product: Product, *, refusal: str = "", sent: bool = False, wrong: tuple[str, str, str] = ("", "", "")
) -> str:
    unit: Unit = current_unit()
    variants = list_variants(product.id)
    ids = list_picture_ids(product.id)
    pictures = picture_views(ids)
    texts = texts_of("product", [product.id], ["description"]).get((product.id, "description"), {})
    draft = product.state == "draft"
    return render_template(
        "artisan/pieces/show.html",
        product=product,
        unit=unit,
        title=title_of(product),
        description=tell(texts, current_language()),
        craft={craft.code: name for craft, name in craft_names()}[product.craft],
        pictures=[pictures[picture_id] for picture_id in ids if picture_id in pictures],
        variants=[(variant, _option(variant)) for variant in variants],
        ask=min((variant.ask_mad_minor for variant in variants if variant.ask_mad_minor), default=None),
        estimate=estimate(variants[0].ask_mad_minor) if draft and variants else None,
        missing=missing_for_review(product.id) if draft else {},
        refusal=refusal,
        sent=sent,
        wrong=wrong,
    )


def _option(variant: Variant) -> str:
    language = current_language()
    options = [
        option.get(language) or next(iter(option.values()), "")
        for option in (variant.option1, variant.option2)
        if option
    ]
    return " · ".join(options)
