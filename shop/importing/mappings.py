"""Mapping files: how the columns of somebody else's table become our fields. docs/imports.md is the page for people.

A mapping is TOML. Without one, a column feeds the field of the same name.

    source = "fair-2026"              # names where the rows come from: keys of two sources never meet
    delimiter = ";"                   # where guessing goes wrong
    decimal = ","                     # the decimal mark of its numbers; "." unless said
    dates = ["%d/%m/%Y %H:%M"]        # forms of dates besides ISO 8601
    timezone = "Europe/London"        # of times without one; Africa/Casablanca unless said
    skip = [{ column = "Status", is = "^draft$" }, { empty = "Title" }]

    [fields]
    sku = "Article"                                    # a column
    state = { constant = "published" }
    title_en = { column = "Title", longest = 120 }
    description_en = { template = "{Text}[ Size: {Size}.]" }   # a [part] falls away when a column in it is empty
    height_mm = { column = "Height cm", factor = 10, digits = 0 }
    craft = { template = "{Type} {Material}", match = "craft", default = "ceramique" }
    materials = { column = "Material", split = "[,;]", match = "material", unknown = "drop" }
    length_mm = [{ column = "A", when = { Kind = "^L" } }, { column = "B" }]   # the first that gives something
    destination_country = { column = "Country", lookup = "country" }

    [lookups.country]                 # whole values, in any case
    "United Kingdom" = "GB"

    [patterns]                        # the first regular expression found in the value decides
    craft = [["silver|gold", "argent"], ["rug|carpet", "tapis-noue"]]

A rule takes its value from `column`, `constant` or `template`, then in this order: `find` (the part a regular
expression finds, its first group if it has one), `split` (into parts that are joined by ";" again after the next
step), `lookup` or `match`, `factor` and `digits` (round half even), `longest` (cut at a word), `default`. What a
lookup does not know is an error unless `unknown` says "keep" or "drop", or there is a `default`.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shop.core.clock import CASABLANCA
from shop.i18n import gettext as _
from shop.importing.problems import MappingInvalid, Problem, TableUnreadable
from shop.importing.tables import DELIMITERS, Table, TableRow
from shop.importing.values import parse_number

Produce = Callable[[Sequence[str]], str]

_TOP = {"source", "delimiter", "decimal", "dates", "timezone", "skip", "fields", "lookups", "patterns"}
_RULE = {
    "column", "constant", "template", "when", "find", "split", "lookup", "match", "unknown", "factor", "digits",
    "longest", "default",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_SEGMENT = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")


class _UnknownValue(ValueError):
    """A value that stands in no lookup table."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A mapping file as read. `rules` is None for a table that has our own column names already."""

    rules: dict[str, list[dict[str, Any]]] | None = None
    source: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    dates: tuple[str, ...] = ()
    timezone: ZoneInfo = CASABLANCA
    skip: tuple[dict[str, str], ...] = ()
    lookups: dict[str, dict[str, str]] = field(default_factory=dict)
    patterns: dict[str, list[tuple[re.Pattern[str], str]]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def with_constants(self, constants: Mapping[str, str], fields: Iterable[str]) -> "ColumnMapping":
        """The mapping with some fields set to one value, whatever it says. Raises MappingInvalid for no such field."""
        for name in constants:
            if name not in fields:
                raise MappingInvalid(_("There is no field “%(name)s” to be set.", name=name))
        return replace(self, constants=dict(constants))


def load_mapping(path: Path, fields: Iterable[str]) -> ColumnMapping:
    """Read a mapping file for a table with these fields. Raises MappingInvalid, naming the place."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise MappingInvalid(_("The mapping %(file)s cannot be read.", file=path.name)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        text = _("The mapping %(file)s is not TOML: %(reason)s.", file=path.name, reason=error)
        raise MappingInvalid(text) from error
    try:
        return _mapping(document, list(fields))
    except (_Senseless, re.error, KeyError, TypeError, ZoneInfoNotFoundError) as error:
        text = _("The mapping %(file)s makes no sense: %(reason)s.", file=path.name, reason=error)
        raise MappingInvalid(text) from error


class _Senseless(ValueError):
    """Where and why a mapping makes no sense, for the sentence of MappingInvalid."""


def _mapping(document: dict[str, Any], fields: list[str]) -> ColumnMapping:
    _only_known(document, _TOP, "")
    lookups = {
        name: {str(key).strip().casefold(): str(value) for key, value in table.items()}
        for name, table in document.get("lookups", {}).items()
    }
    patterns = {
        name: [(re.compile(pattern, re.IGNORECASE), str(value)) for pattern, value in pairs]
        for name, pairs in document.get("patterns", {}).items()
    }
    rules: dict[str, list[dict[str, Any]]] = {}
    for name, given in document.get("fields", {}).items():
        if name not in fields:
            raise _Senseless(f"fields.{name}")
        rules[name] = [_rule(name, one, lookups, patterns) for one in (given if isinstance(given, list) else [given])]
    if document.get("delimiter", ",") not in tuple(DELIMITERS) or document.get("decimal", ".") not in (".", ","):
        raise _Senseless("delimiter, decimal")
    skip = tuple(document.get("skip", ()))
    for condition in skip:
        _only_known(condition, {"column", "is", "empty"}, "skip")
        re.compile(condition.get("is", ""))
    return ColumnMapping(
        rules=rules,
        source=document.get("source"),
        delimiter=document.get("delimiter"),
        decimal=document.get("decimal", "."),
        dates=tuple(document.get("dates", ())),
        timezone=ZoneInfo(document["timezone"]) if "timezone" in document else CASABLANCA,
        skip=skip,
        lookups=lookups,
        patterns=patterns,
    )


def _only_known(given: Any, known: set[str], place: str) -> None:
    if not isinstance(given, dict) or (strange := set(given) - known):
        raise _Senseless(f"{place} {sorted(strange) if isinstance(given, dict) else given!r}".strip())


def _rule(name: str, given: Any, lookups: Mapping[str, Any], patterns: Mapping[str, Any]) -> dict[str, Any]:
    rule = {"column": given} if isinstance(given, str) else given
    _only_known(rule, _RULE, f"fields.{name}")
    if sum(key in rule for key in ("column", "constant", "template")) != 1:
        raise _Senseless(f"fields.{name}: column | constant | template")
    for key, tables in (("lookup", lookups), ("match", patterns)):
        if key in rule and rule[key] not in tables:
            raise _Senseless(f"fields.{name}.{key} = {rule[key]!r}")
    if rule.get("unknown", "error") not in ("error", "keep", "drop"):
        raise _Senseless(f"fields.{name}.unknown = {rule['unknown']!r}")
    for key in ("find", "split"):
        re.compile(rule.get(key, ""))
    return dict(rule)


# From a mapping and a header to functions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """The column a field comes from: its number from 1 (None for a constant) and its name in the file."""

    column: int | None
    heading: str


@dataclass(frozen=True, slots=True)
class Mapper:
    """A mapping made ready for one table."""

    table: Table
    mapping: ColumnMapping
    places: dict[str, Place]
    produce: dict[str, Produce]
    skips: tuple[Callable[[Sequence[str]], bool], ...]
    ignored: tuple[str, ...]

    def skipped(self, row: TableRow) -> bool:
        return any(skip(row.cells) for skip in self.skips)

    def values(self, row: TableRow, problems: list[Problem]) -> tuple[dict[str, str], bool]:
        """The texts of a row's fields, and whether all of them could be made; findings are added to `problems`."""
        found: dict[str, str] = {}
        whole = True
        for name, produce in self.produce.items():
            try:
                found[name] = produce(row.cells).strip()
            except _UnknownValue as error:
                text = _("“%(value)s” is not among the values the mapping knows.", value=error)
                problems.append(self.problem(row.line, name, "unknown_value", str(error), text))
                whole = False
            except ValueError as error:
                text = _("“%(value)s” is not a number.", value=error)
                problems.append(self.problem(row.line, name, "number", str(error), text))
                whole = False
        return found, whole

    def problem(self, line: int, name: str, code: str, value: str, text: str) -> Problem:
        place = self.places.get(name, Place(None, name))
        return Problem(self.table.name, line, place.column, place.heading, code, value, text)


def make_mapper(table: Table, mapping: ColumnMapping, fields: Sequence[str], required: Iterable[str]) -> Mapper:
    """Fit a mapping to a table's header. Raises TableUnreadable for a column that is missing."""
    columns = {heading.casefold(): index for index, heading in enumerate(table.header) if heading}
    rules = mapping.rules
    if rules is None:
        rules = {name: [{"column": name}] for name in fields if name in columns}
    rules = {**rules, **{name: [{"constant": value}] for name, value in mapping.constants.items()}}
    compiler = _Compiler(table, mapping, columns)
    produce = {name: compiler.field(alternatives) for name, alternatives in rules.items()}
    places = {name: compiler.place(name, alternatives) for name, alternatives in rules.items()}
    skips = tuple(compiler.skip(condition) for condition in mapping.skip)
    for name in required:
        if name not in produce:
            raise _missing(table, name)
    ignored = tuple(table.header[index] for index in sorted(columns.values()) if index not in compiler.used)
    return Mapper(table, mapping, places, produce, skips, ignored)


def _missing(table: Table, name: str) -> TableUnreadable:
    text = _("The column “%(name)s” is missing.", name=name)
    return TableUnreadable(Problem(table.name, 1, None, "", "missing_column", name, text))


class _Compiler:
    """Turns rules into functions of a row's cells."""

    def __init__(self, table: Table, mapping: ColumnMapping, columns: Mapping[str, int]) -> None:
        self.table, self.mapping, self.columns = table, mapping, columns
        self.used: set[int] = set()

    def index(self, name: str) -> int:
        index = self.columns.get(name.strip().casefold())
        if index is None:
            raise _missing(self.table, name)
        self.used.add(index)
        return index

    def place(self, name: str, alternatives: Sequence[dict[str, Any]]) -> Place:
        for rule in alternatives:
            named = [rule["column"]] if "column" in rule else _PLACEHOLDER.findall(rule.get("template", ""))
            if named:
                index = self.index(named[0])
                return Place(index + 1, self.table.header[index])
        return Place(None, name)

    def field(self, alternatives: Sequence[dict[str, Any]]) -> Produce:
        rules = [self.rule(rule) for rule in alternatives]
        if len(rules) == 1:
            return rules[0]
        return lambda cells: next((text for rule in rules if (text := rule(cells).strip())), "")

    def skip(self, condition: dict[str, str]) -> Callable[[Sequence[str]], bool]:
        index = self.index(condition.get("empty") or condition["column"])
        if "empty" in condition:
            return lambda cells: not cells[index].strip()
        pattern = re.compile(condition.get("is", ""), re.IGNORECASE)
        return lambda cells: pattern.search(cells[index]) is not None

    def rule(self, rule: dict[str, Any]) -> Produce:
        origin = self.origin(rule)
        steps = [step for step in (_find(rule), self.code(rule), _scale(rule, self.mapping), _cut(rule)) if step]
        default = str(rule.get("default", ""))
        conditions = [(self.index(name), re.compile(is_, re.IGNORECASE)) for name, is_ in rule.get("when", {}).items()]
        if not (steps or default or conditions):
            return origin

        def produce(cells: Sequence[str]) -> str:
            if any(pattern.search(cells[index]) is None for index, pattern in conditions):
                return ""
            text = origin(cells).strip()
            for step in steps:
                text = step(text) if text else ""
            return text or default

        return produce

    def origin(self, rule: dict[str, Any]) -> Produce:
        if "column" in rule:
            index = self.index(rule["column"])
            return lambda cells: cells[index]
        if "constant" in rule:
            constant = str(rule["constant"])
            return lambda cells: constant
        return self.template(rule["template"])

    def template(self, template: str) -> Produce:
        segments = [
            (
                [(self.index(name), name) for name in _PLACEHOLDER.findall(optional or plain)],
                optional or plain,
                bool(optional),
            )
            for optional, plain in _SEGMENT.findall(template)
        ]

        def produce(cells: Sequence[str]) -> str:
            parts = []
            for named, text, optional in segments:
                values = {name: cells[index].strip() for index, name in named}
                if optional and not all(values.values()):
                    continue
                parts.append(_PLACEHOLDER.sub(lambda found, values=values: values[found[1]], text))  # type: ignore[misc]
            return "".join(parts)

        return produce

    def code(self, rule: dict[str, Any]) -> Callable[[str], str] | None:
        if "lookup" not in rule and "match" not in rule:
            return None
        exact = self.mapping.lookups.get(rule.get("lookup", ""), {})
        patterns = self.mapping.patterns.get(rule.get("match", ""), [])
        unknown = rule.get("unknown", "drop" if "default" in rule else "error")

        def translate(text: str) -> str:
            if text.casefold() in exact:
                return exact[text.casefold()]
            for pattern, value in patterns:
                if pattern.search(text):
                    return value
            if unknown == "error":
                raise _UnknownValue(text)
            return text if unknown == "keep" else ""

        if "split" not in rule:
            return translate
        separator = re.compile(rule["split"])

        def translate_parts(text: str) -> str:
            parts = (translate(part.strip()) for part in separator.split(text) if part and part.strip())
            return ";".join(dict.fromkeys(part for part in parts if part))

        return translate_parts


def _find(rule: dict[str, Any]) -> Callable[[str], str] | None:
    if "find" in rule:
        pattern = re.compile(rule["find"], re.IGNORECASE)

        def find(text: str) -> str:
            found = pattern.search(text)
            return "" if found is None else (found[1] or "") if pattern.groups else found[0]

        return find
    if "split" in rule and "lookup" not in rule and "match" not in rule:
        separator = re.compile(rule["split"])
        return lambda text: ";".join(dict.fromkeys(part.strip() for part in separator.split(text) if part.strip()))
    return None


def _scale(rule: dict[str, Any], mapping: ColumnMapping) -> Callable[[str], str] | None:
    if "factor" not in rule and "digits" not in rule:
        return None
    factor = Decimal(str(rule.get("factor", 1)))
    step = Decimal(1).scaleb(-int(rule["digits"])) if "digits" in rule else None

    def scale(text: str) -> str:
        value = parse_number(text, mapping.decimal) * factor
        value = value.quantize(step, ROUND_HALF_EVEN) if step is not None else value
        return f"{value:f}".replace(".", mapping.decimal)

    return scale


def _cut(rule: dict[str, Any]) -> Callable[[str], str] | None:
    if "longest" not in rule:
        return None
    longest = int(rule["longest"])

    def cut(text: str) -> str:
        if len(text) <= longest:
            return text
        return (text[:longest].rpartition(" ")[0] or text[: longest - 1]).rstrip(" ,;:") + "…"

    return cut
