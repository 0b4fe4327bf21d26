"""Garments on a pole: caftan with its braid and buttons, hooded djellaba, cloak."""

from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import CELLS, Points, along, box, mirror, move, smooth
from shop.demo.drawings.ground import Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix
from shop.demo.drawings.textile import tassel

GOLD: Colour = (206, 168, 92)


def _pole(sheet: Sheet, x0: float, x1: float, y: float) -> None:
    wood: Colour = (128, 90, 60)
    area = box(x0, y - 8, x1, y + 8)
    sheet.cast(area, 9, 0.3)
    sheet.polygon(area, wood)
    sheet.model(area, ((0, -0.25), (0.4, 0), (1, 0.5)), down=True)
    for x in (x0, x1):
        sheet.disc(x, y, 12, dim(wood, 0.2))
        sheet.disc(x - 2, y - 3, 7, lit(wood, 0.15))


def _drape(
    sheet: Sheet, rng: Random, area: Points, colour: Colour, folds: list[tuple[float, float, float]], sheen: float
) -> None:
    """Cloth over an outline: weave, then folds (x at the top, x at the hem, strength)."""
    y0, y1 = min(p[1] for p in area), max(p[1] for p in area)
    sheet.polygon(area, colour)
    with sheet.within(area):
        sheet.grain(area, 2.4, 14, 0.035)
        for top, low, strength in folds:
            start = y0 + (y1 - y0) * rng.uniform(0.1, 0.42)
            valley = smooth(
                [(top, start), (top + (low - top) * 0.4 + 5, (start + y1) / 2), (low + 22, y1 + 10)], steps=5
            )
            valley += smooth(
                [(low - 22, y1 + 10), (top + (low - top) * 0.4 - 7, (start + y1) / 2), (top, start)], steps=5
            )
            sheet.wash(valley, dim(colour, 0.75), strength, 9)
            sheet.wash(move(valley, 34, 0), lit(colour, 0.6), strength * sheen, 10)
    sheet.model(area, ((0, 0.08), (0.3, -0.06), (0.7, 0.02), (1, 0.16)))
    sheet.stroke(area, dim(colour, 0.34), 2.4, closed=True)


def sfifa(sheet: Sheet, line: Points, ink: Colour, width: float, heart: Colour) -> None:
    """Flat braid: a ribbon, its plait and two bright edges."""
    sheet.stroke(move(line, 2, 3), dim(ink, 0.6), width + 2)
    sheet.stroke(line, ink, width)
    for i, (x, y, a) in enumerate(along(line, width * 0.52)):
        s = 1 if i % 2 else -1
        dx, dy = cos(a) * width * 0.24, sin(a) * width * 0.24
        nx, ny = -sin(a) * width * 0.32 * s, cos(a) * width * 0.32 * s
        sheet.stroke(
            [(x - dx - nx, y - dy - ny), (x + dx + nx, y + dy + ny)],
            heart if i % 4 < 2 else lit(ink, 0.35),
            width * 0.16,
            ends=False,
        )


def buttons(sheet: Sheet, x: float, y0: float, y1: float, gap: float, ink: Colour, reach: float) -> None:
    """Knotted silk buttons and their loops (aakad) down the closure."""
    y = y0
    while y < y1:
        sheet.stroke([(x - reach, y), (x + reach, y)], dim(ink, 0.12), 4.2)
        sheet.stroke([(x - reach, y - 1.2), (x + reach, y - 1.2)], lit(ink, 0.3), 1.4, ends=False)
        sheet.disc(x + 1, y + 2, 7, dim(ink, 0.55))
        sheet.disc(x, y, 6.6, ink)
        sheet.disc(x - 1.6, y - 2, 2.8, lit(ink, 0.55))
        y += gap


def _spray(
    sheet: Sheet, rng: Random, at: tuple[float, float], size: float, inks: tuple[Colour, Colour], turn: float, name: str
) -> None:
    """An embroidered motif grown from a point towards an angle."""
    x, y = at
    c, s = cos(turn), sin(turn)
    for polygon, ink in CELLS[name]:
        bent = []
        for u, v in polygon:
            px, py = (u - 0.5) * size, -v * size
            bent.append((x + px * c - py * s, y + px * s + py * c))
        tone = inks[ink % 2]
        sheet.polygon(bent, tone)
        sheet.stroke(bent, lit(tone, 0.35), 1.4, closed=True)


def _folds(rng: Random, span: float, hem: float, count: int) -> list[tuple[float, float, float]]:
    out = []
    for i in range(count):
        t = (i + rng.uniform(0.25, 0.75)) / count * 2 - 1
        out.append((500 + t * span, 500 + t * hem, rng.uniform(0.16, 0.34)))
    return out


def paint_caftan(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A caftan spread on a pole through its sleeves: braid and buttons down the front, embroidered yoke and hem."""
    colour = rng.choice((dye.main, dye.main, dye.deep, dye.light))
    braid = rng.choice((GOLD, dye.accent, GOLD, dye.cream))
    heart = rng.choice((dye.spark, dye.deep, dye.cream))
    top, hem = 232.0, rng.uniform(1080, 1120)
    body, wide = rng.uniform(110, 126), rng.uniform(205, 262)
    reach, mouth = rng.uniform(335, 372), rng.uniform(170, 250)
    _pole(sheet, 500 - reach - 46, 500 + reach + 46, top + 14)
    side = [
        (500 - 58, top),
        (500 - body - 30, top + 6),
        (500 - reach, top + 26),
        (500 - reach - 6, top + 26 + mouth),
        (500 - body - 34, top + 210),
        (500 - body, top + 250),
        (500 - body + 6, top + 400),
    ]
    skirt = smooth(
        [
            (500 - body + 6, top + 400),
            (500 - body - (wide - body) * 0.36, top + 400 + (hem - top - 400) * 0.45),
            (500 - wide, hem - 12),
        ],
        steps=8,
    )
    left = [*side, *skirt, (500 - wide * 0.5, hem + 5)]
    area = [*left, *reversed(mirror(left))]
    area = [*area[: len(left)], (500, hem + 8), *area[len(left) :]]
    neck = smooth(
        [(500 + 58, top), (500 + 34, top + 40), (500, top + 62), (500 - 34, top + 40), (500 - 58, top)], steps=6
    )
    area = [*area, *neck[1:-1]]
    sheet.cast(area, 12, 0.4)
    _drape(sheet, rng, area, colour, _folds(rng, body * 0.9, wide * 0.96, rng.randint(7, 9)), rng.choice((0.3, 0.75)))
    with sheet.within(area):
        for s in (-1, 1):
            crease = [
                (500 + s * body * 0.96, top + 30),
                (500 + s * (body + 8), top + 30),
                (500 + s * (body + 4), top + 250),
            ]
            sheet.wash(crease, SHADE, 0.3, 8)
        _caftan_work(sheet, rng, (top, hem, wide, reach, mouth), braid, heart)
    sfifa(sheet, [(x, y + 3) for x, y in neck], braid, 15, heart)
    sfifa(sheet, [(500, top + 70), (500, hem - 4)], braid, 26, heart)
    end = hem - (0 if rng.random() < 0.4 else (hem - top) * 0.42)
    buttons(sheet, 500, top + 76, end, rng.choice((15, 18, 22)), mix(braid, WHITE, 0.1), rng.choice((26, 32, 40)))
    if rng.random() < 0.5:
        _belt(sheet, rng, dye, body, top + 395, braid, heart)


def _caftan_work(sheet: Sheet, rng: Random, cut: tuple[float, ...], braid: Colour, heart: Colour) -> None:
    top, hem, wide, reach, mouth = cut
    name = rng.choice(("leaf", "petals", "comma", "leaf"))
    inks = (braid, heart)
    for s in (-1, 1):
        for i in range(rng.choice((4, 6))):
            _spray(sheet, rng, (500 + s * 34, top + 96 + i * 42), 54 - i * 4, inks, s * 1.25, name)
        cuff = [(500 + s * (reach - 14), top + 24), (500 + s * (reach - 10), top + 30 + mouth)]
        sfifa(sheet, cuff, braid, 18, heart)
        for i in range(5):
            t = (i + 0.5) / 5
            _spray(sheet, rng, (500 + s * (reach - 26), top + 30 + mouth * t), 34, inks, -s * pi / 2, name)
        side = [(500 + s * wide * 0.98, hem - 20), (500 + s * wide * 0.5, hem - 3), (500, hem)]
        sfifa(sheet, side, braid, 15, heart)
    count = rng.choice((9, 11, 13))
    for i in range(count):
        t = (i + 0.5) / count * 2 - 1
        _spray(
            sheet,
            rng,
            (500 + t * wide * 0.93, hem - 16 + 4 * (1 - abs(t))),
            rng.choice((56, 62)) if i % 2 else 84,
            inks,
            0,
            name,
        )


def _belt(sheet: Sheet, rng: Random, dye: Dye, body: float, y: float, braid: Colour, heart: Colour) -> None:
    half = body + 12
    area = [
        (500 - half, y - 24),
        (500, y - 16),
        (500 + half, y - 24),
        (500 + half, y + 24),
        (500, y + 32),
        (500 - half, y + 24),
    ]
    sheet.wash(move(area, 0, 10), SHADE, 0.35, 7)
    sheet.polygon(area, heart)
    for dy in (-16, 20):
        sfifa(sheet, [(500 - half, y + dy - 6), (500, y + dy + 2), (500 + half, y + dy - 6)], braid, 10, heart)
    for i in range(7):
        x = 500 - half + 2 * half * (i + 0.5) / 7
        _spray(sheet, rng, (x, y + 18), 34, (braid, lit(braid, 0.3)), 0, "lozenge")
    sheet.model(area, ((0, 0.2), (0.4, -0.1), (1, 0.3)))


def paint_djellaba(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A straight hooded robe, often striped, with its fine closing braid."""
    colour = rng.choice((dye.main, dye.cream, mix(dye.main, dye.light, 0.4), dye.deep))
    stripe = dye.deep if colour != dye.deep else dye.light
    braid = rng.choice((dye.deep, dye.accent, dye.cream) if colour != dye.deep else (dye.cream, dye.accent))
    top, hem = 290.0, rng.uniform(1075, 1120)
    body, wide = rng.uniform(134, 154), rng.uniform(176, 215)
    drop = rng.uniform(340, 400)
    _pole(sheet, 290, 710, top + 10)
    sleeve = [
        (500 - 62, top - 6),
        (500 - body, top + 12),
        (500 - body - 66, top + 60),
        (500 - body - 128, top + drop),
        (500 - body - 30, top + drop + 34),
        (500 - body, top + 190),
    ]
    left = [*sleeve, (500 - body - 2, top + 420), (500 - wide, hem - 8), (500 - wide * 0.5, hem + 4)]
    area = [*left, *reversed(mirror(left))]
    sheet.cast(area, 12, 0.4)
    _hood(sheet, colour, stripe, top, behind=True)
    _drape(sheet, rng, area, colour, _folds(rng, body * 0.8, wide * 0.94, rng.randint(5, 7)), 0.4)
    with sheet.within(area):
        if rng.random() < 0.75:
            _robe_stripes(sheet, rng, stripe, colour, top, hem, wide)
        for s in (-1, 1):
            arm = [
                (500 + s * (body - 4), top + 60),
                (500 + s * (body + 6), top + 60),
                (500 + s * (body + 2), top + drop),
                (500 + s * (body - 12), top + drop),
            ]
            sheet.wash(arm, SHADE, 0.4, 8)
            sfifa(
                sheet,
                [(500 + s * (body + 124), top + drop - 4), (500 + s * (body + 30), top + drop + 26)],
                braid,
                11,
                stripe,
            )
    _hood(sheet, colour, stripe, top, behind=False)
    sfifa(sheet, [(500, top + 96), (500, top + 470)], braid, 13, stripe)
    buttons(sheet, 500, top + 104, top + 330, rng.choice((13, 17)), braid, 15)
    for s in (-1, 1):
        sfifa(sheet, [(500 + s * body * 0.62, top + 520), (500 + s * body * 0.66, top + 640)], braid, 9, stripe)
        sfifa(sheet, [(500 + s * wide * 0.98, hem - 18), (500 + s * wide * 0.95, hem - 150)], braid, 8, stripe)


def _robe_stripes(
    sheet: Sheet, rng: Random, stripe: Colour, colour: Colour, top: float, hem: float, wide: float
) -> None:
    gap, width = rng.choice((22, 30, 44)), rng.choice((2, 3, 6))
    x = -420.0
    ink = mix(stripe, colour, rng.choice((0.2, 0.5)))
    while x < 420:
        lean = x / 220 * (wide - 150) if abs(x) < 160 else x * 0.22
        sheet.stroke(
            [(500 + x, top - 10), (500 + x * 0.98, top + 200), (500 + x + lean, hem + 10)], ink, width, ends=False
        )
        if gap > 40:
            sheet.stroke(
                [(509 + x, top - 10), (509 + x * 0.98, top + 200), (509 + x + lean, hem + 10)], ink, 2, ends=False
            )
        x += gap


def _hood(sheet: Sheet, colour: Colour, stripe: Colour, top: float, behind: bool) -> None:
    """The pointed hood: its peak above the pole, its opening in front."""
    if behind:
        peak = smooth(
            [
                (500 - 100, top + 30),
                (500 - 106, top - 50),
                (500 - 62, top - 128),
                (500 + 8, top - 186),
                (500 + 74, top - 120),
                (500 + 106, top - 44),
                (500 + 100, top + 30),
            ],
            steps=8,
        )
        sheet.cast(peak, 10, 0.35)
        sheet.polygon(peak, dim(colour, 0.06))
        sheet.model(peak, ((0, 0.06), (0.35, -0.1), (1, 0.3)))
        sheet.stroke(peak, dim(colour, 0.34), 2.4)
        sheet.stroke(smooth([(506, top - 180), (520, top - 100), (504, top - 50)], steps=6), dim(colour, 0.3), 3)
        return
    opening = smooth(
        [
            (500, top + 96),
            (500 - 70, top + 20),
            (500 - 66, top - 46),
            (500, top - 96),
            (500 + 66, top - 46),
            (500 + 70, top + 20),
        ],
        closed=True,
        steps=8,
    )
    sheet.polygon(opening, dim(colour, 0.56))
    sheet.model(opening, ((0, 0.3), (1, -0.1)))
    sheet.stroke(opening, lit(colour, 0.1), 12, closed=True)
    sheet.stroke(opening, mix(stripe, colour, 0.3), 4, closed=True)


def _cloak_hood(sheet: Sheet, top: float, colour: Colour, lining: Colour, braid: Colour) -> None:
    """The round hood of a cloak, its opening bound with braid."""
    hood = smooth(
        [
            (500 - 130, top + 40),
            (500 - 128, top - 60),
            (500 - 66, top - 136),
            (500, top - 160),
            (500 + 66, top - 136),
            (500 + 128, top - 60),
            (500 + 130, top + 40),
            (500, top + 108),
        ],
        closed=True,
    )
    sheet.cast(hood, 8, 0.34)
    sheet.polygon(hood, colour)
    sheet.model(hood, ((0, 0.1), (0.35, -0.14), (1, 0.3)))
    opening = smooth(
        [
            (500, top + 100),
            (500 - 82, top + 26),
            (500 - 70, top - 60),
            (500, top - 104),
            (500 + 70, top - 60),
            (500 + 82, top + 26),
        ],
        closed=True,
    )
    sheet.polygon(opening, lining)
    sheet.model(opening, ((0, 0.44), (0.7, 0.12), (1, 0)))
    sfifa(sheet, [*opening, opening[0]], braid, 12, lit(braid, 0.3))


def paint_selham(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A sleeveless cloak with its hood, open down the front, a tassel at the point."""
    colour = rng.choice((dye.main, dye.deep, dye.cream, dye.main))
    braid = rng.choice((GOLD, dye.cream, dye.accent)) if colour != dye.cream else rng.choice((dye.deep, GOLD, dye.main))
    lining = dim(rng.choice((dye.accent, colour, dye.light)), 0.3)
    top, hem = 330.0, rng.uniform(1080, 1120)
    wide, gap = rng.uniform(330, 380), rng.uniform(60, 120)
    sheet.disc(500, 132, 9, (70, 58, 50))
    sheet.stroke([(500, 132), (500, 176)], (70, 58, 50), 5)
    back = [(430, top + 40), (500 - wide * 0.7, hem - 20), (500 + wide * 0.7, hem - 20), (570, top + 40)]
    left = smooth(
        [
            (500 - 60, top - 10),
            (500 - 150, top + 40),
            (500 - wide * 0.62, top + 230),
            (500 - wide * 0.86, (top + hem) / 2 + 60),
            (500 - wide, hem - 30),
        ],
        steps=8,
    )
    inner = smooth([(500 - gap * 1.25, hem + 8), (500 - gap * 0.7, (top + hem) / 2), (500 - 10, top + 84)], steps=8)
    low = smooth([(500 - wide, hem - 30), (500 - wide * 0.62, hem + 6), (500 - gap * 1.25, hem + 8)], steps=6)
    half = [*left, *low[1:], *inner[1:]]
    sheet.cast([*left, *low, *reversed(mirror(low)), *reversed(mirror(left))], 13, 0.42)
    sheet.polygon(back, lining)
    sheet.grain(back, 50, 200, 0.14)
    sheet.model(back, ((0, 0.2), (0.5, 0.42), (1, 0.2)))
    for side in (-1, 1):
        area = half if side < 0 else mirror(half)
        line = inner if side < 0 else mirror(inner)
        folds = [
            (
                500 + side * rng.uniform(40, 90),
                500 + side * (gap * 1.2 + (wide - gap) * (i + 0.5) / 5),
                rng.uniform(0.2, 0.36),
            )
            for i in range(5)
        ]
        _drape(sheet, rng, area, colour, folds, 0.45)
        sfifa(sheet, line, braid, 17, lit(braid, 0.3))
        hem_line = low if side < 0 else mirror(low)
        sfifa(sheet, [(x, y - 9) for x, y in hem_line], braid, 11, lit(braid, 0.3))
        for i in range(4):
            x, y = line[-6 - i * 3]
            _spray(sheet, rng, (x + side * 16, y), 46, (braid, lit(braid, 0.3)), side * 1.3, "leaf")
    _cloak_hood(sheet, top, colour, lining, braid)
    tassel(sheet, rng, 500, top + 98, 120, braid)
