"""What there is to buy in a drill."""

from dataclasses import dataclass

from shop.catalogue.models import Product, Variant
from shop.core.db import db
from tests.builders import make_product
from tests.drills.installation import Installation


@dataclass(frozen=True)
class Goods:
    """What a buyer needs to know of a piece: public id of the product, key of the variant."""

    product: str
    variant: int


def goods_of(variant: Variant) -> Goods:
    """What a buyer needs to know of a variant. Inside the application's context."""
    return Goods(db.session.get_one(Product, variant.product_id).public_id, variant.id)


def shelve(shop: Installation, stock: int) -> Goods:
    """A new piece of which there are so many."""
    with shop.inside():
        return goods_of(make_product(stock=stock, kind="repeatable"))
