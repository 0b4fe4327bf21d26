"""Shapes as lists of points. Units are those of the sheet: a picture is 1000 wide and 1250 high, y grows downward."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from math import atan2, ceil, cos, hypot, pi, sin, sqrt, tan
from random import Random

Point = tuple[float, float]
Points = list[Point]
Outline = Sequence[Point]
Put = Callable[[Points, int], None]
"""Takes a polygon of an ornament and the number of its ink."""
Place = Callable[[Points], Points]
"""Carries points to where they are wanted."""


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, steps: int = 36) -> Points:
    """Points of an ellipse from angle `start` to `end` (radians, clockwise on the sheet, 0 to the right)."""
    return [
        (cx + rx * cos(start + (end - start) * i / steps), cy + ry * sin(start + (end - start) * i / steps))
        for i in range(steps + 1)
    ]


def oval(cx: float, cy: float, rx: float, ry: float, steps: int = 72) -> Points:
    return arc(cx, cy, rx, ry, 0, 2 * pi, steps)[:-1]


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def rounded(x0: float, y0: float, x1: float, y1: float, r: float) -> Points:
    """A rectangle with rounded corners."""
    quarter = pi / 2
    return [
        *arc(x1 - r, y0 + r, r, r, -quarter, 0, 8),
        *arc(x1 - r, y1 - r, r, r, 0, quarter, 8),
        *arc(x0 + r, y1 - r, r, r, quarter, pi, 8),
        *arc(x0 + r, y0 + r, r, r, pi, 3 * quarter, 8),
    ]


def regular(cx: float, cy: float, r: float, n: int, turn: float = 0.0) -> Points:
    return [(cx + r * cos(turn + 2 * pi * i / n), cy + r * sin(turn + 2 * pi * i / n)) for i in range(n)]


def star(cx: float, cy: float, outer: float, inner: float, n: int, turn: float = 0.0) -> Points:
    """A star of n points; the first one lies at angle `turn`."""
    points = []
    for i in range(2 * n):
        r = inner if i % 2 else outer
        points.append((cx + r * cos(turn + pi * i / n), cy + r * sin(turn + pi * i / n)))
    return points


KHATAM = cos(pi / 4) / cos(pi / 8)
"""Inner to outer radius of the star of two crossed squares."""


def khatam(cx: float, cy: float, r: float, turn: float = 0.0) -> Points:
    """The seal: two squares of one centre, an eighth of a turn apart, as one outline of sixteen corners."""
    return star(cx, cy, r, r * KHATAM, 8, turn)


def move(points: Iterable[Point], dx: float, dy: float) -> Points:
    return [(x + dx, y + dy) for x, y in points]


def turn_about(points: Iterable[Point], cx: float, cy: float, angle: float, scale: float = 1.0) -> Points:
    c, s = cos(angle) * scale, sin(angle) * scale
    return [(cx + (x - cx) * c - (y - cy) * s, cy + (x - cx) * s + (y - cy) * c) for x, y in points]


def mirror(points: Iterable[Point], cx: float = 500.0) -> Points:
    return [(2 * cx - x, y) for x, y in points]


def centre(points: Sequence[Point]) -> Point:
    return (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))


def shrink(points: Sequence[Point], by: float) -> Points:
    """Draw every corner `by` units towards the centre: the joint left between two tiles."""
    cx, cy = centre(points)
    out = []
    for x, y in points:
        far = hypot(x - cx, y - cy) or 1.0
        keep = max(0.0, 1 - by / far)
        out.append((cx + (x - cx) * keep, cy + (y - cy) * keep))
    return out


def wobble(points: Iterable[Point], rng: Random, amount: float) -> Points:
    """Each point a little off, as a hand sets it."""
    return [(x + rng.uniform(-amount, amount), y + rng.uniform(-amount, amount)) for x, y in points]


def smooth(points: Sequence[Point], closed: bool = False, steps: int = 8) -> Points:
    """A Catmull-Rom curve through the points."""
    n = len(points)
    out: Points = []
    for i in range(n if closed else n - 1):
        p0 = points[(i - 1) % n] if closed or i > 0 else points[0]
        p1, p2 = points[i], points[(i + 1) % n]
        p3 = points[(i + 2) % n] if closed or i + 2 < n else points[-1]
        for s in range(steps):
            t = s / steps
            x, y = (
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)
                for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
            )
            out.append((x, y))
    if not closed:
        out.append(points[-1])
    return out


def dense(points: Sequence[Point], step: float, closed: bool = True) -> Points:
    """The same outline with points at most `step` apart, so that it can be bent onto a curved surface."""
    out: Points = []
    n = len(points)
    for i in range(n if closed else n - 1):
        (x0, y0), (x1, y1) = points[i], points[(i + 1) % n]
        pieces = max(1, ceil(hypot(x1 - x0, y1 - y0) / step))
        out += [(x0 + (x1 - x0) * j / pieces, y0 + (y1 - y0) * j / pieces) for j in range(pieces)]
    if not closed:
        out.append(points[-1])
    return out


def along(points: Sequence[Point], gap: float) -> list[tuple[float, float, float]]:
    """Stations every `gap` units along an open line: (x, y, direction)."""
    out = []
    left = gap / 2
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length = hypot(x1 - x0, y1 - y0)
        while left < length:
            t = left / length
            out.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, atan2(y1 - y0, x1 - x0)))
            left += gap
        left -= length
    return out


def spiral(cx: float, cy: float, r: float, turns: float, start: float, hand: int = 1, steps: int = 60) -> Points:
    """From the rim inward; `hand` 1 clockwise, -1 the other way."""
    out = []
    for i in range(steps + 1):
        t = i / steps
        a = start + hand * 2 * pi * turns * t
        out.append((cx + r * (1 - 0.86 * t) * cos(a), cy + r * (1 - 0.86 * t) * sin(a)))
    return out


def horseshoe(cx: float, spring: float, half: float, rise: float = 1.25, point: float = 0.0) -> Points:
    """A Moorish arch open at the bottom, from the left foot over the top to the right foot.

    `spring` is where the arch begins, `half` half its opening; `rise` above 1 carries the curve past the half circle,
    `point` (share of `half`) draws the crown up.
    """
    r = half * (1 + (rise - 1) * 0.35)
    sink = sqrt(max(0.0, r * r - half * half))
    cy = spring - sink
    first = pi - atan2(sink, half)
    over = arc(cx, cy, r, r, first, first + 2 * (1.5 * pi - first), 48)
    return [(x, y - point * half * max(0.0, 1 - abs(x - cx) / (r * 0.9)) ** 1.5) for x, y in over]


def hankin_kite(n: int, apothem: float, angle: float) -> tuple[float, float]:
    """Radii of the two crossings of the rays that leave the edge middles of a regular n-gon at `angle` to the edge.

    Polygons in contact (E. H. Hankin, 1925): the first radius lies on the line to a corner, the second on the line to
    the next edge's middle. This is how a rosette grows out of the octagonal grid.
    """
    radii = []
    for part in (pi / n, 2 * pi / n):
        t = apothem * tan(part) / (cos(angle) + sin(angle) * tan(part))
        radii.append(hypot(apothem - t * sin(angle), t * cos(angle)))
    return radii[0], radii[1]


Cell = list[tuple[Points, int]]
"""An ornament in a unit cell, u to the right and v up, both 0 to 1: polygons with the number of their ink."""


def _leaf(x: float, y: float, dx: float, dy: float, w: float) -> Points:
    nx, ny = -dy * w, dx * w
    mid = (x + dx * 0.45, y + dy * 0.45)
    ends = [(x, y), (mid[0] + nx, mid[1] + ny), (x + dx, y + dy), (mid[0] - nx, mid[1] - ny)]
    return smooth(ends, closed=True, steps=5)


def _petals() -> Cell:
    cell: Cell = [
        (_leaf(0.5, 0.5, 0.42 * cos(a), 0.44 * sin(a), 0.3), i % 2)
        for i, a in enumerate([k * pi / 4 for k in range(8)])
    ]
    return [*cell, (oval(0.5, 0.5, 0.09, 0.1, 12), 2)]


def _scales() -> Cell:
    return [
        (arc(0.5, 0.02, 0.5, 0.9, 0, pi, 14), 0),
        (arc(0.5, 0.02, 0.36, 0.66, 0, pi, 14), 3),
        (arc(0.5, 0.02, 0.2, 0.4, 0, pi, 10), 1),
    ]


def _step(levels: int = 4) -> Points:
    up: Points = []
    for i in range(levels):
        up += [(i / (2 * levels), i / levels), (i / (2 * levels), (i + 1) / levels)]
    return [*up, *[(1 - x, y) for x, y in reversed(up)]]


CELLS: dict[str, Cell] = {
    "teeth": [([(0, 0), (0.5, 0.95), (1, 0)], 0)],
    "double teeth": [([(0, 0), (0.5, 1), (1, 0)], 0), ([(0.22, 0), (0.5, 0.58), (0.78, 0)], 3)],
    "lozenge": [
        ([(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)], 0),
        ([(0.5, 0.22), (0.78, 0.5), (0.5, 0.78), (0.22, 0.5)], 3),
        ([(0.5, 0.37), (0.63, 0.5), (0.5, 0.63), (0.37, 0.5)], 1),
    ],
    "zigzag": [([(0, 0.1), (0.5, 0.7), (1, 0.1), (1, 0.38), (0.5, 0.98), (0, 0.38)], 0)],
    "leaf": [
        (_leaf(0.5, 0.04, 0, 0.92, 0.22), 0),
        (_leaf(0.48, 0.1, -0.42, 0.5, 0.22), 1),
        (_leaf(0.52, 0.1, 0.42, 0.5, 0.22), 1),
    ],
    "petals": _petals(),
    "scales": _scales(),
    "arch": [
        ([*arc(0.5, 0.5, 0.46, 0.48, pi, 0, 16), (0.96, 0), (0.04, 0)], 0),
        ([*arc(0.5, 0.48, 0.3, 0.34, pi, 0, 14), (0.8, 0), (0.2, 0)], 3),
        (_leaf(0.5, 0.02, 0, 0.68, 0.2), 1),
    ],
    "dots": [(oval(0.5, 0.5, 0.24, 0.34, 14), 0)],
    "khatam": [(khatam(0.5, 0.5, 0.47, pi / 8), 0), (khatam(0.5, 0.5, 0.24, pi / 8), 3)],
    "chequer": [([(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)], 0), ([(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)], 0)],
    "step": [(_step(), 0)],
    "comma": [
        (smooth([(0.1, 0.2), (0.5, 0.08), (0.85, 0.4), (0.6, 0.86), (0.68, 0.5), (0.45, 0.3)], True, 5), 0),
        (oval(0.4, 0.68, 0.1, 0.12, 10), 1),
    ],
}


class Turned:
    """A body turned about an upright axis, seen from a little above.

    The profile is a list of (radius, height above the foot); `tilt` is how open a level circle appears (0 edge on, 1
    from straight above). Everything painted on it is placed by (angle, height), so it narrows towards the edges.
    """

    def __init__(self, cx: float, base: float, profile: Sequence[Point], tilt: float = 0.16) -> None:
        self.cx, self.base, self.tilt = cx, base, tilt
        self.profile = smooth(profile, steps=10)
        self.top = self.profile[-1][1]

    def radius(self, height: float) -> float:
        for (r0, h0), (r1, h1) in zip(self.profile, self.profile[1:], strict=False):
            if h0 <= height <= h1:
                return r0 + (r1 - r0) * ((height - h0) / (h1 - h0) if h1 > h0 else 0.0)
        return self.profile[0][0] if height < self.profile[0][1] else self.profile[-1][0]

    def at(self, angle: float, height: float) -> Point:
        """A point of the surface; angle 0 faces the viewer, positive to the right."""
        r = self.radius(height)
        return (self.cx + r * sin(angle), self.base - height + self.tilt * r * cos(angle))

    def outline(self) -> Points:
        right = [(self.cx + r, self.base - h) for r, h in self.profile]
        left = [(self.cx - r, self.base - h) for r, h in reversed(self.profile)]
        foot, rim = self.profile[0][0], self.profile[-1][0]
        back = arc(self.cx, self.base - self.top, rim, rim * self.tilt, 0, -pi, 24)
        front = arc(self.cx, self.base, foot, foot * self.tilt, pi, 0, 24)
        return [*right, *back, *left, *front]

    def band(self, low: float, high: float) -> Points:
        """The visible half of a belt between two heights."""
        angles = [-pi / 2 + pi * i / 28 for i in range(29)]
        levels = [low + (high - low) * i / 6 for i in range(7)]
        return [
            *[self.at(a, low) for a in angles],
            *[self.at(pi / 2, h) for h in levels],
            *[self.at(a, high) for a in reversed(angles)],
            *[self.at(-pi / 2, h) for h in reversed(levels)],
        ]

    def ring(self, height: float) -> Points:
        return [self.at(-pi / 2 + pi * i / 32, height) for i in range(33)]

    def rim(self, inset: float = 0.0) -> Points:
        r = self.profile[-1][0] - inset
        return oval(self.cx, self.base - self.top, r, r * self.tilt)

    def repeat(self, cell: Cell, low: float, high: float, count: int, phase: float, put: Put) -> None:
        """Lay an ornament `count` times round a belt and hand each visible polygon to `put`."""
        wide = 2 * pi / count
        for i in range(-(count // 4) - 2, count // 4 + 3):
            left = (i + phase) * wide
            if left + wide < -pi / 2 or left > pi / 2:
                continue
            for polygon, ink in cell:
                bent = [
                    self.at(max(-pi / 2, min(pi / 2, left + u * wide)), low + v * (high - low))
                    for u, v in dense(polygon, 0.2)
                ]
                put(bent, ink)


def around(
    cell: Cell,
    cx: float,
    cy: float,
    inner: float,
    outer: float,
    count: int,
    put: Put,
    turn: float = 0.0,
    squash: float = 1.0,
) -> None:
    """Lay an ornament `count` times round a flat ring; `squash` flattens the ring as seen from the side."""
    wide = 2 * pi / count
    for i in range(count):
        for polygon, ink in cell:
            bent = []
            for u, v in dense(polygon, 0.25):
                a, r = turn + (i + u - 0.5) * wide, inner + v * (outer - inner)
                bent.append((cx + r * cos(a), cy + r * sin(a) * squash))
            put(bent, ink)
