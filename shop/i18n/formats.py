"""Money, dates, numbers and measures as a reader of each language expects them.

What mixes digits, letters and signs is turned around by the bidirectional algorithm in a right-to-left sentence:
`120 × 80 cm` reads `cm 80 × 120`. So the functions templates use return Markup inside `<bdi>`, and a template cannot
forget it. Their `_text` twins, for mails, PDF and tables, carry Unicode isolates in right-to-left languages.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol
from babel.units import format_unit
from markupsafe import Markup, escape

from shop.core.clock import CASABLANCA, local_day
from shop.core.money import exponent
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import bound, current_language, use_language
from shop.i18n.messages import gettext as _

# Looking a locale up by name costs three times the formatting itself.
_LOCALES = {code: Locale.parse(language.locale) for code, language in LANGUAGES.items()}

_LAST_STOP = re.compile(r"\.(?=\u200f?$)")
_LRM, _RLM, _NBSP = "\u200e", "\u200f", "\u00a0"
_LRI, _RLI, _FSI, _PDI = "\u2066", "\u2067", "\u2068", "\u2069"

# {digits} stands for the decimals of the currency. The mark after a negative number keeps US$ on the same side as after
# a positive one: the left-to-right mark its minus gets would draw both into one run.
_MONEY = {
    "ar": f"{_RLM}#,##0{{digits}}{_NBSP}¤;{_RLM}-#,##0{{digits}}{_RLM}{_NBSP}¤",
    "fr": f"#,##0{{digits}}{_NBSP}¤",
    "en": "¤#,##0{digits}",
}
# CLDR wants a space after a symbol that ends in a letter (alphaNextToNumber); Babel writes MAD1,250.00.
_MONEY_AFTER_LETTERS = f"¤{_NBSP}#,##0{{digits}}"

# What makers and their papers call the dirham.
_DIRHAM = {"ar": "درهم", "fr": "DH"}

# Months in words: Arabic's numeric date can be read from both ends, and 8/9/26 means two days in English.
_DATE_PATTERNS = {
    ("ar", "medium"): "d MMMM y",
    ("en", "short"): "d MMM y",
    ("en", "medium"): "d MMM y",
    ("en", "long"): "d MMMM y",
    ("en", "full"): "EEEE d MMMM y",
}

_DIGITS = {zero + value: str(value) for zero in (0x0660, 0x06F0) for value in range(10)}
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009٬"), " ")
_STEERING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_TYPED = {**_DIGITS, **_SPACES, **_STEERING, ord("،"): ",", ord("−"): "-"}
_GROUPED = re.compile(r"[0-9]{1,3}([ .,])[0-9]{3}(?:\1[0-9]{3})*|[0-9]+")
_LONGEST_NUMBER = 40


def _code(language: str | None) -> str:
    return language or current_language()


def _tidy(text: str, code: str) -> str:
    """Babel's text with one kind of hard space, and Arabic's minus kept on the left of its number as CLDR has it."""
    text = text.replace("\u202f", _NBSP)
    return text.replace("-", f"{_LRM}-") if LANGUAGES[code].direction == "rtl" else text


def _isolated_text(text: str, code: str) -> str:
    return f"{_RLI}{text}{_PDI}" if LANGUAGES[code].direction == "rtl" else text


def _isolated(text: str) -> Markup:
    return Markup("<bdi>%s</bdi>") % text


def isolate(text: object) -> Markup:
    """A name of unknown direction, kept from merging with its neighbours."""
    return _isolated(str(text))


def isolate_text(text: object, language: str | None = None) -> str:
    """As isolate, without markup."""
    return f"{_FSI}{text}{_PDI}" if LANGUAGES[_code(language)].direction == "rtl" else str(text)


def plain_text(marked: str, language: str | None = None) -> str:
    """A sentence of Markup for mails and other places without it: what was kept apart by <bdi> is by Unicode's isolates."""
    if not isinstance(marked, Markup):
        return marked
    if LANGUAGES[_code(language)].direction == "rtl":
        text = str(marked).replace('<bdi dir="ltr">', _LRI).replace("<bdi>", _FSI).replace("</bdi>", _PDI)
        marked = Markup(text)
    return marked.striptags()


def isolate_ltr(text: object) -> Markup:
    """A phone number, SKU, tracking or order number: read from the left in every language."""
    return Markup('<bdi dir="ltr">%s</bdi>') % str(text)


def isolate_ltr_text(text: object, language: str | None = None) -> str:
    """As isolate_ltr, without markup."""
    return f"{_LRI}{text}{_PDI}" if LANGUAGES[_code(language)].direction == "rtl" else str(text)


def money(minor: int, currency: str, language: str | None = None) -> Markup:
    """An amount in minor units: `€1,250.00`, `1 250,00 €`, isolated."""
    return _money_markup(minor, currency, _code(language))


def money_text(minor: int, currency: str, language: str | None = None) -> str:
    """As money, without markup."""
    code = _code(language)
    return _isolated_text(_money(minor, currency, code), code)


def money_range(low: int, high: int, currency: str, language: str | None = None) -> Markup:
    """Two amounts joined by words, since a dash between two changes sides in Arabic; one if they are equal."""
    if low == high:
        return money(low, currency, language)
    with use_language(_code(language)):
        return Markup(_("from %(low)s to %(high)s", low=money(low, currency), high=money(high, currency)))


def dirhams(minor: int, language: str | None = None) -> Markup:
    """Centimes of a dirham as makers read them: `1.250,00 درهم`, `1 250,00 DH`."""
    return _isolated(_dirhams(minor, _code(language)))


def dirhams_text(minor: int, language: str | None = None) -> str:
    """As dirhams, without markup."""
    code = _code(language)
    return _isolated_text(_dirhams(minor, code), code)


@lru_cache(maxsize=4096, typed=True)
def _money_markup(minor: int, currency: str, code: str) -> Markup:
    return _isolated(_money(minor, currency, code))


@lru_cache(maxsize=4096, typed=True)
def _money(minor: int, currency: str, code: str) -> str:
    locale = _LOCALES[code]
    symbol = get_currency_symbol(currency, locale)
    pattern = _MONEY_AFTER_LETTERS if code == "en" and symbol[-1].isalpha() else _MONEY[code]
    text = _format_money(minor, currency, pattern, code)
    if code == "ar":
        # The last stop of an abbreviation would stand beside that of the sentence.
        text = _LAST_STOP.sub("", text)
    # US$ ends in a sign of no direction, which would jump to the other side of its letters.
    return text + _LRM if code == "ar" and symbol[0].isascii() and not symbol[-1].isalpha() else text


@lru_cache(maxsize=4096, typed=True)
def _dirhams(minor: int, code: str) -> str:
    if code not in _DIRHAM:
        return _money(minor, "MAD", code)
    return _format_money(minor, "MAD", _MONEY[code].replace("¤", f"'{_DIRHAM[code]}'"), code)


def _format_money(minor: int, currency: str, pattern: str, code: str) -> str:
    if not isinstance(minor, int) or isinstance(minor, bool):
        raise TypeError("an amount is a whole number of minor units")
    decimals = exponent(currency)
    pattern = pattern.format(digits="." + "0" * decimals if decimals else "")
    amount = Decimal(minor).scaleb(-decimals)
    # Our own table of exponents holds, not CLDR's.
    text = format_currency(amount, currency, pattern, locale=_LOCALES[code], currency_digits=False)
    return _tidy(text, code)


def number(value: int | Decimal, language: str | None = None) -> str:
    """A number with its groups, at most three decimals."""
    return _number(_exact(value), _code(language))


@lru_cache(maxsize=4096, typed=True)
def _number(value: int | Decimal, code: str) -> str:
    return _tidy(format_decimal(value, locale=_LOCALES[code]), code)


def rate(value: Decimal, language: str | None = None) -> str:
    """An exchange rate, with as many of its six decimals as are not zero but at least two: `10.78`, `10,7812`."""
    code = _code(language)
    return _tidy(format_decimal(_exact(value), format="#,##0.00####", locale=_LOCALES[code]), code)


def percent(ratio: int | Decimal, language: str | None = None, decimals: int = 1) -> str:
    """A ratio as per cent: Decimal("0.125") is 12.5 %. At most `decimals` digits after the point."""
    code = _code(language)
    locale = _LOCALES[code]
    pattern = locale.percent_formats[None].pattern.replace("0", "0." + "#" * decimals)
    return _tidy(format_percent(_exact(ratio), pattern, locale=locale), code)


def _exact(value: int | Decimal) -> int | Decimal:
    if isinstance(value, float):
        raise TypeError("a number that is shown is an int or a Decimal, never a float")
    return value


def date(day: dt.date, style: str = "medium", language: str | None = None) -> str:
    """A day in words; a moment is shown as its day in Casablanca. Styles: short, medium, long, full, month."""
    if isinstance(day, dt.datetime):
        day = local_day(_aware(day))
    return _date(day, style, _code(language))


@lru_cache(maxsize=4096)
def _date(day: dt.date, style: str, code: str) -> str:
    pattern = "LLLL y" if style == "month" else _DATE_PATTERNS.get((code, style), style)
    return format_date(day, pattern, locale=_LOCALES[code]).replace("\u202f", _NBSP)


def datetime_(moment: dt.datetime, language: str | None = None) -> str:
    """Day and time in Casablanca, to the minute."""
    code = _code(language)
    local = _aware(moment).astimezone(CASABLANCA)
    time = format_time(local.time(), "short", locale=_LOCALES[code])
    joined = _LOCALES[code].datetime_formats["medium"].format(time, _date(local.date(), "medium", code))
    return joined.replace("\u202f", _NBSP)


def _aware(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be shown")
    return moment


def iso_date(day: dt.date) -> Markup:
    """2026-08-09, for papers and tables; isolated, since Arabic would show 09-08-2026."""
    return isolate_ltr(day.isoformat())


def iso_date_text(day: dt.date, language: str | None = None) -> str:
    """As iso_date, without markup."""
    return isolate_ltr_text(day.isoformat(), language)


def dimensions(
    length_mm: int | None,
    width_mm: int | None = None,
    height_mm: int | None = None,
    language: str | None = None,
) -> Markup:
    """Sides in millimetres, shown in centimetres: `120 × 80 × 3.5 cm`. Unknown sides are left out; empty if all are."""
    text = _dimensions([length_mm, width_mm, height_mm], _code(language))
    return _isolated(text) if text else Markup("")


def dimensions_text(
    length_mm: int | None,
    width_mm: int | None = None,
    height_mm: int | None = None,
    language: str | None = None,
) -> str:
    """As dimensions, without markup."""
    code = _code(language)
    text = _dimensions([length_mm, width_mm, height_mm], code)
    return _isolated_text(text, code) if text else ""


def _dimensions(sides_mm: Iterable[int | None], code: str) -> str:
    sides = [number(Decimal(side) / 10, code) for side in sides_mm if side is not None]
    if not sides:
        return ""
    # Babel takes a value that is already text as it is.
    text = format_unit(" × ".join(sides), "length-centimeter", "short", locale=_LOCALES[code])
    return _tidy(text, code).replace(" ", _NBSP)


def weight(grams: int, language: str | None = None) -> Markup:
    """`250 g`, from a kilogram on `1.25 kg`."""
    return _isolated(_weight(grams, _code(language)))


def weight_text(grams: int, language: str | None = None) -> str:
    """As weight, without markup."""
    code = _code(language)
    return _isolated_text(_weight(grams, code), code)


def _weight(grams: int, code: str) -> str:
    value, unit = (grams, "mass-gram") if grams < 1000 else (Decimal(grams) / 1000, "mass-kilogram")
    text = format_unit(value, unit, "short", format="#,##0.##", locale=_LOCALES[code])
    return _tidy(text, code).replace(" ", _NBSP)


def list_text(items: Iterable[object], language: str | None = None) -> str:
    """`A, B and C`; Markup, with the other items escaped, if an item is Markup."""
    items = list(items)
    locale = _LOCALES[_code(language)]
    if any(hasattr(item, "__html__") for item in items):
        return Markup(format_list([str(escape(item)) for item in items], locale=locale))
    return format_list([str(item) for item in items], locale=locale)


def country_name(code: str, language: str | None = None) -> str:
    """Name of a country by its ISO 3166-1 code; the code itself if CLDR has no name."""
    return _LOCALES[_code(language)].territories.get(code, code)


def currency_name(code: str, language: str | None = None) -> str:
    """The name of a currency with its code: "euro (EUR)"."""
    name = _LOCALES[_code(language)].currencies.get(code, code)
    return f"{name} ({isolate_ltr_text(code, language)})" if name != code else code


def parse_decimal(text: str, language: str | None = None) -> Decimal:
    """A number as people type it: any spacing, either decimal mark, Arabic-Indic digits. ValueError if it is none.

    With both marks the last is the decimal one. A single mark followed by three digits is a group if this language
    groups with it (1.250 is 1250 in Arabic, 1,250 is 1250 in English) and a decimal otherwise.
    """
    typed = text.translate(_TYPED).strip()
    if len(typed) > _LONGEST_NUMBER:
        raise ValueError("a number too long to be one")
    sign, digits = ("-", typed[1:].lstrip()) if typed.startswith("-") else ("", typed)
    whole, fraction = _split(digits, _group_mark(_code(language)))
    grouped = _GROUPED.fullmatch(whole)
    if grouped is None or (fraction is not None and not re.fullmatch(r"[0-9]+", fraction)):
        raise ValueError(f"not a number: {text!r}")
    whole = re.sub(r"[ .,]", "", whole)
    return Decimal(f"{sign}{whole}.{fraction}" if fraction is not None else f"{sign}{whole}")


def parse_integer(text: str, language: str | None = None) -> int:
    """A whole number as people type it; ValueError if it is none."""
    value = parse_decimal(text, language)
    if value != value.to_integral_value():
        raise ValueError(f"not a whole number: {text!r}")
    return int(value)


def parse_money(text: str, currency: str, language: str | None = None) -> int:
    """An amount as people type it, in minor units; ValueError also for more decimals than the currency has."""
    value = parse_decimal(text, language)
    decimals = exponent(currency)
    if -value.as_tuple().exponent > decimals:  # type: ignore[operator]
        raise ValueError(f"more decimals than {currency} has: {text!r}")
    return int(value.scaleb(decimals))


def _group_mark(code: str) -> str:
    return _LOCALES[code].number_symbols["latn"]["group"]


def _split(digits: str, group_mark: str) -> tuple[str, str | None]:
    """The whole part, still grouped, and the decimals or None."""
    mark = _decimal_mark(digits, group_mark)
    if mark is None:
        return digits, None
    whole, _mark, fraction = digits.partition(mark)
    return whole, fraction


def _decimal_mark(digits: str, group_mark: str) -> str | None:
    if "٫" in digits:
        return "٫"
    marks = [mark for mark in ".," if mark in digits]
    if len(marks) == 2:
        return max(marks, key=digits.rfind)
    if not marks or digits.count(marks[0]) > 1:
        return None
    is_group = marks[0] == group_mark and _GROUPED.fullmatch(digits) and not digits.startswith("0")
    return None if is_group else marks[0]


# The names templates know them by.
FILTERS: dict[str, Callable[..., Any]] = {
    "country": country_name,
    "date": date,
    "datetime": datetime_,
    "dimensions": dimensions,
    "dirhams": dirhams,
    "iso_date": iso_date,
    "isolate": isolate,
    "list_text": list_text,
    "ltr": isolate_ltr,
    "bound": bound,
    "money": money,
    "number": number,
    "percent": percent,
    "rate": rate,
    "weight": weight,
}
