"""A room imports only rooms below it, a library has one home, and a fault planted against each rule is found."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.stairs import DOORS, HOMES, LATE, PURE, STAIRS, find_faults, imports, knots, modules

HOUSE = Path(__file__).parents[2] / "shop"


def test_every_import_of_the_house_keeps_the_rules() -> None:
    assert find_faults(HOUSE) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert knots(HOUSE) == []


def test_every_room_stands_on_the_stairs_and_every_step_exists() -> None:
    rooms = {name.partition(".")[0] for name, _ in modules(HOUSE) if name}
    assert rooms == set(STAIRS)


def test_every_door_named_here_exists() -> None:
    doors = {path.parent.name for path in (HOUSE / "web").glob("*/__init__.py")}
    assert doors == DOORS


def test_every_exception_and_every_home_is_still_needed() -> None:
    found = {name: [target.target for target in imports(tree)] for name, tree in modules(HOUSE)}
    late = {name: [target.target for target in imports(tree) if target.late] for name, tree in modules(HOUSE)}
    unused = [entry for entry in LATE if not any(t.startswith(entry[1]) for t in late.get(entry[0], []))]
    empty = [
        (library, home)
        for library, homes in HOMES.items()
        for home in homes
        if not any(
            t.partition(".")[0] == library
            for name, targets in found.items()
            if name == home or name.startswith(f"{home}.")
            for t in targets
        )
    ]
    assert (unused, empty) == ([], [])
    assert [name for name in PURE if name not in found] == []


# Each as it would be written by mistake: the file, its line, and a word of the sentence that names the fault.
PLANTED = [
    ("core/clock.py", "from shop.orders.models import Order", "upward"),
    ("orders/services.py", "import shop.payments.settle", "upward"),
    ("ledger/services.py", "from shop.fulfilment import queries", "upward"),
    ("reports/sales.py", "from shop import web", "upward"),
    ("web/status.py", "from shop.app import create_app", "upward"),
    ("web/staff/orders.py", "from shop.demo.loading import load", "upward"),
    ("app.py", "from shop.cli import main", "upward"),
    ("web/staff/orders.py", "from shop.worker import work", "does not know"),
    ("web/staff/orders.py", "from shop.web.artisan.orders import show", "opens into door"),
    ("web/storefront/home.py", "from shop.web import staff", "opens into door"),
    ("payments/settle.py", "import stripe", "whose home"),
    ("catalogue/pieces.py", "from PIL import Image", "whose home"),
    ("web/staff/pieces.py", "from babel.dates import format_date", "whose home"),
    ("orders/cart.py", "from flask import session", "whose home"),
    ("orders/models.py", "from flask_sqlalchemy import SQLAlchemy", "whose home"),
    ("web/staff/reports.py", "import typst", "whose home"),
    ("web/staff/reports.py", "from xlsxwriter import Workbook", "whose home"),
    ("orders/declared.py", "from python_calamine import CalamineWorkbook", "whose home"),
    ("worker.py", "from granian import Granian", "whose home"),
    ("core/db.py", "from alembic import command", "whose home"),
    ("orders/services.py", "def buy():\n    from shop.core import clock\n", "inside a function"),
    ("web/staff/orders.py", "class A:\n    def show(self):\n        import json\n", "inside a function"),
    ("orders/services.py", "from .models import Order", "relative"),
    ("orders/services.py", "from . import models", "relative"),
    ("orders/services.py", "from shop.catalogue.stock import _take", "private"),
    ("orders/services.py", "from shop.catalogue import stock\n\nstock._take()", "private"),
    ("web/artisan/pieces.py", "from shop.web.guards import _guard", "private"),
    ("core/money.py", "from shop.core import clock", "pure"),
    ("orders/states.py", "from sqlalchemy import select", "pure"),
    ("ledger/posting.py", "from shop.ledger.models import Row", "pure"),
    ("ledger/accounts.py", "from shop.orders.states import STATES\nfrom shop.core.db import db", "pure"),
    ("demo/double/api.py", "from shop.core.money import exponent", "sealed"),
    ("cellar/wine.py", "from shop.core import clock", "not on the stairs"),
]
SOUND = {
    "core/errors.py": "import json\n",
    "core/money.py": "from fractions import Fraction\n\nfrom shop.core.errors import Invalid\n",
    "ledger/posting.py": "from shop.core.money import allocate\nfrom shop.ledger import accounts\n",
    "orders/services.py": "from shop.core.db import db\nfrom shop.catalogue import stock\nfrom shop.orders import _own\n",
    "payments/gateway.py": "import stripe\n",
    "media/images.py": "from PIL import Image\n",
    "web/staff/orders.py": "from flask import request\nfrom shop.web.staff import words\nfrom shop.orders import queries\n",
    "cli.py": "def run():\n    from granian import Granian\n    from shop.demo.run import run\n",
    "demo/double/app.py": "from flask import Flask\nfrom shop.demo.double import api\n",
}


def build(folder: Path, files: dict[str, str]) -> Path:
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder


def test_a_sound_house_has_no_fault(tmp_path: Path) -> None:
    assert find_faults(build(tmp_path, SOUND)) == []


@pytest.mark.parametrize(("name", "source", "word"), PLANTED, ids=[f"{n}-{w}" for n, _, w in PLANTED])
def test_a_planted_fault_is_found(tmp_path: Path, name: str, source: str, word: str) -> None:
    faults = find_faults(build(tmp_path, {**SOUND, name: source}))
    assert len(faults) == 1, faults
    assert word in faults[0]


def test_a_planted_circle_is_found(tmp_path: Path) -> None:
    files = {"orders/a.py": "from shop.orders.b import x\n", "orders/b.py": "from shop.orders import a\n"}
    assert knots(build(tmp_path, files)) == ["orders.a -> orders.b -> orders.a"]


def test_a_web_process_does_not_load_what_only_a_worker_or_a_command_needs() -> None:
    heavy = [
        "typst",
        "xlsxwriter",
        "alembic",
        "granian",
        "fontTools",
        "python_calamine",
        "obstore",
        "psycopg",
        "shop.demo",
        "shop.commands",
    ]
    code = f"import sys, shop.app; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE.parent)
    assert answer.stdout.strip() == "[]"
