"""The page of the docs keeps the rows of drills that were not played again."""

from pathlib import Path

from tests.drills.drill import Drill, Outcome
from tests.drills.table import write_page


def outcome(number: str, database: str, seconds: float, problem: str = "") -> Outcome:
    drill = Drill(number, "Something breaks", "nothing is lost", lambda scene: {})
    return Outcome(drill, database, seconds, {"lost": 0}, problem)


def test_a_drill_renews_its_own_row_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "drills.md"
    first = [outcome("F11", "sqlite", 5), outcome("F2", "sqlite", 3), outcome("F2", "postgresql", 4)]
    write_page(page, first, seed=1, short=False)
    write_page(page, [outcome("F2", "sqlite", 60, problem="an order is gone")], seed=7, short=True)
    rows = [row.split(" | ") for row in page.read_text(encoding="utf-8").splitlines() if row.startswith("| F")]
    assert [(row[0], row[2], row[4]) for row in rows] == [
        ("| F2 Something breaks", "postgresql", "4"),
        ("| F2 Something breaks", "sqlite", "60"),
        ("| F11 Something breaks", "sqlite", "5"),
    ]
    assert "failed" in rows[1][3]
    assert ["small numbers" in row[5] for row in rows] == [False, True, False]
