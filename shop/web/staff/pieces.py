"""Pieces: reviewed, translated, priced, published, given back, taken off sale."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, func, or_, select
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import ValidationError

from shop.artisans.queries import get_unit_by_id, unit_name, unit_names, unit_place
from shop.catalogue.currencies import list_currencies
from shop.catalogue.gates import missing_for_publication
from shop.catalogue.models import Product, Variant
from shop.catalogue.pieces import craft_names, list_picture_ids, list_variants, prices_of
from shop.catalogue.pricing import missing_rates, suggest_prices
from shop.catalogue.search import matches
from shop.catalogue.services import (
    TEXT_FIELDS,
    archive,
    publish,
    return_to_maker,
    set_details,
    set_prices,
    write_product_texts,
)
from shop.core.db import db, transaction
from shop.core.errors import NotFound, ShopError
from shop.core.money import exponent
from shop.core.rates import MissingRate, find_rate
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, lazy_gettext
from shop.i18n.messages import gettext as _
from shop.i18n.texts import TextRow, fingerprint, tell, texts_of
from shop.media.queries import picture_views
from shop.programme.queries import may_sell
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import AmountField, LineField, StaffForm, WholeNumberField, required

blueprint = Blueprint("pieces", __name__, url_prefix="/pieces")

PAGE = 50
STATES = ("review", "published", "draft", "archived")
SIZES = ("length_mm", "width_mm", "height_mm")
# Where the gates of the catalogue and this form call a field by different names.
FIELD_OF = {"weight": "weight_grams", "photos": "", "prices": ""}


class ReturnForm(StaffForm):
    note = TextAreaField(
        lazy_gettext("What the maker should change"), [required(lazy_gettext("Write what the maker should change."))]
    )


class PieceForm(StaffForm):
    """Facts of a piece; its texts and prices are added by `piece_form`, a field per language and per currency."""

    craft = SelectField(lazy_gettext("Craft"))
    hs_code = LineField(lazy_gettext("Customs code (HS)"))
    weight_grams = WholeNumberField(lazy_gettext("Weight, packed"))
    length_mm = WholeNumberField(lazy_gettext("Length"))
    width_mm = WholeNumberField(lazy_gettext("Width"))
    height_mm = WholeNumberField(lazy_gettext("Height"))

    def validate_hs_code(self, field: LineField) -> None:
        """Four digits are a heading of the Harmonized System, six a subheading, up to ten a national line."""
        digits = field.data.replace(".", "").replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 10):
            raise ValidationError(_("A customs code has four to ten digits."))
        field.data = digits


def _form_class(variants: list[Variant]) -> type[PieceForm]:
    members: dict[str, Any] = {}
    for code in LANGUAGES:
        members[f"title_{code}"] = LineField(lazy_gettext("Name"))
        members[f"description_{code}"] = TextAreaField(lazy_gettext("Description"))
        members[f"technique_{code}"] = TextAreaField(lazy_gettext("Technique"))
        members[f"care_{code}"] = TextAreaField(lazy_gettext("Care"))
        members[f"warnings_{code}"] = TextAreaField(lazy_gettext("Safety warnings"))
    for variant in variants:
        for currency in list_currencies():
            members[_price_name(variant, currency)] = AmountField(currency, currency=currency)
    return type("WholePieceForm", (PieceForm,), members)


def _price_name(variant: Variant, currency: str) -> str:
    return f"price_{variant.id}_{currency.lower()}"


def piece_form(product: Product, variants: list[Variant], **kwargs: Any) -> Any:
    """The form of one piece with what is stored, or with the answers of the request."""
    form = _form_class(variants)(**kwargs)
    form.craft.choices = [(craft.code, name) for craft, name in craft_names()]
    return form


def _stored(product: Product, variants: list[Variant]) -> dict[str, Any]:
    """What stands in the form before anybody answers; prices that are not decided yet are suggested."""
    data: dict[str, Any] = {name: getattr(product, name) for name in ("craft", "weight_grams", *SIZES)}
    data["hs_code"] = product.hs_code or ""
    for (_id, field), by_language in texts_of("product", [product.id], TEXT_FIELDS).items():
        data |= {f"{field}_{code}": text for code, text in by_language.items()}
    prices = prices_of([variant.id for variant in variants])
    for variant in variants:
        known = prices.get(variant.id) or _suggested(variant)
        for currency, minor in known.items():
            data[_price_name(variant, currency)] = _typed(minor, currency)
    return data


def _typed(minor: int, currency: str) -> str:
    """An amount as one types it: no groups, no decimals where they are zero."""
    scale = 10 ** exponent(currency)
    whole, rest = divmod(minor, scale)
    return str(whole) if rest == 0 else f"{whole}.{rest:0{exponent(currency)}d}"


def _rates() -> list[dict[str, Any]]:
    """The rates suggestions are made with today, with their day and source."""
    found = [rate for rate in map(find_rate, list_currencies()) if rate is not None]
    return [
        {
            "currency": rate.currency,
            "mad": (Decimal(rate.mad.numerator) / rate.mad.denominator).quantize(Decimal("0.001")),
            "on": rate.on,
            "source": rate.source,
        }
        for rate in found
    ]


def _suggested(variant: Variant) -> dict[str, int]:
    if variant.ask_mad_minor is None:
        return {}
    try:
        return suggest_prices(variant.ask_mad_minor)
    except MissingRate:
        return {}


@blueprint.get("")
def index() -> str:
    """Pieces of a state, those to review first come first; others newest first, found by words."""
    state = request.args.get("state", "review")
    state = state if state in STATES else "review"
    q, before = request.args.get("q", "").strip(), request.args.get("before", type=int)
    statement = select(Product).where(Product.state == state).limit(PAGE + 1)
    if q:
        statement = statement.where(_found(q))
    if before is not None:
        statement = statement.where(Product.id < before if state != "review" else Product.id > before)
    order = (Product.id,) if state == "review" else (Product.id.desc(),)
    products = list(db.session.scalars(statement.order_by(*order)))
    shown = products[:PAGE]
    counts = db.session.execute(select(Product.state, func.count()).group_by(Product.state)).all()
    chosen: dict[str, Any] = {"state": state, "q": q or None}
    return render_template(
        "staff/pieces/index.html",
        rows=_rows(shown),
        state=state,
        states=STATES,
        counts=dict(counts),
        q=q,
        next_url=url_for("staff.pieces.index", **chosen, before=shown[-1].id) if len(products) > PAGE else "",
        first_url=url_for("staff.pieces.index", **chosen) if before else "",
        words=words,
    )


def _found(q: str) -> ColumnElement[bool]:
    """By the catalogue's own words, or by a part of the title: what was never published has no words yet."""
    titled = select(TextRow.entity_id).where(
        TextRow.entity == "product", TextRow.field == "title", TextRow.text.icontains(q, autoescape=True)
    )
    known = matches(q)
    return Product.id.in_(titled) if known is None else or_(known, Product.id.in_(titled))


def _rows(products: list[Product]) -> list[dict[str, Any]]:
    """What the list shows of each, in five statements."""
    ids = [product.id for product in products]
    titles = texts_of("product", ids, ["title"])
    pictures = picture_views(product.cover_id for product in products)
    names = unit_names(product.unit_id for product in products)
    crafts = {craft.code: name for craft, name in craft_names()}
    asks = db.session.execute(
        select(Variant.product_id, func.min(Variant.ask_mad_minor), func.sum(Variant.available))
        .where(Variant.product_id.in_(ids), Variant.archived_at.is_(None))
        .group_by(Variant.product_id)
    )
    figures = {row[0]: (row[1], int(row[2])) for row in asks}
    stale = _stale(ids)
    return [
        {
            "product": product,
            "told": tell(titles.get((product.id, "title"), {}), current_language()),
            "picture": pictures.get(product.cover_id or 0),
            "unit": names[product.unit_id],
            "craft": crafts[product.craft],
            "ask": figures.get(product.id, (None, 0))[0],
            "available": figures.get(product.id, (None, 0))[1],
            "missing": [code for code in LANGUAGES if code not in titles.get((product.id, "title"), {})],
            "stale": sorted({code for _field, code in stale.get(product.id, ())}),
        }
        for product in products
    ]


def _stale(ids: list[int]) -> dict[int, set[tuple[str, str]]]:
    """(field, language) of translations whose original has changed since, by piece."""
    rows = db.session.scalars(select(TextRow).where(TextRow.entity == "product", TextRow.entity_id.in_(ids))).all()
    originals = {(row.entity_id, row.field): fingerprint(row.text) for row in rows if not row.source_hash}
    found: dict[int, set[tuple[str, str]]] = {}
    for row in rows:
        original = originals.get((row.entity_id, row.field), row.source_hash)
        if row.source_hash and original != row.source_hash:
            found.setdefault(row.entity_id, set()).add((row.field, row.language))
    return found


def _get(public_id: str) -> Product:
    product = db.session.scalars(select(Product).where(Product.public_id == public_id)).first()
    if product is None:
        raise NotFound(_("There is no such piece."), public_id=public_id)
    return product


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    product = _get(public_id)
    return _page(product)


def _page(product: Product, form: Any = None, back: ReturnForm | None = None) -> str:
    """A piece with the form of its facts, texts and prices; `form` and `back` are forms that were refused."""
    variants = list_variants(product.id)
    unit = get_unit_by_id(product.unit_id)
    titles = texts_of("product", [product.id], ["title"]).get((product.id, "title"), {})
    told = tell(titles, current_language())
    pictures = picture_views(list_picture_ids(product.id))
    source = product.source_language
    wrong = form or back
    return render_template(
        "staff/pieces/show.html",
        product=product,
        told=told,
        unit=unit,
        unit_name=unit_name(unit),
        unit_place=unit_place(unit),
        selling=may_sell(unit.id),
        variants=variants,
        pictures=[pictures[key] for key in list_picture_ids(product.id) if key in pictures],
        form=form or piece_form(product, variants, formdata=None, data=_stored(product, variants)),
        return_form=back or ReturnForm(formdata=None),
        source=source,
        order_of_languages=[source, *(code for code in LANGUAGES if code != source)],
        languages_by_code=LANGUAGES,
        stale=_stale([product.id]).get(product.id, set()),
        decided=prices_of([variant.id for variant in variants]),
        suggested={variant.id: _suggested(variant) for variant in variants},
        rates=_rates(),
        without_rate=missing_rates(),
        currencies=list_currencies(),
        price_name=_price_name,
        missing=missing_for_publication(product.id),
        problems=wrong.problems() if wrong is not None else [],
        words=words,
    )


@blueprint.post("/<public_id>")
def save(public_id: str) -> Response | tuple[str, int]:
    """Keep what was written; with action "publish" put the piece on sale afterwards. Nothing written is lost when it
    is not complete yet: it is saved first."""
    officer = current_officer()
    product = _get(public_id)
    variants = list_variants(product.id)
    form = piece_form(product, variants)
    if not form.validate():
        return _page(product, form), 422
    try:
        with transaction():
            _write(product.id, variants, form, officer.id)
        done = "saved"
        if request.form.get("action") == "publish":
            with transaction():
                publish(product.id, actor=officer.id)
            done = "published"
    except ShopError as error:
        _blame(form, error)
        return _page(_get(public_id), form), 422
    return redirect(url_for("staff.pieces.show", public_id=public_id, done=done), 303)


def _write(product_id: int, variants: list[Variant], form: Any, actor: int) -> None:
    texts = {field: {code: form[f"{field}_{code}"].data or "" for code in LANGUAGES} for field in TEXT_FIELDS}
    write_product_texts(product_id, texts, actor=actor)
    set_details(
        product_id,
        craft=form.craft.data,
        hs_code=form.hs_code.data or None,
        weight_grams=form.weight_grams.data,
        **{name: form[name].data for name in SIZES},
    )
    for variant in variants:
        prices = {currency: form[_price_name(variant, currency)].data for currency in list_currencies()}
        set_prices(variant.id, prices, actor=actor)


def _blame(form: StaffForm, error: ShopError) -> None:
    fields = getattr(error, "fields", {})
    for name, text in fields.items():
        place = FIELD_OF.get(name, name)
        if place and place in form:
            form[place].errors = [*form[place].errors, text]
        else:
            form.form_errors.append(text)
    if not fields:
        form.form_errors.append(error.text)


@blueprint.post("/<public_id>/return")
def give_back(public_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = ReturnForm()
    if form.validate():
        try:
            with transaction():
                return_to_maker(_get(public_id).id, note=form.note.data, actor=officer.id)
            return redirect(url_for("staff.pieces.show", public_id=public_id, done="returned"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(_get(public_id), back=form), 422


@blueprint.post("/<public_id>/archive")
def remove(public_id: str) -> Response:
    officer = current_officer()
    with transaction():
        archive(_get(public_id).id, actor=officer.id)
    return redirect(url_for("staff.pieces.show", public_id=public_id, done="archived"), 303)
