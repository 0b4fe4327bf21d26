"""What an examiner found on one page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`page` is language and name; `where` shows the place in the markup, `what` is the examiner's own sentence."""

    examiner: str
    page: str
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.examiner:<10} {self.page:<28} {self.what}" + (f"\n{'':<12}{self.where}" if self.where else "")
