"""Results as people read them: a table in a terminal, a page in the docs."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from shop.core import clock
from tests.drills.drill import Outcome

PAGE = """# Drills

What happens to money and stock when things break: a running installation (two web processes, a worker and Stripe's
double, each a process of its own) is driven over HTTP by buyers while something fails. After each drill `shop check`
must find nothing. `make drills` repeats them; `make drills ARGS="--write docs/drills.md"` renews this page, and with
`--only F8` that row of it. {machine}, Python {python}.

{table}
"""
HEAD = ["| drill | must hold | database | figures | seconds | day, seed |", "|---|---|---|---|---|---|"]


def print_table(outcomes: Sequence[Outcome]) -> None:
    """One line for each run, figures below its name."""
    print()
    for outcome in outcomes:
        mark = "passed" if outcome.passed else "FAILED"
        name = f"{outcome.drill.number} {outcome.drill.name}"
        print(
            f"{mark}  {name:34} {outcome.database:11}{outcome.seconds:6.0f} s  {outcome.figures_text().splitlines()[0]}"
        )
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"\n{len(outcomes) - failed} of {len(outcomes)} drills passed.")


def write_page(path: Path, outcomes: Sequence[Outcome], *, seed: int, short: bool) -> None:
    """The page of the docs: these rows anew, the others as they were."""
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = {_key(row): row for row in known if row.startswith("| F")}
    when = f"{clock.today().isoformat()}, {seed}{', small numbers' if short else ''}"
    for outcome in outcomes:
        row = (
            f"| {outcome.drill.number} {outcome.drill.name} | {outcome.drill.passes} | {outcome.database} "
            f"| {'' if outcome.passed else '**failed:** '}{' '.join(outcome.figures_text().split())} "
            f"| {outcome.seconds:.0f} | {when} |"
        )
        rows[_key(row)] = row
    page = PAGE.format(
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
        table="\n".join([*HEAD, *(rows[key] for key in sorted(rows))]),
    )
    path.write_text(page, encoding="utf-8")


def _key(row: str) -> tuple[int, str]:
    """By number, then by database."""
    drill, _must, database = [cell.strip() for cell in row.split("|")[1:4]]
    return int(drill.partition(" ")[0][1:]), database
