"""A new piece, one question per screen. It is a row from the first photo on: a lost connection loses nothing."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import Form

from shop.catalogue import services
from shop.catalogue.errors import StockInvalid
from shop.catalogue.models import Product
from shop.catalogue.pieces import craft_names, find_unit_product, get_unit_product, list_picture_ids, list_variants
from shop.catalogue.pricing import Estimate
from shop.core import clock, ids
from shop.core.db import transaction
from shop.core.errors import Invalid, NotFound
from shop.core.money import round_half_up
from shop.i18n import current_language
from shop.i18n import gettext as _
from shop.i18n.formats import isolate, number
from shop.i18n.texts import tell, texts_of
from shop.media.errors import PictureRefused
from shop.media.images import Cleaned, clean, keep
from shop.media.queries import find_picture, picture_views
from shop.web.artisan.forms import CraftForm, NameForm, PriceForm, SizeForm, StockForm
from shop.web.artisan.pieces import estimate
from shop.web.guards import current_account, current_unit

blueprint = Blueprint("drafts", __name__)

STEPS = ("photos", "craft", "name", "price", "size", "stock")
_DRAFT_ID = re.compile(f"[{ids.BASE32}]{{10}}")


@blueprint.get("/pieces/new")
def new() -> str:
    """The first question: photos. The draft's id is chosen here, so that a form sent twice makes one piece."""
    return _photos_page(None, ids.public_id())


@blueprint.post("/pieces/new")
def create() -> Response | tuple[str, int]:
    """Begin a draft with its photos, or without any for now."""
    draft_id = request.form.get("draft", "")
    if not _DRAFT_ID.fullmatch(draft_id):
        draft_id = ids.public_id()
    cleaned, refusals = _uploads()
    if not cleaned and "later" not in request.form:
        return _photos_page(None, draft_id, refusals or [_("Add at least one photo.")]), Invalid.status
    unit, actor = current_unit(), _actor()
    with transaction():
        product = find_unit_product(unit.id, draft_id) or services.create_draft(
            unit.id, actor=actor, public_id_=draft_id, source_language=current_language()
        )
        if product.state == "draft":
            refusals += _keep(product, cleaned, actor)
    if refusals:
        return _photos_page(product, draft_id, refusals), Invalid.status
    return _go_on(draft_id, "photos")


@blueprint.get("/pieces/<public_id>/<any(photos,craft,name,price,size,stock):step>")
def edit(public_id: str, step: str) -> str | Response:
    """One question of a draft; a piece that was sent is shown, not asked about."""
    product = get_unit_product(current_unit().id, public_id)
    if product.state != "draft":
        return redirect(url_for("artisan.pieces.show", public_id=public_id), 303)
    if step == "photos":
        return _photos_page(product, public_id)
    return _question(product, step, _stored(product, step))


@blueprint.post("/pieces/<public_id>/<any(photos,craft,name,price,size,stock):step>")
def save(public_id: str, step: str) -> Response | tuple[str, int]:
    """Keep the answer and ask the next question. A wrong answer stays in its box with what is wrong about it."""
    product = get_unit_product(current_unit().id, public_id)
    if product.state != "draft":
        return redirect(url_for("artisan.pieces.show", public_id=public_id), 303)
    if step == "photos":
        return _save_photos(product)
    form = _form(step)
    if not form.validate():
        return _question(product, step, form), Invalid.status
    try:
        with transaction():
            seen = _SAVES[step](get_unit_product(current_unit().id, public_id), form)
    except Invalid as refusal:
        return _question(product, step, form, refusal.text), refusal.status
    if step == "price" and not seen:
        # Without scripts the buyer's price can only be shown after the ask is known: once more the same screen.
        return redirect(url_for("artisan.drafts.edit", public_id=public_id, step="price"), 303)
    return _go_on(public_id, step)


def _go_on(public_id: str, step: str) -> Response:
    """The next question; back to the whole piece after the last, or when only this answer was to be changed."""
    following = STEPS.index(step) + 1
    if following == len(STEPS) or request.args.get("then") == "show":
        return redirect(url_for("artisan.pieces.show", public_id=public_id), 303)
    return redirect(url_for("artisan.drafts.edit", public_id=public_id, step=STEPS[following]), 303)


def _actor() -> int | None:
    account = current_account()
    return account.id if account else None


# Photos


def _uploads() -> tuple[list[Cleaned], list[str]]:
    """The photos of the request that can be read, and a sentence for each that cannot."""
    cleaned: list[Cleaned] = []
    refusals: list[str] = []
    for file in request.files.getlist("photos"):
        if not file.filename:
            continue
        try:
            cleaned.append(clean(file.read()))
        except PictureRefused as refusal:
            refusals.append(Markup("%s: %s") % (isolate(file.filename), refusal.text))
    return cleaned, refusals


def _keep(product: Product, cleaned: list[Cleaned], actor: int | None) -> list[str]:
    """Put photos to a draft, as many as there is room for; a sentence about those that were too many."""
    now = clock.now()
    room = services.MOST_PICTURES - len(list_picture_ids(product.id))
    pictures = [keep(picture, uploaded_by=actor, now=now).id for picture in cleaned[: max(0, room)]]
    if pictures:
        services.add_pictures(product.id, pictures)
    if len(cleaned) > room:
        return [_("A piece has at most %(count)s photos.", count=services.MOST_PICTURES)]
    return []


def _save_photos(product: Product) -> Response | tuple[str, int]:
    """Add photos, take one away, or put one first; what can be read is kept even if another cannot."""
    cleaned, refusals = _uploads()
    with transaction():
        product = get_unit_product(current_unit().id, product.public_id)
        refusals += _keep(product, cleaned, _actor())
        changed = _rearrange(product)
    if refusals:
        return _photos_page(product, product.public_id, refusals), Invalid.status
    if changed:
        return redirect(url_for("artisan.drafts.edit", public_id=product.public_id, step="photos"), 303)
    if not list_picture_ids(product.id) and "later" not in request.form:
        return _photos_page(product, product.public_id, [_("Add at least one photo.")]), Invalid.status
    return _go_on(product.public_id, "photos")


def _rearrange(product: Product) -> bool:
    """Whether one of the buttons beside a photo was touched."""
    action = next((name for name in ("remove", "first") if name in request.form), None)
    if action is None:
        return False
    picture = find_picture(request.form[action])
    present = list_picture_ids(product.id)
    if picture is None or picture.id not in present:
        raise NotFound(_("There is no such photo."))
    others = [picture_id for picture_id in present if picture_id != picture.id]
    services.set_pictures(product.id, others if action == "remove" else [picture.id, *others])
    return True


def _photos_page(product: Product | None, draft_id: str, refusals: list[str] | None = None) -> str:
    ids_ = list_picture_ids(product.id) if product else []
    views = picture_views(ids_)
    return render_template(
        "artisan/drafts/photos.html",
        product=product,
        draft_id=draft_id,
        pictures=[views[picture_id] for picture_id in ids_ if picture_id in views],
        most=services.MOST_PICTURES,
        refusals=refusals or [],
        **_way("photos", draft_id),
    )


# The other questions


def _form(step: str, **stored: Any) -> Any:
    """The form of a step, filled with what was sent, or with what is stored."""
    kind = {"craft": CraftForm, "name": NameForm, "price": PriceForm, "size": SizeForm, "stock": StockForm}[step]
    form: Any = kind(formdata=None, data=stored) if stored else kind()
    if step == "craft":
        form.craft.choices = [(craft.code, name) for craft, name in craft_names()]
    if step == "stock":
        form.kind.choices = [
            ("one_of_a_kind", _("Only this one")),
            ("repeatable", _("Several of the same")),
            ("made_to_order", _("I make it when somebody orders")),
        ]
    return form


def _stored(product: Product, step: str) -> Form:
    variants = list_variants(product.id)
    if step == "craft":
        return _form(step, craft=product.craft)
    if step == "name":
        texts = texts_of("product", [product.id], ["title", "description"])
        told = {
            field: tell(texts.get((product.id, field), {}), current_language()) for field in ("title", "description")
        }
        return _form(step, **{field: text.text if text else "" for field, text in told.items()})
    if step == "price":
        ask = variants[0].ask_mad_minor if variants else None
        return _form(step, ask=ask // 100 if ask else None)
    if step == "size":
        sides = {"length": product.length_mm, "width": product.width_mm, "height": product.height_mm}
        return _form(step, weight=product.weight_grams, **sides)
    count = variants[0].available if variants else 0
    return _form(step, kind=product.kind, count=count or None, days=product.lead_time_days or None)


def _question(product: Product, step: str, form: Form, refusal: str = "") -> str:
    variants = list_variants(product.id)
    values: dict[str, Any] = {}
    if step == "craft":
        crafts = craft_names()
        values["crafts"] = crafts
        values["pictures"] = picture_views(craft.picture_id for craft, _name in crafts)
    if step == "price":
        values["ask"] = variants[0].ask_mad_minor if variants else None
        values["estimate"] = found = estimate(values["ask"])
        values["rate_text"] = _rate_text(found) if found else ""
    return render_template(
        f"artisan/drafts/{step}.html",
        product=product,
        form=form,
        refusal=refusal,
        **values,
        **_way(step, product.public_id),
    )


def _rate_text(found: Estimate) -> str:
    """`1 EUR = 10.812 DH`: three places to be read; the sums are made with the exact rate."""
    shown = number(Decimal(round_half_up(found.rate.mad * 1_000)) / 1_000)
    return f"1 {found.currency} = {shown} DH"


def _way(step: str, public_id: str) -> dict[str, Any]:
    """Where one stands among the questions, and the way back."""
    place = STEPS.index(step)
    alone = request.args.get("then") == "show"
    if alone:
        back = url_for("artisan.pieces.show", public_id=public_id)
    elif place:
        back = url_for("artisan.drafts.edit", public_id=public_id, step=STEPS[place - 1])
    else:
        back = url_for("artisan.pieces.list")
    return {"step": place + 1, "steps": len(STEPS), "alone": alone, "back_url": back}


def _save_craft(product: Product, form: CraftForm) -> bool:
    services.set_details(product.id, craft=form.craft.data or "")
    return True


def _save_name(product: Product, form: NameForm) -> bool:
    language, before = current_language(), product.source_language
    texts: dict[str, dict[str, str]] = {}
    for field in ("title", "description"):
        texts[field] = {language: form[field].data or ""}
        if before != language:
            # The maker now writes in another language: what stood in the first is no longer the original.
            texts[field][before] = ""
    services.write_product_texts(product.id, texts, actor=_actor(), source_language=language)
    return True


def _save_price(product: Product, form: PriceForm) -> bool:
    """Whether the maker has already seen what a buyer pays at this price."""
    ask, variants = int(form.ask.data or 0) * 100, list_variants(product.id)
    asked = {variant.ask_mad_minor for variant in variants}
    for variant in variants:
        services.set_ask(variant.id, ask)
    return asked == {ask}


def _save_size(product: Product, form: SizeForm) -> bool:
    services.set_details(
        product.id,
        length_mm=form.length.data,
        width_mm=form.width.data,
        height_mm=form.height.data,
        weight_grams=form.weight.data,
    )
    return True


def _save_stock(product: Product, form: StockForm) -> bool:
    kind = form.kind.data
    if kind == "repeatable" and form.count.data is None:
        raise StockInvalid(_("Type how many there are."))
    if kind == "made_to_order" and form.days.data is None:
        raise StockInvalid(_("Type how many days you need to make one."))
    services.set_details(
        product.id, kind=kind or "", lead_time_days=form.days.data or 0 if kind == "made_to_order" else 0
    )
    count = 1 if kind == "one_of_a_kind" else form.count.data or 1
    for variant in list_variants(product.id):
        services.change_stock(variant.id, unit_id=product.unit_id, new_available=count, actor=_actor())
    return True


_SAVES: dict[str, Callable[[Product, Any], bool]] = {
    "craft": _save_craft,
    "name": _save_name,
    "price": _save_price,
    "size": _save_size,
    "stock": _save_stock,
}
