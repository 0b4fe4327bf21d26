"""`python -m tests.drills [--only F1,F8] [--short] [--database sqlite|postgresql] [--seed N] [--write docs/drills.md]`.

Exit code 1 if a drill failed. What fails fails again with the same seed, as far as processes that race can be made to.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.drills.drill import BOTH, Drill, Outcome, Scene, list_drills, run_drill
from tests.drills.table import print_table, write_page


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drills ARGS=…")
    parser.add_argument("--only", default="", help="numbers of drills, for example F1,F8")
    parser.add_argument("--short", action="store_true", help="small numbers, as in make test")
    parser.add_argument("--database", choices=BOTH, help="one of them; otherwise one after the other")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="keep the table in a page of the docs")
    return parser.parse_args(arguments)


def choose(given: argparse.Namespace) -> list[tuple[Drill, str]]:
    """The drills that were asked for, each with a database. Raises SystemExit for a number that is none."""
    drills = list_drills()
    wanted = [number for number in given.only.upper().split(",") if number]
    unknown = set(wanted) - {drill.number for drill in drills}
    if unknown:
        raise SystemExit(
            f"There is no drill {', '.join(sorted(unknown))}; there are {', '.join(d.number for d in drills)}."
        )
    databases = (given.database,) if given.database else BOTH
    return [
        (drill, database)
        for database in databases
        for drill in drills
        if database in drill.databases and (not wanted or drill.number in wanted)
    ]


def run(given: argparse.Namespace) -> list[Outcome]:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="shop-drills-") as folder:
        for drill, database in choose(given):
            say(f"{drill.number} {drill.name} ({database}) …")
            outcome = run_drill(drill, Scene(database, given.short, given.seed, Path(folder)))
            say(f"  {'passed' if outcome.passed else 'FAILED'} in {outcome.seconds:.0f} s: {outcome.figures_text()}")
            outcomes.append(outcome)
            if given.write:
                write_page(given.write, [outcome], seed=given.seed, short=given.short)
    return outcomes


def main(arguments: list[str]) -> int:
    given = read_arguments(arguments)
    # Whoever ends us lets us end what we started.
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(1))
    outcomes = run(given)
    print_table(outcomes)
    return int(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
