"""All orders of an address by a link in a letter; a copy of what is kept, and its erasure."""

import re

import pytest
from flask.testing import FlaskClient

from shop import worker
from shop.core.db import db
from shop.notifications.models import Letter
from shop.notifications.render import render
from shop.orders.limits import LOOKS_PER_NETWORK
from shop.orders.models import Order
from tests.builders import make_product
from tests.payments.sales import sell
from tests.stripe_bench import Bench
from tests.web.staff.page import text_of
from tests.web.storefront.conftest import Visitor

EMAIL = "claire@example.org"


def letters() -> list[Letter]:
    worker.run_due()
    return db.session.query(Letter).filter_by(kind="buyer_link").all()


def enter(client: FlaskClient, language: str = "en") -> str:
    """Sign in as the buyer; the address of the letter's link."""
    assert client.post(f"/{language}/account", data={"email": EMAIL}).status_code == 200
    [letter] = letters()
    path = re.search(rf"http://[^/]+(/{language}/account/enter\?k=\S+)", render(letter).text)
    assert path is not None
    key = path[1].partition("k=")[2]
    assert key in client.get(path[1]).text
    answer = client.post(f"/{language}/account/enter", data={"k": key})
    assert (answer.status_code, answer.location) == (303, f"/{language}/account")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    return path[1]


@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_a_letter_opens_all_orders_of_its_address(client: FlaskClient, stripe: Bench, language: str) -> None:
    mine, other = [sell(stripe, 1) for _ in range(2)], sell(stripe, 1, email="other@example.org")
    assert mine[0].order.number not in client.get(f"/{language}/account").text
    path = enter(client, language)
    shown = client.get(f"/{language}/account")
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert [sale.order.number in shown.text for sale in (*mine, other)] == [True, True, False]
    assert (
        client.get(re.findall(r'href="([^"]+/orders/M[^"]+)"', shown.text)[0].replace("&amp;", "&")).status_code == 200
    )
    # The link was good once.
    assert client.get(path).status_code == 410
    assert client.post(f"/{language}/account/enter", data={"k": path.partition("k=")[2]}).status_code == 410
    # No public page differs for who has signed in.
    assert "Set-Cookie" not in client.get(f"/{language}/products").headers


def test_whether_an_address_is_known_is_told_to_nobody(client: FlaskClient, stripe: Bench) -> None:
    sell(stripe, 1)
    texts = [client.post("/en/account", data={"email": email}).text for email in (EMAIL, "nobody@example.org")]
    assert texts[0] == texts[1]
    assert "a letter with a link is on its way" in texts[0]
    assert [letter.recipient for letter in letters()] == [EMAIL]
    # Asked again at once it is one letter.
    client.post("/en/account", data={"email": EMAIL.upper()})
    assert len(letters()) == 1
    assert client.post("/en/account", data={"email": "claire"}).status_code == 422


def test_links_are_not_asked_for_ever(client: FlaskClient) -> None:
    answers = [
        client.post("/en/account", data={"email": f"a{n}@example.org"}).status_code
        for n in range(LOOKS_PER_NETWORK + 1)
    ]
    assert answers == [200] * LOOKS_PER_NETWORK + [429]


def test_a_copy_is_a_file_for_its_buyer_only(client: FlaskClient, stripe: Bench) -> None:
    sale = sell(stripe, 1)
    assert client.get("/en/account/data.json").status_code == 303
    enter(client)
    copy = client.get("/en/account/data.json")
    assert copy.headers["Content-Disposition"] == "attachment; filename=my-data.json"
    assert copy.json is not None
    assert [order["number"] for order in copy.json["orders"]] == [sale.order.number]


def test_a_buyer_is_erased_in_two_steps_and_the_order_page_is_closed(client: FlaskClient, stripe: Bench) -> None:
    sale = sell(stripe, 1)
    assert client.post("/en/account/erase").status_code == 303
    enter(client)
    page = re.findall(r'href="([^"]+/orders/M[^"]+)"', client.get("/en/account").text)[0]
    barred = text_of(client.get("/en/account/erase"))
    assert "An order is not finished" in barred
    assert "Erase it now" not in barred
    assert "An order is not finished" in client.post("/en/account/erase").text
    sale.hand_over()
    first = text_of(client.get("/en/account/erase"))
    assert "for ten years: Moroccan tax law asks for it" in first
    done = client.post("/en/account/erase")
    assert "It is erased" in done.text
    assert "Send me the link" in client.get("/en/account").text
    closed = client.get(page)
    assert closed.status_code == 404
    assert "has been erased" in text_of(closed)


def test_signing_out_closes_it_here_or_everywhere(client: FlaskClient, stripe: Bench) -> None:
    sell(stripe, 1)
    enter(client)
    assert client.post("/en/account/sign-out", data={"everywhere": "1"}).status_code == 303
    assert "Send me the link" in client.get("/en/account").text
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/en/account/sign-out", headers=foreign).status_code == 403


@pytest.mark.both_databases
def test_who_has_signed_in_sends_to_a_former_address_without_typing_it(visitor: Visitor, stripe: Bench) -> None:
    client = visitor.client
    sell(stripe)
    visitor.put_in(make_product(stock=3, kind="repeatable"), language="en")
    assert "had something sent before" not in visitor.get("/en/checkout?country=DE").text
    # A stranger's try leads nowhere.
    assert client.post("/en/checkout/former", data={"address": "0" * 16}).status_code == 303
    enter(client)
    page = visitor.get("/en/checkout?country=DE").text
    keys = re.findall(r'name="address" value="([0-9a-f]{16})"', page)
    assert len(keys) == 1
    assert client.post("/en/checkout/former", data={"address": keys[0]}).location == "/en/checkout"
    page = visitor.get("/en/checkout").text
    for value in (EMAIL, "FR"):
        assert f'value="{value}"' in page
    assert "had something sent before" not in page
    order = db.session.query(Order).one()
    assert f'value="{order.address["postal_code"]}"' in page


def test_another_ones_address_is_not_taken(visitor: Visitor, stripe: Bench) -> None:
    sell(stripe)
    visitor.put_in(make_product(stock=3, kind="repeatable"), language="en")
    enter(visitor.client)
    [key] = re.findall(r'name="address" value="([0-9a-f]{16})"', visitor.get("/en/checkout?country=DE").text)
    visitor.client.delete_cookie("buyer")
    visitor.client.post("/en/checkout/former", data={"address": key})
    assert EMAIL not in visitor.get("/en/checkout").text


def test_signing_out_leaves_no_address_in_the_checkout(visitor: Visitor, stripe: Bench) -> None:
    sell(stripe)
    visitor.put_in(make_product(stock=3, kind="repeatable"), language="en")
    enter(visitor.client)
    [key] = re.findall(r'name="address" value="([0-9a-f]{16})"', visitor.get("/en/checkout?country=DE").text)
    visitor.client.post("/en/checkout/former", data={"address": key})
    assert EMAIL in visitor.get("/en/checkout").text
    visitor.client.post("/en/account/sign-out")
    assert EMAIL not in visitor.get("/en/checkout").text
