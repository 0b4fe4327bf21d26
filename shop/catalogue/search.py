"""Search: the same folded, stemmed words on both sides and on both databases.

A word is looked for as it is typed, by its synonyms and by narrower concepts, in four places from the title to the rest,
and each is a level: a piece that has it in the title stands before one whose description does. What comes back is numbers of pieces; how they
are put together is the shelf's work (catalogue.shelf).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from shop.catalogue.models import SEARCH_COLUMNS, SEARCH_VECTOR, Product, SearchRow, SearchWord
from shop.catalogue.thesaurus import JOINING, narrower, spellings, synonyms
from shop.core.db import dialect, newest
from shop.i18n.fold import fold, stem, words

# A question longer than this is not one.
MAX_LENGTH = 100
MAX_WORDS = 8
# What is looked for in each place, and how far it stands behind the word itself: a place counts three, so that a narrower
# concept in the title stands behind a synonym in the name of the craft.
_KINDS = ((lambda word: frozenset([word]), 0), (synonyms, 1), (narrower, 5))
_PLACE = 3
# Of each level: the place, what is looked for, and its distance from the best.
_LEVELS = sorted(
    (_PLACE * number + behind, place, which)
    for number, place in enumerate(SEARCH_COLUMNS)
    for which, (_stems, behind) in enumerate(_KINDS)
)
DISTANCES = tuple(distance for distance, _place, _which in _LEVELS)
# Shorter beginnings of words begin too many.
_SHORTEST_BEGINNING = 3
# Up to this many letters one slip is forgiven, from there on two; below four, none.
_ONE_SLIP, _TWO_SLIPS = 4, 7


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question as it was typed, folded, and its stem."""

    text: str
    stem: str


def read_words(q: str) -> list[Word]:
    """The words of a question that mean something; those that only join others count when there are no others."""
    typed = words(q[:MAX_LENGTH])
    meant = [word for word in typed if word not in JOINING] or typed
    return [Word(text, stem(text)) for text in dict.fromkeys(meant[:MAX_WORDS])]


def read_levels(stems: Sequence[str], *, begun: bool = False) -> dict[str, list[list[int]]]:
    """For each stem, ids of the pieces that have it at each level, of the DISTANCES; in one statement.

    `begun` looks for words that begin with the stem instead of synonyms, and only where it is long enough.
    """
    found: dict[str, list[list[int]]] = {word: [[] for _level in _LEVELS] for word in stems}
    asked: dict[int, tuple[str, int]] = {}
    parts: list[Any] = []
    for word in stems:
        for level, (_distance, place, which) in enumerate(_LEVELS):
            wanted = _KINDS[which][0](word)
            if not wanted or (begun and (which or len(word) < _SHORTEST_BEGINNING)):
                continue
            asked[len(parts)] = word, level
            ids = _ids(wanted, place, begun=begun).subquery()
            parts.append(select(literal(len(parts)), func.aggregate_strings(cast(ids.c.id, String), ",")))
    if parts:
        statement: CompoundSelect[Any] = union_all(*parts)
        with newest() as connection:
            rows = connection.execute(statement).all()
        for number, line in rows:
            word, level = asked[number]
            found[word][level] = list(map(int, line.split(","))) if line else []
    return found


def matches(q: str) -> ColumnElement[bool] | None:
    """Condition on Product: it has every word of a question, in one of its spellings. None where there is no word."""
    asked = read_words(q)
    if not asked:
        return None
    stems = [{word.stem} | synonyms(word.stem) | narrower(word.stem) for word in asked]
    return and_(*(Product.id.in_(_ids(group, None, begun=True)) for group in stems))


def read_vocabulary() -> dict[str, str]:
    """Stems a misspelt word may have been meant to be, each as a person writes it; in one statement."""
    with newest() as connection:
        rows = connection.execute(select(SearchWord.stem, SearchWord.text).order_by(SearchWord.stem)).all()
    # Words of the catalogue come first: of two that are equally near, what there is was meant.
    return {**{row.stem: row.text for row in rows}, **spellings()}


def nearest(word: Word, vocabulary: Mapping[str, str]) -> str | None:
    """The stem of the vocabulary that is fewest slips away: a letter wrong, missing, too many, or two exchanged."""
    most = 0 if len(word.text) < _ONE_SLIP else 1 if len(word.text) < _TWO_SLIPS else 2
    best: tuple[int, bool, int, str] | None = None
    for number, (other, text) in enumerate(vocabulary.items()):
        for typed, meant in ((word.stem, other), (word.text, fold(text))):
            limit = most if best is None else min(most, best[0])
            if abs(len(typed) - len(meant)) > limit or len(set(typed) ^ set(meant)) > 2 * limit:
                continue
            slips = _slips(typed, meant)
            if slips <= limit:
                rank = (slips, typed[:1] != meant[:1], number, other)
                best = rank if best is None else min(best, rank)
    return best[3] if best else None


def _slips(one: str, other: str) -> int:
    """How many single slips turn one word into another; two exchanged neighbours count as one."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for place, wanted in enumerate(other, 1):
            least = min(last[place] + 1, line[-1] + 1, last[place - 1] + (letter != wanted))
            if row > 1 and place > 1 and letter == other[place - 2] and one[row - 2] == wanted:
                least = min(least, before[place - 2] + 1)
            line.append(least)
        before, last = last, line
    return last[-1]


def _ids(stems: Iterable[str], place: str | None, *, begun: bool = False) -> Select[Any]:
    """Select of the ids of products that have one of some stems, in one place or in any."""
    if dialect() == "sqlite":
        # Stems are letters and digits: nothing in them could end the quotation.
        alternatives = " OR ".join(f'"{word}"{" *" if begun else ""}' for word in sorted(stems))
        asked = f"{place} : ({alternatives})" if place else alternatives
        index = table("search_index", column("rowid"))
        return select(index.c.rowid.label("id")).where(literal_column("search_index").op("MATCH")(asked))
    weight = ":" + ("*" if begun else "") + ("ABCD"[SEARCH_COLUMNS.index(place)] if place else "")
    asked = " | ".join(f"'{word}'{weight if weight != ':' else ''}" for word in sorted(stems))
    vector: ColumnElement[Any] = literal_column(f"({SEARCH_VECTOR})")
    return select(SearchRow.product_id.label("id")).where(vector.op("@@")(cast(asked, TSQUERY)))
