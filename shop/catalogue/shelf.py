"""The shelf: every piece that shows today, newest first, as sets of bits, kept in the process until a list changes.

The piece at place n is bit n of a number. Who has a certain craft, material, price is one such number; choosing and
counting is "and", "or" and counting bits, which for a hundred thousand pieces takes microseconds. A shelf is read in
five statements after a change, and serves every listing until the next. The words of a question
are looked up in the database once and their pieces kept the same way.
"""

import threading
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from shop.artisans.models import Unit
from shop.catalogue.models import Craft, Family, Material, Price, Product, SearchRow, Variant
from shop.catalogue.search import DISTANCES, Word, nearest, read_levels, read_vocabulary, read_words
from shop.catalogue.shown import shown
from shop.core import clock
from shop.core.db import newest
from shop.core.kept import Keep
from shop.core.tables import PublicState
from shop.core.versions import LIST
from shop.i18n.languages import LANGUAGES

# What a piece lacks counts for more than any place a word can stand in.
_LACKING = 100
# Words and counts kept of one shelf: people ask for the same few thousand, a machine for ever others. A set of pieces takes
# a bit for each piece of the shelf, and what is kept some of them.
_MOST_KEPT, _ROOM, _SETS = 5_000, 4 * 1024 * 1024, 3

Levels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The pieces that answer a question, best first: `tiers` are disjoint sets. `read_as` is the question as it was
    understood where a word was misspelt, `left_out` the words that no piece has, `loosely` whether no piece has all."""

    tiers: tuple[int, ...]
    read_as: str = ""
    left_out: tuple[str, ...] = ()
    loosely: bool = False

    @property
    def all(self) -> int:
        """The pieces of all tiers."""
        together = 0
        for tier in self.tiers:
            together |= tier
        return together


@dataclass(slots=True)
class Shelf:
    """What shows at one version on one day. `facets` has the pieces of each value of each facet; `names` the names of
    crafts, families and materials as (position, {language: name}); `weights` grams of each piece and of its smallest
    order, 0 while unknown."""

    version: int
    day: date
    ids: Sequence[int]
    facets: dict[str, dict[str, int]]
    names: dict[str, dict[str, tuple[tuple[Any, ...], dict[str, str]]]]
    weights: tuple[Sequence[int], Sequence[int]]
    kept: dict[Any, Any] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)
    _prices: dict[str, tuple[Sequence[int], Sequence[int]]] = field(default_factory=dict)
    _words: dict[tuple[str, bool], Levels] = field(default_factory=dict)
    _vocabulary: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self._places = {product_id: place for place, product_id in enumerate(self.ids)}

    @property
    def most_kept(self) -> int:
        """How many words are kept, and how many counts."""
        return min(_MOST_KEPT, _ROOM // (_SETS * (len(self.ids) // 8 + 100)))

    @property
    def whole(self) -> int:
        """Every piece."""
        return (1 << len(self.ids)) - 1

    def pieces(self, places: Iterable[int]) -> int:
        """The set of the pieces at some places."""
        marks = bytearray(len(self.ids) // 8 + 1)
        for place in places:
            marks[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(marks, "little")

    def page(self, tiers: Iterable[int], start: int, size: int) -> list[int]:
        """Ids of `size` pieces of the tiers from number `start`, in their order."""
        found: list[int] = []
        for tier in tiers:
            count = tier.bit_count()
            if start >= count:
                start -= count
                continue
            first = _place_of(tier, start)
            for place in _places_of(tier >> first):
                found.append(self.ids[first + place])
                if len(found) == size:
                    return found
            start = 0
        return found

    def priced(self, currency: str, least: int, most: int | None) -> int:
        """The pieces whose lowest price is at least `least` and below `most` minor units."""
        if currency not in self._prices:
            self._prices[currency] = self._read_prices(currency)
        minors, places = self._prices[currency]
        end = len(minors) if most is None else bisect_left(minors, most)
        return self.pieces(places[bisect_left(minors, least) : end])

    def posted(self, most_grams: int, most_together: int) -> int:
        """The pieces that can be posted: one in a parcel of `most_grams`, the smallest order below `most_together`."""
        return self.pieces(
            place
            for place, (grams, together) in enumerate(zip(*self.weights, strict=True))
            if 0 < grams <= most_grams and together < most_together
        )

    def find(self, q: str) -> Found | None:
        """The pieces that answer a question; None where it has no word. One statement per kind of look-up that is new."""
        asked = read_words(q)
        if not asked:
            return None
        whole = self._look_up([word.stem for word in asked])
        meant = {word: whole[word.stem] for word in asked}
        lost = [word for word, levels in meant.items() if not any(levels)]
        begun = self._look_up([word.stem for word in lost], begun=True)
        meant |= {word: begun[word.stem] for word in lost}
        lost = [word for word in lost if not any(meant[word])]
        mended, instead = self._mend(lost)
        meant |= {word: instead[other] for word, other in mended.items()}
        levels = [meant[word] for word in asked if any(meant[word])]
        vocabulary = self._vocabulary or {}
        read_as = " ".join(vocabulary[mended[word]] if word in mended else word.text for word in asked)
        left_out = tuple(word.text for word in asked if not any(meant[word]))
        tiers, loosely = self._put_together(levels)
        return Found(tiers, read_as if mended else "", left_out, loosely)

    def _mend(self, lost: list[Word]) -> tuple[dict[Word, str], dict[str, Levels]]:
        """For words that nothing has, what was probably meant and some piece has; and the pieces that have it."""
        if not lost:
            return {}, {}
        if self._vocabulary is None:
            self._vocabulary = read_vocabulary()
        near = {word: other for word in lost if (other := nearest(word, self._vocabulary)) is not None}
        levels = self._look_up(list(near.values()))
        return {word: other for word, other in near.items() if any(levels[other])}, levels

    def _look_up(self, stems: list[str], *, begun: bool = False) -> dict[str, Levels]:
        """Levels of some stems; answered, not only kept: another thread may make room in what is kept at any time."""
        found = {word: known for word in stems if (known := self._words.get((word, begun))) is not None}
        new = [word for word in dict.fromkeys(stems) if word not in found]
        if not new:
            return found
        if len(self._words) > self.most_kept:
            self._words.clear()
        for word, by_level in read_levels(new, begun=begun).items():
            seen, levels = 0, []
            for ids in by_level:
                here = self.pieces(place for id_ in ids if (place := self._places.get(id_)) is not None)
                levels.append(here & ~seen)
                seen |= here
            found[word] = self._words[word, begun] = tuple(levels)
        return found

    def _put_together(self, words: list[Levels]) -> tuple[tuple[int, ...], bool]:
        """The pieces by how well they answer all words; where none has all, those that have the most of them."""
        sums: dict[int, int] = {0: self.whole} if words else {}
        for levels in words:
            lacking = self.whole
            for level in levels:
                lacking &= ~level
            following: dict[int, int] = defaultdict(int)
            for total, pieces in sums.items():
                for distance, level in zip(DISTANCES, levels, strict=True):
                    if both := pieces & level:
                        following[total + distance] |= both
                if both := pieces & lacking:
                    following[total + _LACKING] |= both
            sums = following
        least = min((total // _LACKING for total in sums), default=0)
        if least == len(words):
            return (), False
        best = sorted(total for total in sums if total // _LACKING == least)
        return tuple(sums[total] for total in best), least > 0

    def _read_prices(self, currency: str) -> tuple[Sequence[int], Sequence[int]]:
        lowest = (
            select(Variant.product_id, func.min(Price.amount_minor))
            .join(Price, Price.variant_id == Variant.id)
            .where(Variant.archived_at.is_(None), Price.currency == currency)
            .group_by(Variant.product_id)
        )
        with newest() as connection:
            rows = connection.execute(lowest).all()
        pairs = sorted((minor, place) for id_, minor in rows if (place := self._places.get(id_)) is not None)
        return array("q", [minor for minor, _place in pairs]), array("q", [place for _minor, place in pairs])


# Yesterday's is of no use.
_shelves: Keep[Shelf] = Keep(1)
_lock = threading.Lock()


def kept_shelf() -> Shelf:
    """The shelf this process has, read anew if a list has changed since."""
    day = clock.today()
    shelf = _shelves.find(day, None)
    if shelf is None:
        with _lock:
            # Another thread may have read it while this one waited.
            shelf = _shelves.find(day, None)
            if shelf is None:
                with newest() as connection:
                    number = connection.scalar(select(PublicState.number)) or 0
                    shelf = _read_shelf(connection, number)
                _shelves.put(day, shelf, number, LIST)
    return shelf


def kept(shelf: Shelf, key: Any, make: Callable[[], Any]) -> Any:
    """What was worked out once and holds as long as the shelf does: counts, and whatever depends on public rows alone."""
    found = shelf.kept.get(key)
    if found is None:
        if len(shelf.kept) > shelf.most_kept:
            shelf.kept.clear()
        found = shelf.kept[key] = make()
    return found


# Rows read at a time: of a large catalogue all at once would stay with the process as memory.
_ROWS = 1_000


def _read_shelf(connection: Connection, version: int) -> Shelf:
    rows = connection.execute(
        select(
            Product.id,
            Product.craft,
            Product.family,
            Product.kind,
            Product.materials,
            Product.weight_grams,
            Product.min_quantity,
            Unit.region,
            Unit.legal_form,
            Unit.public_id,
            SearchRow.colours,
        )
        .join(Unit, Product.unit_id == Unit.id)
        .outerjoin(SearchRow, SearchRow.product_id == Product.id)
        .where(shown())
        .order_by(Product.published_at.desc(), Product.id.desc()),
        execution_options={"yield_per": _ROWS},
    )
    ids, grams, together = array("q"), array("q"), array("q")
    places: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in _MARKS}
    for place, row in enumerate(rows):
        ids.append(row.id)
        grams.append(row.weight_grams or 0)
        together.append((row.weight_grams or 0) * row.min_quantity)
        for name, values in zip(_MARKS, _marks(row), strict=True):
            for value in values:
                places[name][value].append(place)
    shelf = Shelf(
        version,
        clock.today(),
        ids,
        {},
        _read_names(connection),
        (grams, together),
    )
    shelf.facets = {
        name: {value: shelf.pieces(there) for value, there in by_value.items()} for name, by_value in places.items()
    }
    return shelf


_MARKS = ("craft", "family", "kind", "material", "region", "form", "unit", "colour")


def _marks(row: Any) -> tuple[Iterable[str], ...]:
    region, colours = row.region.removeprefix("MA-"), (row.colours or "").split()
    return [row.craft], [row.family], [row.kind], row.materials, [region], [row.legal_form], [row.public_id], colours


def _read_names(connection: Connection) -> dict[str, dict[str, tuple[tuple[Any, ...], dict[str, str]]]]:
    def read(model: Any, *columns: Any) -> Sequence[Any]:
        names = (getattr(model, f"name_{code}") for code in LANGUAGES)
        return connection.execute(select(model.code, *names, *columns)).all()

    families, crafts = read(Family, Family.position), read(Craft, Craft.position, Craft.family)
    position = {family.code: family.position for family in families}
    return {
        "family": {row.code: ((row.position,), _names(row)) for row in families},
        "craft": {row.code: ((position[row.family], row.position, row.code), _names(row)) for row in crafts},
        "material": {row.code: ((), _names(row)) for row in read(Material)},
    }


def _names(row: Any) -> dict[str, str]:
    return {code: str(getattr(row, f"name_{code}")) for code in LANGUAGES}


def _place_of(pieces: int, number: int) -> int:
    """The place of the piece that stands after `number` others, found by halving: a page far down costs as the first."""
    low, high = 0, pieces.bit_length()
    while low < high:
        middle = (low + high) // 2
        if (pieces & ((2 << middle) - 1)).bit_count() > number:
            high = middle
        else:
            low = middle + 1
    return low


def _places_of(pieces: int) -> Iterator[int]:
    """Places of a set, smallest first."""
    digits = bin(pieces)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)
