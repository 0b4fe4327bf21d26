"""What can go wrong between a cart and an order. Each carries what the page must show in its place."""

from shop.core.errors import Conflict, Invalid


class CartEmpty(Conflict):
    """There is nothing to order, or no such cart."""


class NotForSale(Conflict):
    """A line cannot be bought: not published, its unit not admitted, or without a price in the cart's currency."""

    def __init__(self, variant_id: int, text: str = "") -> None:
        super().__init__(text, variant_id=variant_id)
        self.variant_id = variant_id


class PriceChanged(Conflict):
    """The price is not the one the buyer saw; nothing is charged before they have seen the new one."""

    def __init__(self, variant_id: int, seen_minor: int, now_minor: int, text: str = "") -> None:
        super().__init__(text, variant_id=variant_id, seen_minor=seen_minor, now_minor=now_minor)
        self.variant_id, self.seen_minor, self.now_minor = variant_id, seen_minor, now_minor


class QuantityInvalid(Invalid):
    """Not a whole number, below the smallest quantity, not a whole step, or more than there is."""

    def __init__(self, text: str = "", *, variant_id: int | None = None) -> None:
        super().__init__(text, {"quantity": text}, variant_id=variant_id)
        self.variant_id = variant_id


class DiscountTooLarge(Conflict):
    """A discount is on the pieces: `discount_minor` is more than their price, `goods_minor`, or leaves nothing to pay."""

    def __init__(self, discount_minor: int, goods_minor: int) -> None:
        super().__init__("", discount_minor=discount_minor, goods_minor=goods_minor)
