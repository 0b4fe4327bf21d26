"""What is wrong with a file, as values and as sentences: where it stands, what stood there, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shop.core.errors import Invalid
from shop.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `code` and `value` are for programs, `text` is a sentence in the language of the moment.

    `line` is where the row begins in a CSV file or its row in a sheet, from 1; 0 means the file. `column` counts from
    1; None where no single column is to blame. `heading` is the column's name in the file.
    """

    file: str
    line: int
    column: int | None
    heading: str
    code: str
    value: str
    text: str

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return f"{place}: {self.heading}: {self.text}" if self.heading else f"{place}: {self.text}"


def file_problem(file: str, code: str, text: str, *, line: int = 0, value: str = "") -> Problem:
    """A finding about a file or one whole line of it."""
    return Problem(file, line, None, "", code, value, text)


class TableUnreadable(Invalid):
    """A file that is no table we can read; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text, code=problem.code)
        self.problem = problem


class MappingInvalid(Invalid):
    """A mapping file that makes no sense; the sentence names the file and the place in it."""


class ImportRefused(Invalid):
    """A file with bad rows, while only whole files are wanted; nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        text = _("The file has errors, so nothing of it was imported. Correct them, or import only the good rows.")
        super().__init__(text)


@dataclass(slots=True)
class Outcome:
    """What an import did, or would do: counts of things (products, sales, rates) and the rows that could not be taken.

    `notices` are findings that keep nothing out, such as addresses of pictures that were not fetched.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
