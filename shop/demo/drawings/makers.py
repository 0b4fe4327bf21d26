"""Places of work and of living, without people: the tools are the portrait."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from PIL import Image

from shop.demo.drawings import clay, fibre, leather, metal, wear, wood
from shop.demo.drawings.geometry import (
    Points,
    Turned,
    arc,
    box,
    horseshoe,
    khatam,
    move,
    oval,
    regular,
    rounded,
    smooth,
    spiral,
    turn_about,
)
from shop.demo.drawings.ground import FLOOR, ROUND, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary
from shop.demo.drawings.textile import Chart, lay_cloth
from shop.demo.drawings.zellige import glazes, lattice, lay

Scene = Callable[[Sheet, Random, Dye], None]

OAK: Colour = (140, 102, 68)
STEEL: Colour = (120, 120, 122)


def _room(sheet: Sheet, dye: Dye, y: float = 1020.0) -> None:
    """The floor of a workshop: beaten earth, the foot of the wall painted."""
    sheet.wash(box(-4000, y - 250, 5000, y), mix(dye.light, dye.main, 0.3), 0.2)
    sheet.wash(box(-4000, y, 5000, 5000), (206, 186, 158), 0.95)
    sheet.wash(box(-4000, y - 3, 5000, y + 3), SHADE, 0.25, 2)
    sheet.grain(box(-600, y, 1600, 1300), 70, 7, 0.05)


def _beam(sheet: Sheet, rng: Random, x0: float, y0: float, x1: float, y1: float, tone: Colour = OAK) -> None:
    area = box(x0, y0, x1, y1)
    level = x1 - x0 > y1 - y0
    sheet.cast(area, 8, 0.34)
    sheet.polygon(area, vary(rng, tone, 0.03))
    sheet.grain(area, 90 if level else 3, 3 if level else 90, 0.13)
    sheet.model(area, ((0, -0.22), (0.4, 0), (1, 0.34)), down=level)


def paint_loom(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """An upright loom with a rug a third done, the comb laid by, balls of wool."""
    _room(sheet, dye)
    x0, x1, top, foot = 205.0, 795.0, 170.0, 990.0
    done = rng.uniform(560, 690)
    for i in range(88):
        x = x0 + (x1 - x0) * (i + 0.5) / 88
        sheet.stroke([(x + 5, top + 20), (x + 5, done)], (216, 206, 190), 1.4, ends=False)
        sheet.stroke([(x, top), (x, done + 20)], vary(rng, (238, 230, 214), 0.02), 2.2, ends=False)
    wide = 130
    chart = Chart(wide, round(wide * (foot - done) / (x1 - x0)), dye.cream)
    field, line = (dye.main, dye.cream) if rng.random() < 0.6 else (dye.cream, dye.deep)
    chart.block(0, 0, wide, chart.high, field)
    step = rng.choice((22, 26, 32))
    for row in range(-1, chart.high * 2 // step + 2):
        for col in range(-1, wide // step + 2):
            cx, cy = col * step + (step / 2 if row % 2 else 0), chart.high - row * step / 2
            chart.line(
                [
                    (cx, cy - step / 2),
                    (cx + step / 2, cy),
                    (cx, cy + step / 2),
                    (cx - step / 2, cy),
                    (cx, cy - step / 2),
                ],
                line,
                2,
            )
            chart.lozenge(cx, cy, step * 0.2, step * 0.2, rng.choice((dye.accent, dye.spark)))
    chart.abrash(rng, 0.12)
    sheet.cast(box(x0, done, x1, foot), 10, 0.3)
    lay_cloth(sheet, chart, (lambda v: x0, lambda v: x1), done, foot, "pile")
    for y in (360.0, 420.0):
        _beam(sheet, rng, x0 - 30, y, x1 + 30, y + 14, lit(OAK, 0.15))
    for y0, y1 in ((top - 40, top + 16), (foot - 8, foot + 48)):
        _beam(sheet, rng, 120, y0, 880, y1)
    for x in (120.0, 832.0):
        _beam(sheet, rng, x, 90, x + 48, 1080)
    _comb(sheet, 640, done - 70)
    for i, ink in enumerate((dye.main, dye.accent, dye.spark, dye.cream)):
        _ball(sheet, rng, 300 + i * 118 + rng.uniform(-16, 16), 1100 + rng.uniform(-12, 22), rng.uniform(40, 54), ink)


def _comb(sheet: Sheet, x: float, y: float) -> None:
    for i in range(9):
        sheet.stroke([(x + i * 11, y), (x + i * 11, y + 62)], STEEL, 4)
    head = rounded(x - 10, y - 34, x + 98, y + 10, 8)
    sheet.polygon(head, dim(OAK, 0.1))
    sheet.model(head, ROUND, down=True)
    sheet.polygon(rounded(x + 30, y - 150, x + 58, y - 30, 10), dim(OAK, 0.2))


def _ball(sheet: Sheet, rng: Random, x: float, y: float, r: float, ink: Colour) -> None:
    """A ball of yarn: turns laid over each other in several directions."""
    sheet.stand(x, y + r * 0.94, r * 0.86)
    area = oval(x, y, r, r, 50)
    sheet.polygon(area, dim(ink, 0.16))
    with sheet.within(area):
        for _ in range(5):
            a = rng.uniform(0, pi)
            for k in range(-5, 6):
                line = turn_about(arc(x, y + k * r * 0.14, r * 1.05, r * 0.34, pi, 2 * pi, 14), x, y, a)
                sheet.stroke(line, vary(rng, ink, 0.05), r * 0.07, ends=False)
    sheet.model(area, ROUND, 0.8)


def paint_wheel(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A kick wheel with a wet pot, and a board of finished ones above."""
    _room(sheet, dye)
    _beam(sheet, rng, 90, 420, 910, 446)
    count = rng.choice((4, 5))
    for i in range(count):
        k = 0.26 * rng.uniform(0.88, 1.08)
        with sheet.frame(k, 110 + 780 * (i + 0.5) / count - 500 * k, 422 - FLOOR * k):
            rng.choice((clay.paint_jar, clay.paint_vase, clay.paint_tagine, clay.paint_jar))(sheet, rng, dye)
    wet: Colour = rng.choice(((168, 108, 76), (150, 118, 96), (178, 124, 88)))
    sheet.wash(oval(520, 1088, 300, 60), SHADE, 0.4, 20)
    flywheel = Turned(500, 1080, [(250, 0), (254, 20), (250, 38)], 0.22)
    sheet.polygon(flywheel.outline(), dim(OAK, 0.2))
    wood.figure(sheet, rng, flywheel.rim(), OAK, 0.02, 2)
    sheet.model(flywheel.outline(), ROUND)
    axle = box(484, 800, 516, 1050)
    sheet.polygon(axle, STEEL)
    sheet.model(axle, ROUND)
    head = Turned(500, 822, [(170, 0), (172, 20)], 0.22)
    sheet.polygon(head.outline(), OAK)
    sheet.model(head.outline(), ROUND)
    sheet.polygon(head.rim(), lit(OAK, 0.12))
    r = rng.uniform(92, 116)
    tall = rng.uniform(190, 250)
    pot = Turned(
        500,
        806,
        [(r * 0.7, 0), (r * 1.1, tall * 0.4), (r * 1.06, tall * 0.62), (r * 0.66, tall * 0.88), (r * 0.8, tall)],
        0.2,
    )
    area = pot.outline()
    sheet.polygon(area, wet)
    for k in range(14):
        sheet.stroke(pot.ring(tall * (k + 0.5) / 14), dim(wet, 0.12 if k % 2 else 0.04), 4, ends=False)
    sheet.model(area, ROUND)
    clay.mouth(sheet, pot, wet)
    _beam(sheet, rng, 60, 860, 310, 896)
    _beam(sheet, rng, 100, 896, 130, 1090)
    _beam(sheet, rng, 240, 896, 270, 1090)
    basin = Turned(170, 860, [(60, 0), (82, 50), (86, 62)], 0.24)
    clay.throw(sheet, rng, basin, dye.main, [], [dye.deep], 0.4)
    sheet.polygon(basin.rim(6), (176, 168, 152))
    for x, long in ((262, 120), (284, 90)):
        sheet.stroke([(x, 858), (x + 14, 858 - long)], lit(OAK, 0.2), 9)


def _hung(sheet: Sheet, rng: Random, x: float, y: float, kind: str) -> None:
    """A tool on its nail."""
    sheet.disc(x, y - 6, 5, (70, 60, 54))
    handle = rng.choice((OAK, lit(OAK, 0.2), dim(OAK, 0.2)))
    long = rng.uniform(170, 230)
    if kind == "compass":
        for s in (-1, 1):
            leg = [(x, y), (x + s * 46, y + long)]
            sheet.stroke(move(leg, 7, 10), (206, 196, 180), 8)
            sheet.stroke(leg, STEEL, 8)
        sheet.disc(x, y + 4, 13, dim(STEEL, 0.3))
        return
    shaft = rounded(x - 9, y, x + 9, y + long, 8)
    sheet.cast(shaft, 8, 0.3)
    sheet.polygon(shaft, handle)
    sheet.model(shaft, ROUND)
    low = y + long
    heads: dict[str, Points] = {
        "hammer": [(x - 54, low - 26), (x + 40, low - 22), (x + 40, low + 16), (x - 30, low + 16), (x - 60, low - 6)],
        "menqach": [
            (x - 92, low - 6),
            (x - 20, low - 24),
            (x + 20, low - 24),
            (x + 92, low - 6),
            (x + 20, low + 14),
            (x - 20, low + 14),
        ],
        "chisel": [(x - 8, low - 4), (x + 8, low - 4), (x + 17, low + 92), (x - 17, low + 92)],
        "mallet": rounded(x - 52, low - 40, x + 52, low + 26, 16),
        "knife": smooth(
            [(x - 8, low), (x + 10, low), (x + 34, low + 56), (x, low + 92), (x - 46, low + 60), (x - 18, low + 44)],
            closed=True,
        ),
        "snips": smooth(
            [
                (x - 10, low),
                (x + 10, low),
                (x + 24, low + 50),
                (x + 5, low + 106),
                (x - 5, low + 106),
                (x - 24, low + 50),
            ],
            closed=True,
        ),
    }
    tone = OAK if kind == "mallet" else STEEL
    sheet.cast(heads[kind], 8, 0.34)
    sheet.polygon(heads[kind], tone)
    sheet.model(heads[kind], ((0, -0.25), (0.5, 0.05), (1, 0.34)))


def _bench(
    sheet: Sheet, rng: Random, dye: Dye, tools: tuple[str, ...], pieces: tuple[tuple[Scene, float, float], ...]
) -> None:
    """A thick table under a row of hung tools, with work on it: (painter, x, scale)."""
    _room(sheet, dye, 1090)
    rail = 210.0
    _beam(sheet, rng, 110, rail - 34, 890, rail - 8, lit(OAK, 0.1))
    count = rng.choice((5, 6))
    for i in range(count):
        _hung(sheet, rng, 110 + 780 * (i + 0.5) / count, rail, tools[i % len(tools)])
    top = 850.0
    for x in (130.0, 810.0):
        _beam(sheet, rng, x, top + 40, x + 62, 1170, dim(OAK, 0.15))
    _beam(sheet, rng, 150, 1020, 860, 1052, dim(OAK, 0.2))
    slab: Points = [(110, top - 44), (890, top - 44), (960, top + 20), (40, top + 20)]
    sheet.polygon(slab, lit(OAK, 0.12))
    wood.figure(sheet, rng, slab, lit(OAK, 0.12), 0, 2)
    edge = box(40, top + 20, 960, top + 66)
    sheet.polygon(edge, dim(OAK, 0.14))
    wood.figure(sheet, rng, edge, dim(OAK, 0.14), 0, 1)
    sheet.wash(box(60, top + 66, 940, top + 110), SHADE, 0.24, 14)
    for painter, x, k in pieces:
        with sheet.frame(k, x - 500 * k, top + 2 - FLOOR * k):
            painter(sheet, rng, dye)


def paint_metal_bench(sheet: Sheet, rng: Random, dye: Dye) -> None:
    _bench(
        sheet,
        rng,
        dye,
        ("hammer", "snips", "mallet", "compass", "chisel"),
        ((metal.paint_candlestick, 170, 0.44), (metal.paint_teapot, 480, 0.5), (metal.paint_candlestick, 800, 0.36)),
    )


def paint_wood_bench(sheet: Sheet, rng: Random, dye: Dye) -> None:
    _bench(
        sheet,
        rng,
        dye,
        ("chisel", "mallet", "chisel", "compass", "hammer"),
        ((wood.paint_box, 370, 0.56), (wood.paint_bowl, 770, 0.42)),
    )
    for _ in range(16):
        x, y = rng.uniform(160, 860), rng.uniform(1110, 1210)
        sheet.stroke(
            spiral(x, y, rng.uniform(10, 22), 1.2, rng.uniform(0, 6), 1, 20), vary(rng, (222, 190, 140), 0.05), 4
        )


def paint_leather_bench(sheet: Sheet, rng: Random, dye: Dye) -> None:
    _bench(
        sheet,
        rng,
        dye,
        ("knife", "hammer", "knife", "mallet", "compass"),
        ((leather.paint_pouf, 330, 0.5), (_hides, 730, 1.0)),
    )


def _hides(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A pile of folded hides of several colours."""
    y = FLOOR
    for ink in (dye.deep, dye.main, dye.accent, dye.light, dye.spark):
        half, tall = rng.uniform(110, 140), rng.uniform(26, 36)
        slab = rounded(500 - half, y - tall, 500 + half, y, 14)
        sheet.polygon(slab, vary(rng, ink, 0.03))
        sheet.model(slab, ((0, -0.2), (0.5, 0.02), (1, 0.3)), down=True)
        sheet.stroke([(500 - half + 12, y - tall * 0.5), (500 + half - 6, y - tall * 0.46)], dim(ink, 0.34), 2)
        y -= tall - 2


def paint_tile_bench(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Tile cutting: the pick hammers, a panel leaning on the wall, heaps of cut pieces."""
    _bench(sheet, rng, dye, ("menqach", "compass", "menqach", "hammer"), ())
    panel = box(330, 470, 690, 830)
    sheet.cast(panel, 10, 0.4)
    sheet.polygon(panel, (214, 205, 189))
    inner = box(340, 480, 680, 820)
    plan = glazes(rng, dye)
    with sheet.within(inner):
        lay(sheet, rng, lattice(340 + 57, 480 + 57, 3, 3, 113, rng.choice((1.0, 1.178))), plan, 1)
    for x, ink in ((170, dye.main), (260, dye.spark), (770, dye.cream), (850, dye.accent)):
        for _ in range(60):
            d, a = rng.uniform(0, 1) ** 0.7, rng.uniform(pi, 2 * pi)
            px, py = x + 62 * d * cos(a), 856 + 70 * d * sin(a) * 0.8
            chip = turn_about(
                rng.choice((regular(px, py, 11, 4), khatam(px, py, 13), box(px - 13, py - 5, px + 13, py + 5))),
                px,
                py,
                rng.uniform(0, 3),
            )
            tone = vary(rng, ink, 0.05)
            sheet.polygon(move(chip, 1.5, 2.5), dim(tone, 0.5))
            sheet.polygon(chip, tone)


def paint_skeins(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Dyed skeins drying on poles, vats below."""
    _room(sheet, dye)
    pool = [dye.main, dye.deep, dye.light, dye.accent, dye.spark, dye.cream]
    for row, (y, count) in enumerate(((200.0, 9), (470.0, 8))):
        for i in range(count):
            x = 130 + (740 - 30 * row) * (i + 0.5) / count + 15 * row
            _skein(sheet, rng, x, y, rng.uniform(210, 250), 34, rng.choice(pool))
        _beam(sheet, rng, 60, y - 14, 940, y + 8)
    for i, ink in enumerate(rng.sample(pool[:5], 3)):
        vat = Turned(250 + i * 250, 1110, [(84, 0), (104, 60), (108, 120)], 0.3)
        sheet.stand(250 + i * 250, 1120, 100)
        clay.throw(
            sheet,
            rng,
            vat,
            (188, 120, 84),
            [(30, 70)] if rng.random() < 0.5 else [],
            [dye.deep, dye.cream, dye.deep, (188, 120, 84)],
            0.2,
        )
        sheet.polygon(vat.rim(), lit((188, 120, 84), 0.2))
        sheet.polygon(vat.rim(10), dim(ink, 0.3))
        sheet.wash(oval(230 + i * 250, 986, 44, 9), WHITE, 0.3, 5)


def _skein(sheet: Sheet, rng: Random, x: float, y: float, long: float, half: float, ink: Colour) -> None:
    area = smooth(
        [
            (x - half * 0.7, y),
            (x - half, y + long * 0.6),
            (x - half * 0.8, y + long),
            (x + half * 0.8, y + long),
            (x + half, y + long * 0.6),
            (x + half * 0.7, y),
        ],
        steps=8,
    )
    sheet.cast(area, 10, 0.3)
    sheet.polygon(area, ink)
    with sheet.within(area):
        for i in range(26):
            t = i / 25 * 2 - 1
            line = smooth(
                [
                    (x + t * half * 0.7, y),
                    (x + t * half * 1.02, y + long * 0.6),
                    (x + t * half * 0.8 + rng.uniform(-4, 4), y + long + 6),
                ],
                steps=5,
            )
            sheet.stroke(line, vary(rng, ink, 0.07), 2.4, ends=False)
    sheet.model(area, ROUND, 0.8)
    sheet.stroke([(x - half * 0.98, y + long * 0.5), (x + half * 0.98, y + long * 0.53)], lit(ink, 0.4), 6)


def paint_sewing(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A tailor's corner: a caftan on its pole, spools of silk on a low table."""
    _room(sheet, dye, 1090)
    with sheet.frame(0.82, 90, -60):
        wear.paint_caftan(sheet, rng, dye)
    _beam(sheet, rng, 160, 1010, 840, 1046)
    for x in (190.0, 780.0):
        _beam(sheet, rng, x, 1046, x + 32, 1160)
    for i in range(9):
        ink = rng.choice(dye.inks)
        spool = Turned(225 + i * 69, 1008, [(20, 0), (20, 6), (15, 8), (16, 40), (15, 56), (20, 58), (20, 64)], 0.2)
        area = spool.outline()
        sheet.polygon(area, ink)
        for k in range(9):
            sheet.stroke(spool.ring(10 + k * 5.2), dim(ink, 0.16), 1.6, ends=False)
        sheet.model(area, ROUND)
        sheet.polygon(spool.rim(), lit(OAK, 0.3))


def paint_baskets(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Sheaves of palm leaning on the wall and work begun."""
    _room(sheet, dye)
    for x in (190, 330, 800):
        for _ in range(46):
            lean = rng.gauss(0, 46)
            ink = vary(rng, rng.choice(fibre.STRAWS), 0.05)
            sheet.stroke(
                smooth(
                    [(x + rng.uniform(-26, 26), 1050), (x + lean * 0.2, 760), (x + lean * 1.8, rng.uniform(380, 470))],
                    steps=5,
                ),
                ink,
                4,
            )
        sheet.stroke([(x - 34, 800), (x + 34, 806)], dye.main, 14)
    with sheet.frame(0.62, 250, 430):
        fibre.paint_basket(sheet, rng, dye)
    with sheet.frame(0.42, 560, 690):
        fibre.paint_basket(sheet, rng, dye)


def paint_door(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A studded door in its horseshoe arch, a step, a pot with a plant."""
    _room(sheet, dye, 1060)
    half, spring = rng.uniform(220, 245), 530.0
    outer = [*horseshoe(500, spring, half + 66, 1.3), (566 + half, 1060), (434 - half, 1060)]
    inner = [*horseshoe(500, spring, half, 1.3), (500 + half, 1060), (500 - half, 1060)]
    sheet.cast(outer, 8, 0.3)
    sheet.polygon(outer, mix(dye.cream, dye.light, 0.3))
    plan = glazes(rng, dye)
    for i, (x, y) in enumerate(horseshoe(500, spring, half + 32, 1.3)[1:-1:3]):
        lay(sheet, rng, [(khatam(x, y, 21), "edge" if i % 2 else "ring")], plan, 1)
    sheet.polygon(inner, dim(dye.main, 0.4))
    with sheet.within(inner):
        for s in (-1, 1):
            edges = sorted((500 + s * 3, 500 + s * (half + 40)))
            leaf = box(edges[0], 100, edges[1], 1060)
            sheet.polygon(leaf, dye.main)
            sheet.grain(leaf, 5, 160, 0.14, dim(dye.main, 0.6), lit(dye.main, 0.4))
            for r in range(9):
                for c in range(4):
                    x, y = 500 + s * (36 + c * (half - 56) / 3), 330 + r * 84
                    sheet.disc(x + 2, y + 3, 9, dim(dye.main, 0.55))
                    sheet.disc(x, y, 8, (188, 158, 100))
                    sheet.disc(x - 2, y - 3, 3, (240, 220, 170))
            sheet.ring(500 + s * 44, 752, 26, (92, 76, 52), 7)
        sheet.wash(box(500 - half - 40, 100, 500 - half + 24, 1100), SHADE, 0.4, 14)
    sheet.stroke(inner[:-2], dim(dye.cream, 0.3), 4)
    sheet.polygon(box(170, 1058, 830, 1112), (222, 210, 190))
    sheet.wash(box(170, 1096, 830, 1130), SHADE, 0.3, 8)
    with sheet.frame(0.3, 720, 1120 - FLOOR * 0.3):
        clay.paint_jar(sheet, rng, dye)
    for _ in range(26):
        a, long = rng.uniform(-2.5, -0.6), rng.uniform(70, 150)
        x, y = 870 + long * cos(a), 970 + long * sin(a)
        sheet.stroke(
            smooth([(870, 985), ((870 + x) / 2 + 8, (985 + y) / 2 - 14), (x, y)], steps=5),
            vary(rng, (88, 128, 86), 0.08),
            7,
        )


_SCENES: tuple[tuple[tuple[str, ...], tuple[Scene, ...]], ...] = (
    (("rug", "carpet", "weav", "loom", "tapis", "hanbel", "kilim"), (paint_loom,)),
    (("blanket", "couverture", "handira", "dye", "wool", "laine", "coussin", "cushion"), (paint_skeins, paint_loom)),
    (("zellige", "tile", "stone", "mosaic"), (paint_tile_bench,)),
    (("pot", "clay", "ceram", "céram", "terre", "wheel", "tadelakt"), (paint_wheel,)),
    (("copper", "brass", "metal", "dinand", "iron", "fer", "jewel", "bijou", "silver", "argent"), (paint_metal_bench,)),
    (("wood", "bois", "thuya", "marquet"), (paint_wood_bench,)),
    (
        ("leather", "maroq", "shoe", "foot", "slipper", "chauss", "babouche", "balgha", "cherbil"),
        (paint_leather_bench,),
    ),
    (
        ("cloth", "garment", "wear", "caftan", "djellaba", "selham", "broder", "sew", "tailor", "vetement"),
        (paint_sewing, paint_skeins),
    ),
    (("basket", "plant", "fibre", "vann", "spart", "palm", "straw", "reed"), (paint_baskets,)),
)


def scene_of(craft: str, rng: Random) -> Scene:
    """The place that goes with a craft's name; a door where none does."""
    word = craft.lower()
    for names, scenes in _SCENES:
        if any(name in word for name in names):
            return rng.choice(scenes)
    return paint_door


# --- landscapes

_LANDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("tanger", "tetouan", "hoceima", "rif", "fes", "meknes", "oriental", "beni", "khenifra"), "green"),
    (("sahara", "laayoune", "dakhla", "guelmim", "oued", "draa", "tafilalet", "errachidia", "zagora"), "sand"),
    (("rabat", "casa", "settat", "essaouira", "safi", "kenitra", "sale"), "coast"),
)

_RIDGES: dict[str, tuple[Colour, Colour]] = {
    "green": ((190, 202, 196), (86, 112, 82)),
    "sand": ((228, 200, 172), (196, 118, 66)),
    "coast": ((206, 212, 206), (150, 132, 96)),
    "red": ((214, 196, 190), (156, 84, 62)),
}


def paint_land(sheet: Sheet, rng: Random, region: str) -> None:
    """Sky, ridges one before the other, and what the region has: sea, dunes, terraces."""
    word = region.lower()
    kind = next((land for names, land in _LANDS if any(name in word for name in names)), "red")
    far, near = _RIDGES[kind]
    sky = Image.new("RGB", (1, 3))
    for i, tone in enumerate(((176, 198, 214), (226, 226, 216), (246, 232, 208))):
        sky.putpixel((0, i), tone)
    sheet.image.paste(sky.resize(sheet.image.size, Image.Resampling.BICUBIC), (0, 0))
    sheet.disc(500 + rng.uniform(-500, 500), rng.uniform(250, 430), 58, (253, 240, 214))
    layers = 6
    for n in range(layers):
        level = 520 + n * 115.0
        if kind == "coast" and n == 2:
            sheet.polygon(box(-900, level - 40, 1900, 1300), (112, 152, 166))
            sheet.grain(box(-900, level - 40, 1900, 1300), 160, 4, 0.12)
            continue
        tone = mix(far, near, n / (layers - 1))
        ridge = _ridge(rng, level, (150 if kind in ("red", "green") else 70) * (1 - n / 9), kind == "sand")
        area = [*ridge, (1900, 1400), (-900, 1400)]
        sheet.polygon(area, tone)
        sheet.grain(area, 120, 16, 0.04)
        sheet.stroke(ridge, lit(tone, 0.22), 3, ends=False)
        sheet.wash(box(-900, level + 60, 1900, level + 150), (250, 238, 220), 0.16, 30)
    if kind == "red":
        _village(sheet, rng, near)


def _ridge(rng: Random, level: float, rise: float, dune: bool) -> Points:
    waves = [
        (rng.uniform(0.6, 1.2) * (1.9**k) / 420, rng.uniform(0, 6.3), rise / (1.75**k)) for k in range(2 if dune else 6)
    ]
    out = []
    for i in range(241):
        x = -900 + 2800 * i / 240
        y = sum(a * (abs(sin(f * x + p)) * 1.6 - 0.8 if dune else sin(f * x + p)) for f, p, a in waves)
        out.append((x, level - y * 0.6))
    return out


def _village(sheet: Sheet, rng: Random, tone: Colour) -> None:
    """A ksar: flat roofs and stepped towers of the earth they stand on."""
    x = 500 + rng.uniform(-300, 200)
    base = 1010.0
    for _ in range(9):
        wide, tall = rng.uniform(54, 110), rng.uniform(70, 190)
        wall = [(x, base), (x + wide * 0.06, base - tall), (x + wide * 0.94, base - tall), (x + wide, base)]
        ink = vary(rng, lit(tone, 0.14), 0.03)
        sheet.polygon(wall, ink)
        sheet.model(wall, ((0, -0.12), (0.5, 0), (1, 0.3)))
        for k in range(int(wide // 22)):
            sheet.polygon(box(x + 10 + k * 22, base - tall - 9, x + 20 + k * 22, base - tall + 2), ink)
            sheet.polygon(
                box(x + 13 + k * 22, base - tall * 0.66, x + 19 + k * 22, base - tall * 0.66 + 14), dim(ink, 0.6)
            )
        x += wide * 0.86
    sheet.polygon(
        [*smooth([(-900, 1040), (200, 996), (800, 1010), (1900, 1050)], steps=8), (1900, 1300), (-900, 1300)],
        dim(tone, 0.06),
    )
