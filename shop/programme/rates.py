"""Import of exchange rates: `date, currency, unit, mad, source`. `unit` of the currency cost `mad` dirhams that day.

A second import of the same file changes nothing. A rate of a day that is over stands, because reports were made with
it: another value for it is refused unless the officer says to replace it, which is written into the audit trail.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from sqlalchemy import insert, select, update

from shop.core import clock
from shop.core.db import db
from shop.core.policies import audit
from shop.core.tables import Rate
from shop.i18n import gettext as _
from shop.importing.mappings import ColumnMapping, make_mapper
from shop.importing.problems import ImportRefused, Outcome
from shop.importing.rows import Fields, read_rows
from shop.importing.tables import read_table

FIELDS = ("date", "currency", "unit", "mad", "source")
REQUIRED = ("date", "currency", "mad", "source")
FIRST_DAY = date(2000, 1, 1)
# Central banks publish a day ahead at most; a week leaves room for holidays.
AHEAD = timedelta(days=7)
# The column holds millionths; a finer rate is kept exact by quoting more units of the currency.
_FINEST_UNIT = 10**6
MOST_MAD = Decimal(1_000_000)

Key = tuple[str, date]


@dataclass(frozen=True, slots=True)
class DeclaredRate:
    """`unit` of a currency cost `mad_millionths` / 1 000 000 dirhams on a day."""

    on: date
    currency: str
    unit: int
    mad_millionths: int
    source: str

    @property
    def key(self) -> Key:
        return self.currency, self.on

    @property
    def value(self) -> Fraction:
        return Fraction(self.mad_millionths, self.unit)


@dataclass(slots=True)
class PreparedRates:
    """A file of rates as read, and what an import of it would do."""

    file: str
    rates: list[DeclaredRate]
    replace: bool
    outcome: Outcome


def prepare_rates(path: Path, mapping: ColumnMapping, *, replace: bool = False) -> PreparedRates:
    """Read a file and compare it with the rates there are; writes nothing. Raises TableUnreadable."""
    table = read_table(path, delimiter=mapping.delimiter)
    mapper = make_mapper(table, mapping, FIELDS, REQUIRED)
    outcome = Outcome(refused=len(table.problems), problems=list(table.problems))
    known = _known()
    rates: dict[Key, DeclaredRate] = {}
    for fields in read_rows(mapper, outcome.problems):
        if fields is None:
            outcome.skipped += 1
            continue
        rate = _read(fields)
        if rate is not None:
            _check(fields, rate, rates.get(rate.key), known.get(rate.key), replace)
        if rate is None or fields.bad:
            outcome.refused += 1
            continue
        rates[rate.key] = rate
    outcome.problems.sort(key=lambda problem: (problem.line, problem.column or 0))
    prepared = PreparedRates(table.name, list(rates.values()), replace, outcome)
    _count(prepared, known)
    return prepared


def apply_rates(prepared: PreparedRates, *, partial: bool = False, actor: int | None = None) -> Outcome:
    """Write what was read. Inside a transaction. Raises ImportRefused when a row is bad and `partial` is not said."""
    if prepared.outcome.problems and not partial:
        raise ImportRefused(prepared.outcome.problems)
    known = _known()
    created, changed = _count(prepared, known)
    if created:
        names = ("on", "currency", "unit", "mad_millionths", "source")
        db.session.execute(insert(Rate), [{name: getattr(rate, name) for name in names} for rate in created])
    for rate in changed:
        old = known[rate.key]
        db.session.execute(
            update(Rate)
            .where(Rate.currency == rate.currency, Rate.on == rate.on)
            .values(unit=rate.unit, mad_millionths=rate.mad_millionths, source=rate.source)
        )
        values = {
            "before": [old.unit, old.mad_millionths, old.source],
            "after": [rate.unit, rate.mad_millionths, rate.source],
        }
        audit(actor, "replace rate", "rate", f"{rate.currency} {rate.on.isoformat()}", **values)
    if created:
        audit(actor, "import rates", "file", prepared.file, created=len(created))
    return prepared.outcome


def _known() -> dict[Key, DeclaredRate]:
    rows = db.session.execute(select(Rate.on, Rate.currency, Rate.unit, Rate.mad_millionths, Rate.source))
    return {(row.currency, row.on): DeclaredRate(*row) for row in rows}


def _count(prepared: PreparedRates, known: dict[Key, DeclaredRate]) -> tuple[list[DeclaredRate], list[DeclaredRate]]:
    """The rates that are new and those that differ from what is known; notes how many in the outcome."""
    created = [rate for rate in prepared.rates if rate.key not in known]
    changed = [rate for rate in prepared.rates if rate.key in known and _differs(rate, known[rate.key])]
    outcome = prepared.outcome
    outcome.created, outcome.changed = len(created), len(changed)
    outcome.unchanged = len(prepared.rates) - len(created) - len(changed)
    return created, changed


def _differs(rate: DeclaredRate, known: DeclaredRate) -> bool:
    return rate.value != known.value or rate.source != known.source


def _read(fields: Fields) -> DeclaredRate | None:
    on = fields.day("date", first=FIRST_DAY, last=clock.today() + AHEAD)
    currency = fields.currency("currency")
    if currency == "MAD":
        fields.fault("currency", "currency", _("The dirham has no rate to itself."))
    unit = fields.integer("unit", least=1, most=_FINEST_UNIT) or 1
    mad = fields.number("mad")
    source = fields.text("source", required=True)
    fields.text("mad", required=True)
    if mad is not None and not 0 < mad <= MOST_MAD:
        fields.fault("mad", "range", _("A rate is greater than zero and believable."))
    if fields.bad or on is None or currency is None or mad is None:
        return None
    while (millionths := mad.scaleb(6)) != millionths.to_integral_value():
        mad, unit = mad * 10, unit * 10
        if unit > _FINEST_UNIT:
            fields.fault("mad", "decimals", _("This rate has more decimals than can be kept."))
            return None
    return DeclaredRate(on, currency, unit, int(millionths), source)


def _check(
    fields: Fields, rate: DeclaredRate, twin: DeclaredRate | None, known: DeclaredRate | None, replace: bool
) -> None:
    if twin is not None and _differs(rate, twin):
        fields.fault("mad", "twice", _("This day and currency stand twice in the file, with different rates."))
    elif known is not None and known.value != rate.value and rate.on < clock.today() and not replace:
        text = _("Another rate of this day is in use already. To change the past, import with --replace.")
        fields.fault("mad", "past", text)
