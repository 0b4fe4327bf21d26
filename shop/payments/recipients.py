"""Delivery addresses in Stripe's form and back: it keeps what a lost order would need (docs.stripe.com/api, shipping)."""

from typing import Any

# Longest line of an address that is sent; ours are shorter.
LONGEST = 200


def recipient_of(address: dict[str, Any]) -> dict[str, Any]:
    """A delivery address as Stripe takes it (docs.stripe.com/api/payment_intents/create, shipping)."""
    first, _newline, rest = str(address["street_address"]).partition("\n")
    more = [
        address.get("company", ""),
        *rest.split("\n"),
        address.get("city_area", ""),
        address.get("sorting_code", ""),
    ]
    told = {
        # Stripe wants a first line.
        "line1": first or address.get("city") or address["country_code"],
        "line2": ", ".join(part for part in more if part),
        "city": address.get("city", ""),
        "state": address.get("country_area", ""),
        "postal_code": address.get("postal_code", ""),
        "country": address["country_code"],
    }
    recipient: dict[str, Any] = {
        "name": address["name"],
        "address": {name: value[:LONGEST] for name, value in told.items() if value},
    }
    if address.get("phone"):
        recipient["phone"] = address["phone"]
    return recipient


def address_from(recipient: dict[str, str]) -> dict[str, str]:
    """An address of ours from one of Stripe's; what we had in fields of its own stands in the street's second line."""
    street = "\n".join(line for line in (recipient.get("line1", ""), recipient.get("line2", "")) if line)
    return {
        "name": recipient.get("name", ""),
        "company": "",
        "street_address": street,
        "city": recipient.get("city", ""),
        "city_area": "",
        "country_area": recipient.get("state", ""),
        "postal_code": recipient.get("postal_code", ""),
        "sorting_code": "",
        "country_code": recipient.get("country", ""),
        "phone": recipient.get("phone", ""),
    }
