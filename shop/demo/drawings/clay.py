"""Pots: turned profiles in tin glaze, raw clay or polished lime, with motifs brushed round them."""

import itertools
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import CELLS, Points, Put, Turned, around, oval, rounded, smooth, star, wobble
from shop.demo.drawings.ground import FLOOR, ROUND, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary

BELTS = ("teeth", "double teeth", "lozenge", "zigzag", "leaf", "petals", "scales", "arch", "khatam", "comma", "step")
NARROW = ("dots", "teeth", "zigzag", "chequer", "lozenge")


def slip(rng: Random, dye: Dye) -> tuple[Colour, list[Colour]]:
    """Body colour and brush colours: white tin glaze, raw earth, or the body in full colour."""
    kind = rng.choice(("white", "white", "earth", "full"))
    if dye.name in ("terracotta", "copper", "leather") and rng.random() < 0.5:
        kind = "earth"
    if kind == "earth":
        body = rng.choice(((190, 112, 76), (205, 150, 108), (172, 96, 66)))
        return body, [dye.deep, dye.cream, dye.main if dye.name != "terracotta" else dye.deep, body]
    if kind == "full":
        return dye.main, [dye.cream, dye.light, dye.accent, dye.main]
    body = mix(dye.cream, WHITE, 0.35)
    return body, [dye.main, dye.accent, dye.deep, body]


def brush(sheet: Sheet, rng: Random, inks: list[Colour]) -> Put:
    """A painter of motifs: every stroke a little off and the glaze thinner or thicker."""

    def put(points: Points, ink: int) -> None:
        sheet.polygon(wobble(points, rng, 0.8), vary(rng, inks[ink % len(inks)], 0.03))

    return put


def throw(
    sheet: Sheet,
    rng: Random,
    pot: Turned,
    body: Colour,
    belts: list[tuple[float, float]],
    inks: list[Colour],
    gloss: float = 0.5,
) -> None:
    """Turn a pot: body, throwing lines, brushed belts, light."""
    area = pot.outline()
    sheet.polygon(area, body)
    with sheet.within(area):
        sheet.grain(area, 90, 4, 0.04)
        put = brush(sheet, rng, inks)
        for low, high in belts:
            decorate(sheet, rng, pot, low, high, inks, put)
        sheet.grain(area, 5, 5, 0.03)
    sheet.model(area, ROUND)
    if gloss:
        _gloss(sheet, pot, gloss)


def _gloss(sheet: Sheet, pot: Turned, strength: float) -> None:
    steps = [pot.top * (0.2 + 0.72 * i / 16) for i in range(17)]
    streak = [pot.at(-0.72, h) for h in steps] + [pot.at(-0.58, h) for h in reversed(steps)]
    sheet.wash(streak, WHITE, strength, 5)


def decorate(sheet: Sheet, rng: Random, pot: Turned, low: float, high: float, inks: list[Colour], put: Put) -> None:
    """One belt of ornament between two lines."""
    tall = high - low
    if rng.random() < 0.3 and inks[0] != inks[-1]:
        sheet.polygon(pot.band(low, high), inks[0])
        order = [inks[-1], inks[1], inks[0], inks[0]]
        put = brush(sheet, rng, order)
    line = inks[rng.choice((0, 2))]
    name = rng.choice(NARROW if tall < 34 else BELTS)
    mid = pot.radius((low + high) / 2)
    count = max(8, round(2 * pi * mid / max(18, tall * rng.uniform(0.8, 1.25))))
    pad = tall * 0.1
    pot.repeat(CELLS[name], low + pad, high - pad, count, rng.uniform(0, 1), put)
    for h in (low, high):
        sheet.stroke(pot.ring(h), line, rng.uniform(2.4, 4))
    if rng.random() < 0.4:
        sheet.stroke(pot.ring(high + 8), line, 1.8)


def _belts(rng: Random, low: float, high: float, parts: int) -> list[tuple[float, float]]:
    """Cut the height between `low` and `high` into belts of unequal height with bare clay between."""
    weights = [rng.uniform(0.3, 1) for _ in range(parts)]
    total, gap = sum(weights), (high - low) * 0.05
    out, at = [], low
    for w in weights:
        tall = (high - low - gap * (parts - 1)) * w / total
        out.append((at, at + tall))
        at += tall + gap
    return out


def mouth(sheet: Sheet, pot: Turned, body: Colour, lip: float = 7.0) -> None:
    """The open rim: lip, then the dark inside with light on its far wall."""
    sheet.polygon(pot.rim(), lit(body, 0.2))
    inner = pot.rim(lip)
    sheet.polygon(inner, dim(body, 0.6))
    sheet.model(inner, ((0, 0.3), (0.6, -0.02), (1, -0.18)))


def paint_jar(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A lidded jar (khabia): shoulder, belly and a knob."""
    tall, belly = rng.uniform(470, 600), rng.uniform(200, 270)
    neck = belly * rng.uniform(0.48, 0.62)
    foot = belly * rng.uniform(0.5, 0.66)
    body, inks = slip(rng, dye)
    profile = [
        (foot, 0),
        (foot * 1.02, tall * 0.05),
        (belly * 0.93, tall * rng.uniform(0.32, 0.4)),
        (belly, tall * rng.uniform(0.55, 0.62)),
        (belly * 0.86, tall * 0.8),
        (neck, tall * 0.93),
        (neck, tall),
    ]
    pot = Turned(500, FLOOR, profile, 0.15)
    sheet.stand(500, FLOOR, foot * 1.5)
    throw(sheet, rng, pot, body, _belts(rng, tall * 0.2, tall * 0.84, rng.choice((2, 3, 4))), inks)
    mouth(sheet, pot, body)
    high = rng.uniform(90, 150)
    lid = Turned(
        500,
        FLOOR - tall + 2,
        [
            (neck * 1.1, 0),
            (neck * 1.1, 10),
            (neck * 0.8, high * 0.5),
            (neck * 0.24, high * 0.82),
            (neck * 0.13, high * 0.9),
            (neck * 0.24, high),
            (neck * 0.12, high * 1.16),
            (1, high * 1.2),
        ],
        0.15,
    )
    sheet.wash(oval(500, FLOOR - tall + 16, neck * 1.05, 20), SHADE, 0.3, 6)
    throw(sheet, rng, lid, body, [(14, high * 0.5)], inks)


def paint_vase(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A tall vase, narrow at the neck, often with two handles."""
    tall, belly = rng.uniform(660, 760), rng.uniform(165, 215)
    neck = belly * rng.uniform(0.24, 0.36)
    flare = neck * rng.uniform(1.4, 2.1)
    at = rng.uniform(0.36, 0.52)
    foot = belly * rng.uniform(0.42, 0.58)
    body, inks = slip(rng, dye)
    pot = Turned(
        500,
        FLOOR,
        [
            (foot * 1.1, 0),
            (foot, tall * 0.04),
            (belly * 0.9, tall * (at - 0.16)),
            (belly, tall * at),
            (belly * 0.72, tall * (at + 0.2)),
            (neck, tall * 0.82),
            (neck * 1.05, tall * 0.9),
            (flare, tall),
        ],
        0.14,
    )
    sheet.stand(500, FLOOR, foot * 1.6)
    handled = rng.random() < 0.6
    if handled:
        for side in (-1, 1):
            line = smooth(
                [
                    pot.at(side * 1.5, tall * 0.9),
                    (500 + side * belly * 0.95, FLOOR - tall * 0.88),
                    (500 + side * belly * 1.02, FLOOR - tall * 0.72),
                    pot.at(side * 1.4, tall * (at + 0.12)),
                ],
                steps=10,
            )
            sheet.stroke(line, dim(body, 0.32), 24)
            sheet.stroke([(x - 2, y - 2) for x, y in line], body if side < 0 else dim(body, 0.16), 18)
            for i in range(4, len(line) - 3, 4):
                sheet.disc(line[i][0] - 2, line[i][1] - 2, 3.4, inks[0])
    belts = [*_belts(rng, tall * 0.12, tall * (at + 0.2), rng.choice((2, 3))), (tall * 0.78, tall * 0.9)]
    throw(sheet, rng, pot, body, belts, inks)
    mouth(sheet, pot, body, 6)


def paint_bowl(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A wide bowl seen from above its rim, painted inside with a rosette."""
    rim, tall, tilt = rng.uniform(300, 345), rng.uniform(190, 240), rng.uniform(0.4, 0.5)
    foot = rim * rng.uniform(0.34, 0.42)
    body, inks = slip(rng, dye)
    base = 880.0
    sheet.stand(500, base + 26, foot * 1.9)
    pot = Turned(
        500,
        base,
        [(foot, 0), (foot * 0.96, 26), (rim * 0.72, tall * 0.42), (rim * 0.95, tall * 0.8), (rim, tall)],
        tilt,
    )
    throw(sheet, rng, pot, body, [(tall * 0.52, tall * 0.9)], inks, 0.3)
    cy = base - tall
    sheet.polygon(pot.rim(), lit(body, 0.3))
    inner = pot.rim(9)
    sheet.polygon(inner, body)
    with sheet.within(inner):
        wheel(sheet, rng, inks, (500, cy + 10), rim * 0.97, tilt * 0.98)
        sheet.model(inner, ((0, 0.42), (0.3, 0.16), (0.62, -0.08), (0.84, -0.2), (1, 0.06)))
        sheet.model(inner, ((0, 0.3), (0.3, 0.06), (1, -0.05)), down=True)
        sheet.wash(oval(500 + rim * 0.42, cy + rim * tilt * 0.3, rim * 0.16, rim * 0.05), WHITE, 0.5, 10)
    sheet.ring(500, cy, rim - 4, inks[0], 5, tilt)


def wheel(
    sheet: Sheet, rng: Random, inks: list[Colour], at: tuple[float, float], radius: float, squash: float = 1.0
) -> None:
    """Rings of ornament about a heart, their counts all multiples of one number, as a painter turns the dish."""
    cx, cy = at
    put = brush(sheet, rng, inks)
    n = rng.choice((6, 8, 8, 8, 12))
    cuts = sorted(rng.uniform(0.3, 0.84) for _ in range(rng.choice((1, 2, 2, 3))))
    edges = [0.24, *[c for i, c in enumerate(cuts) if i == 0 or c - cuts[i - 1] > 0.12], 0.95]
    flip = rng.choice((0, 1))
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        inner, outer = radius * low, radius * high
        tall = outer - inner
        if (i + flip) % 2 and tall < radius * 0.34 and inks[0] != inks[-1]:
            ring = [*oval(cx, cy, outer, outer * squash, 96)]
            sheet.polygon(ring, inks[0])
            sheet.polygon(oval(cx, cy, inner, inner * squash, 96), inks[-1])
            ring_put = brush(sheet, rng, [inks[-1], inks[1], inks[0], inks[0]])
        else:
            ring_put = put
        count = max(n, n * round(pi * (inner + outer) / max(24.0, tall) / n * rng.choice((0.7, 1.0))))
        name = rng.choice(BELTS if tall > radius * 0.13 else NARROW)
        around(CELLS[name], cx, cy, inner + tall * 0.08, outer - tall * 0.08, count, ring_put, pi / count, squash)
        for r in (inner, outer):
            sheet.ring(cx, cy, r, inks[rng.choice((0, 2))], rng.uniform(2.4, 4.5), squash)
    heart = radius * 0.21
    shape = star(cx, cy, heart, heart * rng.choice((0.42, 0.6, 0.765)), n, pi / n)
    sheet.polygon([(x, cy + (y - cy) * squash) for x, y in shape], inks[0])
    small = star(cx, cy, heart * 0.5, heart * 0.3, n, 0)
    sheet.polygon([(x, cy + (y - cy) * squash) for x, y in small], inks[1])
    sheet.disc(cx, cy, heart * 0.14, inks[-1], heart * 0.14 * squash)


def paint_plate(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A dish hung face on: the whole painted wheel."""
    radius = rng.uniform(335, 375)
    cy = 600.0
    body, inks = slip(rng, dye)
    rim = oval(500, cy, radius, radius, 120)
    if rng.random() < 0.35:
        lobes = rng.choice((16, 24))
        rim = [
            (
                500 + (radius + 7 * abs(sin(lobes / 2 * a))) * cos(a),
                cy + (radius + 7 * abs(sin(lobes / 2 * a))) * sin(a),
            )
            for a in [2 * pi * i / 240 for i in range(240)]
        ]
    sheet.cast(rim, 16, 0.42)
    sheet.polygon(rim, dim(body, 0.1))
    face = [(500 + (x - 500) * 0.985, cy + (y - cy) * 0.985) for x, y in rim]
    sheet.polygon(face, body)
    with sheet.within(face):
        wheel(sheet, rng, inks, (500, cy), radius)
        sheet.grain(face, 6, 6, 0.03)
        well = radius * 0.66
        sheet.wash(_crescent(500, cy, well, 12, -1), SHADE, 0.24, 10)
        sheet.wash(_crescent(500, cy, well, 12, 1), WHITE, 0.4, 9)
        sheet.model(face, ((0, -0.14), (0.4, 0), (1, 0.2)))
        sheet.wash(_crescent(500, cy, radius * 0.92, 22, -1), WHITE, 0.38, 7)


def _crescent(cx: float, cy: float, r: float, thick: float, side: int) -> Points:
    """A sickle on the upper left (-1) or the lower right (1) of a circle."""
    start = pi * (0.85 if side < 0 else -0.15)
    outer = [(cx + r * cos(start + i * pi * 0.8 / 20), cy + r * sin(start + i * pi * 0.8 / 20)) for i in range(21)]
    inner = [
        (
            cx + (r - thick * sin(pi * i / 20)) * cos(start + i * pi * 0.8 / 20),
            cy + (r - thick * sin(pi * i / 20)) * sin(start + i * pi * 0.8 / 20),
        )
        for i in range(21)
    ]
    return [*outer, *reversed(inner)]


def paint_tagine(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """The dish and its cone."""
    rim = rng.uniform(275, 310)
    deep, cone = rng.uniform(105, 135), rng.uniform(360, 440)
    body, inks = slip(rng, dye)
    base = FLOOR - 10
    foot = rim * 0.62
    sheet.stand(500, base, foot * 1.5)
    dish = Turned(
        500, base, [(foot, 0), (foot * 1.04, 14), (rim * 0.92, deep * 0.6), (rim, deep - 12), (rim, deep)], 0.16
    )
    throw(sheet, rng, dish, body, [(deep * 0.42, deep * 0.94)], inks)
    sheet.polygon(dish.rim(), lit(body, 0.25))
    sheet.polygon(dish.rim(14), dim(body, 0.4))
    wide = rim * 0.91
    lean = rng.uniform(0.16, 0.24)
    lid = Turned(
        500,
        base - deep + 4,
        [
            (wide, 0),
            (wide * 0.98, 14),
            (wide * 0.74, cone * 0.22),
            (wide * 0.46, cone * 0.5),
            (wide * lean, cone * 0.84),
            (wide * 0.13, cone * 0.92),
            (wide * 0.2, cone * 0.98),
            (wide * 0.19, cone * 1.03),
            (2, cone * 1.07),
        ],
        0.16,
    )
    throw(sheet, rng, lid, body, _belts(rng, 18, cone * 0.78, rng.choice((2, 3, 4))), inks, 0.42)


def paint_drum(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A goblet drum: painted clay, a skin laced over the wide end."""
    tall, head = rng.uniform(560, 640), rng.uniform(180, 215)
    waist = head * rng.uniform(0.42, 0.5)
    foot = head * rng.uniform(0.66, 0.8)
    body, inks = slip(rng, dye)
    pot = Turned(
        500,
        FLOOR,
        [
            (foot, 0),
            (foot * 0.98, 14),
            (waist * 1.1, tall * 0.36),
            (waist, tall * 0.46),
            (waist * 1.1, tall * 0.54),
            (head * 0.94, tall * 0.76),
            (head, tall * 0.88),
            (head * 0.98, tall),
        ],
        0.17,
    )
    sheet.stand(500, FLOOR, foot * 1.25)
    throw(
        sheet,
        rng,
        pot,
        body,
        [(tall * 0.05, tall * 0.2), (tall * 0.22, tall * 0.38), (tall * 0.52, tall * 0.7)],
        inks,
        0.3,
    )
    skin = (228, 209, 176)
    low, high = tall * 0.86, tall
    wrap = pot.band(low, high)
    sheet.polygon(wrap, dim(skin, 0.1))
    sheet.model(wrap, ROUND)
    _lacing(sheet, rng, pot, (tall * 0.72, low), dye)
    sheet.polygon(pot.rim(-2), skin)
    sheet.grain(pot.rim(), 60, 20, 0.1, (150, 108, 70))
    sheet.ring(500, FLOOR - tall, head * 0.98, dim(skin, 0.25), 3, 0.17)
    if rng.random() < 0.7:
        henna = (128, 66, 40)
        put = brush(sheet, rng, [henna, henna, henna, skin])
        around(CELLS["petals"], 500, FLOOR - tall, head * 0.3, head * 0.66, 8, put, 0, 0.17)
        sheet.ring(500, FLOOR - tall, head * 0.78, henna, 2.4, 0.17)


def _lacing(sheet: Sheet, rng: Random, pot: Turned, span: tuple[float, float], dye: Dye) -> None:
    low, high = span
    cord = rng.choice((dye.spark, dye.deep, dye.accent))
    count = 15
    line = []
    for i in range(count + 1):
        a = -pi / 2 + pi * i / count
        line.append(pot.at(a, high + 4 if i % 2 else low))
    sheet.stroke([(x + 3, y + 4) for x, y in line], dim(cord, 0.6), 4)
    sheet.stroke(line, cord, 5)
    for h in (low - 4, high + 8):
        sheet.stroke(pot.ring(h), cord, 7)
        sheet.stroke([(x, y - 2) for x, y in pot.ring(h)], lit(cord, 0.25), 2)


def paint_candle(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A thick candle painted as hands are with henna, on a small dish, lit."""
    tall, r = rng.uniform(360, 500), rng.uniform(115, 150)
    wax = rng.choice((mix(dye.cream, WHITE, 0.3), mix(dye.cream, dye.light, 0.5), mix(dye.main, dye.light, 0.3)))
    inks = [dye.deep, dye.spark, dye.deep, wax] if wax[0] > 170 else [dye.cream, dye.accent, dye.cream, wax]
    dish_body, dish_inks = slip(rng, dye)
    base = FLOOR - 34
    sheet.stand(500, FLOOR, 190)
    dish = Turned(500, FLOOR, [(130, 0), (150, 16), (225, 30), (236, 44)], 0.2)
    throw(sheet, rng, dish, dish_body, [(18, 38)], dish_inks, 0.0)
    sheet.polygon(dish.rim(), lit(dish_body, 0.25))
    sheet.polygon(dish.rim(10), dim(dish_body, 0.18))
    sheet.wash(oval(520, FLOOR - 30, r * 1.2, 26), SHADE, 0.4, 8)
    pot = Turned(500, base, [(r, 0), (r, tall * 0.5), (r * 0.995, tall * 0.97), (r * 0.96, tall)], 0.16)
    throw(sheet, rng, pot, wax, _belts(rng, tall * 0.08, tall * 0.86, rng.choice((2, 3, 4))), inks, 0.2)
    top = base - tall
    sheet.polygon(pot.rim(), lit(wax, 0.35))
    sheet.polygon(oval(500, top, r * 0.72, r * 0.1), mix(lit(wax, 0.2), (250, 214, 140), 0.5))
    sheet.stroke([(500, top + 2), (502, top - 26)], (60, 48, 40), 4)
    flame = smooth([(500, top - 14), (518, top - 44), (500, top - 108), (484, top - 46)], closed=True)
    sheet.wash(oval(500, top - 60, 110, 130), (255, 226, 150), 0.5, 46)
    sheet.polygon(flame, (246, 186, 78))
    sheet.polygon([(500 + (x - 500) * 0.56, top - 22 + (y - top + 14) * 0.62) for x, y in flame], (255, 240, 196))


def paint_soap_dish(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A dish of polished lime (tadelakt) with a bar of soap on it."""
    wide, tall, tilt = rng.uniform(300, 345), rng.uniform(90, 130), rng.uniform(0.4, 0.48)
    body = rng.choice((dye.main, mix(dye.main, dye.light, 0.5), mix(dye.light, dye.cream, 0.3)))
    base = 880.0
    sheet.stand(500, base + 40, wide * 0.86)
    pot = Turned(500, base, [(wide * 0.74, 0), (wide * 0.8, 16), (wide * 0.96, tall * 0.7), (wide, tall)], tilt)
    area = pot.outline()
    sheet.polygon(area, body)
    sheet.grain(area, 70, 50, 0.09)
    sheet.grain(area, 30, 12, 0.05)
    sheet.model(area, ROUND, 0.9)
    cy = base - tall
    sheet.polygon(pot.rim(), lit(body, 0.22))
    inner = pot.rim(20)
    sheet.polygon(inner, dim(body, 0.1))
    with sheet.within(inner):
        sheet.grain(inner, 60, 40, 0.08)
        sheet.model(inner, ((0, 0.34), (0.4, 0.06), (0.8, -0.18), (1, -0.02)))
        sheet.model(inner, ((0, 0.3), (0.3, 0.04), (1, -0.06)), down=True)
        for i in range(-2, 3):
            sheet.stroke(
                [(500 + i * 70, cy - wide * tilt * 0.6), (500 + i * 70, cy + wide * tilt * 0.8)], dim(body, 0.2), 7
            )
            sheet.stroke(
                [(504 + i * 70, cy - wide * tilt * 0.6), (504 + i * 70, cy + wide * tilt * 0.8)], lit(body, 0.25), 3
            )
    _soap(sheet, rng, dye, cy)


def _soap(sheet: Sheet, rng: Random, dye: Dye, cy: float) -> None:
    soap = rng.choice(
        (mix(dye.cream, (150, 140, 70), 0.35), mix(dye.light, dye.cream, 0.5), (205, 176, 120), dye.accent)
    )
    half, deep, thick = rng.uniform(150, 180), rng.uniform(62, 76), rng.uniform(48, 64)
    sheet.wash(oval(512, cy + 20, half * 1.1, deep * 1.15), SHADE, 0.45, 12)
    low = rounded(500 - half, cy - deep - 6, 500 + half, cy + deep + 6, 44)
    top = [(x, y - thick) for x, y in low]
    side = [*low[9:27], *reversed(top[9:27])]
    sheet.polygon(low, dim(soap, 0.25))
    sheet.polygon(
        [
            (500 - half, cy - thick),
            (500 + half, cy - thick),
            (500 + half, cy + deep - 38),
            (500 - half, cy + deep - 38),
        ],
        dim(soap, 0.25),
    )
    sheet.model(low, ((0, 0), (0.4, -0.1), (1, 0.3)))
    sheet.polygon(side, dim(soap, 0.2))
    sheet.model(side, ((0, 0), (0.35, -0.14), (1, 0.3)))
    sheet.polygon(top, soap)
    sheet.grain(top, 30, 14, 0.08)
    sheet.model(top, ((0, -0.3), (0.5, 0), (1, 0.14)))
    mark = star(500, cy - thick, 46, 35, 8)
    mark = [(x, cy - thick + (y - cy + thick) * 0.45) for x, y in mark]
    sheet.stroke([(x + 1, y + 2) for x, y in mark], lit(soap, 0.4), 3, closed=True)
    sheet.stroke(mark, dim(soap, 0.3), 3, closed=True)
