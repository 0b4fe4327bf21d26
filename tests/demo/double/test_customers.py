"""Customers and the cards kept with them the old way."""

from typing import Any

import pytest
import stripe

from tests.demo.double.test_payments import types

Refused = stripe.InvalidRequestError


def test_a_customer_is_changed_and_the_event_says_what_was_before(client: stripe.StripeClient) -> None:
    customers = client.v1.customers
    made = customers.create(
        {"email": "a@example.com", "metadata": {"kept": "1", "gone": "2"}, "address": {"country": "FR"}}
    )
    assert (made.address and made.address.country, made.address and made.address.line1) == ("FR", None)
    changed = customers.update(made.id, {"name": "Amina", "metadata": {"gone": "", "new": "3"}, "address": ""})
    assert (changed.name, changed.email, changed.address) == ("Amina", "a@example.com", None)
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"kept": "1", "new": "3"}
    event = client.v1.events.list({"type": "customer.updated"}).data[0]
    previous = event.data.previous_attributes.to_dict(recursive=True)
    assert (previous["name"], previous["metadata"]) == (None, {"gone": "2", "new": None})
    customers.update(made.id, {"name": "Amina"})
    assert types(client) == ["customer.created", "customer.updated"]
    cleared = customers.update(made.id, {"metadata": ""}).metadata
    assert cleared is not None
    assert cleared.to_dict() == {}


def test_a_deleted_customer_is_remembered_as_deleted_and_nothing_more(client: stripe.StripeClient) -> None:
    customers = client.v1.customers
    gone, kept = (customers.create({"email": "a@example.com"}).id for _ in range(2))
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur", "customer": gone})
    assert customers.delete(gone).deleted
    found: Any = customers.retrieve(gone)
    assert found.deleted
    assert [one.id for one in customers.list({"email": "a@example.com"}).data] == [kept]
    assert [one.id for one in customers.list().data] == [kept]
    whole = client.v1.payment_intents.retrieve(intent.id, {"expand": ["customer"]})
    assert whole.customer is not None
    assert getattr(whole.customer, "deleted", False)
    for again in (lambda: customers.delete(gone), lambda: customers.update(gone, {"name": "A"})):
        with pytest.raises(Refused, match="No such customer"):
            again()


def test_the_first_card_of_a_customer_becomes_the_default(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    first, second = (
        client.v1.customers.payment_sources.create(customer, {"source": token}).id
        for token in ("tok_visa", "tok_mastercard")
    )
    assert client.v1.customers.retrieve(customer).default_source == first
    changed: Any = client.v1.customers.payment_sources.update(customer, second, {"metadata": {"of": "ours"}})
    assert (changed.brand, changed.last4, changed.metadata["of"]) == ("MasterCard", "4444", "ours")
    assert types(client)[1:] == [
        "customer.source.created",
        "customer.updated",
        "customer.source.created",
        "customer.source.updated",
    ]


def test_a_card_the_bank_will_not_have_is_not_kept(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    sources = client.v1.customers.payment_sources
    with pytest.raises(stripe.CardError, match="declined"):
        sources.create(customer, {"source": "tok_chargeDeclined"})
    with pytest.raises(Refused, match="No such token"):
        sources.create(customer, {"source": "tok_none"})
    other = client.v1.customers.create().id
    card = sources.create(other, {"source": "tok_chargeCustomerFail"})
    with pytest.raises(Refused, match="No such source"):
        sources.update(customer, card.id, {"metadata": {"of": "nobody"}})
