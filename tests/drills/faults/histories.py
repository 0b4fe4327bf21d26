"""Whatever happens, in whatever order: histories of the books, and of the whole shop beside Stripe."""

from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import run_state_machine_as_test

from tests.drills.drill import Figures, Scene, demand, drill
from tests.drills.machine import Counted, machine_on
from tests.ledger.histories import CURRENCIES, play

KEPT = ".hypothesis/drills"
STEPS_OF_A_LIFE = 40
# Of the steps that are allowed some find nothing to do, and lives end early.
TAKEN_OF_THEM = 32


@drill(
    "F25",
    "Anything in any order",
    "2,000 steps of shop and Stripe, 20,000 histories of the books: all invariants hold",
    brief=True,
)
def anything(scene: Scene) -> Figures:
    number = scene.many(20_000, 50)
    first = scene.seed * 1_000_000
    broken = [text for one in range(first, first + number) for text in play(one)]
    demand(not broken, f"{len(broken)} histories broke an invariant: {broken[:3]}")
    steps = scene.many(2_000, 10)
    count = Counted()
    machine: Any = seed(scene.seed)(machine_on(scene.database, scene.folder, count))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=-(-steps // TAKEN_OF_THEM),
            stateful_step_count=STEPS_OF_A_LIFE,
            deadline=None,
            # What failed is kept and tried first the next time.
            database=DirectoryBasedExampleDatabase(KEPT),
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    demand(count.steps >= steps, f"only {count.steps} steps were taken")
    return {
        "histories of the books": f"{number:,}",
        "currencies": len(CURRENCIES),
        "steps of shop and Stripe": f"{count.steps:,}",
        "of them": ", ".join(f"{times} {name}" for name, times in sorted(count.by_name.items())),
        "refused": count.refused,
        "broken": 0,
    }
