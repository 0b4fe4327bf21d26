"""The languages of the shop and how a visitor's is chosen. A further language is one more line here and a catalogue."""

import re
from dataclasses import dataclass
from typing import Literal

# More entries than any browser sends; a longer header is somebody trying something.
MAX_ACCEPTED = 32


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `tag` is for `lang` and `hreflang`, `locale` is Babel's name of the conventions we follow."""

    code: str
    tag: str
    locale: str
    direction: Literal["ltr", "rtl"]
    own_name: str


LANGUAGES: dict[str, Language] = {
    language.code: language
    for language in (
        # Moroccan conventions (Western digits, غشت for August), but plain "ar" outside: the buyers live elsewhere.
        Language("ar", "ar", "ar_MA", "rtl", "العربية"),
        Language("fr", "fr", "fr", "ltr", "Français"),
        Language("en", "en", "en", "ltr", "English"),
    )
}

SOURCE = "en"

# Where a text that is missing in a language is taken from instead, in this order.
FALLBACKS: dict[str, tuple[str, ...]] = {"ar": ("fr", "en"), "fr": ("en", "ar"), "en": ("fr", "ar")}

# Moroccan Arabic has a code of its own (ISO 639-3), and some phones send it.
_SPOKEN = {"ary": "ar", "arb": "ar"}
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def negotiate(accept_language: str | None, cookie: str | None = None) -> str:
    """The code to serve: a valid cookie, then the Accept-Language header (RFC 9110, 12.5.4), then English."""
    if cookie in LANGUAGES:
        return cookie
    best, best_weight = SOURCE, 0.0
    for entry in (accept_language or "").split(",", MAX_ACCEPTED)[:MAX_ACCEPTED]:
        tag, _, parameter = entry.partition(";")
        weight = _weight(parameter)
        primary = tag.strip().lower().partition("-")[0]
        code = _SPOKEN.get(primary, primary)
        if code in LANGUAGES and weight > best_weight:
            best, best_weight = code, weight
    return best


def _weight(parameter: str) -> float:
    """The q of one entry; a malformed one counts as not acceptable."""
    if not parameter:
        return 1.0
    match = _WEIGHT.fullmatch(parameter)
    return float(match[1]) if match else 0.0
