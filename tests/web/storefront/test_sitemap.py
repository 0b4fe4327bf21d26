"""Search engines: every address of the sitemap is a page that says who it is, in three languages that know each other."""

import json
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import update

from shop.catalogue import addresses
from shop.catalogue.models import Product, Variant
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.versions import touch
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import write_text
from tests.builders import make_product, make_unit
from tests.web.storefront.structured_schema import SCHEMA

SPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
BASE = "http://localhost"
# What each kind of page says of itself to machines, besides its place.
SAYS = {
    "home": {"Organization", "WebSite"},
    "products": {"ItemList", "BreadcrumbList"},
    "crafts": {"ItemList", "BreadcrumbList"},
    "artisans": {"ItemList", "BreadcrumbList"},
    "one of products": {"Product", "BreadcrumbList"},
    "one of crafts": {"ItemList", "BreadcrumbList"},
    "one of artisans": {"ItemList", "BreadcrumbList", "Person"},
}


@pytest.fixture
def filled(client: FlaskClient) -> FlaskClient:
    """Two makers, a piece, one that was sold, one without French, one in another craft."""
    first, second = make_unit(), make_unit(name_ar="ورشة ادريس", name_fr="Atelier Driss", name_en="Driss’s workshop")
    with transaction():
        write_text("unit", second.id, "words", "ar", "أبدأ من الأسفل.")
    make_product(first, materials=["wool"])
    sold = make_product(first, titles={"ar": "زربية حمراء", "fr": "Tapis rouge", "en": "A red rug"})
    make_product(second, titles={"ar": 'زربية "زرقاء" & غيرها'})
    jar = {"ar": "خابية", "fr": "Jarre d’huile", "en": "Oil jar"}
    make_product(second, craft="pottery", family="POT", kind="made_to_order", stock=3, titles=jar)
    with transaction():
        db.session.execute(update(Variant).where(Variant.id == sold.id).values(available=0, sold=1))
    return client


def read_sitemap(client: FlaskClient, path: str = "/sitemap.xml") -> dict[str, dict[str, str]]:
    """{address: {language: address}} of a sitemap or of all that an index names."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml"), path
    root = ElementTree.fromstring(answer.data)
    if root.tag.endswith("sitemapindex"):
        files = [loc.text or "" for loc in root.iterfind("s:sitemap/s:loc", SPACES)]
        return {k: v for file in files for k, v in read_sitemap(client, file.removeprefix(BASE)).items()}
    return {
        url.findtext("s:loc", "", SPACES): {
            link.get("hreflang", ""): link.get("href", "") for link in url.iterfind("x:link", SPACES)
        }
        for url in root.iterfind("s:url", SPACES)
    }


def kind_of(address: str) -> str:
    words = address.removeprefix(BASE).strip("/").split("/")
    if len(words) == 3:
        return f"one of {words[1]}"
    return words[1] if len(words) == 2 else "home"


def identity_of(address: str) -> str:
    """What stays the same in every language of a page: its words without language and slug."""
    words = address.removeprefix(BASE).strip("/").split("/")[1:]
    return "/".join(word.partition("-")[0] for word in words)


def machines_of(page: str) -> dict[str, Any]:
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(scripts) == 1
    data: dict[str, Any] = json.loads(scripts[0])
    Draft202012Validator(SCHEMA).validate(data)
    return data


def test_every_address_of_the_sitemap_is_a_page_that_says_who_it_is(filled: FlaskClient) -> None:
    listed = read_sitemap(filled)
    titles: dict[str, str] = {}
    for address, alternates in listed.items():
        answer = filled.get(address.removeprefix(BASE))
        assert answer.status_code == 200, address
        page, language = answer.text, address.removeprefix(f"{BASE}/")[:2]
        assert f'<html lang="{language}" dir="{LANGUAGES[language].direction}">' in page, address
        assert re.findall(r'<link rel="canonical" href="([^"]+)">', page) == [address]
        assert dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page)) == alternates
        assert set(alternates) == {*LANGUAGES, "x-default"}, address
        assert alternates[language] == address
        assert alternates["x-default"] == alternates["en"]
        assert {identity_of(other) for other in alternates.values()} == {identity_of(address)}
        assert all(listed[other] == alternates for other in alternates.values()), address
        assert page.count("<h1") == 1, address
        assert "noindex" not in page, address
        title = unescape(re.search("<title>(.*?)</title>", page)[1])  # type: ignore[index]
        assert titles.setdefault(f"{language} {title}", address) == address
        kinds = {thing["@type"] for thing in machines_of(page)["@graph"]}
        assert kinds == SAYS.get(kind_of(address), {"BreadcrumbList"}), address


def test_the_sitemap_holds_every_public_page_and_nothing_else(filled: FlaskClient) -> None:
    kinds = [kind_of(address) for address in read_sitemap(filled)]
    counts = {kind: kinds.count(kind) for kind in kinds}
    # A piece that was sold keeps its page, and its place here.
    assert (counts["one of products"], counts["one of artisans"], counts["one of crafts"]) == (12, 6, 6)
    assert {kind: n for kind, n in counts.items() if not kind.startswith("one")} == dict.fromkeys(
        ("home", "products", "crafts", "artisans", "shipping", "returns", "about", "privacy"), 3
    )


def test_a_date_in_the_sitemap_is_that_of_the_last_change(filled: FlaskClient, clock: VirtualClock) -> None:
    clock.advance(days=3)
    with transaction():
        jar = db.session.query(Product).filter_by(craft="pottery").one()
        jar.updated_at = clock.moment
    dates = dict(re.findall(r"<loc>([^<]+)</loc>(?:<lastmod>([^<]+)</lastmod>)?", filled.get("/sitemap.xml").text))
    fresh = {identity_of(address) for address, day in dates.items() if day == "2026-06-18"}
    assert f"products/{jar.public_id}" in fresh
    assert {"", "products", "crafts", "artisans", "crafts/pottery"} <= fresh
    assert "crafts/rug" not in fresh
    assert dates[f"{BASE}/en/privacy"] == ""


def test_a_large_shop_has_an_index_of_files(filled: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_sitemap(filled)
    monkeypatch.setattr(addresses, "PART_SIZE", 3)
    monkeypatch.setattr(addresses, "_READ_AT_ONCE", 2)
    with transaction():
        touch()
    text = filled.get("/sitemap.xml").text
    assert re.findall(r"<loc>http://localhost/([^<]+)</loc><lastmod>2026-06-15</lastmod>", text) == [
        "sitemap-pages.xml",
        "sitemap-products-1.xml",
        "sitemap-products-2.xml",
    ]
    assert read_sitemap(filled) == whole
    assert filled.get("/sitemap-products-3.xml").status_code == 404


def test_a_file_is_made_once_and_again_after_a_change(filled: FlaskClient, count_statements) -> None:
    first = filled.get("/sitemap.xml")
    with count_statements() as seen:
        again = filled.get("/sitemap.xml")
        unchanged = filled.get("/sitemap.xml", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.data, len(seen)) == (first.data, 2)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    make_product()
    assert len(read_sitemap(filled)) > first.text.count("<url>")


def test_robots_keep_out_of_what_belongs_to_one_buyer(filled: FlaskClient) -> None:
    """Whatever page of a buyer's own a stranger can open without knowing a number is named, but for an empty cart."""
    text = filled.get("/robots.txt").text
    assert "Sitemap: http://localhost/sitemap.xml" in text
    closed = [line.removeprefix("Disallow: ") for line in text.splitlines() if line.startswith("Disallow: ")]
    rules = [rule for rule in filled.application.url_map.iter_rules() if rule.arguments == {"lang"}]
    for rule in rules:
        if "GET" not in (rule.methods or ()) or rule.endpoint == "storefront.cart.show":
            continue
        path = rule.rule.replace(re.search("<.*?>", rule.rule)[0], "en")  # type: ignore[index]
        private = "private" in filled.get(path).headers["Cache-Control"]
        assert private == path.startswith(tuple(closed)), path


def test_a_shared_address_shows_title_text_and_picture(filled: FlaskClient) -> None:
    for address in read_sitemap(filled):
        page = filled.get(address.removeprefix(BASE)).text
        shown = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', page))
        assert shown["og:url"] == address
        assert shown["og:title"], address
        assert shown["og:description"], address
        assert shown["og:locale"][:2] == address.removeprefix(f"{BASE}/")[:2]
        assert shown["twitter:card"] == ("summary_large_image" if "og:image" in shown else "summary")
        if kind_of(address) not in {"shipping", "returns", "about", "privacy", "one of artisans", "artisans"}:
            assert re.fullmatch(r"http://localhost/media/.*-960\.jpg", shown["og:image"]), address
