"""What pages say, in the language they say it in: looked up as the shop does, so that a better translation breaks nothing."""

import re
from typing import Any

from shop.i18n.messages import gettext, use_language

_STEERING = re.compile("[\u2066-\u2069\u200e\u200f\u061c]")


def says(language: str, message: str, **values: Any) -> str:
    """A message of the shop in a language."""
    with use_language(language):
        return gettext(message, **values)


def plain(text: str) -> str:
    """A text without the signs that steer its direction, with single plain spaces."""
    return " ".join(_STEERING.sub("", text).split())
