"""What stands in the listings."""

from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, exists, or_

from shop.catalogue.models import Product, Variant
from shop.core import clock
from shop.programme.queries import admitted_units


@lru_cache(maxsize=8)
def _shown_on(day: date) -> ColumnElement[bool]:
    unsold = exists().where(Variant.product_id == Product.id, Variant.available + Variant.reserved > 0)
    return and_(
        Product.state == "published",
        admitted_units(day),
        or_(Product.kind != "one_of_a_kind", unsold),
    )


def shown() -> ColumnElement[bool]:
    """Condition on Product joined with Unit: it is published, its unit is admitted today, and it was not the only one
    and sold."""
    return _shown_on(clock.today())
