"""Data for machines that read pages (schema.org), as plain dictionaries."""

from collections.abc import Sequence
from typing import Any

from shop.catalogue.product_page import Offer, ProductPage
from shop.catalogue.queries import Card
from shop.core.money import exponent
from shop.orders.returns import RETURN_DAYS
from shop.web.storefront.chrome import absolute, product_link

_AVAILABILITY = {
    "available": "https://schema.org/InStock",
    "reserved": "https://schema.org/LimitedAvailability",
    "sold": "https://schema.org/SoldOut",
    "out": "https://schema.org/OutOfStock",
    "withdrawn": "https://schema.org/Discontinued",
}


def decimal_text(minor: int, currency: str) -> str:
    """An amount as schema.org wants it: 128.40."""
    digits = exponent(currency)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else str(whole)


def breadcrumbs(items: Sequence[dict[str, str]], here: str) -> dict[str, Any]:
    """A BreadcrumbList; the last item is the page itself."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": item["text"],
                "item": absolute(item["url"]) if item.get("url") else here,
            }
            for position, item in enumerate(items, 1)
        ],
    }


def item_list(cards: Sequence[Card]) -> dict[str, Any]:
    """The pieces of a listing in their order."""
    return {
        "@context": "https://schema.org",
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "url": absolute(product_link(card.public_id, card.slug))}
            for position, card in enumerate(cards, 1)
        ],
    }


def product(
    piece: ProductPage,
    offers: Sequence[Offer],
    url: str,
    delivery: dict[str, Any],
    country: str | None,
    crumbs: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    """A Product with an Offer per variant that has a price."""
    thing: dict[str, Any] = {
        "@type": "Product",
        "@id": f"{url}#product",
        "name": piece.title.text,
        "inLanguage": piece.title.language,
        "url": url,
        "sku": piece.offers[0].sku if piece.offers else piece.public_id,
        "category": piece.craft_name,
        "brand": {"@type": "Organization", "name": piece.maker.name},
        "countryOfOrigin": {"@type": "Country", "name": "MA"},
    }
    if piece.description:
        thing["description"] = piece.description.text
    if piece.pictures:
        thing["image"] = [_picture_url(picture) for picture in piece.pictures]
    if piece.materials:
        thing["material"] = list(piece.materials)
    if piece.weight_grams:
        thing["weight"] = {"@type": "QuantitativeValue", "value": piece.weight_grams, "unitCode": "GRM"}
    if offers:
        thing["offers"] = [_offer(piece, offer, url, delivery, country) for offer in offers]
    return {"@context": "https://schema.org", "@graph": [thing, breadcrumbs(crumbs, url)] if crumbs else [thing]}


def image_of(piece: ProductPage) -> str:
    """Address of the picture others show when they link to a piece; empty without one."""
    return _picture_url(piece.pictures[0]) if piece.pictures else ""


def _picture_url(picture: dict[str, Any]) -> str:
    return absolute(f"{picture['base']}-{picture['widths'][-1]}.{picture['ext']}")


def _offer(piece: ProductPage, offer: Offer, url: str, delivery: dict[str, Any], country: str | None) -> dict[str, Any]:
    stock = piece.stock if piece.stock != "available" or offer.available >= piece.min_quantity else "out"
    found: dict[str, Any] = {
        "@type": "Offer",
        "url": url,
        "sku": offer.sku,
        "price": decimal_text(offer.minor or 0, piece.currency),
        "priceCurrency": piece.currency,
        "availability": _AVAILABILITY.get(stock, "https://schema.org/OutOfStock"),
        "itemCondition": "https://schema.org/NewCondition",
        "seller": {"@type": "Organization", "name": piece.maker.name},
        "hasMerchantReturnPolicy": {
            "@type": "MerchantReturnPolicy",
            "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
            "merchantReturnDays": RETURN_DAYS,
            "returnMethod": "https://schema.org/ReturnByMail",
        },
    }
    quote = delivery.get("quote")
    if quote is not None and country is not None:
        found["shippingDetails"] = {
            "@type": "OfferShippingDetails",
            "shippingDestination": {"@type": "DefinedRegion", "addressCountry": country},
            "shippingRate": {
                "@type": "MonetaryAmount",
                "value": decimal_text(quote.amount_minor, piece.currency),
                "currency": piece.currency,
            },
            "deliveryTime": {
                "@type": "ShippingDeliveryTime",
                "handlingTime": _days(0, piece.lead_time_days + 4),
                "transitTime": _days(quote.days_min, quote.days_max),
            },
        }
    return found


def _days(least: int, most: int) -> dict[str, Any]:
    return {"@type": "QuantitativeValue", "minValue": least, "maxValue": most, "unitCode": "DAY"}
