"""Tables as they arrive: CSV in UTF-8 with comma, semicolon or tab, or the first sheet of an XLSX file.

A table may lie beside its pictures: in a folder, or with them in a ZIP file. Every cell comes out as text, with the
line its row begins on, so that a finding can point there. A row whose cells are all empty is no row.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from shop.i18n import gettext as _
from shop.importing.problems import Problem, TableUnreadable, file_problem

MAX_BYTES = 100 * 1024 * 1024
# What a sheet may unpack to: 42 000 rows unpack to about 20 MB.
MAX_UNPACKED = 500 * 1024 * 1024
MAX_ROWS = 500_000
DELIMITERS = ",;\t"
# OWASP ASVS 5.0, 1.2.10: what a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One record; as many cells as the header has."""

    line: int
    cells: list[str]


class Attachments:
    """The files beside a table, by name; nothing outside their folder or archive can be named."""

    def __init__(self, sizes: dict[str, int], read: Callable[[str], bytes]) -> None:
        self._sizes = sizes
        self._read = read

    def size(self, name: str) -> int | None:
        """Bytes of a file, None where there is no such file."""
        return self._sizes.get(name)

    def read(self, name: str) -> bytes:
        """The content of a file that has a size."""
        if name not in self._sizes:
            raise KeyError(name)
        return self._read(name)


@dataclass(slots=True)
class Table:
    """A table that could be read; `problems` are its ragged rows, which are not among `rows`."""

    name: str
    header: list[str]
    rows: list[TableRow]
    problems: list[Problem] = field(default_factory=list)
    attachments: Attachments = field(default_factory=lambda: Attachments({}, lambda _name: b""))


def read_table(path: Path, *, delimiter: str | None = None) -> Table:
    """Read a CSV or XLSX file, or the only one of a folder or ZIP file. Raises TableUnreadable."""
    name, data, attachments = _open(path)
    if data[:4] == b"PK\x03\x04":
        header, rows = _read_sheet(name, data)
    else:
        header, rows = _read_csv(name, data, delimiter)
    table = _shape(name, header, rows)
    table.attachments = attachments
    return table


def guard(text: str) -> str:
    """A text cell of a CSV file that no spreadsheet runs as a formula; `unguard` gives back the text."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguard(text: str) -> str:
    """The text of a guarded cell; other texts stay as they are."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


# Where the table lies ------------------------------------------------------------------------------------------------


def _open(path: Path) -> tuple[str, bytes, Attachments]:
    if path.is_dir():
        found = sorted(entry for entry in path.iterdir() if _is_table(entry.name))
        return _only(path.name, found).name, _bytes(_only(path.name, found)), _folder(path)
    data = _bytes(path)
    if data[:4] == b"PK\x03\x04":
        archive = _archive(path.name, data)
        if "[Content_Types].xml" not in archive.namelist():
            return _from_archive(path.name, archive)
    return path.name, data, _folder(path.parent)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _unreadable(path.name, "too_large", _("This file is larger than 100 MB. Split it."))
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path.name, "unreadable", _("This file cannot be read.")) from error


def _is_table(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in {".csv", ".tsv", ".xlsx"} and not PurePosixPath(name).name.startswith(
        "."
    )


def _only(name: str, found: list[Any]) -> Any:
    if len(found) != 1:
        text = _(
            "Exactly one table is expected in here, a CSV or XLSX file; tables found: %(count)s.", count=len(found)
        )
        raise _unreadable(name, "tables", text)
    return found[0]


def _folder(folder: Path) -> Attachments:
    root = folder.resolve()

    def sizes() -> Iterator[tuple[str, int]]:
        for entry in root.iterdir():
            # A link would let a table name any file of the machine.
            if entry.is_file() and not entry.is_symlink():
                yield entry.name, entry.stat().st_size
            elif entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
                for inner in entry.iterdir():
                    if inner.is_file() and not inner.is_symlink():
                        yield f"{entry.name}/{inner.name}", inner.stat().st_size

    return Attachments(dict(sizes()), lambda name: (root / name).read_bytes())


def _archive(name: str, data: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError) as error:
        raise _unreadable(name, "unreadable", _("This file is damaged or did not arrive whole.")) from error
    if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
        raise _unreadable(name, "too_large", _("This file unpacks to more than 500 MB. Split it."))
    return archive


def _from_archive(name: str, archive: zipfile.ZipFile) -> tuple[str, bytes, Attachments]:
    entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    inside = _only(name, [entry for entry in sorted(entries) if _is_table(entry) and not entry.startswith("__MACOSX")])
    base = inside.rpartition("/")[0]
    prefix = f"{base}/" if base else ""
    sizes = {entry.removeprefix(prefix): info.file_size for entry, info in entries.items() if entry.startswith(prefix)}
    try:
        data = archive.read(inside)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise _unreadable(name, "unreadable", _("This file is damaged or did not arrive whole.")) from error
    return f"{name}/{inside}", data, Attachments(sizes, lambda wanted: archive.read(prefix + wanted))


# CSV -----------------------------------------------------------------------------------------------------------------


def _read_csv(name: str, data: bytes, delimiter: str | None) -> tuple[list[str], Iterator[TableRow]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        sentence = _("This file is not in UTF-8. Save it as “CSV UTF-8” and try again.")
        raise TableUnreadable(file_problem(name, "encoding", sentence, line=line)) from error
    records = _records(name, text, delimiter or _sniff(text))
    first = next(records, None)
    if first is None:
        raise _unreadable(name, "empty", _("This file is empty: its first line must name the columns."))
    return first.cells, records


def _sniff(text: str) -> str:
    """The delimiter that occurs most in the first line outside quotes; a comma where none does."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for character in text[:100_000].lstrip("\r\n"):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in counts:
            counts[character] += 1
        elif not quoted and character in "\r\n":
            break
    return max(counts, key=lambda mark: (counts[mark], -DELIMITERS.index(mark)))


def _records(name: str, text: str, delimiter: str) -> Iterator[TableRow]:
    # Strict: an unclosed quote would otherwise swallow the rest of the file into one cell without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield TableRow(line, [unguard(cell) for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        sentence = _("From this line on the file cannot be read: a quotation mark is missing or too many.")
        raise TableUnreadable(file_problem(name, "quotes", sentence, line=line, value=str(error))) from error


# XLSX ----------------------------------------------------------------------------------------------------------------


def _read_sheet(name: str, data: bytes) -> tuple[list[str], Iterator[TableRow]]:
    _archive(name, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        # Without skipping, so that row numbers are those a spreadsheet shows.
        values = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise _unreadable(name, "password", _("This file is protected by a password. Save it without one.")) from error
    except (CalamineError, XmlError, ZipError, OSError, ValueError, IndexError) as error:
        raise _unreadable(name, "unreadable", _("This file is not a spreadsheet we can read.")) from error
    rows = (TableRow(line, [_as_text(value) for value in cells]) for line, cells in enumerate(values, 1))
    filled = (row for row in rows if any(cell.strip() for cell in row.cells))
    first = next(filled, None)
    if first is None:
        raise _unreadable(name, "empty", _("This file is empty: its first line must name the columns."))
    return first.cells, filled


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = int(value) if value.is_integer() else None
        return str(whole) if whole is not None else f"{Decimal(repr(value)):f}"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


# Shape ---------------------------------------------------------------------------------------------------------------


def _shape(name: str, header: list[str], rows: Iterable[TableRow]) -> Table:
    header = [heading.strip() for heading in header]
    while header and not header[-1]:
        header.pop()
    named = [heading.casefold() for heading in header if heading]
    for heading in named:
        if named.count(heading) > 1:
            text = _("Two columns have the name “%(name)s”. Give each its own.", name=heading)
            raise TableUnreadable(file_problem(name, "header", text, line=1, value=heading))
    table = Table(name, header, [])
    width = len(header)
    for row in rows:
        if len(table.rows) >= MAX_ROWS:
            text = _("This file has more than %(count)s rows. Split it.", count=MAX_ROWS)
            raise _unreadable(name, "too_long", text)
        if problem := _misfit(name, row, width):
            table.problems.append(problem)
        else:
            table.rows.append(TableRow(row.line, row.cells[:width]))
    return table


def _misfit(name: str, row: TableRow, width: int) -> Problem | None:
    """A row with too few cells, with filled cells beyond the header, or with characters no text has."""
    found = len(row.cells)
    if found < width or any(cell.strip() for cell in row.cells[width:]):
        text = _(
            "Cells in this row: %(found)s, columns in the header: %(width)s. A delimiter is missing, too many, or not quoted.",
            found=found,
            width=width,
        )
        return Problem(name, row.line, min(found, width) + 1, "", "ragged", str(found), text)
    for column, cell in enumerate(row.cells, 1):
        if "\0" in cell:
            text = _("This cell has a character that no text can have.")
            return Problem(name, row.line, column, "", "character", "", text)
    return None


def _unreadable(name: str, code: str, text: str) -> TableUnreadable:
    return TableUnreadable(file_problem(name, code, text))
