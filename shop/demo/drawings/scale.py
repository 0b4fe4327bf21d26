"""Size shown by company: the piece beside a chair, a tea glass or a ruler, both to one measure."""

from collections.abc import Callable
from math import pi
from random import Random

from shop.demo.drawings.geometry import Turned, arc, box, move, oval, rounded
from shop.demo.drawings.ground import Sheet, paper_ground
from shop.demo.drawings.palettes import SHADE, Colour, Dye, dim, lit, mix

Reach = tuple[float, float, float, float]
GROUND = 1040.0
"""Where the floor of the scene is."""


def beside(
    sheet: Sheet, rng: Random, dye: Dye, reach: Reach, tall: float, stance: str, paint: Callable[[], None]
) -> None:
    """Draw the piece and its companion; `tall` is the piece's height in centimetres."""
    units = (reach[3] - reach[1]) / tall
    wide_cm = (reach[2] - reach[0]) / units
    if stance == "paper":
        paper_ground(sheet, rng, dye)
        _with_ruler(sheet, reach, tall, wide_cm, paint)
        return
    big = tall > 52 or stance == "wall"
    mate_wide, mate_tall = (46.0, 92.0) if big else (7.0, 10.5)
    lift = 0.0 if stance == "shelf" else (max(12.0, min(60.0, 150 - tall)) if big else tall * 0.22)
    gap = 0.16 * max(wide_cm, mate_wide)
    k = min(800 / (wide_cm + gap + mate_wide), 860 / max(tall + lift, mate_tall))
    _floor(sheet, dye, big)
    left = 500 - (wide_cm + gap + mate_wide) * k / 2
    scale = k / units
    low = GROUND - lift * k
    with sheet.frame(scale, left - reach[0] * scale, low - (reach[3] - (14 if stance == "shelf" else 0)) * scale):
        paint()
    x = left + (wide_cm + gap + mate_wide / 2) * k
    with sheet.frame(k, x, GROUND):
        if big:
            _chair(sheet, rng)
        else:
            _tea_glass(sheet, dye)


def _floor(sheet: Sheet, dye: Dye, big: bool) -> None:
    y = GROUND - (34 if big else 70)
    sheet.wash(box(-50, y, 1050, 1300), mix((222, 208, 188), dye.light, 0.12), 0.9)
    sheet.wash(box(-50, y - 3, 1050, y + 3), SHADE, 0.2, 2)
    sheet.grain(box(0, y, 1000, 1250), 60, 5, 0.03)


def _with_ruler(sheet: Sheet, reach: Reach, tall: float, wide_cm: float, paint: Callable[[], None]) -> None:
    """The piece on paper with a wooden rule under it, in true centimetres."""
    k = min(680 / wide_cm, 720 / tall)
    scale = k * tall / (reach[3] - reach[1])
    x, y = 500 - wide_cm * k / 2, 520 - tall * k / 2
    with sheet.frame(scale, x - reach[0] * scale, y - reach[1] * scale):
        paint()
    marks = 20 if wide_cm < 24 else 30
    while marks * k > 760:
        marks -= 5
    _rule(sheet, 500 - marks * k / 2, 985, k, max(5, marks))


def _rule(sheet: Sheet, x: float, y: float, k: float, count: int) -> None:
    wood: Colour = (216, 184, 130)
    area = rounded(x - 16, y, x + count * k + 16, y + 62, 5)
    sheet.cast(area, 5, 0.34)
    sheet.polygon(area, wood)
    sheet.grain(area, 80, 3, 0.1)
    ink: Colour = (70, 50, 36)
    for i in range(count + 1):
        long = 30 if i % 5 == 0 else 19
        sheet.stroke([(x + i * k, y), (x + i * k, y + long)], ink, 2.2, ends=False)
        if k > 14 and i < count:
            sheet.stroke([(x + (i + 0.5) * k, y), (x + (i + 0.5) * k, y + 10)], ink, 1.2, ends=False)
        if i % 5 == 0:
            _figures(sheet, str(i), x + i * k, y + 37, ink)


_SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "5": "afgcd",
    "4": "fgbc",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}


def _figures(sheet: Sheet, text: str, x: float, y: float, ink: Colour) -> None:
    """Figures drawn by hand from straight strokes, so that the drawing needs no font."""
    w, h = 9.0, 8.0
    x -= (len(text) * (w + 5) - 5) / 2
    for sign in text:
        ends = {
            "a": (0, 0, w, 0),
            "b": (w, 0, w, h),
            "c": (w, h, w, 2 * h),
            "d": (0, 2 * h, w, 2 * h),
            "e": (0, h, 0, 2 * h),
            "f": (0, 0, 0, h),
            "g": (0, h, w, h),
        }
        for part in _SEGMENTS[sign]:
            x0, y0, x1, y1 = ends[part]
            sheet.stroke([(x + x0, y + y0), (x + x1, y + y1)], ink, 2)
        x += w + 5


def _tea_glass(sheet: Sheet, dye: Dye) -> None:
    """A glass of mint tea, 10.5 cm high; one unit is one centimetre."""
    sheet.stand(0, 0, 3.2, 0.45)
    glass = Turned(0, 0, [(2.2, 0), (2.1, 0.7), (2.5, 4), (3.1, 8), (3.4, 10.5)], 0.18)
    area = glass.outline()
    sheet.wash(area, (236, 240, 236), 0.72)
    tea = Turned(0, -0.6, [(1.95, 0), (2.35, 3.6), (2.85, 7.2)], 0.18)
    sheet.wash(tea.outline(), (190, 132, 44), 0.85)
    sheet.polygon(tea.rim(), (214, 164, 72))
    for dx, dy, turn in ((-0.9, -7.9, -0.4), (0.5, -8.3, 0.5), (0.1, -7.7, 0.1)):
        leaf = oval(dx, dy, 0.9, 0.42, 16)
        sheet.polygon(leaf, mix((84, 128, 70), (120, 160, 90), 0.3 + turn * 0.4))
        sheet.stroke([(dx - 0.8, dy), (dx + 0.8, dy)], (64, 104, 56), 0.08)
    gold: Colour = (200, 160, 84)
    for h in (8.6, 9.2):
        sheet.stroke(glass.ring(h), gold, 0.14)
    for i in range(-3, 4):
        x, y = glass.at(i * 0.42, 5.4)
        sheet.polygon([(x, y - 0.7), (x + 0.3, y), (x, y + 0.7), (x - 0.3, y)], mix(gold, dye.main, 0.3))
    sheet.model(area, ((0, 0.3), (0.12, 0), (0.22, -0.5), (0.34, -0.05), (0.7, 0), (0.86, -0.2), (1, 0.3)))
    sheet.stroke(glass.rim(), (246, 248, 244), 0.2, closed=True)
    sheet.stroke(glass.rim(), (176, 172, 160), 0.07, closed=True)


def _chair(sheet: Sheet, rng: Random) -> None:
    """A plain chair with a woven seat, 92 cm high; one unit is one centimetre."""
    wood: Colour = rng.choice(((150, 108, 70), (122, 84, 56), (96, 78, 62)))
    sheet.wash(oval(3, -1, 29, 4), SHADE, 0.4, 2.4)
    back = dim(wood, 0.2)
    for x in (-17.0, 17.0):
        sheet.stroke([(x * 0.94, -9), (x, -92)], dim(wood, 0.3), 3.2)
    for y in (-88, -76, -64):
        slat = [
            *arc(0, y + 3, 17, 4, pi, 2 * pi, 16),
            (17, y + 6),
            *[(x, y2 + 6) for x, y2 in arc(0, y + 3, 17, 4, 2 * pi, pi, 16)],
        ]
        sheet.polygon(slat, back)
        sheet.stroke(arc(0, y + 3, 17, 4, pi, 2 * pi, 16), lit(wood, 0.2), 0.7)
    seat = [(-17, -51), (17, -51), (22, -43), (-22, -43)]
    sheet.polygon(move(seat, 0, 3), dim(wood, 0.3))
    straw: Colour = (214, 186, 132)
    sheet.polygon(seat, straw)
    for i in range(16):
        t = i / 15
        sheet.stroke(
            [(-17 - 5 * t, -51 + 8 * t), (0, -47), (17 + 5 * t, -51 + 8 * t)],
            dim(straw, 0.16 if i % 2 else 0.02),
            0.45,
            ends=False,
        )
    sheet.stroke([(-22, -43), (22, -43)], lit(straw, 0.2), 0.8)
    for x in (-20.5, 20.5):
        sheet.stroke([(x, -43), (x, 0)], wood, 3.6)
        sheet.stroke([(x - 0.8, -43), (x - 0.8, 0)], lit(wood, 0.22), 0.9)
    for y in (-26, -14):
        sheet.stroke([(-20, y), (20, y)], wood, 2)
        sheet.stroke([(-20, y - 0.5), (20, y - 0.5)], lit(wood, 0.2), 0.6)
