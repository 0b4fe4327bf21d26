"""Facts about preparation and sending."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineAnswered:
    """`answer` is accepted, declined or call."""

    line_id: int
    answer: str


@dataclass(frozen=True, slots=True)
class ParcelHandedOver:
    parcel_id: int


@dataclass(frozen=True, slots=True)
class ParcelArrived:
    """Its buyer has it in hand, says the buyer or, `by_staff`, an officer."""

    parcel_id: int
    by_staff: bool
