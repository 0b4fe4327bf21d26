"""Writes of the catalogue: a maker's draft, its review, going on sale, stock and prices. All inside a transaction.

A piece goes draft -> review -> published -> archived. Its maker writes while it is a draft; afterwards only the stock
is theirs to change, so that what staff approved is what is sold.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from shop.artisans.queries import get_unit_by_id
from shop.catalogue import stock
from shop.catalogue.currencies import list_currencies
from shop.catalogue.errors import PieceIncomplete, PriceInvalid, StockInvalid, WrongState
from shop.catalogue.events import PiecePublished, PieceReturned, PieceSubmitted
from shop.catalogue.gates import missing_for_publication, missing_for_review
from shop.catalogue.indexing import index_products
from shop.catalogue.models import (
    KINDS,
    SALE_UNITS,
    Craft,
    Price,
    Product,
    ProductPicture,
    Variant,
)
from shop.catalogue.pieces import get_product, list_picture_ids, list_variants, usual_craft
from shop.core import clock
from shop.core.db import db, record
from shop.core.errors import Invalid, NotFound
from shop.core.ids import public_id
from shop.core.policies import audit
from shop.i18n import gettext as _
from shop.i18n.texts import texts_of, write_text

TEXT_FIELDS = ("title", "description", "technique", "care", "warnings")
MOST_PICTURES = 8
MOST_STOCK = 9_999
# A hundred million dirhams: more is a slip of the finger.
MOST_ASK_MINOR = 100_000_000_00

_STATES = {
    ("draft", "submit"): "review",
    ("review", "return"): "draft",
    ("draft", "publish"): "published",
    ("review", "publish"): "published",
    ("archived", "publish"): "published",
    ("draft", "archive"): "archived",
    ("review", "archive"): "archived",
    ("published", "archive"): "archived",
}
_DETAILS = frozenset(
    [
        "craft",
        "kind",
        "sale_unit",
        "min_quantity",
        "quantity_step",
        "origin_region",
        "hs_code",
        "lead_time_days",
        "weight_grams",
        "length_mm",
        "width_mm",
        "height_mm",
        "materials",
        "option1_name",
        "option2_name",
        "source_language",
    ]
)


def create_draft(
    unit_id: int,
    *,
    actor: int | None,
    craft: str | None = None,
    kind: str = "one_of_a_kind",
    with_variant: bool = True,
    public_id_: str | None = None,
    **details: Any,
) -> Product:
    """A new piece of a unit, in state draft, with one variant unless the caller adds its own.

    Without a craft it gets the unit's usual one, until the maker says. `details` are those of `set_details`.
    """
    unit = get_unit_by_id(unit_id)
    code = craft or usual_craft(unit_id, unit.family)
    if code is None:
        raise NotFound(_("The catalogue has no crafts yet."))
    now = clock.now()
    product = Product(
        public_id=public_id_ or public_id(),
        unit_id=unit_id,
        craft=code,
        family=_get_craft(code).family,
        kind=kind,
        source_language=details.pop("source_language", unit.language),
        origin_region=details.pop("origin_region", unit.region),
        created_at=now,
        updated_at=now,
    )
    db.session.add(product)
    db.session.flush()
    set_details(product.id, **details)
    if with_variant:
        add_variant(product.id)
    audit(actor, "create", "product", product.public_id)
    return product


def add_variant(
    product_id: int,
    *,
    sku: str | None = None,
    option1: dict[str, str] | None = None,
    option2: dict[str, str] | None = None,
    ask_mad_minor: int | None = None,
) -> Variant:
    """One more size or colour of a product, with nothing in stock yet; options are named by language."""
    product = get_product(product_id)
    position = len(list_variants(product_id))
    variant = Variant(
        product_id=product_id,
        sku=sku or f"{product.public_id.upper()}-{position + 1}",
        position=position,
        option1=option1,
        option2=option2,
        ask_mad_minor=ask_mad_minor,
    )
    db.session.add(variant)
    db.session.flush()
    return variant


def set_details(product_id: int, **details: Any) -> None:
    """Change columns of a product: craft (its family follows), kind, sizes in mm, weight in grams, lead time and so on.

    Raises Invalid for a value that cannot be.
    """
    unknown = set(details) - _DETAILS
    if unknown:
        raise ValueError(f"not details of a product: {sorted(unknown)}")
    product = get_product(product_id)
    if details.get("kind", KINDS[0]) not in KINDS or details.get("sale_unit", SALE_UNITS[0]) not in SALE_UNITS:
        text = _("This is not a way of selling we know.")
        raise Invalid(text, {"kind": text})
    for name in ("weight_grams", "length_mm", "width_mm", "height_mm"):
        value = details.get(name)
        if value is not None and value <= 0:
            text = _("Sizes and weight are greater than zero.")
            raise Invalid(text, {name: text})
    if "craft" in details:
        product.family = _get_craft(details["craft"]).family
    for name, value in details.items():
        setattr(product, name, value)
    _touch(product)


def set_pictures(product_id: int, picture_ids: Sequence[int]) -> None:
    """The pictures of a product in their order; the first is its cover."""
    product = get_product(product_id)
    wanted = list(dict.fromkeys(picture_ids))
    if len(wanted) > MOST_PICTURES:
        text = _("A piece has at most %(count)s photos.", count=MOST_PICTURES)
        raise Invalid(text, {"photos": text})
    db.session.execute(delete(ProductPicture).where(ProductPicture.product_id == product_id))
    db.session.add_all(
        ProductPicture(product_id=product_id, picture_id=picture_id, position=position)
        for position, picture_id in enumerate(wanted)
    )
    product.cover_id = wanted[0] if wanted else None
    _touch(product)


def add_pictures(product_id: int, picture_ids: Sequence[int]) -> None:
    """Put pictures behind those a product has; one it has already is not shown twice."""
    set_pictures(product_id, [*list_picture_ids(product_id), *picture_ids])


def set_ask(variant_id: int, ask_mad_minor: int | None) -> None:
    """What the maker wants to receive for one, in centimes of a dirham. Raises PriceInvalid."""
    if ask_mad_minor is not None and not 0 < ask_mad_minor <= MOST_ASK_MINOR:
        text = _("The price is greater than zero. Type it in dirhams, like 450.")
        raise PriceInvalid(text, {"ask": text})
    variant = _get_variant(variant_id)
    variant.ask_mad_minor = ask_mad_minor
    _touch(get_product(variant.product_id))


def set_prices(variant_id: int, prices: dict[str, int | None], *, actor: int | None) -> None:
    """Prices a buyer pays, {currency: minor}; None ends the sale in that currency. Others stay as they are."""
    variant = _get_variant(variant_id)
    rows = {row.currency: row for row in db.session.scalars(select(Price).where(Price.variant_id == variant_id))}
    before = {currency: row.amount_minor for currency, row in rows.items()}
    for currency, amount in prices.items():
        if currency not in list_currencies() or (amount is not None and amount <= 0):
            text = _("The price is greater than zero.")
            raise PriceInvalid(text, {f"price_{currency.lower()}": text})
        row = rows.get(currency)
        if amount is None:
            if row is not None:
                db.session.delete(row)
        elif row is None:
            db.session.add(Price(variant_id=variant_id, currency=currency, amount_minor=amount))
        else:
            row.amount_minor = amount
    db.session.flush()
    _touch(get_product(variant.product_id))
    audit(actor, "set prices", "variant", variant.sku, before=before, after=prices)


def write_product_texts(
    product_id: int,
    texts: dict[str, dict[str, str]],
    *,
    actor: int | None,
    source_language: str | None = None,
) -> None:
    """Title, description, technique, care, safety warnings by language: {"title": {"ar": …}}; those not in the source language translate it.

    Only what is given changes; an empty text removes one.
    """
    unknown = set(texts) - set(TEXT_FIELDS)
    if unknown:
        raise ValueError(f"not texts of a product: {sorted(unknown)}")
    product = get_product(product_id)
    if source_language is not None:
        product.source_language = source_language
    source = product.source_language
    stored = texts_of("product", [product_id], TEXT_FIELDS)
    for field, by_language in texts.items():
        original = by_language.get(source, stored.get((product_id, field), {}).get(source, "")).strip()
        for language, text in by_language.items():
            write_text("product", product_id, field, language, text, source="" if language == source else original)
    db.session.flush()
    _touch(product)
    if product.state == "published":
        index_products([product_id])
        audit(actor, "write texts", "product", product.public_id, fields=sorted(texts))


def submit_for_review(product_id: int, *, actor: int | None) -> None:
    """The maker is done; staff translate and publish. Raises PieceIncomplete, WrongState."""
    missing = missing_for_review(product_id)
    if missing:
        raise PieceIncomplete(_("Something is still missing before the piece can be sent."), missing)
    product = _move(product_id, "submit", actor)
    product.submitted_at = clock.now()
    product.note_to_maker = None
    record(PieceSubmitted(product_id))


def return_to_maker(product_id: int, *, note: str, actor: int | None) -> None:
    """Staff ask the maker for something; the piece is a draft again. Raises Invalid without a note, WrongState."""
    if not note.strip():
        text = _("Write what the maker should change.")
        raise Invalid(text, {"note": text})
    product = _move(product_id, "return", actor, note=note.strip())
    product.note_to_maker = note.strip()
    record(PieceReturned(product_id))


def publish(product_id: int, *, actor: int | None) -> None:
    """Put a piece on sale; it shows while its unit is admitted. Raises PieceIncomplete, WrongState."""
    missing = missing_for_publication(product_id)
    if missing:
        raise PieceIncomplete(_("Something is still missing before the piece can be published."), missing)
    product = _move(product_id, "publish", actor)
    product.published_at = product.published_at or clock.now()
    product.archived_at = None
    product.note_to_maker = None
    product.reviewed_by = actor
    index_products([product_id])
    record(PiecePublished(product_id))


def archive(product_id: int, *, actor: int | None) -> None:
    """Take a piece out of the shop for good; what was sold keeps pointing at it. Raises WrongState."""
    product = _move(product_id, "archive", actor)
    product.archived_at = clock.now()


def change_stock(variant_id: int, *, unit_id: int, new_available: int, actor: int | None) -> None:
    """The maker says how many there are to sell now. What buyers hold or bought is not among them.

    Raises NotFound for another unit's, StockInvalid, stock.OutOfStock when some were bought a moment ago.
    """
    # Read anew and locked: stock moves by statements that no object in memory hears of.
    variant = db.session.get(Variant, variant_id, with_for_update=True, populate_existing=True)
    if variant is None:
        raise NotFound(_("There is no such piece."), variant_id=variant_id)
    product = get_product(variant.product_id)
    if product.unit_id != unit_id:
        raise NotFound(_("There is no such piece in this workshop."), variant_id=variant_id)
    if not 0 <= new_available <= MOST_STOCK:
        text = _("Type a whole number from 0 to %(most)s.", most=MOST_STOCK)
        raise StockInvalid(text, {"available": text})
    if product.kind == "one_of_a_kind" and new_available + variant.reserved + variant.sold - variant.returned > 1:
        text = _("Only one of this piece exists.")
        raise StockInvalid(text, {"available": text})
    change = new_available - variant.available
    if change == 0:
        return
    before = variant.available
    if change > 0:
        stock.receive(variant_id, change)
    else:
        stock.withdraw(variant_id, -change)
    db.session.refresh(variant)
    audit(actor, "change stock", "variant", variant.sku, before=before, after=variant.available)


def _move(product_id: int, action: str, actor: int | None, **data: Any) -> Product:
    product = db.session.get(Product, product_id, with_for_update=True, populate_existing=True)
    if product is None:
        raise NotFound(_("There is no such piece."), product_id=product_id)
    following = _STATES.get((product.state, action))
    if following is None:
        raise WrongState(_("The piece has moved on in the meantime."), state=product.state, action=action)
    product.state = following
    _touch(product)
    audit(actor, action, "product", product.public_id, **data)
    return product


def _touch(product: Product) -> None:
    product.updated_at = clock.now()


def _get_variant(variant_id: int) -> Variant:
    variant = db.session.get(Variant, variant_id)
    if variant is None:
        raise NotFound(_("There is no such piece."), variant_id=variant_id)
    return variant


def _get_craft(code: str) -> Craft:
    craft = db.session.get(Craft, code)
    if craft is None:
        text = _("This is not a craft we know.")
        raise Invalid(text, {"craft": text})
    return craft
