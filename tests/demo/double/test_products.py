"""Products, their prices, and sessions that sell by price."""

from typing import Any

import pytest
import stripe

from tests.demo.double.conftest import order
from tests.demo.double.test_payments import types

Refused = stripe.InvalidRequestError


def product(client: stripe.StripeClient, **changes: Any) -> str:
    return client.v1.products.create({"name": "Tea tray", **changes}).id  # type: ignore[typeddict-item]


def price(client: stripe.StripeClient, item: str, **changes: Any) -> str:
    params: Any = {"product": item, "currency": "eur", "unit_amount": 4500, **changes}
    return client.v1.prices.create(params).id


def test_a_product_is_changed_and_removed_while_it_has_no_price(client: stripe.StripeClient) -> None:
    item = product(client, description="Brass", images=["http://shop.test/a.jpg"])
    changed = client.v1.products.update(item, {"description": "", "images": "", "active": False})
    assert (changed.description, changed.images, changed.active, changed.name) == (None, [], False, "Tea tray")
    assert [one.id for one in client.v1.products.list({"active": False}).data] == [item]
    assert client.v1.products.list({"active": True}).data == []
    assert client.v1.products.delete(item).deleted
    with pytest.raises(Refused, match="No such product"):
        client.v1.products.retrieve(item)
    assert types(client) == ["product.created", "product.updated", "product.deleted"]
    sold = product(client)
    price(client, sold)
    with pytest.raises(Refused, match="cannot be deleted"):
        client.v1.products.delete(sold)


def test_a_price_keeps_its_amount_and_its_first_tax_behaviour(client: stripe.StripeClient) -> None:
    once = price(client, product(client))
    monthly = client.v1.prices.retrieve(price(client, product(client), recurring={"interval": "month"}))
    assert (monthly.type, monthly.recurring and monthly.recurring.interval_count) == ("recurring", 1)
    assert [one.id for one in client.v1.prices.list({"type": "one_time"}).data] == [once]
    assert client.v1.prices.update(once, {"tax_behavior": "exclusive", "nickname": "A"}).tax_behavior == "exclusive"
    with pytest.raises(Refused, match="cannot change the tax_behavior"):
        client.v1.prices.update(once, {"tax_behavior": "inclusive"})
    with pytest.raises(Refused, match="unknown parameter"):
        client.v1.prices.update(once, {"unit_amount": 1})  # type: ignore[typeddict-unknown-key]
    with pytest.raises(Refused, match="No such product"):
        price(client, "prod_none")


def test_a_session_sells_by_price(client: stripe.StripeClient) -> None:
    listed = price(client, product(client))
    session = client.v1.checkout.sessions.create(
        order(line_items=[{"price": listed, "quantity": 2}], shipping_options=None)  # type: ignore[arg-type]
    )
    assert session.amount_total == 9000
    line = client.v1.checkout.sessions.line_items.list(session.id).data[0]
    assert (line.price and line.price.id, line.description) == (listed, "Tea tray")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recurring": {"interval": "month"}}, "recurring price"),
        ({"active": False}, "inactive"),
        ({"currency": "usd"}, "same currency"),
    ],
)
def test_a_session_refuses_a_price_it_cannot_sell(
    client: stripe.StripeClient, changes: dict[str, Any], words: str
) -> None:
    listed = price(client, product(client), **changes)
    with pytest.raises(Refused, match=words):
        client.v1.checkout.sessions.create(order(line_items=[{"price": listed, "quantity": 1}]))  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [{"quantity": 1}, {"quantity": 1, "price": "price_none"}])
def test_a_line_without_a_price_that_stands_is_refused(client: stripe.StripeClient, line: Any) -> None:
    with pytest.raises(Refused) as caught:
        client.v1.checkout.sessions.create(order(line_items=[line]))  # type: ignore[arg-type]
    assert (caught.value.param or "").startswith("line_items[0]")
