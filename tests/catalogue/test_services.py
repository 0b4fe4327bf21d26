"""A piece on its way from the maker's telephone to the shelf."""

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import delete

from shop.artisans.models import Unit
from shop.catalogue import services
from shop.catalogue.errors import PieceIncomplete, PriceInvalid, StockInvalid, WrongState
from shop.catalogue.events import PiecePublished, PieceReturned, PieceSubmitted
from shop.catalogue.gates import missing_for_publication, missing_for_review
from shop.catalogue.indexing import line_of
from shop.catalogue.models import Product, SearchRow, Variant
from shop.catalogue.pieces import (
    get_unit_product,
    get_unit_variant,
    list_picture_ids,
    list_unit_pieces,
    list_variants,
    prices_of,
)
from shop.catalogue.pricing import estimate_receives, missing_rates, suggest_prices
from shop.catalogue.stock import reserve
from shop.core import clock as clock_module
from shop.core import events
from shop.core.db import db, transaction
from shop.core.errors import Invalid, NotFound
from shop.core.policies import decide_policy
from shop.core.rates import MissingRate
from shop.core.tables import Audit, Rate
from shop.i18n.texts import list_stale, texts_of
from shop.media.models import Picture
from tests.builders import make_product, make_unit

TEXTS = {
    "title": {"ar": "صحن أزرق", "fr": "Bol bleu", "en": "Blue bowl"},
    "description": {"ar": "من طين آسفي.", "fr": "En terre de Safi.", "en": "Of Safi clay."},
}


def fresh(model: type, key: int) -> object:
    return db.session.get_one(model, key, populate_existing=True)


def a_picture(number: int = 1) -> int:
    picture = Picture(
        public_id=f"p{number}", sha256=f"{number:064x}", width=640, height=800, colour="#aabbcc", created_at=_now()
    )
    db.session.add(picture)
    db.session.flush()
    return picture.id


def _now() -> datetime:
    return clock_module.now()


@pytest.fixture
def unit(app: Flask) -> Unit:
    return make_unit()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Facts of the catalogue, as their subscribers hear them."""
    facts: list[object] = []
    for kind in (PieceSubmitted, PieceReturned, PiecePublished):
        monkeypatch.setitem(events._handlers, kind, [facts.append])
    return facts


def draft_of(unit: Unit) -> Product:
    """A draft with all a maker says of it."""
    with transaction():
        product = services.create_draft(unit.id, actor=None, craft="pottery")
        services.set_pictures(product.id, [a_picture()])
        services.write_product_texts(product.id, {"title": {"ar": "صحن أزرق"}}, actor=None, source_language="ar")
        services.set_details(product.id, kind="repeatable", weight_grams=900)
        (variant,) = list_variants(product.id)
        services.set_ask(variant.id, 45_000)
        services.change_stock(variant.id, unit_id=unit.id, new_available=3, actor=None)
    return product


def finish(product: Product) -> None:
    """What staff add."""
    services.write_product_texts(product.id, TEXTS, actor=None)
    services.set_details(product.id, hs_code="691200")
    for variant in list_variants(product.id):
        services.set_prices(variant.id, {"EUR": 5700}, actor=None)


@pytest.mark.both_databases
def test_a_piece_goes_from_draft_to_sale(unit: Unit, heard: list[object]) -> None:
    product = draft_of(unit)
    with transaction():
        services.submit_for_review(product.id, actor=None)
    assert fresh(Product, product.id).state == "review"
    with transaction():
        finish(product)
        services.publish(product.id, actor=None)
    stored = fresh(Product, product.id)
    assert (stored.state, stored.family) == ("published", "POT")
    assert stored.published_at is not None
    assert heard == [PieceSubmitted(product.id), PiecePublished(product.id)]
    actions = [row.action for row in db.session.query(Audit).order_by(Audit.id) if row.subject == "product"]
    assert actions == ["create", "submit", "publish"]


def test_a_draft_without_anything_says_all_that_is_missing_and_stays_a_draft(unit: Unit) -> None:
    with transaction():
        product = services.create_draft(unit.id, actor=None)
    assert set(missing_for_review(product.id)) == {"photos", "title", "ask", "weight", "available"}
    with pytest.raises(PieceIncomplete) as refusal, transaction():
        services.submit_for_review(product.id, actor=None)
    assert set(refusal.value.fields) == {"photos", "title", "ask", "weight", "available"}
    assert fresh(Product, product.id).state == "draft"


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("title_ar", "title_ar"),
        ("title_fr", "title_fr"),
        ("description_en", "description_en"),
        ("prices", "prices"),
        ("weight_grams", "weight"),
        ("hs_code", "hs_code"),
        ("photos", "photos"),
    ],
)
def test_nothing_goes_on_sale_with_a_gap(unit: Unit, left_out: str, named: str) -> None:
    product = draft_of(unit)
    with transaction():
        finish(product)
        field, _mark, language = left_out.partition("_")
        if field in TEXTS:
            services.write_product_texts(product.id, {field: {language: ""}}, actor=None)
        elif left_out == "prices":
            for variant in list_variants(product.id):
                services.set_prices(variant.id, {"EUR": None}, actor=None)
        elif left_out == "photos":
            services.set_pictures(product.id, [])
        else:
            services.set_details(product.id, **{left_out: None})
    assert set(missing_for_publication(product.id)) == {named}
    with pytest.raises(PieceIncomplete), transaction():
        services.publish(product.id, actor=None)
    assert fresh(Product, product.id).state == "draft"


def test_staff_give_a_piece_back_with_a_note_and_sending_again_clears_it(unit: Unit, heard: list[object]) -> None:
    product = draft_of(unit)
    with transaction():
        services.submit_for_review(product.id, actor=None)
    with pytest.raises(Invalid), transaction():
        services.return_to_maker(product.id, note="  ", actor=None)
    with transaction():
        services.return_to_maker(product.id, note="صورة أوضح", actor=None)
    assert (fresh(Product, product.id).state, fresh(Product, product.id).note_to_maker) == ("draft", "صورة أوضح")
    with transaction():
        services.submit_for_review(product.id, actor=None)
    assert fresh(Product, product.id).note_to_maker is None
    assert heard[1] == PieceReturned(product.id)


@pytest.mark.parametrize("action", ["submit_for_review", "publish"])
def test_what_does_not_fit_the_state_is_refused(unit: Unit, action: str) -> None:
    product = db.session.get_one(Product, make_product(unit).product_id)
    with pytest.raises(WrongState) as refusal, transaction():
        getattr(services, action)(product.id, actor=None)
    assert refusal.value.data["state"] == "published"


def test_an_archived_piece_leaves_the_makers_list_and_can_return(unit: Unit) -> None:
    product = draft_of(unit)
    with transaction():
        finish(product)
        services.publish(product.id, actor=None)
        services.archive(product.id, actor=None)
    assert list_unit_pieces(unit.id) == []
    with transaction():
        services.publish(product.id, actor=None)
    assert [piece.state for piece in list_unit_pieces(unit.id)] == ["published"]


def test_a_new_name_makes_its_translations_stale(unit: Unit) -> None:
    product = draft_of(unit)
    with transaction():
        services.write_product_texts(product.id, TEXTS, actor=None)
    assert list_stale("product", "title") == []
    with transaction():
        services.write_product_texts(product.id, {"title": {"ar": "صحن أزرق كبير"}}, actor=None)
    assert sorted(list_stale("product", "title")) == [(product.id, "en"), (product.id, "fr")]


def test_translations_written_after_the_original_are_not_stale(unit: Unit) -> None:
    product = draft_of(unit)
    with transaction():
        services.write_product_texts(product.id, {"title": {"fr": "Bol bleu"}}, actor=None)
    assert list_stale("product", "title") == []
    assert texts_of("product", [product.id], ["title"])[product.id, "title"]["fr"] == "Bol bleu"


def test_a_piece_is_found_by_its_words_its_maker_its_craft_and_its_place(unit: Unit) -> None:
    product = draft_of(unit)
    with transaction():
        finish(product)
        services.publish(product.id, actor=None)
    row = db.session.get_one(SearchRow, product.id)
    for word, words in (
        ("bol", row.titles),
        ("أزرق", row.titles),
        ("Pottery", row.kinds),
        ("Taznakht", row.traits),
        ("Fatima", row.others),
        ("Meknès", row.others),
    ):
        assert line_of([word]) in words.split()


# Prices


def test_a_suggested_price_is_the_ask_and_the_margin_at_the_rate_up_to_whole_units(unit: Unit) -> None:
    # 450.00 x 1.35 = 607.50 DH: / 10.75 = 56.51, / 9.90 = 61.36, / 12.60 = 48.21, / 2.70 = 225 exactly.
    assert suggest_prices(45_000) == {"EUR": 4900, "USD": 5300, "GBP": 4200, "AED": 19400}


def test_the_margin_is_a_dated_decision(unit: Unit) -> None:
    with transaction():
        decide_policy("price_margin_bp", 0, date(2026, 6, 1))
    assert suggest_prices(107_500)["EUR"] == 10_000
    assert suggest_prices(107_500, date(2026, 5, 31))["EUR"] == 11_600


def test_a_currency_without_a_rate_is_left_out_and_named_never_guessed(unit: Unit) -> None:
    with transaction():
        db.session.execute(delete(Rate).where(Rate.currency == "GBP"))
    assert set(suggest_prices(45_000)) == {"EUR", "USD", "AED"}
    assert missing_rates() == ["GBP"]


def test_no_rate_at_all_is_said_in_a_sentence(unit: Unit) -> None:
    with pytest.raises(MissingRate) as refusal:
        suggest_prices(45_000, date(2025, 12, 31))
    assert "31" in refusal.value.text
    assert "EUR" in refusal.value.text


def test_what_arrives_is_the_price_less_commission_and_fee_at_a_dated_rate(unit: Unit) -> None:
    found = estimate_receives(45_000)
    # 57.00 less 10 % less 3.5 % (2.00 rounded half up) = 49.30 x 10.75
    assert (found.price_minor, found.receives_mad_minor) == (4900, 45_559)
    assert found.rate.on == date(2026, 1, 1)
    with transaction():
        decide_policy("fee_bearer", "operator", date(2026, 6, 1))
    assert estimate_receives(45_000).receives_mad_minor == 47_408


def test_prices_change_are_removed_and_leave_a_trace(unit: Unit) -> None:
    variant = make_product(unit, prices={"EUR": 100})
    with transaction():
        services.set_prices(variant.id, {"EUR": None, "USD": 900}, actor=5)
    assert prices_of([variant.id]) == {variant.id: {"USD": 900}}
    trace = db.session.query(Audit).filter_by(action="set prices").one()
    assert (trace.actor, trace.data["before"], trace.data["after"]) == (5, {"EUR": 100}, {"EUR": None, "USD": 900})


@pytest.mark.parametrize("prices", [{"EUR": 0}, {"EUR": -5}, {"XYZ": 100}])
def test_a_price_that_cannot_be_is_refused(unit: Unit, prices: dict[str, int]) -> None:
    variant = make_product(unit)
    with pytest.raises(PriceInvalid), transaction():
        services.set_prices(variant.id, prices, actor=None)


@pytest.mark.parametrize("ask", [0, -100, 10**13])
def test_an_ask_that_cannot_be_is_refused(unit: Unit, ask: int) -> None:
    variant = make_product(unit)
    with pytest.raises(PriceInvalid), transaction():
        services.set_ask(variant.id, ask)


# Stock


@pytest.mark.both_databases
def test_stock_foots_when_the_maker_says_how_many_there_are(unit: Unit) -> None:
    variant = make_product(unit, stock=4, kind="repeatable")
    with transaction():
        reserve([(variant.id, 1)])
        services.change_stock(variant.id, unit_id=unit.id, new_available=6, actor=None)
    stored = fresh(Variant, variant.id)
    assert (stored.available, stored.reserved, stored.received) == (6, 1, 7)
    with transaction():
        services.change_stock(variant.id, unit_id=unit.id, new_available=0, actor=None)
    stored = fresh(Variant, variant.id)
    assert (stored.available, stored.reserved, stored.received) == (0, 1, 1)


@pytest.mark.parametrize("count", [-1, 10_000, 10**9])
def test_a_stock_that_cannot_be_is_refused(unit: Unit, count: int) -> None:
    variant = make_product(unit, kind="repeatable")
    with pytest.raises(StockInvalid), transaction():
        services.change_stock(variant.id, unit_id=unit.id, new_available=count, actor=None)


def test_a_piece_of_which_there_is_one_never_becomes_two_not_even_after_it_was_sold(unit: Unit) -> None:
    variant = make_product(unit)
    with pytest.raises(StockInvalid), transaction():
        services.change_stock(variant.id, unit_id=unit.id, new_available=2, actor=None)
    with transaction():
        reserve([(variant.id, 1)])
    with pytest.raises(StockInvalid), transaction():
        services.change_stock(variant.id, unit_id=unit.id, new_available=1, actor=None)


def test_stock_of_another_unit_does_not_exist(unit: Unit) -> None:
    variant = make_product(unit, stock=4, kind="repeatable")
    with pytest.raises(NotFound), transaction():
        services.change_stock(variant.id, unit_id=make_other().id, new_available=9, actor=None)


def make_other() -> Unit:
    other = Unit(
        **{
            **{f"{kind}_{language}": "x" for kind in ("name", "place") for language in ("ar", "fr", "en")},
            "public_id": "other00000",
            "legal_form": "artisan",
            "region": "MA-07",
            "family": "POT",
            "lead_sex": "m",
            "created_at": _now(),
        }
    )
    db.session.add(other)
    db.session.flush()
    return other


def test_pieces_and_variants_of_another_unit_do_not_exist(unit: Unit) -> None:
    variant = make_product(unit)
    product = db.session.get_one(Product, variant.product_id)
    other = make_unit()
    with pytest.raises(NotFound):
        get_unit_product(other.id, product.public_id)
    with pytest.raises(NotFound):
        get_unit_variant(other.id, variant.sku)
    assert list_unit_pieces(other.id) == []


# Pictures, details


def test_pictures_keep_their_order_and_the_first_is_the_cover(unit: Unit) -> None:
    product = draft_of(unit)
    with transaction():
        first, second = a_picture(2), a_picture(3)
        services.set_pictures(product.id, [second, first, second])
    assert list_picture_ids(product.id) == [second, first]
    assert fresh(Product, product.id).cover_id == second


def test_a_ninth_picture_is_refused(unit: Unit) -> None:
    product = draft_of(unit)
    with pytest.raises(Invalid), transaction():
        services.set_pictures(product.id, [a_picture(number) for number in range(2, 11)])


@pytest.mark.parametrize(
    "details", [{"weight_grams": 0}, {"length_mm": -5}, {"kind": "stolen"}, {"craft": "nothing"}, {"sale_unit": "kilo"}]
)
def test_details_that_cannot_be_are_refused(unit: Unit, details: dict[str, object]) -> None:
    product = draft_of(unit)
    with pytest.raises(Invalid), transaction():
        services.set_details(product.id, **details)


def test_a_new_draft_takes_the_craft_the_unit_works_in(unit: Unit) -> None:
    draft_of(unit)
    with transaction():
        assert services.create_draft(unit.id, actor=None).craft == "pottery"
