"""Import of exchange rates: exact, dated, sourced, and the past stands."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.rates import get_rate
from shop.core.tables import Audit, Rate
from shop.importing.mappings import ColumnMapping, load_mapping
from shop.importing.problems import ImportRefused, Outcome
from shop.programme.rates import FIELDS, apply_rates, prepare_rates

DATA = Path(__file__).parents[1] / "data" / "imports"
HEADER = "date,currency,unit,mad,source\n"


def bring_in(path: Path, mapping: ColumnMapping | None = None, *, replace: bool = False, **options: Any) -> Outcome:
    prepared = prepare_rates(path, mapping or ColumnMapping(decimal=","), replace=replace)
    with transaction():
        return apply_rates(prepared, **options)


def write(folder: Path, *rows: str) -> Path:
    path = folder / "rates.csv"
    path.write_text(HEADER + "\n".join(rows))
    return path


@pytest.mark.both_databases
def test_rates_come_in_exactly_and_a_second_time_change_nothing(app: Flask) -> None:
    assert bring_in(DATA / "rates.csv").created == 2
    assert get_rate("EUR", date(2026, 3, 5)).mad == Fraction(107654, 10_000)
    assert get_rate("JPY", date(2026, 3, 2)).mad == Fraction(63412, 1_000_000)
    again = bring_in(DATA / "rates.csv")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)


def test_a_rate_finer_than_a_millionth_is_kept_exactly(app: Flask, tmp_path: Path) -> None:
    bring_in(write(tmp_path, "2026-03-02,EUR,1,10.97687542,bank"), ColumnMapping())
    rate = db.session.scalars(select(Rate)).one()
    assert (rate.unit, rate.mad_millionths) == (100, 1_097_687_542)


def test_a_past_day_is_changed_only_when_asked_and_leaves_a_trace(app: Flask, tmp_path: Path) -> None:
    bring_in(write(tmp_path, "2026-03-02,EUR,1,10.5,bank"), ColumnMapping())
    path = write(tmp_path, "2026-03-02,EUR,1,10.6,bank")
    prepared = prepare_rates(path, ColumnMapping())
    assert [(p.line, p.column, p.code) for p in prepared.outcome.problems] == [(2, 4, "past")]
    with pytest.raises(ImportRefused), transaction():
        apply_rates(prepared)
    assert get_rate("EUR", date(2026, 3, 2)).mad == Fraction(105, 10)
    assert bring_in(path, ColumnMapping(), replace=True).changed == 1
    assert get_rate("EUR", date(2026, 3, 2)).mad == Fraction(106, 10)
    assert db.session.scalars(select(Audit).where(Audit.action == "replace rate")).one().data["before"][1] == 10_500_000


def test_todays_rate_may_be_corrected(app: Flask, tmp_path: Path) -> None:
    bring_in(write(tmp_path, "2026-06-15,EUR,1,10.5,bank"), ColumnMapping())
    assert bring_in(write(tmp_path, "2026-06-15,EUR,1,10.6,bank"), ColumnMapping()).changed == 1


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("02/03/2026,EUR,1,10.5,bank", 1, "date"),
        ("2206-03-02,EUR,1,10.5,bank", 1, "range"),
        ("2026-03-02,XYZ,1,10.5,bank", 2, "currency"),
        ("2026-03-02,MAD,1,1,bank", 2, "currency"),
        ("2026-03-02,EUR,0,10.5,bank", 3, "range"),
        ("2026-03-02,EUR,1,0,bank", 4, "range"),
        ("2026-03-02,EUR,1,,bank", 4, "empty"),
        ("2026-03-02,EUR,1,10.5,", 5, "empty"),
        ("2026-03-02,EUR,1,0.1234567890123,bank", 4, "decimals"),
        ("2026-03-01,EUR,1,10.7,bank", 4, "twice"),
    ],
)
def test_a_bad_rate_is_named_and_nothing_is_written(
    app: Flask, tmp_path: Path, row: str, column: int, code: str
) -> None:
    path = write(tmp_path, "2026-03-01,EUR,1,10.5,bank", row)
    prepared = prepare_rates(path, ColumnMapping())
    assert [(p.line, p.column, p.code) for p in prepared.outcome.problems] == [(3, column, code)]
    with pytest.raises(ImportRefused), transaction():
        apply_rates(prepared)
    assert db.session.scalars(select(Rate)).all() == []
    assert bring_in(path, ColumnMapping(), partial=True).created == 1


@pytest.mark.shared
def test_an_aggregators_file_comes_in_by_a_mapping(
    app: Flask, clock: VirtualClock, tmp_path: Path, shared_data: Path
) -> None:
    clock.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    (tmp_path / "map.toml").write_text(
        '[fields]\ndate = "date"\nmad = "EUR_MAD"\ncurrency = { constant = "EUR" }\nsource = { constant = "aggregator" }'
    )
    mapping = load_mapping(tmp_path / "map.toml", FIELDS)
    path = shared_data / "reference" / "currency" / "eur_rates_with_mad.csv"
    assert bring_in(path, mapping).created == 29
    assert bring_in(path, mapping).unchanged == 29
    assert get_rate("EUR", date(2024, 3, 28)).mad == Fraction(1097687542, 10**8)
