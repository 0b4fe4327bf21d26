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
