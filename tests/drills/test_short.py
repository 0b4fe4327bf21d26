"""A few drills in small numbers, with every process real; `make drills` runs all of them in full."""

from pathlib import Path

import pytest

from tests.drills.drill import Drill, Scene, list_drills, run_drill
from tests.drills.faults.crashes import OPENING, REFUNDING, SETTLING, die_and_judge
from tests.drills.faults.crowd import sale

# The most dangerous of each act: Stripe has done it and the shop does not know, or half of it is written.
POINTS = (OPENING[1], SETTLING[2], REFUNDING[1])


def test_a_running_shop_sells_what_it_has_and_outlives_its_processes(tmp_path: Path) -> None:
    scene = Scene("sqlite", short=True, seed=1, folder=tmp_path)
    with scene.installation(faults="deaths") as shop:
        assert sale(shop, buyers=12, units=3)["sold"] == "3 of 3"
        assert die_and_judge(shop, scene, POINTS, 1)["orders that ended well"] == "3 of 3"


@pytest.mark.parametrize("found", [one for one in list_drills() if one.brief], ids=lambda found: found.number)
def test_a_drill_that_needs_no_processes(found: Drill, tmp_path: Path) -> None:
    assert run_drill(found, Scene("sqlite", short=True, seed=1, folder=tmp_path)).problem == ""


def test_every_drill_has_a_number_of_its_own() -> None:
    numbers = [found.number for found in list_drills()]
    assert len(numbers) == len(set(numbers))
    assert {"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F11", "F12", "F13", "F14"} <= set(numbers)
