"""Facts of shipping, for whoever has to tell somebody."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FreightAnswered:
    """Staff answered what freight costs, or that there is none."""

    request_id: int
