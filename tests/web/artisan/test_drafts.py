"""A new piece in six questions."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from sqlalchemy import delete

from shop.catalogue.models import Product, Variant
from shop.catalogue.pieces import list_picture_ids, list_variants
from shop.core.db import db, transaction
from shop.core.tables import Rate
from shop.i18n.texts import texts_of
from tests.web.artisan.conftest import Phone, photo


def begin(phone: Phone, *photos: tuple[BytesIO, str], draft: str = "0123456789") -> str:
    """Send the first question; where it leads."""
    response = phone.post("/artisan/pieces/new", {"draft": draft, "photos": list(photos or [photo()])})
    assert response.status_code == 303, response.text
    return response.location


def only_product() -> Product:
    return db.session.query(Product).populate_existing().one()


def only_variant() -> Variant:
    return db.session.query(Variant).populate_existing().one()


def test_a_piece_is_added_question_by_question_and_sent(phone: Phone) -> None:
    assert 'enctype="multipart/form-data"' in phone.get("/artisan/pieces/new").text
    assert begin(phone) == "/artisan/pieces/0123456789/craft"
    here = "/artisan/pieces/0123456789"
    answers = [
        ("craft", {"craft": "pottery"}, f"{here}/name"),
        ("name", {"title": "Bol bleu", "description": "En terre de Safi."}, f"{here}/price"),
        ("price", {"ask": "٤٥٠"}, f"{here}/price"),
        ("price", {"ask": "450"}, f"{here}/size"),
        ("size", {"weight": "0,9", "length": "", "width": "24.5", "height": "8"}, f"{here}/stock"),
        ("stock", {"kind": "repeatable", "count": "3", "days": ""}, here),
    ]
    for step, answer, following in answers:
        assert phone.get(f"{here}/{step}").status_code == 200
        assert phone.post(f"{here}/{step}", answer).location == following
    product, variant = only_product(), only_variant()
    assert (product.craft, product.family, product.kind, product.state) == ("pottery", "POT", "repeatable", "draft")
    assert (product.weight_grams, product.length_mm, product.width_mm, product.height_mm) == (900, None, 245, 80)
    assert (variant.ask_mad_minor, variant.available) == (45_000, 3)
    texts = texts_of("product", [product.id], ["title", "description"])
    assert texts[product.id, "title"] == {"fr": "Bol bleu"}
    assert product.source_language == "fr"
    preview = phone.get(here).text
    assert "49,00" in preview
    assert phone.post(f"{here}/submit").location == f"{here}?sent=1"
    assert only_product().state == "review"
    assert phone.post(f"{here}/submit").status_code == 303


def test_the_price_shows_what_a_buyer_sees_and_about_what_arrives_with_the_day_of_the_rate(phone: Phone) -> None:
    begin(phone)
    phone.post("/artisan/pieces/0123456789/price", {"ask": "450"})
    page = phone.get("/artisan/pieces/0123456789/price").text
    assert "49,00" in page
    assert "456" in page
    assert "10,75" in page
    assert re.search(r"1.? janv. 2026", page)


def test_a_missing_rate_is_said_and_the_price_is_kept(phone: Phone) -> None:
    begin(phone)
    with transaction():
        db.session.execute(delete(Rate))
    assert phone.post("/artisan/pieces/0123456789/price", {"ask": "450"}).status_code == 303
    page = phone.get("/artisan/pieces/0123456789/price").text
    assert "notice--warn" in page
    assert only_variant().ask_mad_minor == 45_000
    assert phone.post("/artisan/pieces/0123456789/price", {"ask": "450"}).location.endswith("/size")


@pytest.mark.parametrize("typed", ["0", "-5", "1e9", "1.5", "", "450 dh", "quatre cents", "99999999999", "٠"])
def test_a_price_that_is_none_is_refused_and_stays_in_its_box(phone: Phone, typed: str) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/price", {"ask": typed})
    assert response.status_code == 422
    assert f'value="{typed}"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert only_variant().ask_mad_minor is None


@pytest.mark.parametrize("typed", ["0", "-5", "1e9", "1.5", "", "dix"])
def test_a_count_that_is_none_is_refused(phone: Phone, typed: str) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/stock", {"kind": "repeatable", "count": typed})
    assert response.status_code == 422
    assert only_variant().available == 0
    assert only_product().kind == "one_of_a_kind"


@pytest.mark.parametrize("typed", ["0", "-5", "1e9", "", "301", "lourd", "0.00001x"])
def test_a_weight_that_is_none_is_refused_and_the_other_answers_stay(phone: Phone, typed: str) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/size", {"weight": typed, "width": "24.5"})
    assert response.status_code == 422
    assert 'value="24.5"' in response.text
    assert only_product().weight_grams is None


def test_a_weight_of_1_250_kilos_is_not_read_as_a_ton(phone: Phone) -> None:
    begin(phone)
    phone.post("/artisan/language", {"language": "ar"})
    for typed in ("1.250", "1,250", "١٫٢٥"):
        phone.post("/artisan/pieces/0123456789/size", {"weight": typed})
        assert only_product().weight_grams == int(Decimal("1.25") * 1000)


@pytest.mark.parametrize("answer", [{}, {"kind": "stolen"}, {"kind": "made_to_order"}])
def test_how_many_needs_an_answer(phone: Phone, answer: dict[str, str]) -> None:
    begin(phone)
    assert phone.post("/artisan/pieces/0123456789/stock", answer).status_code == 422


def test_only_one_and_made_to_order_are_kept_as_such(phone: Phone) -> None:
    begin(phone)
    phone.post("/artisan/pieces/0123456789/stock", {"kind": "one_of_a_kind", "count": "7"})
    assert (only_product().kind, only_variant().available) == ("one_of_a_kind", 1)
    phone.post("/artisan/pieces/0123456789/stock", {"kind": "made_to_order", "days": "12"})
    assert (only_product().kind, only_product().lead_time_days, only_variant().available) == ("made_to_order", 12, 1)


@pytest.mark.parametrize("craft", ["", "nothing"])
def test_an_unknown_craft_is_refused(phone: Phone, craft: str) -> None:
    begin(phone)
    assert phone.post("/artisan/pieces/0123456789/craft", {"craft": craft}).status_code == 422
    assert only_product().craft == "rug"


@pytest.mark.parametrize("title", ["", "   ", "x" * 121])
def test_a_name_that_is_none_is_refused_and_the_words_about_it_stay(phone: Phone, title: str) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/name", {"title": title, "description": "En terre de Safi."})
    assert response.status_code == 422
    assert "En terre de Safi." in response.text


def test_an_unreadable_photo_is_named_and_the_others_and_all_answers_stay(phone: Phone) -> None:
    begin(phone)
    here = "/artisan/pieces/0123456789"
    phone.post(f"{here}/name", {"title": "Bol bleu"})
    phone.post(f"{here}/price", {"ask": "450"})
    broken = BytesIO(photo("blue")[0].getvalue()[:700])
    response = phone.post(f"{here}/photos", {"photos": [photo("green"), (broken, "cassée.jpg")]})
    assert response.status_code == 422
    assert "cassée.jpg" in response.text
    assert len(list_picture_ids(only_product().id)) == 2
    page = phone.get(here).text
    assert "Bol bleu" in page
    assert "450" in page


def test_the_first_photo_being_unreadable_is_said_and_no_empty_piece_appears(phone: Phone) -> None:
    response = phone.post(
        "/artisan/pieces/new", {"draft": "0123456789", "photos": [(BytesIO(b"nothing"), "<b>note</b>.pdf")]}
    )
    assert response.status_code == 422
    assert "&lt;b&gt;note&lt;/b&gt;.pdf" in response.text
    assert 'value="0123456789"' in response.text
    assert db.session.query(Product).count() == 0


def test_no_photo_is_asked_for_and_may_come_later(phone: Phone) -> None:
    assert phone.post("/artisan/pieces/new", {"draft": "0123456789"}).status_code == 422
    response = phone.post("/artisan/pieces/new", {"draft": "0123456789", "later": "1"})
    assert response.location.endswith("/craft")
    assert phone.post("/artisan/pieces/0123456789/submit").status_code == 422


def test_a_first_form_that_is_sent_twice_makes_one_piece(phone: Phone) -> None:
    begin(phone, photo("red"))
    begin(phone, photo("red"), photo("green"))
    assert len(list_picture_ids(only_product().id)) == 2


def test_photos_are_put_first_and_taken_away(phone: Phone) -> None:
    begin(phone, photo("red"), photo("green"))
    page = phone.get("/artisan/pieces/0123456789/photos").text
    second = re.search(r'name="first" value="([^"]+)"', page)[1]
    before = list_picture_ids(only_product().id)
    phone.post("/artisan/pieces/0123456789/photos", {"first": second})
    assert list_picture_ids(only_product().id) == before[::-1]
    phone.post("/artisan/pieces/0123456789/photos", {"remove": second})
    assert list_picture_ids(only_product().id) == before[:1]
    assert phone.post("/artisan/pieces/0123456789/photos", {"remove": "nothing"}).status_code == 404


def test_a_ninth_photo_is_too_many_and_eight_are_kept(phone: Phone) -> None:
    photos = [photo(size=(300 + number, 300)) for number in range(9)]
    response = phone.post("/artisan/pieces/new", {"draft": "0123456789", "photos": photos})
    assert response.status_code == 422
    assert len(list_picture_ids(only_product().id)) == 8


def test_one_answer_is_changed_and_one_comes_back_to_the_whole(phone: Phone) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/craft?then=show", {"craft": "pottery"})
    assert response.location == "/artisan/pieces/0123456789"


def test_sending_an_unfinished_piece_says_what_is_missing_and_loses_nothing(phone: Phone) -> None:
    begin(phone)
    response = phone.post("/artisan/pieces/0123456789/submit")
    assert response.status_code == 422
    assert response.text.count("answer--lacking") == 4
    assert only_product().state == "draft"


def test_a_piece_that_was_sent_is_not_asked_about_any_more(phone: Phone) -> None:
    begin(phone)
    with transaction():
        db.session.query(Product).update({"state": "review"})
    here = "/artisan/pieces/0123456789"
    assert phone.get(f"{here}/price").location == here
    assert phone.post(f"{here}/price", {"ask": "1"}).location == here
    assert phone.post(f"{here}/discard").status_code == 422
    assert only_variant().ask_mad_minor is None


def test_a_draft_is_thrown_away(phone: Phone) -> None:
    begin(phone)
    assert phone.post("/artisan/pieces/0123456789/discard").status_code == 303
    assert only_product().state == "archived"
    assert "/artisan/pieces/0123456789" not in phone.get("/artisan/pieces").text


def test_a_note_of_staff_stands_on_the_first_page_and_on_the_piece(phone: Phone) -> None:
    begin(phone)
    with transaction():
        db.session.query(Product).update({"note_to_maker": "Une photo plus claire"})
    assert "Une photo plus claire" in phone.get("/artisan/").text
    assert "Une photo plus claire" in phone.get("/artisan/pieces/0123456789").text


def test_the_name_follows_the_language_the_maker_writes_in(phone: Phone) -> None:
    begin(phone)
    phone.post("/artisan/pieces/0123456789/name", {"title": "Bol bleu"})
    phone.post("/artisan/language", {"language": "ar"})
    phone.post("/artisan/pieces/0123456789/name", {"title": "صحن أزرق"})
    product = only_product()
    assert product.source_language == "ar"
    assert texts_of("product", [product.id], ["title"])[product.id, "title"] == {"ar": "صحن أزرق"}


def test_drafts_of_another_unit_do_not_exist(phone: Phone, neighbour: Phone) -> None:
    begin(phone)
    here = "/artisan/pieces/0123456789"
    for path in (here, *(f"{here}/{step}" for step in ("photos", "craft", "name", "price", "size", "stock"))):
        assert neighbour.get(path).status_code == 404
    for path, data in (
        ("submit", {}),
        ("discard", {}),
        ("price", {"ask": "1"}),
        ("name", {"title": "mine"}),
        ("photos", {"photos": [photo()]}),
    ):
        assert neighbour.post(f"{here}/{path}", data).status_code == 404
    taken = neighbour.post("/artisan/pieces/new", {"draft": "0123456789", "photos": [photo()]})
    assert taken.status_code == 404
    assert (only_product().unit_id, only_variant().ask_mad_minor) == (phone.unit.id, None)
    assert len(list_variants(only_product().id)) == 1
