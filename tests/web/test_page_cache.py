"""Kept pages: right to the byte, changed within a second, never anybody's own."""

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import create_engine, insert, select, update

from shop.artisans.aggregation import put_under_aggregator
from shop.catalogue.facets import FACETS
from shop.catalogue.models import Price, Product, Variant
from shop.catalogue.product_page import get_product_page
from shop.core.clock import VirtualClock, day_start, today
from shop.core.db import db, engine_options, transaction
from shop.core.kept import News
from shop.core.policies import decide_policy
from shop.core.tables import Policy, PublicState
from shop.core.versions import HOUSE, MOST_NAMES, Changes, of_piece, public_version, read_changes, touch
from shop.i18n.texts import write_text
from shop.orders.cart import add_to_cart
from shop.orders.models import Order
from shop.orders.services import expire_order
from shop.programme.models import Membership
from shop.programme.services import end_membership
from shop.shipping.models import ZoneRate
from shop.web.page_cache import PARAMETERS, QUESTION, Form, Page, PageCache, key_of
from tests.builders import make_order, make_product, make_unit
from tests.payments.conftest import stripe  # noqa: F401 - the fixture
from tests.stripe_bench import Bench

PAGES = Path(__file__).parents[2] / "shop" / "web" / "storefront"


@pytest.fixture
def cache(app: Flask, monkeypatch: pytest.MonkeyPatch) -> PageCache:
    """The app's own cache, asking for the version at every request instead of once a second."""
    monkeypatch.setattr("shop.core.kept.LOOK_NANOSECONDS", 0)
    found: Any = app.wsgi_app
    assert isinstance(found, PageCache)
    return found


def test_a_kept_page_costs_no_statement_and_is_the_same_to_the_byte(
    client: FlaskClient, cache: PageCache, count_statements: Any
) -> None:
    make_product()
    first = client.get("/fr/products")
    with count_statements() as seen:
        second = client.get("/fr/products")
    assert len([statement for statement in seen if "public_state" not in statement]) == 0
    assert first.data == second.data
    assert "Tapis de laine" in second.text


def test_a_packed_page_is_the_plain_one_and_has_a_tag_of_its_own(client: FlaskClient, cache: PageCache) -> None:
    make_product()
    plain = client.get("/fr/products")
    packed = client.get("/fr/products", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_an_unchanged_page_is_answered_304_without_a_body(client: FlaskClient, cache: PageCache) -> None:
    make_product()
    tag = client.get("/fr/products").headers["ETag"]
    again = client.get("/fr/products", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag


def test_a_changed_text_a_sale_and_a_new_price_show_at_once(client: FlaskClient, cache: PageCache) -> None:
    rug = make_product()
    assert "Tapis de laine" in client.get("/fr/products").text
    with transaction():
        write_text("product", rug.product_id, "title", "fr", "Tapis des nuages")
    assert "Tapis des nuages" in client.get("/fr/products").text
    before = public_version()
    make_order(rug)
    assert public_version() != before


def test_what_changes_nothing_public_keeps_the_pages(app: Flask) -> None:
    rug = make_product()
    before = public_version()
    with transaction():
        add_to_cart(None, rug.id, 1, "EUR")
    assert public_version() == before


def test_a_change_that_is_rolled_back_leaves_the_number_alone(app: Flask) -> None:
    rug = make_product()
    before = public_version()

    def change_and_break() -> None:
        with transaction():
            write_text("product", rug.product_id, "title", "fr", "Rien")
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_break()
    with transaction():
        pass
    assert public_version() == before


@pytest.mark.parametrize(
    ("path", "query", "kept"),
    [
        ("/fr/", "", True),
        ("/ar/products", "page=2&family=TAP", True),
        ("/fr/products", "q=tapis", False),
        ("/fr/products", "page=" + "1" * 1000, False),
        ("/fr/products", "q=&page=2", True),
        ("/fr/products", "utm_source=letter", True),
        ("/fr/cart", "", False),
        ("/fr/cart/count.json", "", False),
        ("/fr/checkout", "", False),
        ("/fr/orders/M1", "t=x", False),
        ("/staff/", "", False),
        ("/", "", False),
        ("/de/products", "", False),
    ],
)
def test_only_public_addresses_without_a_question_are_kept(path: str, query: str, kept: bool) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "shop.test"}
    assert (key_of(environ) is not None) == kept
    assert key_of({**environ, "REQUEST_METHOD": "POST"}) is None


def test_the_order_of_parameters_makes_no_second_page() -> None:
    one = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fr/products", "QUERY_STRING": "page=2&family=TAP"}
    assert key_of(one) == key_of({**one, "QUERY_STRING": "family=TAP&page=2"})


def test_the_mark_of_a_campaign_makes_no_second_page(client: FlaskClient, made: list[str]) -> None:
    make_product()
    plain = client.get("/fr/products?family=TAP")
    marked = client.get("/fr/products?fbclid=x1&family=TAP&utm_source=letter")
    assert (plain.data, plain.headers["ETag"]) == (marked.data, marked.headers["ETag"])
    assert len(made) == 1


def test_a_view_is_given_no_parameter_that_tells_no_page(client: FlaskClient, app: Flask, cache: PageCache) -> None:
    seen: list[dict[str, str]] = []
    app.before_request(lambda: seen.append(request.args.to_dict()))
    client.get("/fr/products?fbclid=x1&page=1")
    client.get("/fr/products?fbclid=x1&q=tapis")
    assert seen == [{"page": "1"}, {"fbclid": "x1", "q": "tapis"}]


def test_every_parameter_that_a_public_page_reads_is_known() -> None:
    read: set[str] = {*FACETS}
    for name in ("artisans", "chrome", "crafts", "home", "listing", "pages", "products"):
        source = (PAGES / f"{name}.py").read_text(encoding="utf-8")
        read |= set(re.findall(r"request\.args\.get(?:list)?\(\"(\w+)\"", source))
    assert {"currency", "to", "page", "region"} < read
    assert read - {QUESTION} <= PARAMETERS


def test_a_page_that_does_not_exist_is_not_kept(client: FlaskClient, cache: PageCache) -> None:
    assert client.get("/fr/products/0123456789-nothing").status_code == 404
    assert not cache._pages


def test_the_cache_lets_the_least_used_page_go(
    client: FlaskClient, cache: PageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/fr/about")
    monkeypatch.setattr("shop.web.page_cache.LARGEST_SUM", cache._size * 3 // 2)
    client.get("/fr/returns")
    assert [key[1] for key in cache._pages] == ["/fr/returns"]


@pytest.fixture
def made(cache: PageCache, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths whose page was made, not found kept, in order."""
    paths: list[str] = []
    make = PageCache._make

    def note(self: PageCache, environ: Any, version: int) -> Any:
        query = environ["QUERY_STRING"]
        paths.append(environ["PATH_INFO"] + (f"?{query}" if query else ""))
        return make(self, environ, version)

    monkeypatch.setattr(PageCache, "_make", note)
    return paths


def look_at_all(client: FlaskClient, made: list[str], paths: list[str]) -> list[str]:
    """Visit the pages; which of them had to be made."""
    made.clear()
    for path in paths:
        assert client.get(path).status_code == 200, path
    return list(made)


@pytest.mark.both_databases
def test_a_sale_throws_away_the_page_of_its_piece_and_the_lists_with_it_and_no_other(
    client: FlaskClient, made: list[str]
) -> None:
    rug, other = make_product(stock=5, kind="repeatable"), make_product(stock=5, kind="made_to_order")
    pages = {name: path_of(variant) for name, variant in (("rug", rug), ("other", other))}
    without = ["/fr/products?kind=made_to_order", "/fr/crafts", "/fr/artisans", "/fr/about"]
    paths = ["/fr/", "/fr/products", *without, *pages.values()]
    look_at_all(client, made, paths)
    assert look_at_all(client, made, paths) == []
    make_order(rug)
    assert look_at_all(client, made, paths) == ["/fr/", "/fr/products", pages["rug"]]
    assert look_at_all(client, made, paths) == []


@pytest.mark.both_databases
def test_a_piece_that_is_free_again_comes_back_to_the_pages_of_its_neighbours(
    client: FlaskClient, made: list[str]
) -> None:
    unit = make_unit()
    rug, other = make_product(unit), make_product(unit)
    stranger = path_of(make_product())
    order = make_order(other)
    assert path_of(other) not in client.get(path_of(rug)).text
    look_at_all(client, made, [stranger])
    with transaction():
        expire_order(db.session.get_one(Order, order.id))
    assert path_of(other) in client.get(path_of(rug)).text
    assert look_at_all(client, made, [stranger]) == []


@pytest.mark.both_databases
def test_a_new_price_throws_away_what_shows_it_and_every_list(client: FlaskClient, made: list[str]) -> None:
    rug, other = make_product(), make_product()
    look_at_all(client, made, ["/fr/products", path_of(rug), path_of(other)])
    with transaction():
        db.session.scalars(select(Price).where(Price.variant_id == rug.id)).first().amount_minor += 100  # type: ignore[union-attr]
    assert look_at_all(client, made, ["/fr/products", path_of(rug), path_of(other)]) == ["/fr/products", path_of(rug)]


def test_a_text_of_a_maker_changes_the_pages_of_their_pieces(client: FlaskClient, made: list[str]) -> None:
    unit, stranger = make_unit(), make_unit()
    own, others = path_of(make_product(unit)), path_of(make_product(stranger))
    look_at_all(client, made, [own, others])
    with transaction():
        write_text("unit", unit.id, "story", "fr", "Nous tissons depuis toujours.")
    assert look_at_all(client, made, [own, others]) == [own]


def test_a_change_of_what_all_pages_show_throws_all_away(client: FlaskClient, made: list[str]) -> None:
    paths = ["/fr/products", path_of(make_product()), "/fr/returns"]
    look_at_all(client, made, paths)
    with transaction():
        decide_policy("refund_window_days", 20, today())
    assert look_at_all(client, made, paths) == paths


@pytest.mark.both_databases
def test_a_page_is_never_kept_under_a_number_newer_than_what_it_was_made_of(
    app: Flask, client: FlaskClient, cache: PageCache
) -> None:
    make_product()
    assert "CHF" not in client.get("/fr/returns").text
    url = app.config["SETTINGS"].database_url
    elsewhere = create_engine(url, **engine_options(url))
    with elsewhere.begin() as connection:
        decided = {"key": "currencies", "from_on": today(), "value": ["EUR", "CHF"]}
        connection.execute(insert(Policy), decided)
        number = PublicState.number + 1
        connection.execute(update(PublicState).values(number=number, lasting=number, recent=""))
    elsewhere.dispose()
    db.session.rollback()
    assert "CHF" in client.get("/fr/returns").text


def test_the_only_one_leaves_the_lists_when_it_is_paid(
    stripe: Bench,  # noqa: F811 - the fixture
    client: FlaskClient,
    made: list[str],
) -> None:
    rug, other = make_product(), make_product()
    order = make_order(rug)
    look_at_all(client, made, ["/fr/products", path_of(rug), path_of(other)])
    stripe.pay(order)
    stripe.work()
    assert look_at_all(client, made, ["/fr/products", path_of(rug), path_of(other)]) == ["/fr/products", path_of(rug)]
    assert path_of(rug) not in client.get("/fr/products").text
    assert "vendue" in client.get(path_of(rug)).text


def test_changes_that_are_told_no_longer_throw_all_away(
    client: FlaskClient, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [path_of(make_product()), "/fr/returns"]
    monkeypatch.setattr("shop.core.versions.TOLD_CHARACTERS", 20)
    look_at_all(client, made, paths)
    for number in range(9):
        with transaction():
            touch(of_piece(1000 + number))
    assert look_at_all(client, made, paths) == paths


def test_many_names_at_once_are_a_change_of_everything(client: FlaskClient, made: list[str]) -> None:
    look_at_all(client, made, ["/fr/returns"])
    with transaction():
        touch(*(of_piece(number) for number in range(MOST_NAMES + 1)))
    assert read_changes().recent[0][1] == {HOUSE}
    assert look_at_all(client, made, ["/fr/returns"]) == ["/fr/returns"]


def test_a_page_that_does_not_say_what_it_shows_is_made_anew_after_any_change() -> None:
    news = News()
    news.hear(Changes(7, ()))
    form = Form("", [], [])
    silent, telling = Page(7, 7, None, 0.0, b"", form, form), Page(7, 7, frozenset(["p1"]), 0.0, b"", form, form)
    assert news.holds(silent)
    news.hear(Changes(8, ((8, frozenset(["p2"])),)))
    assert not news.holds(silent)
    assert news.holds(telling)
    news.hear(Changes(9, ((9, frozenset(["p1"])), (8, frozenset(["p2"])))))
    assert not news.holds(telling)


def test_a_database_put_back_to_an_earlier_day_makes_all_pages_anew(client: FlaskClient, made: list[str]) -> None:
    make_product()
    for _turn in range(3):
        with transaction():
            touch("p7")
    assert look_at_all(client, made, ["/fr/products"]) == ["/fr/products"]
    number = public_version()
    with transaction():
        db.session.execute(update(PublicState).values(number=2, lasting=2, recent="2:p8;"))
    client.get("/ar/products")
    with transaction():
        # The same number again, by other changes.
        db.session.execute(update(PublicState).values(number=number, lasting=number, recent=f"{number}:p8;"))
    assert look_at_all(client, made, ["/fr/products"]) == ["/fr/products"]


def path_of(variant: Variant) -> str:
    """The address of the French page of a piece."""
    piece = get_product_page(db.session.get_one(Product, variant.product_id).public_id, "fr", "EUR")
    return f"/fr/products/{piece.public_id}-{piece.slugs['fr']}"


@pytest.mark.both_databases
def test_those_an_aggregator_carries_sell_no_longer_than_it_is_a_member(client: FlaskClient, made: list[str]) -> None:
    carrier, unit = make_unit(legal_form="aggregator"), make_unit(admitted=False)
    with transaction():
        put_under_aggregator(unit.id, carrier.id, actor=None)
    rug = make_product(unit)
    path = path_of(rug)
    assert "Ajouter au panier" in client.get(path).text
    with transaction():
        membership = db.session.scalars(select(Membership).where(Membership.unit_id == carrier.id)).one()
        end_membership(membership.id, to_on=today() - timedelta(days=1), actor=None)
    assert client.get(path).status_code == 404


def test_what_is_known_of_a_page_holds_for_its_day(client: FlaskClient, made: list[str], clock: VirtualClock) -> None:
    unit = make_unit()
    rug = make_product(unit)
    with transaction():
        membership = db.session.scalars(select(Membership).where(Membership.unit_id == unit.id)).one()
        end_membership(membership.id, to_on=today(), actor=None)
    path = path_of(rug)
    assert "Ajouter au panier" in client.get(path).text
    clock.moment = day_start(today() + timedelta(days=1))
    assert client.get(path).status_code == 404


@pytest.mark.both_databases
def test_new_postage_shows_on_the_page_of_a_piece(client: FlaskClient, made: list[str]) -> None:
    path = f"{path_of(make_product())}?to=FR"
    first = client.get(path).text
    with transaction():
        db.session.execute(update(ZoneRate).values(amount_minor=ZoneRate.amount_minor + 100_000))
        touch()
    assert client.get(path).text != first
    assert made == [path, path]


def test_a_slash_too_many_is_no_other_place() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fr//orders/M1", "QUERY_STRING": "t=x", "HTTP_HOST": "shop.test"}
    assert key_of(environ) is None
