"""What a drill is, where all of them stand, and what one run of it leaves behind."""

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.drills import faults
from tests.drills.installation import Installation, install

BOTH = ("sqlite", "postgresql")
Figures = dict[str, Any]


class DrillFailed(AssertionError):
    """A pass figure was not reached."""


def demand(true: bool, text: str) -> None:
    """A pass figure: say what it was where it is not reached."""
    if not true:
        raise DrillFailed(text)


@dataclass(frozen=True)
class Scene:
    """What a drill is given: the kind of database, how much of everything, chances of its own, a folder."""

    database: str
    short: bool
    seed: int
    folder: Path

    def many(self, full: int, short: int) -> int:
        """How many of something: `full` in `make drills`, `short` in `make test`."""
        return short if self.short else full

    def chances(self, name: str = "") -> Random:
        """Randomness that follows from the seed."""
        return Random(f"{self.seed}/{name}")

    @contextmanager
    def installation(self, *, sound: bool = True, **options: Any) -> Iterator[Installation]:
        """A running installation; at its end `shop check` must find nothing, unless it is meant not to be `sound`.

        Nor may anything that was said to Stripe, or by its double, be against Stripe's specification.
        """
        with install(self.folder, self.database, seed=self.seed, **options) as shop:
            yield shop
            if sound:
                findings, violations = shop.check(), shop.list_violations()
                demand(not findings, f"shop check found: {'; '.join(findings)}")
                demand(not violations, f"against Stripe's specification: {violations[:3]}")


@dataclass(frozen=True)
class Drill:
    """`number` as in the table of drills; `passes` says in words which figures make it a success."""

    number: str
    name: str
    passes: str
    act: Callable[[Scene], Figures]
    databases: tuple[str, ...] = BOTH
    # In small numbers part of `make test`: needs no processes of its own.
    brief: bool = False


@dataclass(frozen=True)
class Outcome:
    """One run of a drill: its figures, or why it failed."""

    drill: Drill
    database: str
    seconds: float
    figures: Figures
    problem: str = ""

    @property
    def passed(self) -> bool:
        return not self.problem

    def figures_text(self) -> str:
        return self.problem or ", ".join(f"{name} {value}" for name, value in self.figures.items())


_DRILLS: dict[str, Drill] = {}


def drill(
    number: str, name: str, passes: str, *, databases: tuple[str, ...] = BOTH, brief: bool = False
) -> Callable[[Callable[[Scene], Figures]], Callable[[Scene], Figures]]:
    """Mark a function as a drill."""

    def mark(act: Callable[[Scene], Figures]) -> Callable[[Scene], Figures]:
        _DRILLS[number] = Drill(number, name, passes, act, databases, brief)
        return act

    return mark


def list_drills() -> list[Drill]:
    """All drills, by number."""
    for module in pkgutil.iter_modules(faults.__path__):
        importlib.import_module(f"{faults.__name__}.{module.name}")
    return sorted(_DRILLS.values(), key=lambda found: int(re.sub(r"\D", "", found.number)))


def run_drill(found: Drill, scene: Scene) -> Outcome:
    """Run one drill to its end, whatever happens in it."""
    begun = time.monotonic()
    try:
        figures, problem = found.act(scene), ""
    except Exception as error:
        figures, problem = {}, f"{type(error).__name__}: {error}".strip()
        if not isinstance(error, DrillFailed):
            sys.excepthook(type(error), error, error.__traceback__)
    return Outcome(found, scene.database, time.monotonic() - begun, figures, problem)
