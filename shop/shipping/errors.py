"""What can go wrong with a quote."""

from shop.core.errors import Conflict


class CannotShip(Conflict):
    """No postage is known: `reason` is "country" (no destination), "suspended" (by the carrier), "weight" (unknown) or "freight" (no parcel)."""

    def __init__(self, reason: str, text: str = "", *, country: str | None = None) -> None:
        super().__init__(text, reason=reason, country=country)
        self.reason, self.country = reason, country
