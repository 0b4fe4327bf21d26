"""Names and remarks in the letters every bank takes. Pure.

The basic Latin set of the European Payments Council (EPC217-08: letters, digits and / - ? : ( ) . , ' + and space) is what
banks' own systems agree on far beyond Europe; a slash neither begins nor ends a text, nor do two follow each other.
"""

import re
import unicodedata

# What decomposing a letter leaves in another script, or what has a customary spelling.
_SPELT = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d",
        "Đ": "D", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "“": "'", "”": "'", "«": "'", "»": "'", '"': "'", "–": "-",
        "—": "-", "&": "+", "_": "-", ";": ",",
    }
)  # fmt: skip
_FOREIGN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
NAME_LENGTH = 70
REMARK_LENGTH = 140


def _latin(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELT))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def can_be_written(name: str) -> bool:
    """Whether a name keeps all its letters in a bank's file; one in Arabic letters would keep none."""
    latin = _latin(name)
    return bool(bank_text(name)) and not any(sign.isalpha() and not sign.isascii() for sign in latin)


def bank_text(text: str, length: int = NAME_LENGTH) -> str:
    """The text in the letters banks take, cut to a length; what has no such letter becomes a space."""
    plain = re.sub(r"/{2,}", "/", _FOREIGN.sub(" ", _latin(text)))
    return " ".join(plain.split()).strip("/ ")[:length].rstrip("/ ")
