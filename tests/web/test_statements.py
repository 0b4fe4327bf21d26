"""What a page asks of the database does not grow with what stands on it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shop.catalogue.models import Product, Variant
from shop.core import kept
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.orders.cart import add_to_cart, find_cart, set_choice
from shop.web import page_cache
from tests.builders import make_product, make_unit

HOME, LISTING, CRAFT, PRODUCT, CART, ADD = 1, 1, 2, 3, 3, 4
FEW, MANY = 3, 24


def pages(client: FlaskClient, variant: Variant) -> dict[str, tuple[str, int]]:
    """Kind of page to its address and the most statements it may send."""
    product = db.session.get_one(Product, variant.product_id)
    return {
        "home": ("/fr/", HOME),
        "listing": ("/fr/products", LISTING),
        "search": ("/fr/products?q=tapis", LISTING),
        "craft": ("/ar/crafts/rug-rugs", CRAFT),
        "product": (client.get(f"/ar/products/{product.public_id}").location, PRODUCT),
    }


@pytest.mark.both_databases
def test_a_page_of_many_pieces_sends_no_more_statements_than_one_of_few(
    client: FlaskClient, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LOOK_NANOSECONDS", 10**13)
    # No page is kept whole.
    monkeypatch.setattr(page_cache, "LARGEST_SUM", 0)
    unit = make_unit()

    def count(pieces: int) -> dict[str, int]:
        newest = [make_product(unit) for _piece in range(pieces)][-1]
        counted = {}
        for kind, (path, most) in pages(client, newest).items():
            # The first listing after a change reads the shelf, the first question its words; the rest a process keeps.
            client.get(path)
            with count_statements() as seen:
                assert client.get(path).status_code == 200
            assert len(seen) <= most, (kind, seen)
            counted[kind] = len(seen)
        return counted

    assert count(FEW) == count(MANY)


@pytest.mark.both_databases
def test_a_cart_of_many_makers_is_three_statements(
    client: FlaskClient, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LOOK_NANOSECONDS", 10**13)
    pieces, token = [make_product() for _piece in range(FEW)], None
    with transaction():
        for piece in pieces:
            token = add_to_cart(token, piece.id, 1, "EUR").token
    for country in ("FR", "US"):
        with transaction():
            cart = find_cart(token)
            assert cart is not None
            set_choice(cart, "EUR", country)
        client.set_cookie("cart", token or "")
        # What a process keeps of the public data is not asked for again.
        client.get("/en/cart")
        with count_statements() as seen:
            assert client.get("/en/cart").status_code == 200
        assert len(seen) <= CART, seen


@pytest.mark.both_databases
def test_adding_to_a_cart_is_four_statements_and_three_for_a_new_visitor(
    client: FlaskClient, clock: VirtualClock, count_statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LOOK_NANOSECONDS", 10**13)
    pieces = [make_product(stock=9, kind="repeatable") for _piece in range(FEW)]
    forms = [{"product": db.session.get_one(Product, v.product_id).public_id, "variant": v.id} for v in pieces]
    client.get("/en/cart")
    counts = []
    for form in [*forms, forms[0]]:
        clock.advance(minutes=1)
        with count_statements() as seen:
            assert client.post("/en/cart", data=form).status_code == 303
        counts.append(len(seen))
    assert counts == [ADD - 1, ADD, ADD, ADD], seen
