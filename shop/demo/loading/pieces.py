"""The catalogue goes on sale as it does every day: makers write and send, staff translate, price and publish."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from random import Random

from shop.catalogue.services import (
    add_variant,
    change_stock,
    create_draft,
    publish,
    set_details,
    set_pictures,
    set_prices,
    submit_for_review,
    write_product_texts,
)
from shop.core import clock
from shop.core.clock import VirtualClock
from shop.core.db import transaction
from shop.demo.content.load import Content, Product, Texts, Variant
from shop.demo.loading.buyers import SOLD_ONCE
from shop.demo.loading.calendar import Calendar
from shop.demo.loading.identifiers import make_public_id
from shop.demo.loading.units import Enrolled

# Sent by their makers and still to be translated, one in each language makers write in: work for the officer's chair.
IN_REVIEW = ("safi-vase-encre", "ceinture-chekkara")
# What is bought by arrangement was there in time.
SOLD = {key for key, _hundredth in SOLD_ONCE}
# Of a hundred other pieces, how many were there before the first order; the others came over time.
FROM_THE_START = 62
REVIEW_TAKES = timedelta(days=2, hours=3)


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant on the shelf. `full` is how many its maker keeps of it; `weight_grams` is of one sale unit."""

    variant_id: int
    unit_id: int
    account_id: int
    product: Product
    full: int
    price_eur: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A product in the database and what can be bought of it; no offers while it is in review."""

    product_id: int
    cover: str
    product: Product
    offers: tuple[Offer, ...]


def plan_products(content: Content, count: int | None, seed: int) -> list[tuple[Product, str]]:
    """Products to write, each with the key of the product whose pictures it shows; variations where more are asked for."""
    planned = [(product, product.key) for product in content.products.values()]
    sources = [product for product in content.products.values() if product.key not in IN_REVIEW]
    for number, product in enumerate(cycle(sources), len(sources)):
        if count is None or len(planned) >= count:
            return planned
        planned.append((_variation(product, number // len(sources) + 1, seed), product.key))
    return planned


def _variation(product: Product, number: int, seed: int) -> Product:
    """Another piece after the same model: numbered, a little larger or smaller, dearer or cheaper."""
    chance = Random(f"{seed}/variation/{product.key}/{number}")
    price, size = chance.randint(85, 120), chance.randint(92, 108)
    variants = tuple(
        replace(
            variant,
            sku=f"{variant.sku}-V{number}",
            ask_mad=None if variant.ask_mad is None else _rounded(variant.ask_mad * price),
            prices=None if variant.prices is None else _priced(variant.prices, price),
        )
        for variant in product.variants
    )
    title = Texts(
        f"{product.title.ar} رقم {number}", f"{product.title.fr} n° {number}", f"{product.title.en} No. {number}"
    )
    return replace(
        product,
        key=f"{product.key}-{number}",
        title=title,
        ask_mad=_rounded(product.ask_mad * price),
        prices=_priced(product.prices, price),
        length_mm=product.length_mm * size // 100,
        width_mm=product.width_mm * size // 100,
        height_mm=max(1, product.height_mm * size // 100),
        variants=variants,
    )


def _priced(prices: Mapping[str, int], percent: int) -> dict[str, int]:
    return {currency: _rounded(minor * percent) for currency, minor in prices.items()}


def _rounded(hundredfold: int) -> int:
    """Whole units of a currency, from a hundredfold of its minor units."""
    return -(-hundredfold // 10_000) * 100


def date_products(
    planned: Sequence[tuple[Product, str]], calendar: Calendar, seed: int
) -> list[tuple[datetime, Product, str]]:
    """The moment at which each product is first written, in the order of those moments; a longer plan changes none."""
    chance = Random(f"{seed}/published")
    first, last = clock.day_start(calendar.first_day), calendar.end - timedelta(days=4)
    dated = []
    for product, cover in planned:
        if product.key in IN_REVIEW:
            moment = calendar.end - timedelta(hours=20 + chance.randrange(40))
        elif product.key in SOLD or chance.randrange(100) < FROM_THE_START:
            moment = first - timedelta(days=chance.randrange(5, 55), seconds=chance.randrange(30_000))
        else:
            moment = first + timedelta(seconds=chance.randrange(int((last - first).total_seconds())))
        dated.append((moment, product, cover))
    return sorted(dated, key=lambda row: row[0])


def write_products(
    planned: Sequence[tuple[Product, str]],
    enrolled: Mapping[str, Enrolled],
    covers: Mapping[str, int],
    calendar: Calendar,
    virtual: VirtualClock,
    *,
    officer: int,
    seed: int,
) -> Iterator[Written]:
    """Write every product on its own day, in the order of those days; one transaction each."""
    for moment, product, cover in date_products(planned, calendar, seed):
        virtual.move_to(moment)
        maker = enrolled[product.unit]
        with transaction():
            written = _write_product(product, cover, maker, covers[cover], virtual, officer=officer, seed=seed)
        yield written


def _write_product(
    product: Product, cover: str, maker: Enrolled, cover_id: int, virtual: VirtualClock, *, officer: int, seed: int
) -> Written:
    in_review = product.key in IN_REVIEW
    draft = create_draft(
        maker.unit_id,
        actor=maker.account_id,
        craft=product.craft,
        kind=product.kind,
        with_variant=False,
        public_id_=make_public_id(seed, "product", product.key),
        sale_unit=product.sale_unit,
        min_quantity=product.min_quantity,
        quantity_step=product.quantity_step,
        origin_region=product.origin_region,
        lead_time_days=product.lead_time_days,
        weight_grams=product.weight_grams,
        length_mm=product.length_mm,
        width_mm=product.width_mm,
        height_mm=product.height_mm,
        materials=[material.code for material in product.materials],
        option1_name=product.option1_name.as_dict() if product.option1_name else None,
        option2_name=product.option2_name.as_dict() if product.option2_name else None,
    )
    texts = {"title": product.title, "description": product.description, "care": product.care}
    source = draft.source_language
    own = {field: {source: text[source]} for field, text in texts.items()}
    write_product_texts(draft.id, own, actor=maker.account_id)
    set_pictures(draft.id, [cover_id])
    variants = [_write_variant(draft.id, variant, product, maker) for variant in product.variants]
    submit_for_review(draft.id, actor=maker.account_id)
    if in_review:
        return Written(draft.id, cover, product, ())
    virtual.advance(seconds=REVIEW_TAKES.total_seconds())
    write_product_texts(draft.id, {field: text.as_dict() for field, text in texts.items()}, actor=officer)
    set_details(draft.id, hs_code=product.hs_code)
    for variant_id, variant in zip(variants, product.variants, strict=True):
        set_prices(variant_id, dict(variant.prices or product.prices), actor=officer)
    publish(draft.id, actor=officer)
    offers = tuple(
        Offer(
            variant_id=variant_id,
            unit_id=maker.unit_id,
            account_id=maker.account_id,
            product=product,
            full=variant.stock,
            price_eur=(variant.prices or product.prices)["EUR"],
            published_at=virtual(),
        )
        for variant_id, variant in zip(variants, product.variants, strict=True)
    )
    return Written(draft.id, cover, product, offers)


def _write_variant(product_id: int, variant: Variant, product: Product, maker: Enrolled) -> int:
    row = add_variant(
        product_id,
        sku=variant.sku,
        option1=variant.option1.as_dict() if variant.option1 else None,
        option2=variant.option2.as_dict() if variant.option2 else None,
        ask_mad_minor=variant.ask_mad or product.ask_mad,
    )
    if variant.stock:
        change_stock(row.id, unit_id=maker.unit_id, new_available=variant.stock, actor=maker.account_id)
    return row.id
