"""What a buyer reads of tax and duty, before paying and after."""

import pytest
from flask.testing import FlaskClient

from shop.catalogue.models import Product, Variant
from shop.core.db import db, transaction
from shop.orders.cart import add_to_cart, set_choice
from shop.orders.links import order_path
from tests.builders import make_levy, make_order, make_product
from tests.web.staff.page import text_of
from tests.web.storefront.conftest import Visitor


def fill(client: FlaskClient, variant: Variant) -> None:
    with transaction():
        cart = add_to_cart(None, variant.id, 1, "EUR")
        set_choice(cart, "EUR", "FR")
    client.set_cookie("cart", cart.token)


@pytest.mark.parametrize(
    ("mode", "written"),
    [
        ("added", ["Taxe (20 %)", "76,00 €", "456,00 €", "payée avec la commande"]),
        ("included", ["Le total comprend 63,33 € de taxe (20 %).", "380,00 €"]),
        ("none", ["ne sont pas compris"]),
    ],
)
def test_cart_and_checkout_say_what_is_tax(client: FlaskClient, mode: str, written: list[str]) -> None:
    make_levy(mode=mode)
    fill(client, make_product())
    Visitor(client).answer()
    pages = [text_of(client.get(path)) for path in ("/fr/cart", "/fr/checkout/review")]
    for words in written:
        assert words in pages[1], (words, pages[1])
    for words in [words for words in written if "€" in words]:
        assert words in pages[0], (words, pages[0])


def test_an_order_says_the_same_after_the_rates_have_changed(client: FlaskClient) -> None:
    make_levy(mode="included")
    order = make_order()
    make_levy(mode="added", rate_bp=2500, country="FR")
    page = text_of(client.get(order_path(order, str(client.application.secret_key))))
    assert "Le total comprend 63,33 € de taxe (20 %)." in page


@pytest.mark.parametrize(
    ("mode", "duty", "said"),
    [
        ("added", False, "La taxe à l’importation s’ajoute"),
        ("included", False, "La taxe à l’importation est comprise."),
        ("none", True, "le transporteur ne vous demande rien"),
        ("none", False, "ne sont pas compris"),
    ],
)
def test_a_product_promises_what_its_checkout_keeps(client: FlaskClient, mode: str, duty: bool, said: str) -> None:
    make_levy(mode=mode, limits={"EUR": 40000})
    if duty:
        make_levy(kind="duty", rate_bp=0)
    rug, dear = make_product(), make_product(prices={"EUR": 90000})
    for variant, words in ((rug, said), (dear, said if mode == "none" else "ne sont pas compris")):
        public_id = db.session.get_one(Product, variant.product_id).public_id
        page = client.get(f"/fr/products/{public_id}?to=FR", follow_redirects=True)
        assert words in text_of(client.get(f"{page.request.path}?to=FR"))
