"""What every public page promises: its language, its alternates, no cookie, few statements, clear answers."""

import json
import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from shop.catalogue.indexing import index_products
from shop.catalogue.models import Product, Variant
from shop.core import clock, kept
from shop.core.db import db, transaction
from shop.core.policies import decide_policy, get_policy
from shop.core.versions import touch
from shop.i18n.texts import write_text
from shop.shipping.suspensions import Notice, suspend
from shop.web import page_cache
from tests.builders import make_levy, make_product, make_unit

LANGUAGES = ("ar", "fr", "en")
STILL = ("/", "/products", "/crafts", "/artisans", "/shipping", "/returns", "/about", "/privacy")


def product_of(variant: Variant) -> Product:
    return db.session.get_one(Product, variant.product_id, populate_existing=True)


def path_of(client: FlaskClient, variant: Variant, language: str = "en") -> str:
    answer = client.get(f"/{language}/products/{product_of(variant).public_id}")
    assert answer.status_code == 308
    return unquote(answer.location)


def alternates_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', page))


def structured_of(page: str) -> Any:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture
def public_paths(client: FlaskClient) -> list[str]:
    """One address of every kind of public page, without its language."""
    unit = make_unit()
    rug = make_product(unit)
    maker = client.get(f"/en/artisans/{unit.public_id}").location
    craft = client.get("/en/crafts/rug").location
    return [*STILL, *(path.removeprefix("/en") for path in (path_of(client, rug), maker, craft))]


def test_every_public_page_sets_no_cookie_and_may_be_kept(client: FlaskClient, public_paths: list[str]) -> None:
    for path in public_paths:
        answer = client.get(f"/en{path}")
        assert answer.status_code == 200, path
        assert "Set-Cookie" not in answer.headers, path
        assert answer.headers["Cache-Control"] == "public, max-age=60", path
        assert "Cookie" not in answer.headers.get("Vary", ""), path
        again = client.get(f"/en{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, path


def test_alternates_lead_back_to_each_other(client: FlaskClient, public_paths: list[str]) -> None:
    for path in public_paths:
        page = client.get(f"/en{path}").text
        alternates = alternates_of(page)
        assert set(alternates) == {*LANGUAGES, "x-default"}, path
        for code in LANGUAGES:
            address = unquote(alternates[code].removeprefix("http://localhost"))
            other = client.get(quote(address))
            assert other.status_code == 200, address
            assert alternates_of(other.text) == alternates, address
            assert f'<link rel="canonical" href="{alternates[code]}">' in other.text, address


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fr", "ltr"), ("en", "ltr")])
def test_a_page_says_its_language_and_direction(client: FlaskClient, language: str, direction: str) -> None:
    make_product()
    page = client.get(f"/{language}/products").text
    assert f'<html lang="{language}" dir="{direction}">' in page


def test_a_listing_and_a_product_stay_within_their_statements(
    client: FlaskClient, count_statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LOOK_NANOSECONDS", 10**13)
    unit = make_unit()
    for _piece in range(30):
        rug = make_product(unit)
    path = path_of(client, rug)
    # No page is kept whole. The first listing after a change reads the shelf.
    monkeypatch.setattr(page_cache, "LARGEST_SUM", 0)
    client.get("/en/products?to=FR")
    listings = (("/en/products", 2), ("/en/products?to=FR&craft=rug&colour=red", 3), ("/ar/crafts/rug-rugs", 3))
    for address, most in (*listings, (f"{path}?to=FR", 3), (path, 3)):
        # What a process keeps of the public data is not asked for again.
        client.get(address)
        with count_statements() as seen:
            assert client.get(address).status_code == 200
        # A page that takes longer than a second is followed by a look at the public version: no statement of its own.
        own = [statement for statement in seen if "FROM installation" not in statement]
        assert len(own) <= most, address


def test_the_first_address_chooses_by_cookie_then_browser_then_english(client: FlaskClient) -> None:
    assert client.get("/").location == "/en/"
    answer = client.get("/", headers={"Accept-Language": "ar-MA,fr;q=0.5"})
    assert (answer.status_code, answer.location, answer.headers["Vary"]) == (302, "/ar/", "Accept-Language, Cookie")
    client.set_cookie("language", "fr")
    assert client.get("/", headers={"Accept-Language": "ar"}).location == "/fr/"


@pytest.mark.parametrize(
    "path",
    [
        "/xx/",
        "/xx/products",
        "/en/nothing",
        "/en/products/zzzzzzzzzz",
        "/en/products/zzzzzzzzzz-a-rug",
        "/en/products/' OR 1=1",
        "/en/artisans/zzzzzzzzzz",
        "/en/crafts/zz",
        "/en/products?craft=zz",
        "/en/products?family=zz",
        "/en/products?region=99",
        "/en/products?kind=zz",
        "/en/products?page=2",
        "/en/products?page=0",
        "/en/products?page=-1",
        "/en/products?page=1e9",
        "/en/products?page=999999999999999999999",
        "/en/products?currency=DOGE",
        "/en/products?to=XX",
        "/en/artisans?region=zz",
    ],
)
def test_what_does_not_exist_gets_a_clear_answer(client: FlaskClient, path: str) -> None:
    make_product()
    answer = client.get(path)
    assert answer.status_code == 404
    assert '<html lang="en"' in answer.text
    assert "</html>" in answer.text


def test_an_empty_shop_is_a_page_too(client: FlaskClient) -> None:
    for path in STILL:
        assert client.get(f"/ar{path}").status_code == 200, path


def test_nothing_found_says_so_and_leads_on(client: FlaskClient) -> None:
    make_product()
    answer = client.get("/en/products?q=unicorn")
    assert answer.status_code == 200
    assert "Nothing fits “unicorn”." in answer.text
    assert 'content="noindex, follow"' in answer.text


def test_what_was_searched_cannot_become_markup(client: FlaskClient) -> None:
    make_product()
    assert "<script>alert" not in client.get("/en/products?q=<script>alert(1)</script>").text


def test_another_slug_leads_to_the_right_one_and_keeps_what_was_asked(client: FlaskClient) -> None:
    public_id = product_of(make_product()).public_id
    answer = client.get(f"/en/products/{public_id}-old-name?currency=USD")
    assert (answer.status_code, answer.location) == (308, f"/en/products/{public_id}-knotted-wool-rug?currency=USD")
    assert unquote(client.get(f"/ar/products/{public_id}").location).endswith("-زربية-من-الصوف")


def test_the_currency_of_the_address_is_kept_by_links_and_left_out_of_the_canonical(client: FlaskClient) -> None:
    path = path_of(client, make_product())
    page = client.get(f"{path}?currency=GBP").text
    assert "£280.00" in page
    assert f'<link rel="canonical" href="http://localhost{path}">' in page
    assert "/en/products?currency=GBP" in page


def test_a_product_says_what_it_costs_when_it_comes_and_what_may_be_owed(client: FlaskClient) -> None:
    path = path_of(client, make_product())
    page = client.get(f"{path}?to=FR").text
    for words in ("€320.00", "Postage to France: <bdi>€60.00</bdi>", "Arrives from 29 Jun 2026", "carrier may ask"):
        assert words in page, words
    assert "within 14 days" in page
    assert "Only one exists." in page
    assert "Leaves the workshop by" in client.get(path).text
    assert "We do not send to Iceland yet." in client.get(f"{path}?to=IS").text


def test_a_product_says_who_made_it_and_who_answers_for_it(client: FlaskClient) -> None:
    unit = make_unit(postal_address="Douar Aït Ali, Taznakht", email="fatima@example.org")
    rug = make_product(unit)
    with transaction():
        write_text("product", rug.product_id, "warnings", "fr", "Tenir loin du feu.")
        person = {"name": "Artisans Europe SARL", "postal_address": "3 quai Voltaire, Paris", "email": "eu@example.org"}
        decide_policy("eu_responsible_person", person, clock.today())
    page = client.get(path_of(client, rug)).text
    for words in ("Douar Aït Ali, Taznakht", "fatima@example.org", "Artisans Europe SARL", "eu@example.org", rug.sku):
        assert words in page, words
    assert '<p lang="fr" dir="ltr">Tenir loin du feu.</p>' in page
    assert "Shown in French" in page


def test_what_reaches_the_maker_is_said_only_where_the_maker_agrees(client: FlaskClient) -> None:
    silent, open_ = make_product(), make_product(make_unit(shows_share=True))
    assert "reaches the maker" not in client.get(path_of(client, silent)).text
    # 320.00 less a tenth of commission and 3.5 % for the payment.
    assert "about <bdi>€276.80</bdi> reaches the maker" in client.get(path_of(client, open_)).text


def test_a_sold_piece_leads_to_the_makers_others(client: FlaskClient) -> None:
    unit = make_unit()
    rug, other, elsewhere = make_product(unit), make_product(unit), make_product()
    path = path_of(client, rug)
    with transaction():
        db.session.execute(update(Variant).where(Variant.id == rug.id).values(available=0, sold=1))
        touch()
    page = client.get(path).text
    assert "This piece is sold" in page
    assert product_of(other).public_id in page
    assert product_of(elsewhere).public_id not in page
    assert "More from" in page


def test_a_destination_whose_carrier_has_stopped_is_told_on_the_page(client: FlaskClient) -> None:
    path = path_of(client, make_product())
    with transaction():
        suspend(Notice("FR", "Poste Maroc", clock.today(), None, "letter"), actor=None)
    page = client.get(f"{path}?to=FR").text
    assert "carries nothing to France at the moment" in page
    assert "Postage to France" not in page


def test_about_what_is_owed_on_arrival_is_said_with_its_day_and_source(client: FlaskClient) -> None:
    path = path_of(client, make_product(hs_code="570110"))
    make_levy(rate_bp=2000, collected=False, source="VAT Act")
    make_levy(kind="duty", rate_bp=300, on_shipping=False, collected=False, source="Tariff 2026")
    page = client.get(f"{path}?to=FR").text
    # Duty 9.60 of 320.00; a fifth of 320.00, 9.60 and the postage of 60.00.
    assert "about <bdi>€87.52</bdi> of tax and duty" in page
    assert "Tariff 2026; VAT Act" in page


def test_the_shipping_page_answers_for_the_country_asked_and_for_all(client: FlaskClient) -> None:
    make_product()
    page = client.get("/en/shipping").text
    assert '<h2 id="chosen">' not in page
    for words in ("Canada, France, Germany", "5 to 9 working days", "30\u00a0kg", "€60.00"):
        assert words in page, words
    chosen = client.get("/en/shipping?to=FR&currency=GBP").text
    assert '<h2 id="chosen">To France</h2>' in chosen
    assert "£52.00" in chosen
    assert '<option value="FR" selected>' in chosen
    refused = client.get("/en/shipping?to=IS").text
    assert "We do not send to Iceland yet." in refused
    assert '<h2 id="chosen">' not in refused
    assert client.get("/en/shipping?to=").status_code == 200


@pytest.mark.parametrize("name", ["shipping", "returns", "about", "privacy"])
def test_a_page_of_text_names_its_neighbours_and_whom_to_write_to(client: FlaskClient, name: str) -> None:
    page = client.get(f"/en/{name}").text
    assert page.count(f'<a href="/en/{name}" aria-current="page">') == 1
    assert get_policy("operator")["email"] in page


def test_a_product_is_described_for_machines(client: FlaskClient) -> None:
    path = path_of(client, make_product())
    product, crumbs = structured_of(client.get(f"{path}?to=FR").text)["@graph"]
    (offer,) = product["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("320.00", "EUR")
    assert offer["availability"].endswith("/InStock")
    assert offer["shippingDetails"]["shippingRate"]["value"] == "60.00"
    assert offer["hasMerchantReturnPolicy"]["merchantReturnDays"] == 14
    assert product["countryOfOrigin"]["name"] == "MA"
    assert crumbs["@type"] == "BreadcrumbList"
    assert [item["position"] for item in crumbs["itemListElement"]] == [1, 2, 3]


def test_text_in_another_language_bears_its_own_direction_and_says_so(client: FlaskClient) -> None:
    rug = make_product(titles={"ar": "زربية"})
    page = client.get(path_of(client, rug)).text
    assert '<h1 lang="ar" dir="rtl">زربية</h1>' in page
    assert "Shown in Arabic" in page


def test_a_sold_piece_keeps_its_page_and_cannot_be_bought(client: FlaskClient) -> None:
    rug = make_product()
    path = path_of(client, rug)
    with transaction():
        db.session.execute(update(Variant).values(available=0, sold=1))
    page = client.get(path).text
    assert "This piece is sold. It was the only one." in page
    assert "Add to cart" not in page
    assert structured_of(page)["@graph"][0]["offers"][0]["availability"].endswith("/SoldOut")
    assert path.rpartition("/")[2] not in client.get("/en/products").text


def test_zellige_is_sold_in_whole_boxes_and_says_so(client: FlaskClient) -> None:
    tiles = make_product(stock=100, kind="repeatable", sale_unit="m2", min_quantity=5, quantity_step=5)
    page = client.get(path_of(client, tiles)).text
    assert "Sold in whole boxes of 5 m²." in page
    assert 'min="5"' in page
    assert 'step="5"' in page


def test_a_makers_words_are_text_and_never_markup(client: FlaskClient) -> None:
    unit = make_unit(name_en='<b>"Bold"</b>')
    make_product(unit)
    with transaction():
        write_text("unit", unit.id, "words", "en", "<img src=x onerror=alert(1)>")
    for path in ("/en/", "/en/artisans", client.get(f"/en/artisans/{unit.public_id}").location):
        page = client.get(path).text
        assert "<img src=x" not in page, path
        assert "<b>" not in page, path


def test_the_sitemap_names_every_public_page_in_every_language(client: FlaskClient, public_paths: list[str]) -> None:
    text = client.get("/sitemap.xml").text
    for path in public_paths:
        for address in alternates_of(client.get(f"/en{path}").text).values():
            assert f"<loc>{address}</loc>" in text, address
    assert 'hreflang="x-default"' in text
    robots = client.get("/robots.txt").text
    assert "Sitemap: http://localhost/sitemap.xml" in robots
    assert "Disallow: /ar/checkout" in robots


def test_no_public_page_carries_style_or_script_of_its_own(
    app: Flask, client: FlaskClient, public_paths: list[str]
) -> None:
    for path in public_paths:
        page = client.get(f"/ar{path}", follow_redirects=True).text
        assert " style=" not in page, path
        assert not re.search(r"<script(?![^>]*(src=|ld\+json))", page), path


def test_a_mark_that_somebody_put_behind_an_address_makes_no_other_page(client: FlaskClient) -> None:
    make_product()
    page = client.get("/fr/products?utm_source=letter&family=TAP").text
    assert '<link rel="canonical" href="http://localhost/fr/products?family=TAP">' in page
    assert "utm_source" not in page


def test_values_of_a_facet_are_named_one_by_one_and_kept_in_other_languages(client: FlaskClient) -> None:
    unit = make_unit(legal_form="cooperative")
    make_product(unit)
    make_product(unit, craft="pottery", family="POT")
    page = client.get("/en/products?craft=rug&craft=pottery&form=cooperative").text
    assert page.count('aria-current="true"><span>') == 3
    assert 'href="/en/products?craft=pottery&amp;form=cooperative"' in page
    assert "craft=pottery&craft=rug&form=cooperative" in alternates_of(page)["ar"].replace("&amp;", "&")


def test_a_country_is_asked_for_and_then_offered_as_a_choice(client: FlaskClient) -> None:
    make_product()
    asking = client.get("/en/products?kind=one_of_a_kind").text
    assert '<input type="hidden" name="posted" value="yes">' in asking
    assert '<input type="hidden" name="kind" value="one_of_a_kind">' in asking
    there = client.get("/en/products?to=FR&posted=yes").text
    assert "Can be posted to" in there
    assert "1 piece" in there


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("knoted rug", "No piece has “knoted rug”. This is what “knotted rug” finds."),
        ("rug xylophonique", "No piece has the word “xylophonique”, so it was left out."),
    ],
)
def test_how_a_question_was_read_is_said(client: FlaskClient, q: str, said: str) -> None:
    rug = make_product()
    with transaction():
        index_products([rug.product_id])
        touch()
    assert said in client.get("/en/products", query_string={"q": q}).text


def test_where_choices_leave_nothing_the_question_alone_is_offered(client: FlaskClient) -> None:
    rug = make_product()
    with transaction():
        index_products([rug.product_id])
        touch()
    page = client.get("/en/products?q=rug&kind=custom").text
    assert "See 1 piece for “rug”" in page
    assert "Or look by craft" in page
