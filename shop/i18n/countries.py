"""Countries a parcel can go to or a sale be counted under, named in the reader's language."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from babel import Locale
from babel.numbers import get_territory_currencies

from shop.i18n.fold import fold
from shop.i18n.formats import country_name

# In CLDR, but no country of ISO 3166-1: islands that share their state's code, unions, private use.
_NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])

# 249 of ISO 3166-1, and XK, which carriers and Stripe use for Kosovo.
COUNTRY_CODES = frozenset(
    code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()
).difference(_NOT_COUNTRIES)


def list_countries(
    domestic: Collection[str],
    codes: Iterable[str] = COUNTRY_CODES,
    language: str | None = None,
) -> list[tuple[str, str]]:
    """Foreign countries as (code, name) in alphabetical order of the language.

    `domestic` are the codes the programme counts as home (policies); they are never foreign. `codes` narrows the list,
    for example to the destinations that have a rate.
    """
    names = [(code, country_name(code, language=language)) for code in codes if code not in domestic]
    return sorted(names, key=lambda entry: (fold(entry[1]), entry[0]))


@lru_cache
def list_countries_paying_in(currency: str) -> frozenset[str]:
    """Codes of the countries whose legal tender it is."""
    return frozenset(code for code in COUNTRY_CODES if currency in get_territory_currencies(code))
