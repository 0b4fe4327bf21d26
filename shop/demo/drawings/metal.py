"""Brass, copper and wrought iron: engraved rosettes, pierced lanterns, bent scrolls."""

import itertools
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import (
    CELLS,
    Points,
    Put,
    Turned,
    around,
    box,
    dense,
    horseshoe,
    khatam,
    move,
    oval,
    regular,
    smooth,
    spiral,
    star,
    turn_about,
)
from shop.demo.drawings.ground import FLOOR, SHINE, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary
from shop.demo.drawings.zellige import glazes, lay, rosette

BRASS: Colour = (201, 160, 74)
COPPER: Colour = (190, 110, 70)
SILVER: Colour = (186, 184, 178)
IRON: Colour = (52, 50, 52)


def alloy(rng: Random, dye: Dye) -> Colour:
    """The metal a palette asks for."""
    if dye.name in ("copper", "terracotta", "rose", "madder"):
        return vary(rng, COPPER, 0.03)
    if dye.name in ("lime", "wool", "ink"):
        return vary(rng, SILVER, 0.03)
    return vary(rng, BRASS, 0.03)


def engrave(sheet: Sheet, metal: Colour) -> Put:
    """A painter that cuts motifs as the burin does: a dark groove with a bright lip, light ground between."""
    tones = (dim(metal, 0.34), dim(metal, 0.2), lit(metal, 0.2), lit(metal, 0.12))

    def put(points: Points, ink: int) -> None:
        sheet.polygon(points, tones[ink % 4])
        sheet.stroke(move(points, 0.9, 1.1), lit(metal, 0.4), 1.0, closed=True)
        sheet.stroke(points, dim(metal, 0.58), 1.5, closed=True)

    return put


def _ring(
    sheet: Sheet, metal: Colour, at: tuple[float, float], r: float, width: float = 3, squash: float = 1.0
) -> None:
    sheet.ring(at[0] + 0.8, at[1] + 1, r, lit(metal, 0.45), width * 0.7, squash)
    sheet.ring(at[0], at[1], r, dim(metal, 0.5), width * 0.6, squash)


def paint_tray(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A round tray face on, engraved from the middle outward."""
    metal = alloy(rng, dye)
    cy, radius = 600.0, rng.uniform(350, 385)
    scallop = rng.choice((0, 16, 32))
    rim = [
        (
            500 + (radius + (9 * abs(sin(scallop / 2 * a)) if scallop else 0)) * cos(a),
            cy + (radius + (9 * abs(sin(scallop / 2 * a)) if scallop else 0)) * sin(a),
        )
        for a in [2 * pi * i / 320 for i in range(320)]
    ]
    sheet.cast(rim, 16, 0.45)
    sheet.polygon(rim, dim(metal, 0.3))
    face = turn_about(rim, 500, cy, 0, 0.988)
    sheet.polygon(face, metal)
    sheet.model(
        face, ((0, -0.15), (0.2, 0.22), (0.36, -0.4), (0.5, 0.05), (0.66, -0.22), (0.84, 0.26), (1, 0.05)), 0.75
    )
    edge = radius * rng.uniform(0.86, 0.91)
    sheet.wash(oval(500, cy, edge + 6, edge + 6), SHADE, 0.24, 6)
    bed = oval(500, cy, edge, edge, 110)
    sheet.polygon(bed, mix(metal, lit(metal, 0.3), 0.4))
    put = engrave(sheet, metal)
    n = rng.choice((8, 12, 16))
    r = edge
    while r > radius * 0.34:
        tall = radius * rng.uniform(0.09, 0.2)
        count = n * max(1, round(2 * pi * (r - tall / 2) / tall / n * rng.choice((0.8, 1.1))))
        name = rng.choice(("petals", "lozenge", "scales", "leaf", "khatam", "arch", "double teeth", "dots"))
        around(CELLS[name], 500, cy, r - tall + 4, r - 5, count, put, pi / count)
        _ring(sheet, metal, (500, cy), r, 4)
        r -= tall
        if rng.random() < 0.5:
            _ring(sheet, metal, (500, cy), r, 3)
            r -= 7
    _ring(sheet, metal, (500, cy), r, 5)
    heart = rosette(500, cy, r * 0.92, n, {8: 1.1, 12: 1.15, 16: 1.2}[n], 0)
    for i, (tile, _) in enumerate(heart):
        put(tile, 2 if i % 2 else 0)
    sheet.model(bed, ((0, -0.05), (0.24, 0.2), (0.4, -0.36), (0.52, -0.05), (0.62, -0.18), (0.85, 0.22), (1, 0.1)), 0.8)
    sheet.grain(face, 4, 4, 0.05)


def paint_teapot(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """The pear-bodied pot of the tea tray: long spout, hinged lid, engraved belly."""
    metal = alloy(rng, dye)
    tall, belly = rng.uniform(330, 390), rng.uniform(175, 210)
    neck = belly * rng.uniform(0.4, 0.5)
    base = FLOOR - 34
    sheet.stand(500, FLOOR - 6, 170)
    body = Turned(
        500,
        base,
        [
            (belly * 0.55, 0),
            (belly * 0.6, 12),
            (belly * 0.96, tall * 0.24),
            (belly, tall * 0.4),
            (belly * 0.8, tall * 0.68),
            (neck, tall * 0.9),
            (neck * 1.08, tall),
        ],
        0.14,
    )
    for x in (-0.5, 0.5):
        foot = [
            body.at(x - 0.16, 8),
            body.at(x + 0.16, 8),
            (500 + x * belly * 0.9 + 12, FLOOR),
            (500 + x * belly * 0.9 - 12, FLOOR),
        ]
        sheet.polygon(foot, dim(metal, 0.28))
    _spout(sheet, body, metal, belly, tall, base)
    _handle(sheet, rng, dye, body, metal, tall)
    _polish(sheet, rng, body, metal, [(tall * 0.2, tall * 0.58), (tall * 0.84, tall * 0.96)])
    lid_tall = rng.uniform(110, 150)
    lid = Turned(
        500,
        base - tall,
        [
            (neck * 1.16, 0),
            (neck * 1.12, 10),
            (neck * 0.86, lid_tall * 0.36),
            (neck * 0.34, lid_tall * 0.7),
            (neck * 0.13, lid_tall * 0.82),
            (neck * 0.26, lid_tall * 0.94),
            (neck * 0.1, lid_tall * 1.1),
            (1, lid_tall * 1.2),
        ],
        0.14,
    )
    _polish(sheet, rng, lid, metal, [(14, lid_tall * 0.5)])


def _spout(sheet: Sheet, body: Turned, metal: Colour, belly: float, tall: float, base: float) -> None:
    root_low, root_high = (500 - belly * 0.84, base - tall * 0.2), (500 - belly * 0.9, base - tall * 0.46)
    tip = (500 - belly * 1.72, base - tall * 0.98)
    low = smooth(
        [
            root_low,
            (500 - belly * 1.3, base - tall * 0.34),
            (500 - belly * 1.46, base - tall * 0.72),
            (tip[0] - 4, tip[1] + 18),
        ],
        steps=10,
    )
    high = smooth(
        [
            root_high,
            (500 - belly * 1.16, base - tall * 0.56),
            (500 - belly * 1.32, base - tall * 0.84),
            (tip[0] + 20, tip[1] - 8),
        ],
        steps=10,
    )
    area = [*low, (tip[0] - 16, tip[1] + 2), *reversed(high)]
    sheet.polygon(area, metal)
    sheet.model(area, ((0, 0.2), (0.3, -0.4), (0.6, 0.1), (1, 0.45)))
    for share in (0.16, 0.24):
        i = round(len(low) * share)
        sheet.stroke([low[i], high[i]], dim(metal, 0.45), 4)


def _handle(sheet: Sheet, rng: Random, dye: Dye, body: Turned, metal: Colour, tall: float) -> None:
    r = body.radius(tall * 0.4)
    line = smooth(
        [
            body.at(1.4, tall * 0.9),
            (500 + r * 1.28, body.base - tall * 1.06),
            (500 + r * 1.74, body.base - tall * 0.8),
            (500 + r * 1.56, body.base - tall * 0.42),
            body.at(1.45, tall * 0.26),
        ],
        steps=10,
    )
    sheet.stroke(line, dim(metal, 0.35), 19)
    sheet.stroke(move(line, -2, -3), lit(metal, 0.16), 9)
    grip = line[13:30]
    ink = rng.choice((dye.deep, dye.main, dye.spark, dim(metal, 0.3)))
    sheet.stroke(grip, ink, 27)
    sheet.stroke(move(grip, -4, -3), lit(ink, 0.25), 7)


def _polish(sheet: Sheet, rng: Random, body: Turned, metal: Colour, belts: list[tuple[float, float]]) -> None:
    area = body.outline()
    sheet.polygon(area, metal)
    with sheet.within(area):
        put = engrave(sheet, metal)
        for low, high in belts:
            name = rng.choice(("petals", "leaf", "scales", "lozenge", "khatam", "arch"))
            count = max(8, round(2 * pi * body.radius((low + high) / 2) / (high - low) * rng.uniform(0.9, 1.5)))
            body.repeat(CELLS[name], low + 5, high - 5, count, rng.choice((0, 0.5)), put)
            for h in (low, high):
                sheet.stroke(move(body.ring(h), 0.8, 1.2), lit(metal, 0.45), 3)
                sheet.stroke(body.ring(h), dim(metal, 0.5), 2.4)
    sheet.model(area, SHINE, 0.85)
    sheet.grain(area, 5, 5, 0.03)


def paint_candlestick(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """One turned stem of knobs and rings on a broad foot, with its candle."""
    metal = alloy(rng, dye)
    foot = rng.uniform(150, 190)
    profile: Points = [(foot, 0), (foot, 14), (foot * 0.86, 30), (foot * 0.42, 62), (foot * 0.2, 110)]
    h = 110.0
    for _ in range(rng.choice((2, 3, 4))):
        knob, tall = foot * rng.uniform(0.26, 0.46), rng.uniform(56, 100)
        profile += [
            (foot * 0.14, h + 14),
            (knob, h + 14 + tall * 0.4),
            (knob * 0.9, h + 14 + tall * 0.6),
            (foot * 0.13, h + tall),
        ]
        h += tall + 10
    cup = foot * rng.uniform(0.5, 0.7)
    profile += [(foot * 0.14, h + 12), (cup * 0.5, h + 30), (cup, h + 46), (cup, h + 54)]
    sheet.stand(500, FLOOR, foot * 1.05)
    body = Turned(500, FLOOR, profile, 0.17)
    _polish(sheet, rng, body, metal, [])
    put = engrave(sheet, metal)
    body.repeat(CELLS[rng.choice(("scales", "petals", "leaf"))], 16, 44, rng.choice((20, 26)), 0.3, put)
    for r, height in profile[5::2]:
        if r > foot * 0.2:
            sheet.stroke(body.ring(height), dim(metal, 0.45), 2)
    sheet.polygon(body.rim(), lit(metal, 0.3))
    sheet.polygon(body.rim(6), dim(metal, 0.2))
    wax = rng.choice((mix(dye.cream, WHITE, 0.4), dye.main, dye.light))
    stick = Turned(500, FLOOR - h - 52, [(28, 0), (28, 80), (27, rng.uniform(170, 240))], 0.2)
    sheet.polygon(stick.outline(), wax)
    sheet.model(stick.outline())
    sheet.polygon(stick.rim(), lit(wax, 0.4))
    top = FLOOR - h - 52 - stick.top
    sheet.stroke([(500, top), (501, top - 18)], (60, 48, 40), 4)


def paint_lantern(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A pierced lantern on a chain: domed cap, coloured panes between ribs, a pointed foot."""
    metal = alloy(rng, dye)
    half, tall = rng.uniform(165, 215), rng.uniform(300, 380)
    top = 420.0
    sides = rng.choice((5, 6, 7))
    _chain(sheet, metal, 500, -20, top - 190)
    waist = rng.uniform(0.8, 1.2)
    edges = [500 - half * cos(pi * i / sides) for i in range(sides + 1)]
    low_edges = [500 - half * waist * cos(pi * i / sides) for i in range(sides + 1)]
    sheet.wash(oval(540, top + tall * 0.5, half * 1.5, tall * 0.8), (255, 224, 150), 0.3, 70)
    for i in range(sides):
        pane = [(edges[i], top), (edges[i + 1], top), (low_edges[i + 1], top + tall), (low_edges[i], top + tall)]
        _pane(sheet, rng, dye, metal, pane, i)
    for i in range(sides + 1):
        sheet.stroke([(edges[i], top), (low_edges[i], top + tall)], dim(metal, 0.4), 12)
        sheet.stroke([(edges[i] - 2, top), (low_edges[i] - 2, top + tall)], lit(metal, 0.3), 4)
    cap = Turned(
        500,
        top + 8,
        [
            (half * 1.12, 0),
            (half * 1.1, 20),
            (half * 0.92, 66),
            (half * 0.5, 130),
            (half * 0.2, 158),
            (half * 0.26, 178),
            (half * 0.08, 200),
        ],
        0.08,
    )
    _polish(sheet, rng, cap, metal, [])
    _pierced(sheet, rng, cap, metal, (34, 116))
    foot = Turned(
        500,
        top + tall + 150,
        [
            (2, 0),
            (half * 0.09, 16),
            (half * 0.06, 30),
            (half * 0.34, 60),
            (half * waist * 0.86, 120),
            (half * waist * 1.08, 142),
            (half * waist * 1.1, 160),
        ],
        0.08,
    )
    _polish(sheet, rng, foot, metal, [])
    _pierced(sheet, rng, foot, metal, (70, 124))
    if rng.random() < 0.6:
        ring = (
            [(edges[0], top + tall * 0.5)]
            + [((edges[i] + low_edges[i]) / 2, top + tall * 0.5 + 8) for i in range(1, sides)]
            + [((edges[-1] + low_edges[-1]) / 2, top + tall * 0.5)]
        )
        sheet.stroke(ring, dim(metal, 0.3), 11)
        sheet.stroke(move(ring, 0, -3), lit(metal, 0.35), 3)


def _chain(sheet: Sheet, metal: Colour, x: float, y0: float, y1: float) -> None:
    y, flat = y1, True
    while y > y0:
        sheet.ring(x, y - 14, 11 if flat else 4, dim(metal, 0.3), 5, 1.5 if flat else 3.6)
        y, flat = y - 25, not flat


def _pane(sheet: Sheet, rng: Random, dye: Dye, metal: Colour, pane: Points, index: int) -> None:
    inks = (dye.main, dye.accent, dye.spark, dye.light)
    glow = mix(inks[(index + rng.randint(0, 1)) % 4], (255, 232, 170), 0.42)
    sheet.polygon(pane, glow)
    (x0, y0), (x1, _), (x2, y2), (x3, _) = pane
    rows = 5
    for j in range(rows):
        for k in (0.5,):
            t = (j + 0.5) / rows
            left, right = x0 + (x3 - x0) * t, x1 + (x2 - x1) * t
            cx, cy = left + (right - left) * k, y0 + (y2 - y0) * t
            wide, high = (right - left) * 0.46, (y2 - y0) / rows * 0.48
            for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = [
                    (cx + sx * wide, cy + sy * high),
                    (cx + sx * wide, cy + sy * high * 0.25),
                    (cx + sx * wide * 0.42, cy + sy * high * 0.42),
                    (cx + sx * wide * 0.25, cy + sy * high),
                ]
                sheet.polygon(corner, dim(metal, 0.12 + 0.05 * index))
            sheet.stroke([(left, cy + high), (right, cy + high)], dim(metal, 0.3), 4)
            gem = star(cx, cy, min(wide, high) * 0.5, min(wide, high) * 0.36, 8)
            sheet.polygon([(cx + (x - cx) * wide / min(wide, high), y) for x, y in gem], lit(glow, 0.4))
    sheet.model(pane, ((0, 0.1), (0.5, -0.12), (1, 0.16)))


def _pierced(sheet: Sheet, rng: Random, body: Turned, metal: Colour, span: tuple[float, float]) -> None:
    """Small holes in rows with the light of the inside in them."""
    low, high = span
    rows = 4
    for j in range(rows):
        h = low + (high - low) * (j + 0.5) / rows
        count = max(10, round(2 * pi * body.radius(h) / 26))
        for i in range(count):
            a = -pi / 2 + pi * (i + 0.5 * (j % 2)) / (count / 2)
            if abs(a) < 1.5:
                x, y = body.at(a, h)
                sheet.disc(x, y, 5.6 * max(0.25, cos(a)), dim(metal, 0.66), 5.6)
                sheet.disc(x + 0.6, y + 1.2, 3.6 * max(0.25, cos(a)), (250, 214, 140), 3.4)


def bar(sheet: Sheet, line: Points, width: float, metal: Colour = IRON) -> None:
    """A forged bar: dark, with light along its upper left."""
    sheet.stroke(line, metal, width)
    sheet.stroke(move(line, -width * 0.16, -width * 0.2), lit(metal, 0.3), width * 0.24, ends=False)


def _iron(rng: Random, dye: Dye) -> Colour:
    if dye.name in ("ink", "wool", "walnut", "leather", "lime"):
        return IRON
    return rng.choice((IRON, IRON, mix(IRON, dye.deep, 0.6), mix(dye.main, IRON, 0.25)))


def _scroll(x: float, y: float, r: float, hand: int, start: float) -> Points:
    return spiral(x, y, r, 1.45, start, hand, 40)


def paint_iron_grille(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A window grille: an arch or a square of bars filled with paired scrolls, rosettes at the crossings."""
    metal = _iron(rng, dye)
    half, top, foot = rng.uniform(270, 310), 210.0, 985.0
    arched = rng.random() < 0.6
    spring = top + half * 1.25
    if arched:
        frame = [*horseshoe(500, spring, half, 1.15, rng.choice((0, 0.18))), (500 + half, foot), (500 - half, foot)]
    else:
        frame = box(500 - half, top, 500 + half, foot)
    sheet.wash(move(frame, 10, 14), mix(SHADE, dye.deep, 0.4), 0.12, 8)
    lines: list[tuple[Points, float]] = []
    cols, rows = rng.choice((2, 3, 4)), rng.choice((3, 4, 5))
    start = spring if arched else top
    w, h = 2 * half / cols, (foot - start) / rows
    for i in range(1, cols):
        lines.append(([(500 - half + i * w, top), (500 - half + i * w, foot)], 9))
    for j in range(0 if arched else 1, rows):
        lines.append(([(500 - half, start + j * h), (500 + half, start + j * h)], 9))
    style = rng.choice(("s", "heart", "round"))
    for i in range(cols):
        for j in range(rows):
            cell = (500 - half + (i + 0.5) * w, start + (j + 0.5) * h, w, h)
            lines += [(line, 6.5) for line in _cell_scrolls(cell, style, 1 if (i + j) % 2 else -1)]
    if arched:
        for k in range(1, 8):
            a = pi + pi * k / 8
            lines.append(
                (
                    [
                        (500 + half * 0.34 * cos(a), spring + half * 0.34 * sin(a)),
                        (500 + half * 1.04 * cos(a), spring + half * 1.04 * sin(a)),
                    ],
                    6.5,
                )
            )
        lines.append(([*oval(500, spring, half * 0.34, half * 0.34, 60)[30:], (500 + half * 0.34, spring)], 7))
        for k in range(8):
            a = pi + pi * (k + 0.5) / 8
            lines.append(
                (
                    _scroll(
                        500 + half * 0.74 * cos(a), spring + half * 0.74 * sin(a), half * 0.12, 1 if k < 4 else -1, a
                    ),
                    5,
                )
            )
    _forge(
        sheet,
        rng,
        dye,
        metal,
        lines,
        frame,
        [(500 - half + i * w, start + j * h) for i in range(1, cols) for j in range(1, rows)],
    )


def _cell_scrolls(cell: tuple[float, float, float, float], style: str, hand: int) -> list[Points]:
    x, y, w, h = cell
    r = min(w, h) * 0.21
    if style == "round":
        return [
            [*oval(x, y, r * 1.9, r * 1.9, 50), (x + r * 1.9, y)],
            *[_scroll(x + dx * r * 0.86, y, r * 0.8, int(dx), pi / 2) for dx in (-1.0, 1.0)],
        ]
    if style == "heart":
        out = []
        for side in (-1, 1):
            stem = smooth(
                [(x, y + h * 0.42), (x + side * r * 2.0, y + h * 0.08), (x + side * r * 2.05, y - h * 0.16)], steps=8
            )
            out += [stem, _scroll(x + side * r * 1.05, y - h * 0.16, r, -side, 0 if side > 0 else pi)]
        return out
    up = _scroll(x - hand * r * 0.1, y - h * 0.24, r, hand, pi / 2)
    low = _scroll(x + hand * r * 0.1, y + h * 0.24, r, hand, -pi / 2)
    return [up, low, smooth([up[0], (x + hand * r * 0.5, y - 2), (x - hand * r * 0.5, y + 2), low[0]], steps=6)]


def _forge(
    sheet: Sheet, rng: Random, dye: Dye, metal: Colour, lines: list[tuple[Points, float]], frame: Points, knots: Points
) -> None:
    closed = [*frame, frame[0], frame[1]]
    shade = mix((214, 204, 190), SHADE, 0.25)
    with sheet.within([(0, 0), (1000, 0), (1000, 1250), (0, 1250)]):
        for line, width in lines:
            sheet.stroke(move(line, 14, 20), shade, width)
        sheet.stroke(move(closed, 14, 20), shade, 15)
    with sheet.within(frame):
        for line, width in lines:
            bar(sheet, line, width, metal)
    bar(sheet, closed, 15, metal)
    gold = mix(BRASS, dye.accent, 0.3)
    for x, y in knots:
        sheet.polygon(star(x, y, 21, 11, 8), dim(metal, 0.3))
        sheet.polygon(star(x - 1, y - 1, 18, 9, 8), gold if rng.random() < 0.9 else metal)
        sheet.disc(x - 1, y - 1, 6, lit(gold, 0.3))


def paint_iron_mirror(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A mirror in a forged frame: an arch, a seal or a sun."""
    metal = _iron(rng, dye)
    shape = rng.choice(("arch", "seal", "sun", "arch"))
    cy = 610.0
    if shape == "arch":
        half = rng.uniform(200, 235)
        glass = [*horseshoe(500, 480, half, 1.3, rng.choice((0, 0.2))), (500 + half, 960), (500 - half, 960)]
        outer = [*horseshoe(500, 480, half + 62, 1.3, 0.1), (500 + half + 62, 1020), (500 - half - 62, 1020)]
    elif shape == "seal":
        r = rng.uniform(230, 260)
        glass, outer = khatam(500, cy, r), khatam(500, cy, r + 86)
    else:
        r = rng.uniform(190, 220)
        glass, outer = oval(500, cy, r, r, 100), oval(500, cy, r + 100, r + 100, 100)
    if shape != "sun":
        sheet.cast(outer, 13, 0.4)
        sheet.polygon(outer, metal)
        sheet.model(outer, ((0, -0.2), (0.4, 0), (1, 0.2)))
        _inlay(sheet, rng, dye, outer, glass)
    else:
        _rays(sheet, rng, dye, metal, cy, r)
    bar(sheet, [*glass, glass[0], glass[1]], 16, metal)
    sky = mix((214, 222, 224), dye.light, 0.16)
    sheet.polygon(glass, sky)
    sheet.model(glass, ((0, -0.5), (0.45, -0.1), (1, 0.22)), down=True)
    with sheet.within(glass):
        for x in (330, 420):
            sheet.wash([(x, 1100), (x + 60, 1100), (x + 400, 200), (x + 340, 200)], WHITE, 0.34, 8)
    sheet.stroke(glass, dim(metal, 0.4), 5, closed=True)


def _inlay(sheet: Sheet, rng: Random, dye: Dye, outer: Points, glass: Points) -> None:
    """Brass points, or chips of glaze, along the middle of the frame."""
    gold = mix(BRASS, dye.accent, 0.2)
    ink = rng.choice((dye.main, dye.accent, gold, gold))
    for i, (x, y) in enumerate(_between_lines(outer, glass)):
        size = 15 if i % 2 else 9
        sheet.polygon(regular(x, y, size, 4, 0 if i % 2 else pi / 4), dim(ink, 0.25))
        sheet.polygon(regular(x - 1, y - 1.4, size * 0.82, 4, 0 if i % 2 else pi / 4), ink if i % 2 else lit(gold, 0.2))


def _between_lines(outer: Points, glass: Points) -> Points:
    """Stations half way between two outlines of the same kind."""
    inner = dense(glass, 6)
    whole = [*outer, outer[0]]
    lengths = [((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in itertools.pairwise(whole)]
    count = round(sum(lengths) / 44)
    gap = sum(lengths) / count
    out: Points = []
    walked, goal = 0.0, 0.0
    for (a, b), length in zip(itertools.pairwise(whole), lengths, strict=True):
        while goal < walked + length and len(out) < count:
            t = (goal - walked) / length
            x, y = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
            near = min(inner, key=lambda p: (p[0] - x) ** 2 + (p[1] - y) ** 2)
            out.append(((x + near[0]) / 2, (y + near[1]) / 2))
            goal += gap
        walked += length
    return out


def _rays(sheet: Sheet, rng: Random, dye: Dye, metal: Colour, cy: float, r: float) -> None:
    n = rng.choice((16, 24, 32))
    gold = mix(BRASS, dye.accent, 0.2)
    for layer in (0, 1):
        for i in range(n):
            a = 2 * pi * i / n
            long = r + (130 if i % 2 else 88)
            wide = r * pi / n * 0.8
            root = (500 + r * cos(a), cy + r * sin(a))
            tip = (500 + long * cos(a), cy + long * sin(a))
            leaf = smooth(
                [
                    root,
                    ((root[0] + tip[0]) / 2 - wide * sin(a), (root[1] + tip[1]) / 2 + wide * cos(a)),
                    tip,
                    ((root[0] + tip[0]) / 2 + wide * sin(a), (root[1] + tip[1]) / 2 - wide * cos(a)),
                ],
                closed=True,
                steps=6,
            )
            if layer == 0:
                sheet.polygon(move(leaf, 11, 17), (200, 189, 172))
                continue
            sheet.polygon(leaf, gold if i % 2 else metal)
            sheet.stroke([root, tip], lit(gold if i % 2 else metal, 0.3), 2.5, ends=False)
            sheet.stroke(leaf, dim(metal, 0.3), 2, closed=True)


def paint_iron_table(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A low table: a round top of cut tile in a hoop of iron, on bent legs."""
    metal = _iron(rng, dye)
    r, tilt, top = rng.uniform(325, 360), 0.4, 560.0
    foot = FLOOR + 20
    sheet.wash(oval(540, foot - 20, r * 1.06, 96), SHADE, 0.3, 30)
    legs = rng.choice((3, 4))
    for i in range(legs):
        a = pi * (0.12 + 0.76 * i / (legs - 1))
        x, y = 500 + r * 0.8 * cos(a), top + r * 0.8 * tilt * sin(a)
        end = (500 + r * 0.86 * cos(a), foot - 60 + 80 * sin(a))
        side = 1 if x >= 500 else -1
        bend = rng.choice((0.42, 0.55))
        bar(sheet, smooth([(x, y), (500 + r * bend * cos(a), (y + end[1]) / 2), end], steps=12), 14, metal)
        bar(sheet, _scroll(end[0] + side * 22, end[1] - 22, 24, -side, pi / 2), 9, metal)
    bar(
        sheet,
        [*oval(500, (top + foot) / 2 + 30, r * 0.46, r * 0.46 * tilt, 60), (500 + r * 0.46, (top + foot) / 2 + 30)],
        9,
        metal,
    )
    sheet.polygon(oval(500, top + 24, r + 8, (r + 8) * tilt, 90), dim(metal, 0.2))
    sheet.polygon(oval(500, top, r + 8, (r + 8) * tilt, 90), lit(metal, 0.16))
    face = oval(500, top, r, r * tilt, 90)
    sheet.polygon(face, mix((222, 214, 200), dye.cream, 0.3))
    with sheet.within(face):
        n = rng.choice((8, 16))
        plan = glazes(rng, dye)
        tiles = rosette(500, top, r * 0.6, n, 1.15, 0)
        tiles += _table_rings(rng, n, r, top)
        lay(
            sheet,
            rng,
            [([(x, top + (y - top) * tilt) for x, y in outline], role) for outline, role in tiles],
            plan,
            1.1,
        )
    sheet.model(face, ((0, -0.12), (0.4, -0.05), (1, 0.16)))
    sheet.wash([(300, top - 70), (380, top - 90), (560, top + 90), (470, top + 100)], WHITE, 0.22, 16)


def _table_rings(rng: Random, n: int, r: float, top: float) -> list[tuple[Points, str]]:
    tiles: list[tuple[Points, str]] = []
    count = 2 * n
    for ring, (low, high, roles) in enumerate(
        ((0.64, 0.74, ("edge", "white")), (0.75, 0.9, ("white", "kite")), (0.91, 1.02, ("edge", "ring")))
    ):
        for i in range(count):
            a, b = 2 * pi * i / count, 2 * pi * (i + 1) / count
            if ring == 1:
                m = (a + b) / 2
                pts = [(low, a), (high, m), (low, b)]
                tiles.append(([(500 + r * q * cos(t), top + r * q * sin(t)) for q, t in pts], "star"))
                pts = [(high, m - (b - a)), (high, m), (low, a)]
                tiles.append(([(500 + r * q * cos(t), top + r * q * sin(t)) for q, t in pts], "white"))
                continue
            pts = [(low, a), (high, a), (high, b), (low, b)]
            tiles.append(([(500 + r * q * cos(t), top + r * q * sin(t)) for q, t in pts], roles[i % 2]))
    return tiles
