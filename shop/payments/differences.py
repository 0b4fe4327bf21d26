"""What a reconciliation found, as data and as a sentence; and the pairing of two lists of movements. Asks nobody."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol, TypeVar

from shop.i18n.formats import isolate_ltr_text, money_text
from shop.i18n.messages import gettext as _

# Where a difference is cleared up: nobody has to look at it any more.
HEALED = ("booked", "found")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between Stripe and the books.

    `kind`: ours_missing (at Stripe, not in our books), stripes_missing (in our books, not at Stripe), amount, currency,
    unknown (belongs to nothing), payout (is not the sum of its movements), balance (Stripe's is not ours).
    `outcome`: booked, found (taken out of suspense), suspense, waiting (for what it belongs to), open.
    `minor` is Stripe's amount, `ours_minor` ours; `stripe_id` is empty for a balance. `order` is a number.
    """

    kind: str
    outcome: str
    stripe_id: str
    minor: int
    currency: str
    ours_minor: int | None = None
    ours_currency: str | None = None
    order: str | None = None

    @property
    def is_healed(self) -> bool:
        return self.outcome in HEALED

    def as_data(self) -> dict[str, Any]:
        """For JSON: the fields and the sentence."""
        return {**asdict(self), "healed": self.is_healed, "text": self.sentence()}

    def sentence(self) -> str:
        """For people, in the language of the moment."""
        said = {
            "id": isolate_ltr_text(self.stripe_id),
            "order": isolate_ltr_text(self.order or ""),
            "amount": money_text(self.minor, self.currency),
            "ours": money_text(self.ours_minor or 0, self.ours_currency or self.currency),
            "currency": isolate_ltr_text(self.currency),
            "other": isolate_ltr_text(self.ours_currency or ""),
        }
        match self.kind:
            case "ours_missing":
                return self._ours_missing(said)
            case "unknown":
                return self._unknown(said)
            case "stripes_missing" if self.order:
                return _(
                    "%(id)s, %(ours)s, is booked for order %(order)s; Stripe’s balance shows no movement of it.", **said
                )
            case "stripes_missing":
                return _("%(id)s, %(ours)s, is kept here; Stripe does not list it.", **said)
            case "amount":
                return _("%(id)s: Stripe says %(amount)s, here stands %(ours)s.", **said)
            case "currency":
                return _("%(id)s: Stripe says it is in %(currency)s, here it is in %(other)s.", **said)
            case "payout":
                return _("The payout %(id)s is %(amount)s; its movements sum to %(ours)s.", **said)
        return _("Stripe holds %(amount)s; by the movements kept here it should be %(ours)s.", **said)

    def _ours_missing(self, said: dict[str, str]) -> str:
        match self.outcome:
            case "booked" if self.order:
                return _(
                    "%(id)s, %(amount)s, was missing here; it has been fetched and booked to order %(order)s.", **said
                )
            case "booked":
                return _("%(id)s, %(amount)s, was missing here; it has been fetched and booked.", **said)
            case "waiting":
                return _("%(id)s, %(amount)s, is kept here and waits for what it belongs to to be booked.", **said)
        return _("%(id)s, %(amount)s, counts as booked, and the books have no row of it.", **said)

    def _unknown(self, said: dict[str, str]) -> str:
        match self.outcome:
            case "found" if self.order:
                return _("%(id)s, %(amount)s, belongs to order %(order)s; it has been taken out of suspense.", **said)
            case "found":
                return _("%(id)s, %(amount)s, has been taken out of suspense.", **said)
            case _other if self.order:
                return _(
                    "%(id)s, %(amount)s, fits nothing here and stands in suspense; Stripe names order %(order)s.",
                    **said,
                )
        return _("%(id)s, %(amount)s, fits nothing here and stands in suspense.", **said)


class Movement(Protocol):
    """What two lists are paired by."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


Theirs = TypeVar("Theirs", bound=Movement)
Ours = TypeVar("Ours", bound=Movement)


def pair(theirs: Iterable[Theirs], ours: Iterable[Ours]) -> Iterator[tuple[Theirs | None, Ours | None]]:
    """Walk two lists, both newest first, side by side: each movement with its fellow of the same id, or alone.

    Only the movements of one second are held at a time, because neither list promises an order within it.
    """
    left, right = _seconds(theirs), _seconds(ours)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        moment = max(group[0] for group in (one, other) if group is not None)
        mine: dict[str, Theirs] = {}
        yours: dict[str, Ours] = {}
        if one is not None and one[0] == moment:
            mine, one = one[1], next(left, None)
        if other is not None and other[0] == moment:
            yours, other = other[1], next(right, None)
        for identifier, movement in mine.items():
            yield movement, yours.pop(identifier, None)
        for movement_of_ours in yours.values():
            yield None, movement_of_ours


def _seconds(movements: Iterable[Theirs]) -> Iterator[tuple[datetime, dict[str, Theirs]]]:
    for moment, group in groupby(movements, key=lambda movement: movement.created_at):
        yield moment, {movement.id: movement for movement in group}
