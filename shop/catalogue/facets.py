"""What a listing is narrowed to, and how many pieces each further choice would leave.

Values of one facet widen the choice (red or blue), facets narrow it (red or blue, and of wool). Each facet is counted as
if nothing were chosen in it, so that its numbers say what one more choice finds. Counts are kept with the shelf.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from shop.artisans.models import LEGAL_FORMS
from shop.catalogue.colours import COLOURS
from shop.catalogue.models import KINDS
from shop.catalogue.shelf import Found, Shelf, kept
from shop.core.errors import NotFound
from shop.core.money import exponent
from shop.i18n.fold import fold
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS

# Facets of pieces as they are, in the order a page shows them; price and posting depend on currency and country.
FACETS = ("craft", "family", "material", "price", "colour", "kind", "form", "region", "posted")
POSTED = "yes"
# Where a band of prices ends, in whole units of a currency; the ones that are worth a quarter count fourfold.
_BOUNDS = (50, 150, 400, 1000)
_BOUNDS_OF = {"AED": (200, 600, 1600, 4000)}
_BAND = re.compile(r"(\d{1,7})-(\d{0,7})")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listing is narrowed to; nothing in a facet means all.

    `region` is two digits, `price` ranges like "50-150" or "1000-" in whole units of the currency, the upper end not
    included, `form` legal forms of the unit, `posted` POSTED for what can be sent where `reach` says: the heaviest parcel
    and what a smallest order must stay below, in grams; None while no country is chosen. `unit` is a public id.
    """

    q: str = ""
    craft: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    material: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    colour: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    reach: tuple[int, int] | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet, its name where the database has one, how many pieces it has given everything else that was
    chosen, and whether it is chosen itself."""

    value: str
    name: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """The pieces of a listing, best first in disjoint sets, and what there is to narrow it by."""

    tiers: tuple[int, ...]
    facets: dict[str, tuple[Option, ...]]
    read_as: str = ""
    left_out: tuple[str, ...] = ()
    loosely: bool = False

    @property
    def total(self) -> int:
        """How many pieces there are."""
        return sum(tier.bit_count() for tier in self.tiers)


def check_values(filters: Filters) -> None:
    """Raises NotFound for a value that no catalogue could have."""
    for values, known, sentence in (
        (filters.kind, KINDS, _("There is no such kind of piece.")),
        (filters.region, REGIONS, _("There is no such region.")),
        (filters.form, LEGAL_FORMS, _("There is no such kind of maker.")),
        (filters.colour, COLOURS, _("There is no such colour.")),
        (filters.posted, (POSTED,), _("There is no such choice.")),
    ):
        if not set(values) <= set(known):
            raise NotFound(sentence)
    if not all(_BAND.fullmatch(value) for value in filters.price):
        raise NotFound(_("There is no such price range."))


def check_known(shelf: Shelf, filters: Filters) -> None:
    """An empty list is told from a craft, family or material that does not exist. Raises NotFound."""
    for facet, values, sentence in (
        ("craft", filters.craft, _("There is no such craft.")),
        ("family", filters.family, _("There is no such family.")),
        ("material", filters.material, _("There is no such material.")),
    ):
        if not set(values) <= shelf.names[facet].keys():
            raise NotFound(sentence)


def choose(shelf: Shelf, language: str, currency: str, filters: Filters) -> Selection:
    """The selection of a shelf; kept with it, so that the same question again costs nothing."""
    made: Selection = kept(shelf, (language, currency, filters), lambda: _choose(shelf, language, currency, filters))
    return made


def bands(currency: str) -> list[str]:
    """The ranges of prices that are offered in a currency, cheapest first."""
    ends = [0, *_BOUNDS_OF.get(currency, _BOUNDS)]
    return [f"{first}-{last}" for first, last in zip(ends, [*map(str, ends[1:]), ""], strict=True)]


def band_ends(value: str) -> tuple[int, int | None]:
    """First and last of a range in whole units; the last is None where it has no upper end."""
    first, _hyphen, last = value.partition("-")
    return int(first), int(last) if last else None


def _choose(shelf: Shelf, language: str, currency: str, filters: Filters) -> Selection:
    found = (shelf.find(filters.q) if filters.q else None) or Found((shelf.whole,))
    asked = found.all
    if filters.unit is not None:
        asked &= shelf.facets["unit"].get(filters.unit, 0)
    values = {facet: _pieces_by_value(shelf, facet, currency, filters) for facet in FACETS}
    chosen: dict[str, int] = {}
    for facet in FACETS:
        if picked := getattr(filters, facet):
            chosen[facet] = reduce(or_, (values[facet].get(value, 0) for value in picked), 0)
    facets = {}
    for facet in FACETS:
        others = asked
        for name, pieces in chosen.items():
            if name != facet:
                others &= pieces
        facets[facet] = _options(shelf, facet, language, values[facet], others, getattr(filters, facet))
    together = asked
    for pieces in chosen.values():
        together &= pieces
    tiers = tuple(both for tier in found.tiers if (both := tier & together))
    return Selection(tiers, facets, found.read_as, found.left_out, found.loosely)


def _pieces_by_value(shelf: Shelf, facet: str, currency: str, filters: Filters) -> dict[str, int]:
    if facet == "price":
        unit = 10 ** exponent(currency)
        found = {}
        for value in dict.fromkeys([*bands(currency), *filters.price]):
            first, last = band_ends(value)
            found[value] = shelf.priced(currency, first * unit, None if last is None else last * unit)
        return found
    if facet == "posted":
        # A choice that was made before the country was taken away holds back nothing.
        return {POSTED: shelf.posted(*filters.reach) if filters.reach else shelf.whole}
    return shelf.facets[facet]


def _options(
    shelf: Shelf, facet: str, language: str, values: dict[str, int], others: int, picked: tuple[str, ...]
) -> tuple[Option, ...]:
    names = shelf.names.get(facet, {})
    found = []
    for value, pieces in values.items():
        count = (pieces & others).bit_count()
        if count or value in picked:
            name = names[value][1][language] if value in names else ""
            found.append((_rank(facet, value, names, name), Option(value, name, count, value in picked)))
    return tuple(option for _place, option in sorted(found, key=lambda pair: pair[0]))


_ORDERS: dict[str, tuple[str, ...]] = {"kind": KINDS, "form": LEGAL_FORMS, "colour": COLOURS}


def _rank(facet: str, value: str, names: dict[str, Any], name: str) -> tuple[Any, ...]:
    """Where a value stands in its facet."""
    if facet in _ORDERS:
        return (_ORDERS[facet].index(value),)
    if facet == "price":
        return band_ends(value)[0], value
    if facet == "material":
        return fold(name), value
    return (*names[value][0], value) if value in names else (value,)
