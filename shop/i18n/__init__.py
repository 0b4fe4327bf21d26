"""Languages, messages, formats and names of places, in Arabic, French and English.

In here: which languages there are and how one is chosen, gettext from PO files, money, dates, numbers and measures that
come out already isolated for right-to-left text, countries and regions, the folding that search and sorting use, slugs,
texts of things as rows in three languages, and the tool that keeps the catalogues whole. Babel lives nowhere else.

Not in here: what is written in those rows, and anything that knows of a request.
"""

from shop.i18n.messages import (
    current_language,
    gettext,
    lazy_gettext,
    ngettext,
    npgettext,
    pgettext,
    use_language,
)

__all__ = [
    "current_language",
    "gettext",
    "lazy_gettext",
    "ngettext",
    "npgettext",
    "pgettext",
    "use_language",
]
