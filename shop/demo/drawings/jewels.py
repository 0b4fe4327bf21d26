"""Silver of the south: fibulas, strings of amber and coral, enamelled cuffs."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import (
    CELLS,
    Place,
    Point,
    Points,
    along,
    around,
    mirror,
    move,
    oval,
    smooth,
    turn_about,
)
from shop.demo.drawings.ground import ROUND, SHINE, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary

SILVER: Colour = (196, 194, 188)
AMBER: Colour = (222, 152, 52)
CORAL: Colour = (196, 76, 56)


def silver(sheet: Sheet, area: Points, tone: Colour = SILVER, relief: float = 1.0) -> None:
    """Beaten silver: a dark lower edge, a bright upper one, a mirror's stripes."""
    sheet.polygon(move(area, 2, 3), dim(tone, 0.6))
    sheet.polygon(area, tone)
    sheet.model(area, SHINE, 0.42 * relief)
    sheet.grain(area, 7, 7, 0.06)
    sheet.stroke(area, dim(tone, 0.5), 2, closed=True)


def stone(sheet: Sheet, x: float, y: float, r: float, ink: Colour, ry: float | None = None) -> None:
    """A cabochon in its collar."""
    q = ry if ry is not None else r
    sheet.disc(x + 1.5, y + 2.5, r + 5, dim(SILVER, 0.55), q + 5)
    sheet.disc(x, y, r + 4, lit(SILVER, 0.3), q + 4)
    sheet.disc(x, y, r, dim(ink, 0.35), q)
    sheet.disc(x - r * 0.06, y - q * 0.08, r * 0.88, ink, q * 0.88)
    sheet.disc(x - r * 0.3, y - q * 0.34, r * 0.26, lit(ink, 0.6), q * 0.22)


def bead(sheet: Sheet, rng: Random, x: float, y: float, r: float, ink: Colour, ry: float | None = None) -> None:
    """A round bead with its shadow on the ground."""
    q = ry if ry is not None else r
    tone = vary(rng, ink, 0.03)
    sheet.wash(oval(x + r * 0.45, y + q * 0.55, r, q, 24), SHADE, 0.34, r * 0.3)
    sheet.disc(x, y, r, dim(tone, 0.42), q)
    sheet.disc(x - r * 0.08, y - q * 0.1, r * 0.88, tone, q * 0.88)
    sheet.disc(x - r * 0.2, y - q * 0.24, r * 0.5, lit(tone, 0.2), q * 0.5)
    sheet.disc(x - r * 0.34, y - q * 0.38, r * 0.18, lit(tone, 0.75), q * 0.18)


def granules(sheet: Sheet, line: Points, gap: float, r: float) -> None:
    for x, y, _ in along(line, gap):
        sheet.disc(x + 0.8, y + 1.2, r, dim(SILVER, 0.6))
        sheet.disc(x, y, r * 0.9, SILVER)
        sheet.disc(x - r * 0.3, y - r * 0.3, r * 0.35, WHITE)


def _gems(rng: Random, dye: Dye) -> list[Colour]:
    pool = [dye.main, dye.spark, dye.accent, AMBER, CORAL]
    return [*rng.sample(pool[:3], 2), rng.choice(pool)]


def chain(sheet: Sheet, line: Points, gap: float = 15.0) -> None:
    sheet.wash([*move(line, 6, 9), *reversed(move(line, 9, 14))], SHADE, 0.3, 5)
    for i, (x, y, a) in enumerate(along(line, gap)):
        wide = gap * (0.62 if i % 2 else 0.5)
        ring = turn_about(oval(x, y, wide, wide * (0.55 if i % 2 else 0.24), 18), x, y, a)
        sheet.stroke(move(ring, 0.8, 1.4), dim(SILVER, 0.62), 4, closed=True)
        sheet.stroke(ring, lit(SILVER, 0.12), 3, closed=True)


def paint_fibula(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A pair of tizerzai: pin, ring and a triangle of enamelled silver, joined by a chain with a bead box."""
    gems = _gems(rng, dye)
    wide, tall = rng.uniform(120, 145), rng.uniform(230, 280)
    top = rng.uniform(360, 400)
    drops = rng.choice((3, 5))
    shape = rng.choice(("triangle", "stepped", "round"))
    line = smooth(
        [
            (285, top + tall + 40),
            (330, top + tall + 240),
            (500, top + tall + 330),
            (670, top + tall + 240),
            (715, top + tall + 40),
        ],
        steps=12,
    )
    chain(sheet, line)
    state = rng.getstate()
    for side in (-1, 1):
        rng.setstate(state)

        def at(points: Points, side: int = side) -> Points:
            return points if side < 0 else mirror(points)

        _fibula(sheet, rng, at, (285.0, top, wide, tall), gems, shape, drops)
    cy = top + tall + 326
    egg = oval(500, cy, 46, 56, 50)
    sheet.cast(egg, 8, 0.4)
    silver(sheet, egg)
    stone(sheet, 500, cy, 20, gems[0], 26)
    for i in range(-1, 2):
        _drop(sheet, rng, 500 + i * 34, cy + 52 - abs(i) * 14, gems[(i + 1) % 3])


def _drop(sheet: Sheet, rng: Random, x: float, y: float, ink: Colour) -> None:
    chain(sheet, [(x, y), (x, y + 46)], 11)
    bead(sheet, rng, x, y + 54, 9, ink)
    leaf = smooth([(x, y + 60), (x + 13, y + 86), (x, y + 106), (x - 13, y + 86)], closed=True, steps=5)
    silver(sheet, leaf)


def _fibula(
    sheet: Sheet,
    rng: Random,
    at: Place,
    frame: tuple[float, float, float, float],
    gems: list[Colour],
    shape: str,
    drops: int,
) -> None:
    cx, top, wide, tall = frame
    pin = at([(cx - 4, top - 200), (cx + 4, top - 200), (cx + 7, top + tall * 0.5), (cx - 7, top + tall * 0.5)])
    sheet.cast(pin, 8, 0.36)
    silver(sheet, pin)
    ((rx, ry),) = at([(cx, top - 46)])
    ring = oval(rx, ry, 58, 58, 50)
    sheet.stroke(move(ring, 6, 9), mix((222, 212, 196), SHADE, 0.3), 13, closed=True)
    sheet.stroke(ring, dim(SILVER, 0.42), 16, closed=True)
    sheet.stroke(move(ring, -1, -2), lit(SILVER, 0.2), 8, closed=True)
    bodies = {
        "triangle": [(cx - wide, top), (cx + wide, top), (cx + 16, top + tall), (cx - 16, top + tall)],
        "stepped": [
            (cx - wide, top),
            (cx + wide, top),
            (cx + wide, top + tall * 0.24),
            (cx + wide * 0.66, top + tall * 0.34),
            (cx + wide * 0.62, top + tall * 0.6),
            (cx + 26, top + tall * 0.72),
            (cx + 20, top + tall),
            (cx - 20, top + tall),
            (cx - 26, top + tall * 0.72),
            (cx - wide * 0.62, top + tall * 0.6),
            (cx - wide * 0.66, top + tall * 0.34),
            (cx - wide, top + tall * 0.24),
        ],
        "round": smooth(
            [
                (cx - wide * 0.7, top),
                (cx + wide * 0.7, top),
                (cx + wide, top + tall * 0.4),
                (cx + wide * 0.5, top + tall * 0.82),
                (cx, top + tall),
                (cx - wide * 0.5, top + tall * 0.82),
                (cx - wide, top + tall * 0.4),
            ],
            closed=True,
        ),
    }
    body = at(bodies[shape])
    sheet.cast(body, 10, 0.42)
    silver(sheet, body)
    mx, my = cx, top + tall * 0.38
    small = [(mx + (x - mx) * 0.78, my + (y - my) * 0.78) for x, y in bodies[shape]]
    granules(sheet, at([*small, small[0]]), 11, 4)
    _enamel(sheet, at, (mx, my), wide, gems)
    for i in range(drops):
        x = cx + (i - (drops - 1) / 2) * wide * 0.36
        y = top + tall * (0.96 - abs(i - (drops - 1) / 2) * (0.34 if shape == "triangle" else 0.17))
        ((px, py),) = at([(x, y)])
        _drop(sheet, rng, px, py, gems[i % 3])


def _enamel(sheet: Sheet, at: Place, middle: tuple[float, float], wide: float, gems: list[Colour]) -> None:
    mx, my = middle
    inks = (gems[0], gems[1], (232, 196, 92), dim(SILVER, 0.1))

    def put(points: Points, ink: int) -> None:
        bent = at(points)
        sheet.polygon(bent, inks[ink % 4])
        sheet.stroke(bent, lit(SILVER, 0.3), 2, closed=True)

    around(CELLS["leaf"], mx, my, wide * 0.24, wide * 0.5, 8, put)
    ((x, y),) = at([(mx, my)])
    stone(sheet, x, y, wide * 0.15, gems[2])
    for dx in (-0.58, 0.58):
        ((x, y),) = at([(mx + wide * dx, my - wide * 0.5)])
        stone(sheet, x, y, wide * 0.085, gems[1])


def paint_necklace(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Strings of amber, coral and glass about a silver pendant."""
    gems = _gems(rng, dye)
    strings = rng.choice((1, 2, 2, 3))
    low = rng.uniform(720, 800)
    for n in range(strings):
        wide, drop = 290 - n * 52, low - n * 96
        line = smooth(
            [
                (500 - wide * 0.5, 205),
                (500 - wide * 0.96, 330),
                (500 - wide, 500),
                (500 - wide * 0.66, drop - 70),
                (500, drop),
                (500 + wide * 0.66, drop - 70),
                (500 + wide, 500),
                (500 + wide * 0.96, 330),
                (500 + wide * 0.5, 205),
            ],
            steps=14,
        )
        sheet.stroke(line, (120, 90, 66), 3)
        _string(sheet, rng, line, gems, n)
    silver(sheet, oval(500, 190, 30, 18, 30))
    sheet.stroke(smooth([(500 - 145, 205), (470, 188)], steps=6), (120, 90, 66), 4)
    sheet.stroke(smooth([(500 + 145, 205), (530, 188)], steps=6), (120, 90, 66), 4)
    _pendant(sheet, rng, gems, low)


def _string(sheet: Sheet, rng: Random, line: Points, gems: list[Colour], n: int) -> None:
    """Beads largest in the middle, the order mirrored on both sides."""
    plan = [rng.choice(("big", "small", "disc", "silver", "small")) for _ in range(7)]
    stations = along(line, 8)
    middle = len(stations) / 2
    last = -100.0
    for i, (x, y, a) in enumerate(stations):
        far = abs(i - middle) / middle
        size = (27 - 4 * n) * (1 - 0.5 * far)
        place = i * 8.0
        kind = plan[round(abs(i - middle) / 3) % 7]
        half = {"big": size, "small": size * 0.55, "disc": size * 0.32, "silver": size * 0.62}[kind]
        if place - last < half:
            continue
        last = place + half
        if kind == "silver":
            bead(sheet, rng, x, y, size * 0.62, SILVER)
        elif kind == "disc":
            flat = turn_about(oval(x, y, size * 0.32, size * 0.8, 20), x, y, a)
            sheet.polygon(flat, dim(gems[1], 0.2))
            sheet.stroke(flat, lit(gems[1], 0.3), 1.6, closed=True)
        else:
            bead(sheet, rng, x, y, half, gems[0] if kind == "big" else gems[2])


def _pendant(sheet: Sheet, rng: Random, gems: list[Colour], y: float) -> None:
    kind = rng.choice(("hand", "cross", "disc", "crescent"))
    cy = y + 118
    r = rng.uniform(82, 100)
    shapes: dict[str, Points] = {
        "disc": oval(500, cy, r, r, 60),
        "cross": [
            (
                500 + (r * (1.2 if i % 2 == 0 else 0.62)) * cos(-pi / 2 + i * pi / 4),
                cy + (r * (1.2 if i % 2 == 0 else 0.62)) * sin(-pi / 2 + i * pi / 4),
            )
            for i in range(8)
        ],
        "crescent": [
            *oval(500, cy, r * 1.1, r * 1.1, 60)[50:],
            *oval(500, cy, r * 1.1, r * 1.1, 60)[:41],
            *reversed(
                [
                    (500 + r * 0.78 * cos(a), cy - r * 0.3 + r * 0.74 * sin(a))
                    for a in [-pi / 4 + 1.5 * pi * i / 30 for i in range(31)]
                ]
            ),
        ],
        "hand": smooth(
            [
                (500 - r * 0.6, cy + r * 0.5),
                (500 - r * 0.92, cy),
                (500 - r * 0.78, cy - r * 0.34),
                (500 - r * 0.56, cy - r * 0.1),
                (500 - r * 0.46, cy - r * 0.84),
                (500 - r * 0.2, cy - r * 0.94),
                (500, cy - r * 1.12),
                (500 + r * 0.2, cy - r * 0.94),
                (500 + r * 0.46, cy - r * 0.84),
                (500 + r * 0.56, cy - r * 0.1),
                (500 + r * 0.78, cy - r * 0.34),
                (500 + r * 0.92, cy),
                (500 + r * 0.6, cy + r * 0.5),
                (500, cy + r * 1.0),
            ],
            closed=True,
            steps=6,
        ),
    }
    bail = oval(500, cy - r * 1.12, 15, 22, 24)
    sheet.stroke(bail, dim(SILVER, 0.4), 9, closed=True)
    sheet.stroke(move(bail, -1, -1), lit(SILVER, 0.2), 4, closed=True)
    area = shapes[kind]
    sheet.cast(area, 9, 0.42)
    silver(sheet, area)
    dy = r * 0.62 if kind == "crescent" else r * 0.18 if kind == "hand" else 0
    around(CELLS["dots"], 500, cy + dy, r * 0.36, r * 0.52, 12, lambda p, i: sheet.polygon(p, gems[1]))
    stone(sheet, 500, cy + dy, r * 0.26, gems[0])
    for i in (-1, 0, 1):
        _drop(sheet, rng, 500 + i * r * 0.5, cy + r * (1.0 - 0.2 * abs(i)), gems[(i + 1) % 3])


def paint_bracelet(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A hinged cuff seen from above its edge: panels of enamel, stones or spikes round it."""
    gems = _gems(rng, dye)
    r, tilt = rng.uniform(285, 320), 0.4
    tall = rng.uniform(130, 230)
    cy = 560.0
    base = cy + tall
    sheet.wash(oval(530, base + 16, r * 1.12, r * tilt * 1.1), SHADE, 0.4, 24)
    inner_back = [
        *[(500 + r * cos(a), cy + r * tilt * sin(a)) for a in [pi + pi * i / 40 for i in range(41)]],
        *[(500 + r * cos(a), base + r * tilt * sin(a)) for a in [2 * pi - pi * i / 40 for i in range(41)]],
    ]
    sheet.polygon(inner_back, dim(SILVER, 0.3))
    sheet.model(inner_back, ((0, 0.5), (0.35, 0.1), (0.6, -0.3), (0.8, 0), (1, 0.3)))
    sheet.grain(inner_back, 12, 12, 0.06)
    front = [
        *[(500 + r * cos(a), cy + r * tilt * sin(a)) for a in [pi - pi * i / 40 for i in range(41)]],
        *[(500 + r * cos(a), base + r * tilt * sin(a)) for a in [pi * i / 40 for i in range(41)]],
    ]
    sheet.polygon(front, SILVER)
    sheet.grain(front, 7, 7, 0.06)

    def at(a: float, v: float) -> tuple[float, float]:
        """A point of the outside: angle from the front, height 0 (lower edge) to 1."""
        return (500 + r * sin(a), base - v * tall + r * tilt * cos(a))

    _cuff_work(sheet, rng, at, r, tall, gems)
    sheet.model(front, ROUND, 0.9)
    rim = oval(500, cy, r, r * tilt, 90)
    sheet.stroke(rim, dim(SILVER, 0.35), 13, closed=True)
    sheet.stroke(move(rim, 0, -2), lit(SILVER, 0.5), 5, closed=True)
    edge = [at(-pi / 2 + pi * i / 40, 0.0) for i in range(41)]
    sheet.stroke(edge, dim(SILVER, 0.3), 11)
    sheet.stroke(move(edge, 0, -3), lit(SILVER, 0.4), 4)


def _cuff_work(
    sheet: Sheet, rng: Random, at: Callable[[float, float], Point], r: float, tall: float, gems: list[Colour]
) -> None:
    count = round(2 * pi * r / tall / rng.choice((0.8, 1.0, 1.2)) / 2) * 2
    style = rng.choice(("enamel", "stones", "spikes"))
    wide = 2 * pi / count
    for i in range(-count // 4, count // 4 + 1):
        a = i * wide
        for s in (-0.5, 0.5):
            if abs(a + s * wide) < pi / 2:
                granules(sheet, [at(a + s * wide, 0.08 + 0.1 * k) for k in range(9)], 12, 4.6)
        name = "petals" if style == "enamel" else "khatam" if style == "stones" else "lozenge"
        inks = (gems[i % 2], gems[(i + 1) % 2], (232, 196, 92), dim(SILVER, 0.12))
        for polygon, ink in CELLS[name]:
            bent = [at(max(-pi / 2, min(pi / 2, a + (u - 0.5) * wide * 0.84)), 0.12 + 0.76 * v) for u, v in polygon]
            sheet.polygon(bent, inks[ink % 4])
            sheet.stroke(bent, lit(SILVER, 0.3), 2, closed=True)
        if abs(a) < 1.4:
            x, y = at(a, 0.5)
            squeeze = cos(a)
            if style == "spikes":
                sheet.wash(oval(x + 12, y + 14, 22 * squeeze, 22), SHADE, 0.4, 6)
                for k in range(6):
                    q = 24 - 4 * k
                    sheet.disc(
                        x + 14 * sin(a) * k * 0.5,
                        y - k * 0.5,
                        q * max(0.3, squeeze),
                        lit(SILVER, 0.1 * k) if k else dim(SILVER, 0.5),
                        q,
                    )
            else:
                stone(
                    sheet,
                    x,
                    y,
                    tall * 0.14 * max(0.3, squeeze),
                    gems[2] if style == "stones" else gems[i % 2],
                    tall * 0.14,
                )
