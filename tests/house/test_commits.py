"""One place commits. A service that did would save half of what its caller means to save whole."""

import ast
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "shop"
# Everything that commits, by module and the object it is called on.
COMMITS = {
    ("core/db.py", "session"): "the one transaction",
    ("core/schema.py", "connection"): "migrations, which no session takes part in",
    ("orders/services.py", "nested"): "a savepoint inside the caller's transaction",
}


def commits(tree: ast.Module) -> list[str]:
    """Objects whose `commit` a module calls or hands on."""
    return [
        ast.unparse(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]


def test_only_the_known_places_commit() -> None:
    found = {
        (path.relative_to(HOUSE).as_posix(), owner)
        for path in HOUSE.rglob("*.py")
        for owner in commits(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set(COMMITS)


def test_the_one_transaction_commits_once() -> None:
    assert commits(ast.parse((HOUSE / "core" / "db.py").read_text(encoding="utf-8"))) == ["session"]


def test_nothing_says_commit_to_the_database_in_words() -> None:
    # SQL carried in a string would slip past the reader above. The double keeps books of its own.
    offenders = [
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.strip().rstrip(";").upper() == "COMMIT"
        and not path.is_relative_to(HOUSE / "demo" / "double")
    ]
    assert offenders == []
