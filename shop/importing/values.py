"""Numbers and moments as files write them: the same in every language of the reader, unlike what a person types."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from shop.i18n.formats import parse_decimal


@lru_cache(maxsize=20_000)
def parse_number(text: str, decimal: str = ".") -> Decimal:
    """A number with groups or without; `decimal` is the file's mark. ValueError with the text if it is none."""
    try:
        if decimal == ",":
            return parse_decimal(text.replace(".", "").replace(",", "."), "en")
        return parse_decimal(text, "en")
    except ValueError as error:
        raise ValueError(text) from error


@lru_cache(maxsize=20_000)
def parse_moment(text: str, forms: tuple[str, ...] = (), zone: ZoneInfo | None = None) -> datetime:
    """A date or time in ISO 8601 or one of `forms` (strptime), in UTC; one without a zone is in `zone`.

    A date alone is its first moment there. ValueError with the text if it is none.
    """
    moment = _find_moment(text, forms)
    if moment is None:
        raise ValueError(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    return moment.astimezone(UTC)


@lru_cache(maxsize=5_000)
def parse_day(text: str, forms: tuple[str, ...] = ()) -> date:
    """A date in ISO 8601 or one of `forms`; midnight after it, as spreadsheets write, is no harm. ValueError."""
    moment = _find_moment(text, forms)
    if moment is None or moment.timetz() != time.min:
        raise ValueError(text)
    return moment.date()


def _find_moment(text: str, forms: tuple[str, ...]) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the caller's
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
