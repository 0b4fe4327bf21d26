"""Thuya, cedar and walnut: grain, burl, inlay and turned bowls."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import CELLS, Point, Points, Turned, around, box, khatam, move, oval, regular, smooth
from shop.demo.drawings.ground import FLOOR, ROUND, Sheet
from shop.demo.drawings.palettes import SHADE, Colour, Dye, dim, lit, mix, vary
from shop.demo.drawings.zellige import rosette

TIMBERS: dict[str, Colour] = {
    "thuya": (142, 78, 44),
    "walnut": (104, 70, 46),
    "cedar": (178, 124, 80),
    "lemon": (214, 178, 116),
    "ebony": (46, 36, 32),
}


def timber(rng: Random, dye: Dye) -> Colour:
    if dye.name in ("walnut", "ink", "wool"):
        return vary(rng, TIMBERS["walnut"], 0.03)
    if dye.name in ("saffron", "lime", "brass", "mint"):
        return vary(rng, rng.choice((TIMBERS["cedar"], TIMBERS["lemon"])), 0.03)
    return vary(rng, rng.choice((TIMBERS["thuya"], TIMBERS["cedar"], TIMBERS["thuya"])), 0.03)


def figure(sheet: Sheet, rng: Random, area: Points, wood: Colour, lean: float = 0.0, knots: int = 1) -> None:
    """Grain across an outline: wandering dark lines that part round a few eyes of burl."""
    x0, x1 = min(p[0] for p in area), max(p[0] for p in area)
    y0, y1 = min(p[1] for p in area), max(p[1] for p in area)
    eyes = [(rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(14, 34)) for _ in range(knots)]
    with sheet.within(area):
        sheet.grain(area, 130, 7, 0.14, dim(wood, 0.6), lit(wood, 0.5))
        y = y0 - abs(lean) * (x1 - x0)
        phase = rng.uniform(0, 6)
        while y < y1 + abs(lean) * (x1 - x0):
            line: Points = []
            for i in range(25):
                x = x0 + (x1 - x0) * i / 24
                ly = y + lean * (x - x0) + 4 * sin(x / 90 + phase + y / 60)
                for ex, ey, er in eyes:
                    far = ((x - ex) / (er * 2.2)) ** 2 + ((ly - ey) / (er * 1.3)) ** 2
                    ly += (1 if ly > ey else -1) * er * 0.8 / (1 + far * 2)
                line.append((x, ly))
            sheet.stroke(line, dim(wood, rng.uniform(0.06, 0.3)), rng.uniform(0.8, 2.2), ends=False)
            y += rng.uniform(5, 13)
        for ex, ey, er in eyes:
            for k in range(4):
                r = er * (0.5 - 0.1 * k)
                sheet.ring(ex, ey, r * 1.4, dim(wood, 0.16 + 0.1 * k), 1.6, 0.6)


def paint_box(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A casket of thuya burl with a star of lemon wood, ebony and nacre let into its lid."""
    wood = timber(rng, dye)
    half, deep, tall = rng.uniform(290, 330), rng.uniform(180, 220), rng.uniform(170, 250)
    front = FLOOR - 20
    back = front - tall - deep
    inset = half * 0.1
    sheet.wash(
        [
            (500 - half, front - 6),
            (500 + half + 60, front - 10),
            (500 + half + 40, front + 30),
            (500 - half, front + 14),
        ],
        SHADE,
        0.5,
        12,
    )
    lid = [
        (500 - half, front - tall),
        (500 - half + inset, back),
        (500 + half - inset, back),
        (500 + half, front - tall),
    ]
    face = box(500 - half, front - tall, 500 + half, front)
    sheet.polygon(face, dim(wood, 0.2))
    figure(sheet, rng, face, dim(wood, 0.2), 0, 5)
    sheet.model(face, ((0, -0.06), (1, 0.2)))
    cut = front - tall + min(70, tall * 0.36)
    sheet.stroke([(500 - half, cut), (500 + half, cut)], dim(wood, 0.66), 4)
    sheet.stroke([(500 - half, cut + 4), (500 + half, cut + 4)], lit(wood, 0.2), 2)
    sheet.polygon(lid, wood)
    figure(sheet, rng, lid, wood, 0.02, 9)
    _string(sheet, rng, dye, (500 - half, cut, 500 + half, front))

    def place(u: float, v: float) -> tuple[float, float]:
        """A point of the lid seen from the front: u and v from -1 to 1."""
        t = (v + 1) / 2
        return (500 + u * (half - inset * (1 - t)), back + deep * t)

    _lid_star(sheet, rng, dye, place, half, deep)
    sheet.model(lid, ((0, -0.16), (0.5, 0), (1, 0.14)))
    sheet.stroke([lid[0], lid[3]], lit(wood, 0.35), 4)
    lock = move(khatam(0, 0, 26), 500, cut)
    sheet.polygon(move(lock, 2, 3), dim(wood, 0.7))
    sheet.polygon(lock, (206, 170, 92))
    sheet.disc(500, cut - 2, 5, (60, 44, 26))
    sheet.polygon([(496, cut), (504, cut), (506, cut + 13), (494, cut + 13)], (60, 44, 26))


def _string(sheet: Sheet, rng: Random, dye: Dye, span: tuple[float, float, float, float]) -> None:
    """A line of inlay round the front: dark and light teeth between two strings."""
    x0, y0, x1, y1 = span
    pale, dark = TIMBERS["lemon"], TIMBERS["ebony"]
    y0, y1, x0, x1 = y0 + 20, y1 - 18, x0 + 22, x1 - 22
    for inset, ink in ((0, pale), (5, dark)):
        sheet.stroke(box(x0 + inset, y0 + inset, x1 - inset, y1 - inset), ink, 3.4, closed=True)
    style = rng.choice(("none", "row", "diamond"))
    mid, count = (y0 + y1) / 2, rng.choice((7, 9, 11))
    if style == "none" or y1 - y0 < 50:
        return
    size = min((y1 - y0) * 0.3, (x1 - x0) / count * 0.44)
    for i in range(count):
        x = x0 + (x1 - x0) * (i + 0.5) / count
        sheet.polygon(
            regular(x, mid, size, 4) if style == "diamond" else khatam(x, mid, size), pale if i % 2 else dye.main
        )
        sheet.polygon(regular(x, mid, size * 0.5, 4), dark)


def _lid_star(
    sheet: Sheet, rng: Random, dye: Dye, place: Callable[[float, float], Point], half: float, deep: float
) -> None:
    pale, dark, nacre = TIMBERS["lemon"], TIMBERS["ebony"], (236, 232, 222)
    ratio = half / (deep * 1.25)
    n = rng.choice((8, 8, 12, 16))
    inks = {
        "star": pale,
        "kite": rng.choice((pale, nacre)),
        "heart": dark,
        "core": rng.choice((nacre, dye.accent, dye.main)),
    }
    rim = [
        place(0.98 * cos(2 * pi * i / 80) * 0.62, 0.98 * sin(2 * pi * i / 80) * 0.62 * ratio * 0.82) for i in range(80)
    ]
    sheet.polygon(rim, dark)
    sheet.polygon(
        [
            place(0.62 * 0.93 * cos(2 * pi * i / 80), 0.62 * 0.93 * sin(2 * pi * i / 80) * ratio * 0.82)
            for i in range(80)
        ],
        mix(TIMBERS["thuya"], dye.deep, 0.3),
    )
    for outline, role in rosette(0, 0, 0.55, n, {8: 1.15, 12: 1.15, 16: 1.2}[n], pi / n):
        at = [place(x, y * ratio * 0.82) for x, y in outline]
        sheet.polygon(at, inks[role])
        sheet.stroke(at, dim(inks[role], 0.5), 1.2, closed=True)
    for u in (-0.86, 0.86):
        for v in (-0.8, 0.8):
            corner = [place(u + 0.09 * x, v + 0.16 * y) for x, y in khatam(0, 0, 1)]
            sheet.polygon(corner, pale)
            sheet.polygon([place(u + 0.04 * x, v + 0.07 * y) for x, y in khatam(0, 0, 1)], dark)
    frame = [place(u, v) for u, v in ((-0.95, -0.93), (0.95, -0.93), (0.95, 0.93), (-0.95, 0.93))]
    sheet.stroke(frame, pale, 3, closed=True)


def paint_bowl(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A turned bowl: rings of the tree inside, an inlaid or incised line outside."""
    wood = timber(rng, dye)
    rim, tall, tilt = rng.uniform(300, 350), rng.uniform(170, 260), rng.uniform(0.36, 0.46)
    base = 890.0
    foot = rim * rng.uniform(0.34, 0.5)
    sheet.stand(500, base + 24, foot * 1.7)
    bowl = Turned(
        500, base, [(foot, 0), (foot, 12), (rim * 0.76, tall * 0.36), (rim * 0.98, tall * 0.76), (rim, tall)], tilt
    )
    area = bowl.outline()
    sheet.polygon(area, wood)
    figure(sheet, rng, area, wood, 0, 2)
    with sheet.within(area):
        for h in rng.sample([tall * 0.5, tall * 0.62, tall * 0.74, tall * 0.86], rng.choice((1, 2))):
            sheet.polygon(bowl.band(h, h + 9), rng.choice((TIMBERS["lemon"], TIMBERS["ebony"], dye.main)))
        if rng.random() < 0.4:
            cuts = (dim(wood, 0.4), wood, wood, lit(wood, 0.2))
            bowl.repeat(CELLS["lozenge"], tall * 0.5, tall * 0.84, 26, 0.2, lambda p, i: sheet.polygon(p, cuts[i % 4]))
    sheet.model(area, ROUND)
    cy = base - tall
    sheet.polygon(bowl.rim(), lit(wood, 0.22))
    inner = bowl.rim(16)
    sheet.polygon(inner, wood)
    with sheet.within(inner):
        ox, oy = 500 + rng.uniform(-90, 90), cy + rng.uniform(20, 60)
        r = 8.0
        while r < rim * 1.6:
            ring = [(x + rng.uniform(-1.5, 1.5), y) for x, y in oval(ox, oy, r * 1.1, r * tilt)]
            sheet.stroke(ring, dim(wood, rng.uniform(0.05, 0.28)), rng.uniform(1, 3.6), closed=True)
            r += rng.uniform(7, 20)
        sheet.grain(inner, 60, 6, 0.08)
        sheet.model(inner, ((0, 0.5), (0.3, 0.2), (0.65, -0.06), (0.86, -0.2), (1, 0.04)))
        sheet.model(inner, ((0, 0.34), (0.35, 0.05), (1, -0.06)), down=True)


def paint_stool(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A low stool: turned or arched legs, a carved or painted seat."""
    wood = timber(rng, dye)
    half, tilt = rng.uniform(250, 290), 0.3
    top, thick = rng.uniform(560, 620), 44.0
    sheet.wash(oval(530, FLOOR + 4, half * 1.1, 66), SHADE, 0.4, 24)
    if rng.random() < 0.5:
        _turned_legs(sheet, rng, wood, half, top + thick, tilt)
    else:
        _arcade(sheet, rng, dye, wood, half, top + thick)
    sides = rng.choice((80, 8, 6))
    seat = [
        (x, top + (y - top) * tilt) for x, y in regular(500, top, half * 1.06, sides, pi / sides if sides != 80 else 0)
    ]
    low = move(seat, 0, thick)
    sheet.polygon(low, dim(wood, 0.35))
    sheet.polygon(
        [
            (500 - half * 1.06, top),
            (500 + half * 1.06, top),
            (500 + half * 1.06, top + thick),
            (500 - half * 1.06, top + thick),
        ]
        if sides == 80
        else [min(seat), max(seat), max(low), min(low)],
        dim(wood, 0.35),
    )
    sheet.polygon(seat, wood)
    figure(sheet, rng, seat, wood, 0.03, 3)
    carved = rng.random() < 0.5
    inks = (
        (dim(wood, 0.42), dim(wood, 0.3), dim(wood, 0.42), lit(wood, 0.2))
        if carved
        else (dye.main, dye.accent, dye.cream, dye.cream)
    )
    with sheet.within(seat):
        for low_r, high_r, name, count in (
            (0.7, 0.93, rng.choice(("teeth", "arch", "lozenge")), 32),
            (0.36, 0.66, rng.choice(("petals", "leaf", "khatam")), 12),
        ):
            around(
                CELLS[name],
                500,
                top,
                half * low_r,
                half * high_r,
                count,
                lambda p, i: sheet.polygon(p, inks[i % 4]),
                0,
                tilt,
            )
            sheet.ring(500, top, half * high_r, inks[0], 4, tilt)
        for outline, role in rosette(500, top, half * 0.3, 8, 1.15, 0):
            sheet.polygon(
                [(x, top + (y - top) * tilt) for x, y in outline],
                inks[{"kite": 0, "star": 0, "heart": 1, "core": 3}[role]],
            )
    sheet.model(seat, ((0, -0.14), (0.5, 0), (1, 0.14)))


def _turned_legs(sheet: Sheet, rng: Random, wood: Colour, half: float, top: float, tilt: float) -> None:
    profile: Points = [(14, 0)]
    h = 0.0
    tall = FLOOR - top + 30
    while h < tall - 50:
        step = rng.uniform(44, 86)
        profile += [(13, h + 10), (rng.uniform(20, 34), h + step * 0.5), (13, h + step)]
        h += step
    profile.append((18, tall))
    for x, y in ((-0.55, -34), (0.55, -34), (-0.78, 20), (0.78, 20)):
        leg = Turned(500 + x * half, FLOOR + y - 16, profile, 0.3)
        sheet.polygon(leg.outline(), dim(wood, 0.3 if y < 0 else 0.12))
        sheet.model(leg.outline(), ROUND)
    for level, x in ((FLOOR - 70, 0.78), (FLOOR - 118, 0.55)):
        sheet.stroke([(500 - x * half, level), (500 + x * half, level)], dim(wood, 0.34), 18)
        sheet.stroke([(500 - x * half, level - 5), (500 + x * half, level - 5)], lit(wood, 0.08), 6)


def _arcade(sheet: Sheet, rng: Random, dye: Dye, wood: Colour, half: float, top: float) -> None:
    """Panels with a pointed opening each: the six-sided tea stool."""
    xs = [-1.0, -0.5, 0.5, 1.0]
    drop = (26, 60, 60, 26)
    for i in range(3):
        x0, x1 = 500 + xs[i] * half * 0.96, 500 + xs[i + 1] * half * 0.96
        y0, y1 = FLOOR - 60 + drop[i], FLOOR - 60 + drop[i + 1]
        panel = [(x0, top - 30), (x1, top - 30), (x1, y1), (x0, y0)]
        tone = dim(wood, (0.1, 0.18, 0.36)[i])
        sheet.polygon(panel, tone)
        figure(sheet, rng, panel, tone, 0, 1)
        w = x1 - x0
        crown = top + 84
        foot = (y0 + y1) / 2
        opening = smooth(
            [
                (x0 + w * 0.16, foot - 4),
                (x0 + w * 0.16, crown + 70),
                (x0 + w * 0.24, crown + 30),
                (x0 + w * 0.5, crown - 14),
                (x0 + w * 0.76, crown + 30),
                (x0 + w * 0.84, crown + 70),
                (x0 + w * 0.84, foot - 4),
            ],
            steps=6,
        )
        with sheet.within(panel):
            sheet.polygon([*opening, (x0 + w * 0.84, foot + 40), (x0 + w * 0.16, foot + 40)], dim(wood, 0.72))
        sheet.stroke(opening[6:-6], mix(TIMBERS["lemon"], tone, 0.2 + 0.2 * i), 4)
        for k in range(3):
            x = x0 + w * (0.25 + 0.25 * k)
            gem = [(500 + (gx - 500), gy) for gx, gy in regular(x, top + 34, 15, 4)]
            sheet.polygon(
                [(x + (gx - x) * min(1, abs(w) / 260 + 0.3), gy) for gx, gy in gem],
                dye.main if k % 2 else TIMBERS["lemon"],
            )
