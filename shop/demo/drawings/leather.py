"""Leather: cut, folded, tooled and sewn; every seam shows its stitches."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import (
    CELLS,
    Place,
    Points,
    along,
    around,
    khatam,
    mirror,
    move,
    oval,
    rounded,
    smooth,
    star,
    turn_about,
)
from shop.demo.drawings.ground import FLOOR, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary
from shop.demo.drawings.textile import tassel

GOLD: Colour = (212, 172, 92)


def hide(rng: Random, dye: Dye) -> Colour:
    """A tanned and dyed hide of the palette."""
    return vary(rng, rng.choice((dye.main, dye.main, mix(dye.main, (140, 84, 48), 0.35))), 0.03)


def skin(sheet: Sheet, rng: Random, area: Points, colour: Colour) -> None:
    """Cover an outline with leather: pores, creases, light from the left."""
    sheet.polygon(area, colour)
    sheet.grain(area, 4, 4, 0.05)
    sheet.grain(area, 60, 40, 0.07)
    sheet.model(area, ((0, -0.06), (0.3, -0.12), (0.6, 0.02), (1, 0.24)))
    sheet.stroke(area, dim(colour, 0.42), 3, closed=True)


def sew(sheet: Sheet, line: Points, thread: Colour, gap: float = 15.0, closed: bool = False) -> None:
    """A saddle stitch along a line: each stitch with the dint beneath it."""
    path = [*line, line[0]] if closed else line
    for x, y, a in along(path, gap):
        dx, dy = cos(a) * gap * 0.32, sin(a) * gap * 0.32
        sheet.stroke([(x - dx + 0.8, y - dy + 1.6), (x + dx + 0.8, y + dy + 1.6)], dim(thread, 0.62), 3.4)
        sheet.stroke([(x - dx, y - dy), (x + dx, y + dy)], thread, 3)


def tool(
    sheet: Sheet, rng: Random, at: tuple[float, float], r: float, colour: Colour, inks: tuple[Colour, Colour]
) -> None:
    """A stamped or painted rosette."""
    cx, cy = at
    order = (inks[0], inks[1], dim(colour, 0.5), dim(colour, 0.12))
    n = rng.choice((8, 12, 16))
    names = rng.sample(("leaf", "petals", "lozenge", "arch", "khatam", "double teeth"), 2)
    for (low, high), name, count in (((0.62, 0.96), names[0], n), ((0.3, 0.58), names[1], 8)):
        around(CELLS[name], cx, cy, r * low, r * high, count, lambda p, i: sheet.polygon(p, order[i % 4]), pi / n)
        sheet.ring(cx, cy, r * high, dim(colour, 0.42), 3)
        sheet.ring(cx + 1, cy + 1.4, r * high, lit(colour, 0.2), 1.4)
    sheet.polygon(khatam(cx, cy, r * 0.26), order[0])
    sheet.polygon(khatam(cx, cy, r * 0.14), order[1])
    sheet.ring(cx, cy, r, dim(colour, 0.42), 4)


def _strap(sheet: Sheet, line: Points, width: float, colour: Colour, thread: Colour) -> None:
    sheet.wash(
        [(x + 9, y + 12) for x, y in line] + [(x + 9 + width * 0.5, y + 12) for x, y in reversed(line)], SHADE, 0.2, 8
    )
    sheet.stroke(line, dim(colour, 0.36), width + 3)
    sheet.stroke(line, colour, width)
    for side in (-1, 1):
        sheet.stroke(move(line, side * width * 0.3, 0), mix(colour, thread, 0.5), 2)


def _arched(half: float, top: float) -> Points:
    """The carrying strap of a bag of half width `half`, from one shoulder over to the other."""
    side = [(0.86, -30.0), (0.84, 190.0), (0.4, 350.0)]
    left = [(500 - half * x, top - y) for x, y in side]
    return smooth([*left, (500, top - 388), *reversed(mirror(left))], steps=10)


def _flap(shape: str, half: float, top: float, drop: float) -> Points:
    """The outline of a flap that reaches down to `drop`: rounded, pointed or straight."""
    half_low, middle = {
        "round": ([(1.0, 90), (0.7, 14)], 16),
        "point": ([(1.0, 150), (0.5, 50)], 30),
        "straight": ([(1.0, 40), (0.96, 0)], 4),
    }[shape]
    right = [(500 + half * x, drop - y) for x, y in half_low]
    low = smooth([*right, (500, drop + middle), *reversed(mirror(right))], steps=8)
    shoulder = [(500 - half - 3, top + 30), (500 - half + 26, top - 8)]
    return [*shoulder, *reversed(mirror(shoulder)), *low]


def paint_satchel(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A satchel: gusset, flap with a tooled rosette, straps and a brass buckle."""
    colour, thread = hide(rng, dye), rng.choice((dye.cream, dye.accent, GOLD))
    half, top = rng.uniform(275, 325), rng.uniform(500, 550)
    foot = top + rng.uniform(370, 440)
    _strap(sheet, _arched(half, top), 30, dim(colour, 0.1), thread)
    body = rounded(500 - half, top, 500 + half, foot, 46)
    sheet.cast(body, 15, 0.45)
    skin(sheet, rng, rounded(500 - half - 16, top + 26, 500 + half + 16, foot - 12, 40), dim(colour, 0.26))
    skin(sheet, rng, body, colour)
    sew(sheet, rounded(500 - half + 16, top + 16, 500 + half - 16, foot - 16, 36), thread, closed=True)
    drop = foot - (foot - top) * rng.uniform(0.2, 0.36)
    shape = rng.choice(("round", "point", "straight"))
    flap = _flap(shape, half, top, drop)
    sheet.wash(move(flap, 6, 14), SHADE, 0.4, 9)
    skin(sheet, rng, flap, lit(colour, 0.05))
    inner = [(500 + (x - 500) * 0.94, (top + drop) / 2 + (y - (top + drop) / 2) * 0.92) for x, y in flap]
    sew(sheet, inner, thread, closed=True)
    r = min(half * 0.46, (drop - top) * 0.42)
    tool(
        sheet,
        rng,
        (500, top + (drop - top) * 0.46),
        r,
        colour,
        (rng.choice((GOLD, dim(colour, 0.45))), rng.choice((dye.accent, dye.cream, GOLD))),
    )
    for x in (500.0,) if shape != "straight" else (500 - half * 0.72, 500 + half * 0.72):
        _buckle(sheet, x, drop - 30, foot - 60, dim(colour, 0.2), thread)


def _buckle(sheet: Sheet, x: float, y0: float, y1: float, colour: Colour, thread: Colour) -> None:
    tab = rounded(x - 24, y0, x + 24, max(y1, y0 + 90), 18)
    sheet.wash(move(tab, 5, 7), SHADE, 0.4, 5)
    sheet.polygon(tab, colour)
    sew(sheet, rounded(x - 16, y0 + 8, x + 16, max(y1, y0 + 90) - 8, 12), thread, 12, closed=True)
    frame = rounded(x - 34, y0 + 26, x + 34, y0 + 74, 8)
    sheet.stroke(move(frame, 1, 3), dim(GOLD, 0.6), 9, closed=True)
    sheet.stroke(frame, GOLD, 8, closed=True)
    sheet.stroke(move(frame, -1, -2), lit(GOLD, 0.5), 2, closed=True)
    sheet.stroke([(x, y0 + 28), (x, y0 + 78)], lit(GOLD, 0.2), 6)


def paint_pouf(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A stuffed seat of gores meeting in an embroidered star."""
    colour = hide(rng, dye)
    other = rng.choice((dim(colour, 0.14), lit(colour, 0.16), dye.cream, dye.accent, colour))
    thread = rng.choice((dye.cream, GOLD, dye.light))
    r, tilt = rng.uniform(300, 340), 0.46
    top, foot = 640.0, FLOOR - 40
    gores = rng.choice((8, 10, 12, 16))
    sheet.stand(500, foot + 60, r * 0.95, 0.55)
    mid = (top + foot) / 2 + 20
    side = smooth(
        [
            (500 - r * 0.9, top - 10),
            (500 - r * 1.1, mid - 40),
            (500 - r * 1.04, foot - 10),
            (500 - r * 0.8, foot + 60),
            (500, foot + 100),
            (500 + r * 0.8, foot + 60),
            (500 + r * 1.04, foot - 10),
            (500 + r * 1.1, mid - 40),
            (500 + r * 0.9, top - 10),
            (500, top - r * tilt),
        ],
        closed=True,
    )
    sheet.polygon(side, dim(colour, 0.1))
    with sheet.within(side):
        for i in range(gores):
            a, b = 2 * pi * i / gores, 2 * pi * (i + 1) / gores
            strip = [(500 + r * 0.9 * cos(t), top + r * 0.9 * tilt * sin(t)) for t in (a, (a + b) / 2, b)]
            strip += [(500 + r * 1.12 * cos(t), mid + r * 0.9 * tilt * sin(t)) for t in (b, (a + b) / 2, a)]
            low = [(500 + r * 0.9 * cos(t), foot + 40 + r * 0.9 * tilt * sin(t)) for t in (a, (a + b) / 2, b)]
            if sin((a + b) / 2) > -0.4:
                tone = colour if i % 2 else other
                sheet.polygon([*strip[:3], *strip[3:]], tone)
                sheet.polygon([*reversed(strip[3:]), *reversed(low)], dim(tone, 0.05))
                seam = smooth([strip[0], strip[5], low[0]], steps=6)
                sheet.stroke(seam, dim(tone, 0.5), 5)
                sew(sheet, move(seam, 9, 0), thread, 13)
        sheet.grain(side, 4, 4, 0.04)
        sheet.grain(side, 60, 60, 0.06)
    sheet.model(side, ((0, 0.4), (0.12, 0.14), (0.34, -0.14), (0.6, 0.06), (1, 0.5)))
    sheet.model(side, ((0, -0.1), (0.5, 0), (0.8, 0.2), (1, 0.5)), down=True)
    face = oval(500, top, r * 0.94, r * 0.94 * tilt, 100)
    with sheet.within(face):
        for i in range(gores):
            a, b = 2 * pi * i / gores, 2 * pi * (i + 1) / gores
            wedge = [
                (500, top),
                *[(500 + r * cos(a + (b - a) * k / 6), top + r * tilt * sin(a + (b - a) * k / 6)) for k in range(7)],
            ]
            sheet.polygon(wedge, lit(colour if i % 2 else other, 0.06))
            sheet.stroke([(500, top), wedge[1]], dim(colour, 0.5), 4)
        sheet.grain(face, 4, 4, 0.04)
    sheet.model(face, ((0, -0.12), (0.4, -0.04), (1, 0.2)))
    _embroidery(sheet, rng, dye, (500, top), r * 0.84, tilt, gores, thread)
    sheet.stroke(face, dim(colour, 0.4), 7, closed=True)
    sew(sheet, face, thread, 13, closed=True)


def _embroidery(
    sheet: Sheet, rng: Random, dye: Dye, at: tuple[float, float], r: float, tilt: float, n: int, thread: Colour
) -> None:
    cx, cy = at
    accents = (thread, rng.choice((dye.accent, dye.spark, thread)))
    for low, high, name in (
        (0.6, 0.92, rng.choice(("leaf", "lozenge", "arch"))),
        (0.28, 0.54, rng.choice(("petals", "leaf", "double teeth"))),
    ):

        def stitch(points: Points, ink: int) -> None:
            sheet.stroke([*points, points[0]], accents[ink % 2], 3.2, ends=False)

        around(CELLS[name], cx, cy, r * low, r * high, n, stitch, pi / n, tilt)
    heart = [(x, cy + (y - cy) * tilt) for x, y in star(cx, cy, r * 0.24, r * 0.12, n, 0)]
    sheet.polygon(heart, accents[1])
    sheet.stroke(heart, dim(accents[1], 0.3), 2, closed=True)
    sheet.disc(cx, cy, 12, thread, 8)


def _cord(sheet: Sheet, half: float, top: float, cord: Colour, second: Colour) -> None:
    """A shoulder cord twisted of two colours, lying in a loose loop."""
    stations = ((-0.9, -20), (-1.3, 140), (-0.7, 280), (0.2, 250), (1.1, 300), (1.36, 120), (0.9, -20))
    loop = smooth([(500 + half * x, top - y) for x, y in stations], steps=12)
    sheet.stroke(move(loop, 8, 12), mix((226, 216, 200), SHADE, 0.2), 17)
    sheet.stroke(loop, dim(cord, 0.3), 18)
    for i, (x, y, a) in enumerate(along(loop, 9)):
        tone = cord if i % 2 else second
        sheet.stroke(
            [
                (x - sin(a) * 8 - cos(a) * 3, y + cos(a) * 8 - sin(a) * 3),
                (x + sin(a) * 8 + cos(a) * 3, y - cos(a) * 8 + sin(a) * 3),
            ],
            tone,
            5,
        )


def _cut_fringe(sheet: Sheet, rng: Random, half: float, foot: float, colour: Colour) -> None:
    """Strips of the same hide below the bag, longest in the middle."""
    for i in range(24):
        x = 500 - half * 0.9 + half * 1.8 * i / 23
        long = 150 + 50 * cos((x - 500) / half * 1.2) + rng.uniform(-8, 8)
        bend = rng.uniform(-5, 5)
        sheet.stroke(
            smooth([(x, foot - 20), (x + bend, foot + long * 0.5), (x + bend * 2, foot + long)], steps=5),
            vary(rng, colour, 0.04),
            11,
        )


def paint_belt_bag(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """The small bag of the mountain (choukara): flap, cut fringe, woven strap."""
    colour, thread = hide(rng, dye), rng.choice((GOLD, dye.cream, dye.accent))
    half, top = rng.uniform(195, 230), 470.0
    foot = top + half * rng.uniform(1.7, 2.0)
    cord = rng.choice((dye.spark, dye.accent, dye.deep))
    _cord(sheet, half, top, cord, dye.cream)
    _cut_fringe(sheet, rng, half, foot, dim(colour, 0.14))
    body = smooth(
        [
            (500 - half, top),
            (500 - half * 1.06, (top + foot) / 2),
            (500 - half * 0.86, foot - 20),
            (500, foot + 18),
            (500 + half * 0.86, foot - 20),
            (500 + half * 1.06, (top + foot) / 2),
            (500 + half, top),
        ],
        steps=8,
    )
    sheet.cast(body, 12, 0.4)
    skin(sheet, rng, body, dim(colour, 0.06))
    sew(sheet, [(500 + (x - 500) * 0.9, (top + foot) / 2 + (y - (top + foot) / 2) * 0.92) for x, y in body], thread)
    low = top + (foot - top) * rng.uniform(0.7, 0.84)
    flap = smooth(
        [
            (500 - half * 1.02, top - 14),
            (500 - half, top + (low - top) * 0.6),
            (500 - half * 0.5, low - 16),
            (500, low + 20),
            (500 + half * 0.5, low - 16),
            (500 + half, top + (low - top) * 0.6),
            (500 + half * 1.02, top - 14),
        ],
        steps=8,
    )
    sheet.wash(move(flap, 5, 12), SHADE, 0.42, 8)
    skin(sheet, rng, flap, lit(colour, 0.06))
    sew(sheet, [(500 + (x - 500) * 0.91, top + 2 + (y - top) * 0.92) for x, y in flap], thread)
    tool(
        sheet,
        rng,
        (500, top + (low - top) * 0.46),
        half * 0.58,
        colour,
        (thread, rng.choice((dye.accent, dye.spark, dye.cream))),
    )
    sheet.disc(501, low - 4, 15, dim(GOLD, 0.5))
    sheet.disc(500, low - 7, 14, GOLD)
    sheet.disc(496, low - 11, 6, lit(GOLD, 0.5))
    tassel(sheet, rng, 500, low + 8, 90, cord)


def _slipper(cx: float, top: float, foot: float, half: float, point: float) -> Points:
    """The sole of a left slipper from above: toe up, a little more belly on the outer side."""
    tall = foot - top
    toe = (cx + half * 0.12, top)
    left = [
        (cx - half * 0.98, top + tall * 0.32),
        (cx - half * 0.8, top + tall * 0.58),
        (cx - half * 0.72, top + tall * 0.84),
    ]
    right = [
        (cx + half * 0.7, top + tall * 0.84),
        (cx + half * 0.72, top + tall * 0.56),
        (cx + half * 0.92, top + tall * 0.3),
    ]
    tip = [
        (cx - half * (0.62 - 0.26 * point), top + tall * 0.12),
        toe,
        (cx + half * (0.74 - 0.3 * point), top + tall * 0.11),
    ]
    return smooth(
        [*tip, *right[::-1], (cx + half * 0.42, foot - 6), (cx, foot), (cx - half * 0.42, foot - 6), *left[::-1]],
        closed=True,
        steps=8,
    )


def _pair(sheet: Sheet, rng: Random, draw: Callable[[Place], None], lean: float) -> None:
    """Draw the left shoe and its mirror, both a little turned out, one set ahead of the other."""
    state = rng.getstate()
    for side in (-1, 1):
        rng.setstate(state)
        shift = -14 if side < 0 else 14

        def place(points: Points, side: int = side, shift: float = shift) -> Points:
            turned = turn_about(points if side < 0 else mirror(points), 500 + side * 175, 640, side * lean)
            return move(turned, 0, shift)

        draw(place)


def paint_babouche(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A pair of slippers from above: long vamp, trodden heel, one seam of thread."""
    colour = hide(rng, dye)
    thread = rng.choice((dye.cream, GOLD, dim(colour, 0.4)))
    lining = rng.choice(((222, 190, 146), dye.cream, dye.light))
    half, point = rng.uniform(118, 136), rng.choice((0.2, 0.9, 1.0, 0.4))
    top, foot = 250.0, 1000.0
    cut = top + (foot - top) * rng.uniform(0.46, 0.54)
    motif = rng.choice(("rosette", "seam", "rosette", "none"))

    def draw(place: Place) -> None:
        sole = place(_slipper(325, top, foot, half, point))
        sheet.cast(sole, 11, 0.5)
        sheet.polygon(place(_slipper(325, top - 5, foot + 6, half + 7, point)), (112, 78, 52))
        skin(sheet, rng, sole, lining)
        with sheet.within(sole):
            sew(sheet, place(_slipper(325, top + 60, foot - 20, half * 0.84, 0)), dim(lining, 0.24), 17, closed=True)
            throat = smooth(
                [
                    (325 - half * 1.2, cut + 90),
                    (325 - half * 0.5, cut + 6),
                    (325, cut - 34),
                    (325 + half * 0.5, cut + 6),
                    (325 + half * 1.2, cut + 90),
                ],
                steps=8,
            )
            vamp = place([(325 - half * 1.4, top - 40), *throat, (325 + half * 1.4, top - 40)])
            sheet.wash(move(vamp, 6, 16), SHADE, 0.55, 10)
        upper = place(_vamp(325, top, foot, half, point, cut))
        skin(sheet, rng, upper, colour)
        ridge = place(
            [(325 - 10, cut - 60), (325 + half * 0.1, top + 20), (325 + half * 0.16, top + 20), (325 + 14, cut - 60)]
        )
        sheet.wash(ridge, WHITE, 0.3, 12)
        edge = place(
            smooth(
                [
                    (325 - half * 0.86, cut + 66),
                    (325 - half * 0.46, cut - 10),
                    (325, cut - 50),
                    (325 + half * 0.46, cut - 10),
                    (325 + half * 0.82, cut + 62),
                ],
                steps=8,
            )
        )
        sew(sheet, edge, thread, 13)
        if motif == "rosette":
            ((cx, cy),) = place([(325 + half * 0.04, cut - 190)])
            sheet.polygon(star(cx, cy, 58, 34, 8, pi / 8), thread)
            sheet.polygon(star(cx, cy, 40, 24, 8, pi / 8), dye.accent)
            sheet.polygon(khatam(cx, cy, 20), dye.cream)
        elif motif == "seam":
            for k in range(3):
                sew(sheet, place([(325 + (k - 1) * 22, cut - 80), (325 + (k - 1) * 14, top + 100)]), thread, 12)

    _pair(sheet, rng, draw, rng.uniform(0.05, 0.12))


def _vamp(cx: float, top: float, foot: float, half: float, point: float, cut: float) -> Points:
    """The upper: the sole's outline down to the throat, then the throat's curve."""
    outline = [p for p in _slipper(cx, top, foot, half, point) if p[1] <= cut + 70]
    tip = min(range(len(outline)), key=lambda i: outline[i][1])
    ring = outline[tip:] + outline[:tip]
    right = [p for p in ring if p[0] >= cx and p[1] <= cut + 70]
    left = [p for p in ring if p[0] < cx and p[1] <= cut + 70]
    right.sort(key=lambda p: p[1])
    left.sort(key=lambda p: -p[1])
    throat = smooth(
        [right[-1], (cx + half * 0.5, cut + 4), (cx, cut - 34), (cx - half * 0.5, cut + 4), left[0]], steps=8
    )
    return [*right, *throat, *left]


def paint_cherbil(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Women's slippers, the whole vamp worked in gold or silk thread."""
    colour = rng.choice((dye.main, dye.deep, dye.light, mix(dye.cream, WHITE, 0.3)))
    gold = rng.choice((GOLD, (214, 186, 120), (196, 190, 180))) if colour != dye.light else GOLD
    half, point = rng.uniform(112, 126), rng.choice((0.0, 0.3))
    top, foot = 270.0, 980.0
    cut = top + (foot - top) * rng.uniform(0.4, 0.46)
    name = rng.choice(("leaf", "petals", "arch", "lozenge"))
    jewel = rng.choice((dye.spark, dye.accent, dye.cream))
    count = rng.choice((9, 11, 13))

    def draw(place: Place) -> None:
        sole = place(_slipper(325, top, foot, half, point))
        sheet.cast(sole, 11, 0.5)
        sheet.polygon(place(_slipper(325, top - 5, foot + 6, half + 7, point)), dim(gold, 0.35))
        skin(sheet, rng, sole, mix(dye.cream, dye.light, 0.35))
        with sheet.within(sole):
            sew(sheet, place(_slipper(325, top + 50, foot - 24, half * 0.82, 0)), gold, 15, closed=True)
            ((hx, hy),) = place([(325, foot - 130)])
            sheet.polygon(star(hx, hy, 40, 22, 8), gold)
        upper = place(_vamp(325, top, foot, half, point, cut))
        sheet.wash(move(upper, 4, 13), SHADE, 0.4, 8)
        skin(sheet, rng, upper, colour)
        with sheet.within(upper):
            _gold_work(sheet, place, (325.0, top, cut, half), gold, jewel, name, count)
        sheet.stroke(upper, gold, 7, closed=True)
        sheet.stroke(upper, dim(gold, 0.3), 1.6, closed=True)

    _pair(sheet, rng, draw, -rng.uniform(0.03, 0.1))


def _gold_work(
    sheet: Sheet,
    place: Place,
    at: tuple[float, float, float, float],
    gold: Colour,
    jewel: Colour,
    name: str,
    count: int,
) -> None:
    """A flower in the middle, sprays about it, a scalloped edge at the throat."""
    cx, top, cut, half = at
    inks = (gold, lit(gold, 0.25), jewel, dim(gold, 0.25))

    def put(points: Points, ink: int) -> None:
        bent = place(points)
        sheet.polygon(bent, inks[ink % 4])
        sheet.stroke(bent, dim(inks[ink % 4], 0.35), 1.2, closed=True)

    cy = top + (cut - top) * 0.6
    around(CELLS["leaf"], cx, cy, half * 0.2, half * 0.56, 8, put)
    around(CELLS[name], cx, cy, half * 0.62, half * 0.96, count, put, 0, 1.2)
    put(khatam(cx, cy, half * 0.2), 2)
    for i in range(9):
        x = cx - half + 2 * half * i / 8
        y = cut - 26 + 92 * ((x - cx) / half) ** 2 * 0.9
        put(oval(x, y - 8, 7, 7, 14), 1)
    for i in range(5):
        put(oval(cx + half * 0.1 * (i % 2), top + 34 + i * 26, 7, 7, 12), 1 if i % 2 else 2)
