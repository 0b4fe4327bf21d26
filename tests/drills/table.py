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
must find nothing. `make drills` repeats them and `make drills ARGS="--write docs/drills.md"` writes this page.

{day}, {machine}, Python {python}, seed {seed}{short}.

{table}
"""


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
    """The page of the docs, whole."""
    rows = ["| drill | must hold | database | figures | seconds |", "|---|---|---|---|---|"]
    rows += [
        f"| {outcome.drill.number} {outcome.drill.name} | {outcome.drill.passes} | {outcome.database} "
        f"| {'' if outcome.passed else '**failed:** '}{' '.join(outcome.figures_text().split())} | {outcome.seconds:.0f} |"
        for outcome in outcomes
    ]
    page = PAGE.format(
        day=clock.today().isoformat(),
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
        seed=seed,
        short=", small numbers" if short else "",
        table="\n".join(rows),
    )
    path.write_text(page, encoding="utf-8")
