"""The readable part of an address. It is decoration: the public id before it is the identity."""

import re
import unicodedata
from functools import lru_cache

from shop.i18n.fold import fold

MAX_LENGTH = 80

_GAP = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"['’]")
_ARABIC_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")


@lru_cache(maxsize=8192)
def slugify(text: str, language: str) -> str:
    """Words joined by hyphens, at most 80 characters; empty when the text has no letter or digit.

    Arabic keeps its letters, without vowel signs: a transliteration drops what makes the word readable. Latin letters
    lose their accents.
    """
    text = unicodedata.normalize("NFKC", text)
    if language == "en":
        text = _APOSTROPHE.sub("", text)
    text = _ARABIC_MARKS.sub("", text)
    words = [_plain(word) for word in _GAP.split(text) if word]
    return _shorten([word for word in words if word])


def _plain(word: str) -> str:
    """Folded if Latin or digits; an Arabic word keeps its own spelling, hamza and ta marbuta included."""
    if any("LATIN" in unicodedata.name(character, "") or character.isdigit() for character in word):
        return fold(word)
    return word.casefold()


def _shorten(words: list[str]) -> str:
    slug = "-".join(words)
    if len(slug) <= MAX_LENGTH:
        return slug
    cut = slug[: MAX_LENGTH + 1].rpartition("-")[0]
    return cut or slug[:MAX_LENGTH]
