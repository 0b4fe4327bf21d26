"""The parameters that Stripe's SDK knows, read from its generated source: a second witness beside the specification.

The SDK is newer than the specification the double speaks (`API_VERSION` in its `_api_version`), so the two differ, and
what differs shows what Stripe is changing.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import stripe

ROOT = Path(stripe.__file__).parent

Fields = dict[str, ast.expr]


@cache
def _sources() -> dict[tuple[str, str], tuple[str, str]]:
    """Method and path, with `{}` for each identifier, to the module and the class of the parameters."""
    found = {}
    for path in sorted(ROOT.rglob("_*_service.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {
            name.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for name in node.names
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                typed = [word for one in function.args.args if one.arg == "params" for word in _words(one.annotation)]
                named = [word for word in typed if "params" in modules.get(word, "")]
                for method, address in _requests(function):
                    if named:
                        found[method, address] = modules[named[0]], named[0]
    return found


def _requests(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Method and path of each request in a method of a service."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_request":
            texts = [
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            paths = [text for text in texts if text.startswith("/v")]
            yield texts[0], re.sub(r"\{[^}]+\}", "{}", paths[0])


def _words(annotation: ast.expr | None) -> Iterator[str]:
    """Every name in an annotation, of which most are written as text."""
    for node in ast.walk(annotation) if annotation else ():
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"\w+", node.value)


@cache
def _classes(module: str) -> dict[str, tuple[Fields, list[str]]]:
    """The typed dictionaries of a module: their own fields, and the names of their bases."""
    found: dict[str, tuple[Fields, list[str]]] = {}
    path = ROOT.parent / (module.replace(".", "/") + ".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            fields = {
                line.target.id: line.annotation
                for line in node.body
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
            }
            found[node.name] = fields, [base.id for base in node.bases if isinstance(base, ast.Name)]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.value.args) == 2:
            # A field whose name is a word of Python stands in a dictionary instead of a class.
            table = node.value.args[1]
            assert isinstance(table, ast.Dict)
            fields = {
                str(ast.literal_eval(key)): value for key, value in zip(table.keys, table.values, strict=True) if key
            }
            found[ast.unparse(node.targets[0])] = fields, []
    return found


def parameters(method: str, path: str) -> dict[str, set[str]] | None:
    """Every parameter of an operation, nested ones with dots, with the words it may be where those are listed.

    `path` has `{}` for each identifier; list positions and the keys of free dictionaries are left out. None where the
    SDK has no such operation.
    """
    source = _sources().get((method.lower(), path))
    return dict(_walk(*source, "")) if source else None


def _walk(module: str, name: str, prefix: str) -> Iterator[tuple[str, set[str]]]:
    classes = _classes(module)
    own, bases = classes[name]
    for fields in (own, *(classes[base][0] for base in bases if base in classes)):
        for key, annotation in fields.items():
            text = ast.unparse(annotation)
            yield (
                prefix + key,
                {word for part in re.findall(r"Literal\[(.*?)\]", text) for word in re.findall(r"[\w.-]+", part)},
            )
            for inner in dict.fromkeys(word for word in _words(annotation) if word in classes):
                yield from _walk(module, inner, f"{prefix}{key}.")
