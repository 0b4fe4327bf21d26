"""The sheet a piece is drawn on: paper, wall and light, and the few strokes every craft shares.

A sheet is drawn at twice its size and halved at the end, which smooths every edge. Blurs are made small and enlarged.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil, floor
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from shop.demo.drawings.geometry import Outline, box, horseshoe, oval, wobble
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix

WIDE, HIGH = 1000.0, 1250.0
FLOOR = 1010.0
"""Where a standing piece stands."""

Stops = Sequence[tuple[float, float]]
Box = tuple[int, int, int, int]

ROUND: Stops = ((0, 0.42), (0.1, 0.2), (0.3, -0.2), (0.42, -0.12), (0.62, 0.08), (0.86, 0.36), (1, 0.58))
"""Light from the left over a round body: share of shade (or, below zero, of light) from its left edge to its right."""
SHINE: Stops = (
    (0, 0.5),
    (0.08, 0.1),
    (0.16, -0.35),
    (0.22, 0.05),
    (0.34, -0.5),
    (0.44, -0.1),
    (0.6, 0.22),
    (0.74, 0.42),
    (0.86, 0.02),
    (0.93, 0.3),
    (1, 0.6),
)
"""The same over polished metal, which mirrors the room in stripes."""
FLAT: Stops = ((0, -0.1), (0.4, 0), (1, 0.16))


class Sheet:
    """A picture in the making. All coordinates are units (see geometry), through the frame that is set."""

    def __init__(self, size: tuple[int, int], rng: Random) -> None:
        self.size, self.rng = size, rng
        self.wide, self.high = size[0] * 2, size[1] * 2
        self.image = Image.new("RGB", (self.wide, self.high), (244, 240, 231))
        self.pen = ImageDraw.Draw(self.image)
        self.k = min(self.wide / WIDE, self.high / HIGH)
        self.ox = (self.wide - WIDE * self.k) / 2
        self.oy = (self.high - HIGH * self.k) / 2
        self.unit = self.k

    @contextmanager
    def frame(self, scale: float, x: float, y: float) -> Iterator[None]:
        """Draw at `scale`, with the point (0, 0) of the inside at (x, y) of the outside."""
        kept = (self.k, self.ox, self.oy)
        self.ox, self.oy, self.k = self.ox + x * self.k, self.oy + y * self.k, self.k * scale
        yield
        self.k, self.ox, self.oy = kept

    @property
    def zoom(self) -> float:
        return self.k / self.unit

    def px(self, points: Outline) -> list[tuple[float, float]]:
        k, ox, oy = self.k, self.ox, self.oy
        return [(ox + x * k, oy + y * k) for x, y in points]

    def polygon(self, points: Outline, fill: Colour) -> None:
        self.pen.polygon(self.px(points), fill=fill)

    def stroke(self, points: Outline, fill: Colour, width: float, closed: bool = False, ends: bool = True) -> None:
        line = self.px(points)
        if closed:
            line = [*line, line[0], line[1]]
        thick = max(1, round(width * self.k))
        self.pen.line(line, fill=fill, width=thick, joint="curve" if thick > 3 else None)
        if ends and not closed and thick > 3:
            for x, y in (line[0], line[-1]):
                r = thick / 2 - 0.5
                self.pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def disc(self, x: float, y: float, r: float, fill: Colour, ry: float | None = None) -> None:
        ((left, top), (right, low)) = self.px(
            [(x - r, y - (r if ry is None else ry)), (x + r, y + (r if ry is None else ry))]
        )
        self.pen.ellipse((left, top, right, low), fill=fill)

    def ring(self, x: float, y: float, r: float, fill: Colour, width: float, squash: float = 1.0) -> None:
        self.stroke(oval(x, y, r, r * squash), fill, width, closed=True)

    # --- areas: a clipped box on the sheet and a mask of its size

    def area(self, points: Outline, spread: float = 0.0) -> tuple[Box, tuple[float, float, float, float]]:
        line = self.px(points)
        pad = spread * self.k
        x0, x1 = min(p[0] for p in line) - pad, max(p[0] for p in line) + pad
        y0, y1 = min(p[1] for p in line) - pad, max(p[1] for p in line) + pad
        held = (max(0, floor(x0)), max(0, floor(y0)), min(self.wide, ceil(x1)), min(self.high, ceil(y1)))
        return held, (x0, y0, x1, y1)

    def mask(self, points: Outline, held: Box, less: int = 1) -> Image.Image:
        """White inside the outline; `less` divides its resolution."""
        size = (max(1, -(-(held[2] - held[0]) // less)), max(1, -(-(held[3] - held[1]) // less)))
        image = Image.new("L", size)
        moved = [((x - held[0]) / less, (y - held[1]) / less) for x, y in self.px(points)]
        ImageDraw.Draw(image).polygon(moved, fill=255)
        return image

    def wash(self, points: Outline, colour: Colour, strength: float, blur: float = 0.0) -> None:
        """Lay a translucent colour over an outline, its edge softened by `blur` units: shadow, glow, glaze."""
        held, _ = self.area(points, blur * 2.2)
        if held[0] >= held[2] or held[1] >= held[3]:
            return
        soft = blur * self.k
        less = max(1, min(24, int(soft / 2.5))) if soft else 1
        mask = self.mask(points, held, less)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft / less))
        mask = mask.point([round(i * strength) for i in range(256)])
        full = (held[2] - held[0], held[3] - held[1])
        if mask.size != full:
            mask = mask.resize((mask.size[0] * less, mask.size[1] * less), Image.Resampling.BILINEAR)
            mask = mask.crop((0, 0, *full))
        self.image.paste(colour, (*held[:2], held[0] + full[0], held[1] + full[1]), mask)

    @contextmanager
    def within(self, points: Outline) -> Iterator[None]:
        """Whatever is drawn inside the block stays inside the outline."""
        held, _ = self.area(points, 2)
        if held[0] >= held[2] or held[1] >= held[3]:
            yield
            return
        before = self.image.copy()
        yield
        mask = self.mask(points, held)
        before.paste(self.image.crop(held), held, mask)
        self.image = before
        self.pen = ImageDraw.Draw(self.image)

    def model(self, points: Outline, stops: Stops = ROUND, strength: float = 1.0, down: bool = False) -> None:
        """Shade an outline from left to right (or from top down): positive stops darken, negative ones lighten."""
        held, full = self.area(points)
        if held[0] >= held[2] or held[1] >= held[3]:
            return
        low, high, start, end = (full[1], full[3], held[1], held[3]) if down else (full[0], full[2], held[0], held[2])
        mask = self.mask(points, held)
        shade = [0] * 256
        light = [0] * 256
        for i in range(256):
            value = _between(stops, (start + (end - start) * i / 255 - low) / max(1e-6, high - low)) * strength
            shade[i], light[i] = max(0, round(value * 255)), max(0, round(-value * 255))
        for values, colour in ((shade, (46, 30, 24)), (light, WHITE)):
            if not any(values):
                continue
            strip = Image.frombytes("L", (1, 256) if down else (256, 1), bytes(min(255, v) for v in values))
            strip = strip.resize(mask.size, Image.Resampling.BILINEAR)
            self.image.paste(colour, held, ImageChops.multiply(strip, mask))

    def grain(
        self, points: Outline, across: float, down: float, strength: float, dark: Colour = SHADE, pale: Colour = WHITE
    ) -> None:
        """Uneven matter: random patches `across` by `down` units, darker and paler, smoothed into each other."""
        held, _ = self.area(points)
        wide, high = held[2] - held[0], held[3] - held[1]
        if wide <= 0 or high <= 0:
            return
        size = (max(2, round(wide / max(1.5, across * self.k))), max(2, round(high / max(1.5, down * self.k))))
        noise = Image.frombytes("L", size, self.rng.randbytes(size[0] * size[1]))
        noise = noise.resize((wide, high), Image.Resampling.BICUBIC)
        mask = self.mask(points, held)
        lows = noise.point([round(max(0, 127 - i) * 2 * strength) for i in range(256)])
        highs = noise.point([round(max(0, i - 128) * 2 * strength) for i in range(256)])
        self.image.paste(dark, held, ImageChops.multiply(lows, mask))
        self.image.paste(pale, held, ImageChops.multiply(highs, mask))

    # --- light and shadow of a piece on its ground

    def cast(self, points: Outline, reach: float = 10.0, strength: float = 0.3) -> None:
        """The shadow of something flat against a wall: close and dark, then wide and faint."""
        moved = [(x + reach * 1.1, y + reach * 1.6) for x, y in points]
        self.wash(moved, SHADE, strength * 0.55, reach * 2.4)
        near = [(x + reach * 0.3, y + reach * 0.5) for x, y in points]
        self.wash(near, SHADE, strength, reach * 0.6)

    def stand(self, x: float, y: float, rx: float, strength: float = 0.5) -> None:
        """The shadow under a standing thing of half width `rx`."""
        self.wash(oval(x + rx * 0.42, y + rx * 0.03, rx * 1.35, rx * 0.2), SHADE, strength * 0.5, rx * 0.16)
        self.wash(oval(x + rx * 0.07, y + rx * 0.02, rx * 1.04, rx * 0.13), SHADE, strength, rx * 0.05)

    def done(self) -> Image.Image:
        return self.image.reduce(2)


def _between(stops: Stops, t: float) -> float:
    if t <= stops[0][0]:
        return stops[0][1]
    for (t0, v0), (t1, v1) in itertools.pairwise(stops):
        if t <= t1:
            share = (t - t0) / (t1 - t0)
            share = share * share * (3 - 2 * share)
            return v0 + (v1 - v0) * share
    return stops[-1][1]


LIMES: tuple[Colour, ...] = ((243, 239, 230), (240, 236, 228), (244, 238, 226), (238, 236, 230), (242, 236, 229))


def limewash(sheet: Sheet, rng: Random, dye: Dye, tint: float = 0.04) -> None:
    """Cover the sheet with a brushed lime wall lit from the upper left."""
    wide, high = sheet.size
    base = mix(rng.choice(LIMES), dye.light, tint)
    wall = Image.new("RGB", sheet.size, base)
    for across, down, strength in ((260, 200, 0.05), (60, 90, 0.035), (16, 3, 0.025), (3, 3, 0.018)):
        size = (max(2, wide // across + 2), max(2, high // down + 2))
        noise = Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).resize(
            sheet.size, Image.Resampling.BICUBIC
        )
        wall.paste(dim(base, 0.6), (0, 0), noise.point([round(max(0, 127 - i) * 2 * strength) for i in range(256)]))
        wall.paste(WHITE, (0, 0), noise.point([round(max(0, i - 128) * 3 * strength) for i in range(256)]))
    fall = Image.frombytes("L", (2, 2), bytes((0, 70, 80, 255))).resize((wide, high), Image.Resampling.BICUBIC)
    wall.paste(mix(base, SHADE, 0.55), (0, 0), fall.point([round(i * 0.12) for i in range(256)]))
    sheet.image = wall.resize((sheet.wide, sheet.high), Image.Resampling.NEAREST)
    sheet.pen = ImageDraw.Draw(sheet.image)


def window_light(sheet: Sheet, rng: Random) -> None:
    """A leaning patch of sun from a window out of sight."""
    x, lean = rng.uniform(60, 320), rng.uniform(90, 200)
    for i in range(2):
        left = x + i * 235
        patch = [(left, 120), (left + 205, 90), (left + 205 + lean, 800), (left + lean, 840)]
        sheet.wash(patch, WHITE, 0.34, 26)


def shelf(sheet: Sheet, rng: Random, dye: Dye, y: float = FLOOR) -> None:
    """A floor or ledge of plaster for standing pieces, sometimes with a niche behind."""
    kind = rng.choice(("niche", "dado", "plain", "niche", "ledge"))
    if kind == "niche":
        half = rng.uniform(385, 420)
        opening = [*horseshoe(500, 460, half, 1.3, rng.choice((0.0, 0.16))), (500 + half, y + 8), (500 - half, y + 8)]
        sheet.wash(opening, mix(SHADE, dye.deep, 0.35), 0.10)
        with sheet.within(opening):
            inner = [(px + 26, py + 30) for px, py in opening]
            sheet.wash(opening, SHADE, 0.16)
            sheet.wash(inner, mix((236, 231, 220), dye.light, 0.12), 0.92, 14)
            sheet.wash(box(500 - half, y - 70, 500 + half, y + 10), SHADE, 0.06, 30)
        sheet.stroke(opening[:-2], lit((240, 235, 225), 0.5), 3)
    if kind == "dado":
        sheet.wash(box(-4000, y - 330, 5000, y + 10), mix(dye.light, dye.main, 0.35), 0.24)
        sheet.wash(box(-4000, y - 334, 5000, y - 328), mix(dye.main, dye.deep, 0.3), 0.5)
    top = mix((233, 225, 211), dye.light, 0.12)
    back = y - 62 if kind != "niche" else y - 20
    sheet.wash(box(-4000, back, 5000, 5000), top, 0.86 if kind != "niche" else 0.0)
    sheet.wash(box(-4000, back - 2, 5000, back + 3), SHADE, 0.14 if kind != "niche" else 0.0, 2)
    edge = y + rng.uniform(88, 112)
    if kind in ("ledge", "niche"):
        if kind == "niche":
            sheet.wash(box(-4000, y + 6, 5000, edge), top, 0.9)
            sheet.wash(box(-4000, y + 4, 5000, y + 9), WHITE, 0.6)
        sheet.wash(box(-4000, edge, 5000, 5000), dim(top, 0.12), 0.75)
        sheet.wash(box(-4000, edge - 3, 5000, edge + 2), WHITE, 0.5)
        sheet.wash(box(-4000, edge, 5000, edge + 30), SHADE, 0.2, 14)
    sheet.grain(box(-50, back, 1050, 1300), 40, 6, 0.02)


def skirting(sheet: Sheet, rng: Random, dye: Dye, y: float = 1168.0) -> None:
    """The foot of the wall under something that hangs: a line of floor, sometimes a painted lower wall."""
    if rng.random() < 0.35:
        sheet.wash(box(-4000, y - rng.uniform(150, 210), 5000, y), mix(dye.light, dye.main, 0.3), 0.2)
    ground = mix((214, 196, 172), dye.light, 0.1)
    sheet.wash(box(-4000, y, 5000, 5000), ground, 0.9)
    sheet.wash(box(-4000, y - 3, 5000, y + 3), SHADE, 0.22, 2)
    sheet.wash(box(-4000, y, 5000, y + 26), SHADE, 0.1, 10)


def paper_ground(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A sheet of handmade paper laid on the wall colour, for small things seen from above."""
    edge = wobble([(90 + 820 * i / 24, 128) for i in range(25)], rng, 3)
    right = wobble([(910, 128 + 990 * i / 24) for i in range(25)], rng, 3)
    low = wobble([(910 - 820 * i / 24, 1118) for i in range(25)], rng, 3)
    left = wobble([(90, 1118 - 990 * i / 24) for i in range(25)], rng, 3)
    paper = [*edge, *right, *low, *left]
    tone = rng.choice((lit(dye.cream, 0.25), mix(lit(dye.cream, 0.1), dye.light, 0.13), (236, 229, 215)))
    sheet.cast(paper, 7, 0.22)
    sheet.polygon(paper, tone)
    sheet.grain(paper, 3, 14, 0.035)
    sheet.grain(paper, 90, 90, 0.03)
