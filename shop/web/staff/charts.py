"""Geometry of a bar chart: numbers in, coordinates out. The drawing itself runs left to right in every language, so a
chart for a reader of Arabic is mirrored here, by computing x, and text anchors mean the same everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 720
LABELS = 210
FIGURES = 130
ROW = 34
BAR = 18
TOP = 8
AXIS = 26


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with where its label and its figure stand; lengths in units of the drawing."""

    label: str
    value: int
    text: str
    x: float
    y: int
    length: float
    text_x: float
    text_anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` x `height`; `ticks` are (x, value)."""

    width: int
    height: int
    label_x: int
    label_anchor: str
    zero_x: float
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]


def nice_step(largest: int, steps: int = 4) -> int:
    """The smallest of 1, 2, 5 x 10^n that covers `largest` in at most `steps` steps."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * steps >= largest:
                return factor * size
        size *= 10


def bar_chart(rows: Sequence[tuple[str, int, str]], *, mirrored: bool) -> Chart:
    """Horizontal bars of rows (label, value, text) on one scale that contains zero; values may be negative."""
    values = [value for _label, value, _text in rows]
    highest, lowest = max([*values, 0]), min([*values, 0])
    step = nice_step(max(highest, -lowest, 1))
    # Whole steps that enclose every value: down for the lowest, up for the highest.
    first, last = lowest // step * step, max(-(-highest // step) * step, step)
    span, room = last - first, WIDTH - LABELS - FIGURES

    def place(value: int) -> float:
        along = LABELS + room * (value - first) / span
        return round(WIDTH - along if mirrored else along, 1)

    zero, onward = place(0), -1 if mirrored else 1
    bars = []
    for index, (label, value, text) in enumerate(rows):
        end = place(value)
        bars.append(
            Bar(
                label=label,
                value=value,
                text=text,
                x=min(zero, end),
                y=TOP + index * ROW,
                length=round(abs(end - zero), 1),
                # Always on the side of greater values, so that no figure runs into a label.
                text_x=round(max(zero * onward, end * onward) * onward + 8 * onward, 1),
                text_anchor="end" if mirrored else "start",
            )
        )
    return Chart(
        width=WIDTH,
        height=TOP + len(rows) * ROW + AXIS,
        label_x=WIDTH - LABELS + 12 if mirrored else LABELS - 12,
        label_anchor="start" if mirrored else "end",
        zero_x=zero,
        bars=tuple(bars),
        ticks=tuple((place(value), value) for value in range(first, last + 1, step)),
    )
