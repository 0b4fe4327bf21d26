"""Folding: what makes two spellings of a word the same, for search and for sorting names.

One pipeline for what is indexed and what is asked, on both databases, because neither SQLite's nor PostgreSQL's own
treatment of Arabic holds: unicode61 breaks vocalised words into letters, and Snowball cuts فخار (pottery) to خار.
"""

import re
import unicodedata

_LETTERS: dict[str, str | None] = {
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("ىئی", "ي"),
    "ؤ": "و",
    "ة": "ه",
    **dict.fromkeys("گڭک", "ك"),
    "ڤ": "ف",
    "پ": "ب",
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "’": "'",
}
_DIGITS = {chr(zero + value): str(value) for zero in (0x0660, 0x06F0) for value in range(10)}
# Vowel signs and Koranic marks, tatweel, and the characters that steer direction.
_DROPPED = [
    *range(0x0610, 0x061B),
    *range(0x064B, 0x0660),
    0x0670,
    *range(0x06D6, 0x06EE),
    0x0640,
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
]
_TABLE = str.maketrans({**_LETTERS, **_DIGITS, **dict.fromkeys(map(chr, _DROPPED))})

# After folding: ة is ه, ى is ي. In the order of Larkey's light10 stemmer.
_ARTICLES = ("وال", "بال", "كال", "فال", "لل", "ال")
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_SHORTEST = 3

_WORD = re.compile(r"[^\W_]+")
# French elisions before a word and the English possessive after one carry no meaning of their own.
_ELISION = re.compile(r"\b(?:qu|[cdjlmnst])'(?=[^\W\d_]{2})|(?<=[a-z])'s\b")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")


def fold(text: str) -> str:
    """One spelling for all: no case, accents, vowel signs or hamza seats; Western digits; single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_TABLE)
        decomposed = unicodedata.normalize("NFD", text)
        text = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The folded words of a text in order, without elided articles and possessive endings."""
    found: list[str] = _WORD.findall(_ELISION.sub("", fold(text)))
    return found


def tokens(text: str) -> list[str]:
    """The stemmed words of a text in order, for an index or a query; the language need not be known."""
    return [stem(word) for word in words(text)]


def stem(word: str) -> str:
    """A folded word without article and ending, so that number and gender do not matter; at least three letters."""
    if "\u0621" <= word[0] <= "\u06ff":
        return _stem_arabic(word)
    if len(word) > _SHORTEST and word.isalpha():
        return _stem_latin(word)
    return word


def _stem_arabic(word: str) -> str:
    for article in _ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= _SHORTEST:
            word = word.removeprefix(article)
            break
    # "and": only before four letters, or ورد (roses) would lose its first; repeated, so that وسادة meets الوسادة.
    while word.startswith("و") and len(word) > _SHORTEST + 1:
        word = word[1:]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST:
            word = word.removesuffix(suffix)
    return word


def _stem_latin(word: str) -> str:
    """Plural and feminine of French and English alike: poteries, poterie; potteries, pottery; tissée, tissés."""
    if word.endswith("aux") and not word.endswith("eaux") and len(word) > _SHORTEST + 1:
        word = word.removesuffix("ux") + "l"
    elif word.endswith(("s", "x")) and not word.endswith("ss"):
        word = word[:-1]
    while word.endswith("e") and len(word) > _SHORTEST:
        word = word[:-1]
    if len(word) > _SHORTEST:
        word = _DOUBLED.sub(r"\1", word)
    if word.endswith("y"):
        return word[:-1] + "i"
    if word.endswith("v"):
        return word[:-1] + "f"
    return word
