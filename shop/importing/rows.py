"""A row's cells as typed values. Every reader adds a problem and answers None where the cell cannot be taken."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from shop.core.money import UnknownCurrency, exponent
from shop.i18n import gettext as _
from shop.i18n.formats import date as date_text
from shop.importing.mappings import Mapper
from shop.importing.problems import Problem
from shop.importing.values import parse_day, parse_moment, parse_number


class Fields:
    """The fields of one row. An empty cell reads as None or an empty text; `bad` says that a problem was found."""

    def __init__(self, mapper: Mapper, line: int, values: dict[str, str], problems: list[Problem], bad: bool) -> None:
        self.mapper, self.line, self.values, self.problems, self.bad = mapper, line, values, problems, bad

    def given(self, name: str) -> bool:
        """Whether the table has this field at all."""
        return name in self.mapper.produce

    def fault(self, name: str, code: str, text: str) -> None:
        """Note that a field cannot be taken."""
        self.problems.append(self.mapper.problem(self.line, name, code, self.values.get(name, ""), text))
        self.bad = True

    def text(self, name: str, *, longest: int = 200, required: bool = False) -> str:
        value = self.values.get(name, "")
        if required and not value:
            self.fault(name, "empty", _("This cell must not be empty."))
        if len(value) > longest:
            self.fault(name, "long", _("This text is too long; the most characters: %(longest)s.", longest=longest))
        return value

    def choice(self, name: str, options: Collection[str], *, default: str | None = None) -> str | None:
        value = self.values.get(name, "")
        if not value or value in options:
            return value or default
        shown = ", ".join(sorted(options)) if len(options) <= 20 else ""
        if shown:
            text = _("“%(value)s” is not one of: %(options)s.", value=value, options=shown)
        else:
            text = _("“%(value)s” is not known here.", value=value)
        self.fault(name, "choice", text)
        return None

    def number(self, name: str) -> Decimal | None:
        value = self.values.get(name, "")
        if not value:
            return None
        try:
            return parse_number(value, self.mapper.mapping.decimal)
        except ValueError:
            self.fault(name, "number", _("“%(value)s” is not a number.", value=value))
            return None

    def integer(self, name: str, *, least: int | None = None, most: int = 1_000_000_000) -> int | None:
        number = self.number(name)
        if number is None:
            return None
        if number != number.to_integral_value():
            self.fault(name, "whole", _("“%(value)s” is not a whole number.", value=self.values[name]))
            return None
        if (least is not None and number < least) or number > most:
            self.fault(name, "range", _range(least, most))
            return None
        return int(number)

    def amount(self, name: str, currency: str, *, least: int = 0) -> int | None:
        """An amount in minor units, with no more decimals than the currency has."""
        number = self.number(name)
        if number is None:
            return None
        minor = number.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            text = _("“%(value)s” has more decimals than %(currency)s has.", value=self.values[name], currency=currency)
            self.fault(name, "decimals", text)
            return None
        if not least <= minor <= 100_000_000_00:
            text = (
                _("The amount must be greater than zero and believable.")
                if least
                else _("The amount is negative or beyond belief.")
            )
            self.fault(name, "range", text)
            return None
        return int(minor)

    def currency(self, name: str) -> str | None:
        value = self.text(name, required=True).upper()
        if not value:
            return None
        try:
            exponent(value)
        except UnknownCurrency:
            self.fault(name, "currency", _("“%(value)s” is not a currency code we know.", value=value))
            return None
        return value

    def moment(self, name: str) -> datetime | None:
        value = self.text(name, required=True)
        if not value:
            return None
        mapping = self.mapper.mapping
        try:
            return parse_moment(value, mapping.dates, mapping.timezone)
        except (ValueError, OverflowError):
            self.fault(name, "date", _not_a_date(value))
            return None

    def day(self, name: str, *, first: date, last: date) -> date | None:
        value = self.text(name, required=True)
        if not value:
            return None
        try:
            day = parse_day(value, self.mapper.mapping.dates)
        except ValueError:
            self.fault(name, "date", _not_a_date(value))
            return None
        if not first <= day <= last:
            self.fault(name, "range", day_range(first, last))
            return None
        return day


def day_range(first: date, last: date) -> str:
    """The sentence for a day outside a span."""
    return _("The day must lie between %(first)s and %(last)s.", first=date_text(first), last=date_text(last))


def _not_a_date(value: str) -> str:
    return _("“%(value)s” is not a date; write it as in 2026-03-31, or name its form in the mapping.", value=value)


def _range(least: int | None, most: int) -> str:
    if least is None:
        return _("The number must be at most %(most)s.", most=most)
    return _("The number must be from %(least)s to %(most)s.", least=least, most=most)


def read_rows(mapper: Mapper, problems: list[Problem]) -> Iterator[Fields | None]:
    """The rows of a table, None for one the mapping skips; a row with `bad` set has its problem noted already."""
    for row in mapper.table.rows:
        if mapper.skipped(row):
            yield None
            continue
        values, whole = mapper.values(row, problems)
        yield Fields(mapper, row.line, values, problems, not whole)


def round_half_even(value: Decimal) -> int:
    """Nearest integer, halves to the even one: how a declared line's fraction of a minor unit is rounded, once."""
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))
