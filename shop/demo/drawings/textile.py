"""Rugs, blankets and cushions, charted knot by knot and then laid on the sheet.

A chart is a small picture with one pixel for each knot, so every diagonal steps as it does in wool. Wear, dye lots
(abrash) and the pull of the loom come afterwards.
"""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageChops, ImageDraw

from shop.demo.drawings.geometry import Outline, Points, along, box, oval, smooth, wobble
from shop.demo.drawings.ground import FLAT, Sheet
from shop.demo.drawings.palettes import SHADE, WHITE, Colour, Dye, dim, lit, mix, vary

TUFTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "pile": (
        (198, 236, 252, 236, 198, 176),
        (214, 246, 255, 246, 214, 190),
        (226, 250, 255, 250, 226, 200),
        (226, 246, 250, 246, 226, 204),
        (210, 230, 236, 230, 210, 190),
        (178, 196, 204, 196, 178, 164),
    ),
    "flat": (
        (226, 240, 250, 252, 246, 230),
        (236, 250, 255, 255, 250, 238),
        (232, 246, 252, 252, 246, 234),
        (206, 218, 226, 226, 218, 206),
        (236, 250, 255, 255, 250, 238),
        (214, 226, 232, 232, 226, 214),
    ),
    "reed": (
        (190, 200, 206, 206, 200, 190),
        (236, 244, 248, 248, 244, 236),
        (250, 255, 255, 255, 255, 250),
        (252, 255, 255, 255, 255, 252),
        (240, 248, 250, 250, 248, 240),
        (206, 214, 218, 218, 214, 206),
    ),
}
"""Light over one knot, six by six: how the surface of the weave answers the window."""
FINE = 6

Edge = Callable[[float], float]


class Chart:
    """Knots in rows; (0, 0) is the upper left one."""

    def __init__(self, wide: int, high: int, ground: Colour) -> None:
        self.wide, self.high = wide, high
        self.image = Image.new("RGB", (wide, high), ground)
        self.pen = ImageDraw.Draw(self.image)

    def block(self, x: float, y: float, w: float, h: float, ink: Colour) -> None:
        if w > 0 and h > 0:
            self.pen.rectangle((round(x), round(y), round(x + w) - 1, round(y + h) - 1), fill=ink)

    def shape(self, points: Outline, ink: Colour) -> None:
        self.pen.polygon(points, fill=ink)

    def line(self, points: Outline, ink: Colour, width: int = 1) -> None:
        self.pen.line(points, fill=ink, width=width)

    def lozenge(self, x: float, y: float, rx: float, ry: float, ink: Colour) -> None:
        self.shape([(x, y - ry), (x + rx, y), (x, y + ry), (x - rx, y)], ink)

    def abrash(self, rng: Random, amount: float = 0.12) -> None:
        """Let the colour drift from row to row, as one dye bath ends and the next begins."""
        drift = Image.frombytes("L", (1, max(3, self.high // 14)), rng.randbytes(max(3, self.high // 14)))
        drift = drift.resize((self.wide, self.high), Image.Resampling.BICUBIC)
        rows = Image.frombytes("L", (1, self.high), rng.randbytes(self.high)).resize((self.wide, self.high))
        speck = Image.frombytes("L", (self.wide, self.high), rng.randbytes(self.wide * self.high))
        patch = (self.wide // 12 + 2, self.high // 12 + 2)
        cloud = Image.frombytes("L", patch, rng.randbytes(patch[0] * patch[1])).resize(
            self.image.size, Image.Resampling.BICUBIC
        )
        for noise, part in ((drift, 1.0), (rows, 0.3), (speck, 0.55), (cloud, 0.6)):
            share = amount * part
            dark = noise.point([round(max(0, 127 - i) * 2 * share) for i in range(256)])
            pale = noise.point([round(max(0, i - 128) * 2 * share) for i in range(256)])
            self.image.paste((40, 26, 22), (0, 0), dark)
            self.image.paste((255, 244, 226), (0, 0), pale)
        self.pen = ImageDraw.Draw(self.image)

    def woven(self, tuft: str) -> Image.Image:
        """The chart enlarged, each knot with its own light; every second row half a knot aside for pile."""
        rows = TUFTS[tuft]
        line = b"".join(bytes(row) for row in rows)
        one = Image.frombytes("L", (FINE, FINE), line).point([255 - round((255 - i) * 0.62) for i in range(256)])
        if tuft == "pile":
            two = Image.new("L", (FINE, FINE * 2))
            two.paste(one, (0, 0))
            two.paste(ImageChops.offset(one, FINE // 2, 0), (0, FINE))
            one = two
        big = self.image.resize((self.wide * FINE, self.high * FINE), Image.Resampling.NEAREST)
        row = Image.new("L", (big.size[0], one.size[1]))
        for x in range(0, big.size[0], FINE):
            row.paste(one, (x, 0))
        light = Image.new("L", big.size)
        for y in range(0, big.size[1], one.size[1]):
            light.paste(row, (0, y))
        return ImageChops.multiply(big, Image.merge("RGB", (light, light, light)))


def loom_edges(rng: Random, x0: float, x1: float, pull: float = 5.0) -> tuple[Edge, Edge]:
    """Left and right edge of a cloth as functions of its height (0 to 1): never quite straight."""
    waves = [(rng.uniform(0.3, 1.9), rng.uniform(0, 6.3), rng.uniform(0.12, 0.4) * pull) for _ in range(6)]
    lean = rng.uniform(-pull, pull) * 0.8

    def left(v: float) -> float:
        return x0 + lean * v + sum(a * sin(f * v * 6.3 + p) for f, p, a in waves[:3])

    def right(v: float) -> float:
        return x1 + lean * v + sum(a * sin(f * v * 6.3 + p) for f, p, a in waves[3:])

    return left, right


def outline(left: Edge, right: Edge, y0: float, y1: float) -> Points:
    steps = [i / 40 for i in range(41)]
    return [
        *[(right(v), y0 + (y1 - y0) * v) for v in steps],
        *[(left(v), y0 + (y1 - y0) * v) for v in reversed(steps)],
    ]


def lay_cloth(sheet: Sheet, chart: Chart, edges: tuple[Edge, Edge], y0: float, y1: float, tuft: str) -> Points:
    """Put the woven chart on the sheet between two edges; answers its outline."""
    left, right = edges
    area = outline(left, right, y0, y1)
    held, _ = sheet.area(area)
    if held[0] >= held[2] or held[1] >= held[3]:
        return area
    cloth = chart.woven(tuft)
    wide, high = held[2] - held[0], held[3] - held[1]
    strips = 36
    mesh = []

    def source(px: float, py: float) -> tuple[float, float]:
        x, y = (px + held[0] - sheet.ox) / sheet.k, (py + held[1] - sheet.oy) / sheet.k
        v = (y - y0) / (y1 - y0)
        start, end = left(v), right(v)
        u = (x - start) / (end - start)
        return (u * cloth.size[0], min(max(v, 0.0), 0.9995) * cloth.size[1])

    for i in range(strips):
        top, low = high * i // strips, high * (i + 1) // strips
        if low > top:
            quad = (*source(0, top), *source(0, low), *source(wide, low), *source(wide, top))
            mesh.append(((0, top, wide, low), quad))
    flat = cloth.transform((wide, high), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    sheet.image.paste(flat, held, sheet.mask(area, held))
    return area


def fringe(
    sheet: Sheet, rng: Random, x0: float, x1: float, y: float, length: float, ink: Colour, gap: float = 7.0
) -> None:
    """Warp ends knotted in bundles, hanging down from `y` (or standing up when `length` is below zero)."""
    count = max(4, round((x1 - x0) / gap))
    sign = 1 if length > 0 else -1
    for i in range(count):
        x = x0 + (x1 - x0) * (i + 0.5) / count
        for _ in range(3):
            tone = vary(rng, ink, 0.05)
            end = x + rng.uniform(-gap, gap) * 0.75
            reach = length * rng.uniform(0.78, 1.1)
            bend = x + rng.uniform(-2, 2)
            line = smooth([(x, y), (bend, y + reach * 0.5), (end, y + reach)], steps=4)
            sheet.stroke(line, tone, 1.5, ends=False)
        sheet.disc(x, y + 4 * sign, gap * 0.33, dim(ink, 0.1))


def _ground_of(rng: Random, dye: Dye) -> tuple[Colour, Colour]:
    """(field, line) of a rug: cream with dark lines, or the other way about."""
    if dye.name in ("wool", "lime", "ink", "walnut"):
        return (dye.cream, dye.deep) if rng.random() < 0.8 or dye.name == "lime" else (dye.deep, dye.cream)
    if rng.random() < 0.4:
        return dye.cream, rng.choice((dye.main, dye.deep))
    return rng.choice((dye.main, dye.main, dye.deep)), rng.choice((dye.cream, dye.cream, dye.accent))


def _hang(
    sheet: Sheet, rng: Random, dye: Dye, chart: Chart, size: tuple[float, float], tuft: str, ends: Colour
) -> Points:
    """A rug flat on the wall, fringed at both ends, with its shadow."""
    wide, high = size
    x0, x1, y0 = 500 - wide / 2, 500 + wide / 2, 600 - high / 2
    y1 = y0 + high
    edges = loom_edges(rng, x0, x1, wide / 90)
    sheet.cast(outline(*edges, y0, y1), 12, 0.4)
    top = rng.choice((0.0, -22.0))
    if top:
        fringe(sheet, rng, edges[0](0) + 3, edges[1](0) - 3, y0 + 2, top, ends)
    low = rng.uniform(34, 74)
    sheet.wash(box(edges[0](1), y1, edges[1](1) + 8, y1 + low), SHADE, 0.12, 6)
    fringe(sheet, rng, edges[0](1) + 3, edges[1](1) - 3, y1 - 2, low, ends)
    area = lay_cloth(sheet, chart, edges, y0, y1, tuft)
    for edge in edges:
        rim = [(edge(i / 40), y0 + high * i / 40) for i in range(41)]
        sheet.stroke(rim, dim(chart.image.getpixel((0, chart.high // 2)), 0.14), 3)  # type: ignore[arg-type]
    sheet.model(area, FLAT, 0.7)
    sheet.grain(area, 70, 46, 0.05)
    return area


def paint_lozenge(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A lattice of lozenges drawn in one line on an open field, as in the Middle Atlas."""
    wide, high = rng.uniform(590, 690), rng.uniform(890, 960)
    chart = Chart(150, round(150 * high / wide), dye.cream)
    field, line = _ground_of(rng, dye)
    chart.block(0, 0, 150, chart.high, field)
    across = rng.choice((2, 3, 3, 4, 5))
    cell_w = 150 / across
    down = max(2, round(chart.high / (cell_w * rng.uniform(1.1, 1.7))))
    cell_h = chart.high / down
    thick = rng.choice((2, 3, 4))
    doubled = rng.random() < 0.4
    filling = rng.choice(("dot", "cross", "nested", "ladder", "none", "nested"))
    drift = [rng.uniform(-2.5, 2.5) for _ in range(down * 2 + 3)]
    for row in range(-1, down * 2 + 1):
        for col in range(-1, across + 1):
            cx = (col + (0.5 if row % 2 else 0)) * cell_w + cell_w / 2 + drift[row + 1]
            cy = (row + 1) * cell_h / 2 + rng.uniform(-1.2, 1.2)
            _lozenge_cell(chart, rng, dye, (cx, cy, cell_w / 2, cell_h / 2), line, thick, doubled, filling)
    if rng.random() < 0.35:
        _lozenge_border(chart, rng, dye, field, line)
    chart.abrash(rng, 0.13)
    _hang(sheet, rng, dye, chart, (wide, high), "pile", mix(dye.cream, field, 0.15))


def _lozenge_cell(
    chart: Chart,
    rng: Random,
    dye: Dye,
    cell: tuple[float, float, float, float],
    line: Colour,
    thick: int,
    doubled: bool,
    filling: str,
) -> None:
    cx, cy, rx, ry = cell
    corners = [(cx, cy - ry), (cx + rx, cy), (cx, cy + ry), (cx - rx, cy), (cx, cy - ry)]
    chart.line(wobble(corners, rng, 0.7), line, thick)
    if doubled:
        small = [(cx + (x - cx) * 0.78, cy + (y - cy) * 0.78) for x, y in corners]
        chart.line(wobble(small, rng, 0.6), line, 1)
    ink = rng.choice((dye.accent, dye.spark, line, line))
    if filling == "dot":
        chart.lozenge(cx, cy, rx * 0.18, ry * 0.18, ink)
    elif filling == "cross":
        chart.line([(cx - rx * 0.24, cy - ry * 0.24), (cx + rx * 0.24, cy + ry * 0.24)], ink, 2)
        chart.line([(cx + rx * 0.24, cy - ry * 0.24), (cx - rx * 0.24, cy + ry * 0.24)], ink, 2)
    elif filling == "nested":
        chart.lozenge(cx, cy, rx * 0.5, ry * 0.5, line)
        chart.lozenge(cx, cy, rx * 0.36, ry * 0.36, ink if ink != line else dye.light)
        chart.lozenge(cx, cy, rx * 0.14, ry * 0.14, line)
    elif filling == "ladder":
        for i in range(-2, 3):
            half = rx * (0.4 - 0.13 * abs(i))
            chart.block(cx - half, cy + i * ry * 0.16 - 1, 2 * half, 2, ink)


def _lozenge_border(chart: Chart, rng: Random, dye: Dye, field: Colour, line: Colour) -> None:
    band = rng.choice((9, 12, 14))
    for y in (0, chart.high - band):
        chart.block(0, y, chart.wide, band, field)
        chart.block(0, y + (band - 2 if y == 0 else 0), chart.wide, 2, line)
        for x in range(0, chart.wide, band):
            chart.shape([(x, y + band - 4), (x + band / 2, y + 2), (x + band - 1, y + band - 4)], line)


def paint_field(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """Open colour with a few large signs set where the weaver wanted them (Boujad, Azilal)."""
    wide, high = rng.uniform(610, 710), rng.uniform(860, 950)
    chart = Chart(140, round(140 * high / wide), dye.main)
    palette = [dye.main, dye.deep, dye.accent, dye.spark, dye.light, dye.cream]
    plan = rng.choice(("medallions", "zones", "blocks", "nested"))
    field = rng.choice((dye.main, dye.cream, dye.deep, mix(dye.main, dye.light, 0.5)))
    chart.block(0, 0, 140, chart.high, field)
    if plan == "zones":
        _zones(chart, rng, palette)
    elif plan == "blocks":
        _blocks(chart, rng, palette)
    elif plan == "nested":
        _nested(chart, rng, palette, 70, chart.high / 2, 66, chart.high / 2 - 4)
    else:
        count = rng.choice((2, 3))
        for i in range(count):
            cy = chart.high * (i + 0.5) / count + rng.uniform(-4, 4)
            _nested(chart, rng, palette, 70 + rng.uniform(-7, 7), cy, rng.uniform(44, 60), chart.high / count / 2 - 3)
    for _ in range(rng.randint(7, 13)):
        x, y = rng.uniform(10, 130), rng.uniform(8, chart.high - 8)
        _sign(chart, rng, rng.choice(palette), x, y, rng.uniform(3, 6))
    if rng.random() < 0.5:
        _side_borders(chart, rng, palette)
    chart.abrash(rng, 0.17)
    _hang(sheet, rng, dye, chart, (wide, high), "pile", dye.cream)


def _nested(chart: Chart, rng: Random, palette: list[Colour], cx: float, cy: float, rx: float, ry: float) -> None:
    """Lozenges one in another, each of the next colour, the last one with a heart."""
    inks = rng.sample(palette, len(palette))
    rings = rng.randint(4, 6)
    for i in range(rings):
        share = 1 - i / rings
        chart.shape(
            wobble(
                [(cx, cy - ry * share), (cx + rx * share, cy), (cx, cy + ry * share), (cx - rx * share, cy)], rng, 1.5
            ),
            inks[i % len(inks)],
        )
        if i == 1:
            for k in range(-4, 5):
                chart.lozenge(cx + k * rx * share / 6, cy, 2, 3, inks[(i + 2) % len(inks)])


def _zones(chart: Chart, rng: Random, palette: list[Colour]) -> None:
    y = 0.0
    previous: Colour | None = None
    while y < chart.high:
        h = rng.uniform(14, 48)
        ink = rng.choice([c for c in palette if c != previous])
        over = rng.choice([c for c in palette if c != ink])
        chart.block(0, y, chart.wide, h + 1, ink)
        style = rng.choice(("plain", "lozenges", "zigzag", "chequer", "plain"))
        if style == "lozenges":
            count = rng.randint(2, 5)
            for i in range(count):
                chart.lozenge(chart.wide * (i + 0.5) / count, y + h / 2, chart.wide / count / 2.3, h / 2.4, over)
                chart.lozenge(chart.wide * (i + 0.5) / count, y + h / 2, chart.wide / count / 5, h / 5, ink)
        elif style == "zigzag":
            step = rng.choice((10, 14, 20))
            line = [(x * step, y + h * (0.2 if x % 2 else 0.8)) for x in range(chart.wide // step + 2)]
            chart.line(line, over, 4)
        elif style == "chequer":
            side = rng.choice((7, 10))
            for i in range(chart.wide // side + 1):
                for j in range(int(h // side) + 1):
                    if (i + j) % 2:
                        chart.block(i * side, y + j * side, side, min(side, h - j * side), over)
        previous, y = ink, y + h


def _blocks(chart: Chart, rng: Random, palette: list[Colour]) -> None:
    across = rng.choice((2, 3, 4))
    side = chart.wide / across
    rows = round(chart.high / side)
    high = chart.high / rows
    previous: list[Colour] = []
    for row in range(rows):
        for col in range(across):
            near = previous[-1:] + previous[-across : len(previous) - across + 1]
            ink = rng.choice([c for c in palette if c not in near])
            previous.append(ink)
            x, y = col * side + rng.uniform(-2, 2), row * high + rng.uniform(-2, 2)
            chart.block(x, y, side + 4, high + 4, ink)
            if rng.random() < 0.55:
                over = rng.choice([c for c in palette if c != ink])
                chart.lozenge(x + side / 2, y + high / 2, side * 0.34, high * 0.36, over)
                chart.lozenge(x + side / 2, y + high / 2, side * 0.14, high * 0.15, ink)


def _sign(chart: Chart, rng: Random, ink: Colour, x: float, y: float, r: float) -> None:
    kind = rng.choice(("cross", "lozenge", "comb", "eye"))
    if kind == "cross":
        chart.block(x - r, y - 1, 2 * r, 2, ink)
        chart.block(x - 1, y - r, 2, 2 * r, ink)
    elif kind == "lozenge":
        chart.line([(x, y - r), (x + r, y), (x, y + r), (x - r, y), (x, y - r)], ink, 2)
    elif kind == "comb":
        chart.block(x - r, y - 1, 2 * r, 2, ink)
        for i in range(-1, 2):
            chart.block(x + i * r * 0.8 - 1, y, 2, r, ink)
    else:
        chart.lozenge(x, y, r, r * 0.8, ink)


def _side_borders(chart: Chart, rng: Random, palette: list[Colour]) -> None:
    inks = rng.sample(palette, 2)
    for y in range(0, chart.high, 7):
        chart.block(0, y, 6, 7, inks[(y // 7) % 2])
        chart.block(chart.wide - 6, y, 6, 7, inks[(y // 7 + 1) % 2])


def paint_stripes(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A flat weave in bands, plain and figured by turns (hanbel)."""
    wide, high = rng.uniform(550, 640), rng.uniform(890, 970)
    chart = Chart(160, round(160 * high / wide), dye.main)
    palette = [dye.main, dye.deep, dye.accent, dye.spark, dye.cream, dye.light]
    half: list[tuple[int, Colour, Colour, str]] = []
    total = 0
    while total < chart.high / 2:
        tall = rng.choice((3, 4, 6, 9, 13, 17))
        ink, over = rng.sample(palette, 2)
        if rng.random() < 0.45:
            ink = dye.main
            over = rng.choice([c for c in palette if c != ink])
        style = rng.choice(("teeth", "lozenge", "zigzag", "chequer", "hooks")) if tall > 7 else "plain"
        half.append((tall, ink, over, style if rng.random() < 0.75 else "plain"))
        total += tall
    y = 0
    for tall, ink, over, style in [*half, *reversed(half)]:
        _figured(chart, (y, tall), ink, over, style)
        y += tall
    chart.abrash(rng, 0.11)
    _hang(sheet, rng, dye, chart, (wide, high), "flat", dye.cream)


def _figured(chart: Chart, band: tuple[int, int], ink: Colour, over: Colour, style: str) -> None:
    y, tall = band
    chart.block(0, y, chart.wide, tall, ink)
    if style == "plain":
        return
    step = tall if style != "hooks" else tall + 4
    for i in range(chart.wide // step + 2):
        x = i * step
        if style == "teeth":
            chart.shape([(x, y + tall - 2), (x + step / 2, y + 1), (x + step - 1, y + tall - 2)], over)
        elif style == "lozenge":
            chart.lozenge(x + step / 2, y + tall / 2 - 0.5, step / 2 - 1, tall / 2 - 1, over)
            chart.lozenge(x + step / 2, y + tall / 2 - 0.5, step / 5, tall / 5, ink)
        elif style == "zigzag":
            chart.line([(x, y + tall - 3), (x + step / 2, y + 2), (x + step, y + tall - 3)], over, 2)
        elif style == "chequer":
            part = max(2, tall // 4)
            for j in range(4):
                chart.block(x + (j % 2) * part, y + j * part, part, part, over)
                chart.block(x + (j % 2) * part + 2 * part, y + j * part, part, part, over)
        else:
            chart.block(x, y + 2, 2, tall - 4, over)
            chart.block(x, y + 2, step - 5, 2, over)
            chart.block(x + step - 7, y + 2, 2, tall // 2, over)


def paint_handira(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """The wedding blanket: cream wool, rows of cotton loops and of sequins, a few coloured bands."""
    wide, high = rng.uniform(600, 680), rng.uniform(850, 930)
    cream = mix(dye.cream, WHITE, 0.35)
    chart = Chart(150, round(150 * high / wide), cream)
    rows: list[tuple[float, str]] = []
    y = rng.randint(5, 12)
    plan = rng.sample(("sequins", "loops", "band", "sequins", "lozenge", "loops"), 5)
    while y < chart.high - 8:
        style = plan[len(rows) % len(plan)]
        rows.append((y, style))
        if style == "band":
            for k, ink in enumerate((dye.main, dye.accent, dye.main)):
                chart.block(0, y - 3 + k * 2, 150, 2, ink)
        if style == "lozenge":
            for x in range(0, 150, 10):
                chart.line([(x, y), (x + 5, y - 4), (x + 10, y), (x + 5, y + 4), (x, y)], dye.main, 1)
        y += rng.randint(10, 17)
    chart.abrash(rng, 0.06)
    _hang(sheet, rng, dye, chart, (wide, high), "flat", cream)
    unit = wide / 150
    top = 600 - high / 2
    for row, style in rows:
        if style == "loops":
            _loops(sheet, rng, (500 - wide / 2 + 8, 500 + wide / 2 - 8), top + row * unit, cream)
        if style == "sequins":
            _sequins(sheet, rng, dye, (500 - wide / 2 + 14, 500 + wide / 2 - 14), top + row * unit)


def _loops(sheet: Sheet, rng: Random, span: tuple[float, float], y: float, cream: Colour) -> None:
    x0, x1 = span
    sheet.wash(box(x0, y + 8, x1, y + 34), SHADE, 0.2, 7)
    x = x0
    while x < x1:
        reach = rng.uniform(16, 30)
        line = smooth([(x, y), (x + rng.uniform(-4, 4), y + reach * 0.6), (x + rng.uniform(-6, 6), y + reach)], steps=4)
        sheet.stroke(line, vary(rng, cream, 0.05), rng.uniform(2.4, 3.6))
        x += rng.uniform(2.2, 4)


def _sequins(sheet: Sheet, rng: Random, dye: Dye, span: tuple[float, float], y: float) -> None:
    metal = mix((222, 214, 196), dye.accent, 0.18)
    gap = rng.uniform(19, 25)
    for row in (0, 1):
        x = span[0] + row * gap / 2
        while x < span[1]:
            cx, cy = x + rng.uniform(-2, 2), y + (row - 0.5) * 17 + rng.uniform(-2, 2)
            sheet.disc(cx + 1.2, cy + 1.8, 7.4, (150, 134, 112))
            sheet.disc(cx, cy, 7.2, vary(rng, metal, 0.09))
            sheet.disc(cx - 1.6, cy - 1.8, 3.6, lit(metal, rng.uniform(0.3, 0.95)))
            sheet.disc(cx, cy - 4.4, 1, (96, 84, 70))
            x += gap


def paint_throw(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A striped blanket folded over a pole, with tassels or pompoms along its hem."""
    wide = rng.uniform(560, 650)
    x0, x1, y0 = 500 - wide / 2, 500 + wide / 2, 236.0
    y1 = rng.uniform(930, 1010)
    _pole(sheet, rng, x0 - 66, x1 + 66, y0 + 4)
    field = rng.choice((dye.cream, dye.cream, dye.main, dye.light))
    back_end = y0 + (y1 - y0) * rng.uniform(0.5, 0.74)
    side = wide * rng.uniform(0.06, 0.12)
    chart = _striped(rng, dye, field, round(150 * (y1 - y0) / wide))
    edges = loom_edges(rng, x0, x1, 6)
    sheet.cast(outline(*edges, y0, y1), 13, 0.4)
    back = loom_edges(rng, x0 + side, x1 + side * 0.7, 3)
    area = lay_cloth(sheet, chart, back, y0 + 6, max(back_end, y0 + 50), "flat")
    sheet.wash(area, SHADE, 0.34)
    area = lay_cloth(sheet, chart, edges, y0 - 6, y1, "flat")
    with sheet.within(area):
        _folds(sheet, rng, x0, x1, y0, y1)
        sheet.wash(box(x0 - 10, y0 - 10, x1 + 10, y0 + 4), WHITE, 0.35, 5)
        sheet.wash(box(x0 - 10, y0 + 14, x1 + 10, y0 + 34), SHADE, 0.12, 8)
    _hem(sheet, rng, dye, edges[0](1), edges[1](1), y1, field)


def _striped(rng: Random, dye: Dye, field: Colour, high: int) -> Chart:
    chart = Chart(150, high, field)
    inks = [c for c in (dye.main, dye.deep, dye.accent, dye.spark) if c != field]
    if rng.random() < 0.5:
        group = [(rng.choice((2, 4, 7, 12)), rng.choice(inks)) for _ in range(rng.randint(3, 5))]
        for start in (high * rng.uniform(0.06, 0.2), high * rng.uniform(0.66, 0.78)):
            y = start
            for tall, ink in group:
                chart.block(0, y, 150, tall, ink)
                y += tall + rng.choice((2, 3, 5))
    else:
        x, period = 0, rng.sample((3, 5, 8, 14, 20), 3)
        turns = rng.sample(inks, 2)
        while x < 150:
            for k, w in enumerate(period):
                chart.block(x, 0, w, high, (turns[0], field, turns[1])[k])
                x += w
            x += rng.choice((4, 8))
    chart.abrash(rng, 0.07)
    return chart


def _folds(sheet: Sheet, rng: Random, x0: float, x1: float, y0: float, y1: float) -> None:
    for i in range(rng.randint(5, 7)):
        x = x0 + (x1 - x0) * (i + rng.uniform(0.2, 0.8)) / 6
        lean = rng.uniform(-14, 14)
        valley = [(x - 5, y0), (x + 5, y0), (x + 15 + lean, y1), (x - 15 + lean, y1)]
        sheet.wash(valley, SHADE, rng.uniform(0.14, 0.26), 10)
        ridge = [(px + 26, py) for px, py in valley]
        sheet.wash(ridge, WHITE, rng.uniform(0.12, 0.26), 10)


def _pole(sheet: Sheet, rng: Random, x0: float, x1: float, y: float) -> None:
    wood = rng.choice(((122, 84, 54), (150, 110, 72), (94, 64, 44)))
    area = box(x0, y - 9, x1, y + 9)
    sheet.cast(area, 9, 0.3)
    sheet.polygon(area, wood)
    sheet.model(area, ((0, -0.2), (0.3, -0.25), (1, 0.5)), down=True)
    sheet.grain(area, 60, 2, 0.12)
    for x in (x0, x1):
        sheet.disc(x, y, 13, dim(wood, 0.15))
        sheet.disc(x - 2, y - 3, 8, lit(wood, 0.15))


def _hem(sheet: Sheet, rng: Random, dye: Dye, x0: float, x1: float, y: float, field: Colour) -> None:
    if rng.random() < 0.55:
        count = rng.randint(9, 14)
        for i in range(count):
            x = x0 + (x1 - x0) * (i + 0.5) / count
            ink = vary(rng, (dye.main, dye.spark, dye.accent)[i % 3 if dye.name != "wool" else 0], 0.03)
            sheet.stroke([(x, y - 4), (x, y + 14)], dim(ink, 0.2), 3)
            pompom(sheet, rng, x, y + 30, (x1 - x0) / count * 0.36, ink)
    else:
        fringe(sheet, rng, x0 + 4, x1 - 4, y - 3, 60, field, 9)


def pompom(sheet: Sheet, rng: Random, x: float, y: float, r: float, ink: Colour) -> None:
    """A ball of cut yarn."""
    sheet.wash(oval(x + r * 0.4, y + r * 0.5, r, r), SHADE, 0.3, r * 0.4)
    for layer, share in ((dim(ink, 0.3), 1.0), (ink, 0.86), (lit(ink, 0.18), 0.55)):
        for _ in range(46):
            a, d = rng.uniform(0, 2 * pi), r * share * rng.uniform(0.35, 1)
            shift = -r * 0.16 if share < 0.8 else 0
            sheet.disc(x + shift + d * cos(a) * 0.8, y + shift + d * sin(a) * 0.8, r * 0.2, vary(rng, layer, 0.04))


def tassel(sheet: Sheet, rng: Random, x: float, y: float, length: float, ink: Colour, angle: float = pi / 2) -> None:
    """A head bound with thread and its skirt of ends, hanging towards `angle`."""
    dx, dy = cos(angle), sin(angle)
    for i in range(17):
        side = (i / 16 - 0.5) * length * 0.42
        end = length * rng.uniform(0.9, 1.04)
        line = [(x + dx * length * 0.25, y + dy * length * 0.25), (x + dx * end - dy * side, y + dy * end + dx * side)]
        sheet.stroke(line, vary(rng, ink, 0.06), length * 0.045, ends=False)
    sheet.disc(x + dx * length * 0.18, y + dy * length * 0.18, length * 0.15, dim(ink, 0.06))
    sheet.disc(x + dx * length * 0.15, y + dy * length * 0.13, length * 0.08, lit(ink, 0.2))


def paint_cushion(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A stuffed square of woven stripes or lozenges with a tassel at each corner."""
    half = rng.uniform(300, 335)
    cy = 620.0
    belly = rng.uniform(0.88, 0.93)
    mids = []
    for i in range(4):
        a = pi / 4 + i * pi / 2
        mids += [(500 + half * 1.34 * cos(a), cy + half * 1.34 * sin(a))]
        b = a + pi / 4
        for share, r in ((-0.42, 1.0), (0, 1.0), (0.42, 1.0)):
            side = share * half
            mids.append(
                (500 + half * r * belly * cos(b) - side * sin(b), cy + half * r * belly * sin(b) + side * cos(b))
            )
    area = smooth(mids, closed=True, steps=8)
    sheet.cast(area, 16, 0.4)
    inks = [dye.main, dye.deep, dye.accent, dye.spark]
    thread = rng.choice(inks)
    for i in range(4):
        a = pi / 4 + i * pi / 2
        x, y = 500 + half * 1.33 * cos(a), cy + half * 1.33 * sin(a)
        tassel(sheet, rng, x, y, 74, thread, a + rng.uniform(-0.2, 0.2))
    chart = _cushion_chart(rng, dye)
    with sheet.within(area):
        flat = (lambda v: 500 - half * 1.02, lambda v: 500 + half * 1.02)
        lay_cloth(sheet, chart, flat, cy - half * 1.02, cy + half * 1.02, "flat")
        sheet.model(area, ((0, 0.26), (0.16, 0.02), (0.36, -0.14), (0.66, 0), (1, 0.42)))
        sheet.model(area, ((0, 0.2), (0.14, 0), (0.34, -0.1), (0.7, 0.02), (1, 0.4)), down=True)
        for i in range(4):
            a = pi / 4 + i * pi / 2
            tip = [
                (500 + half * 1.3 * cos(a), cy + half * 1.3 * sin(a)),
                (500 + half * 0.72 * cos(a + 0.07), cy + half * 0.72 * sin(a + 0.07)),
                (500 + half * 0.72 * cos(a - 0.03), cy + half * 0.72 * sin(a - 0.03)),
            ]
            sheet.wash(tip, SHADE, 0.26, 9)
    for x, y, _ in along([*area, area[0]], 9):
        sheet.disc(x, y, 4.2, vary(rng, thread, 0.04))


def _cushion_chart(rng: Random, dye: Dye) -> Chart:
    chart = Chart(130, 130, dye.main)
    palette = [dye.main, dye.deep, dye.accent, dye.spark, dye.cream, dye.light]
    plan = rng.choice(("bands", "medallion", "lattice"))
    field = rng.choice((dye.main, dye.cream, dye.deep))
    chart.block(0, 0, 130, 130, field)
    if plan == "bands":
        y = 0
        while y < 130:
            tall = rng.choice((3, 5, 9, 13))
            ink, over = rng.sample(palette, 2)
            _figured(
                chart,
                (y, tall),
                ink if rng.random() < 0.6 else field,
                over,
                rng.choice(("teeth", "lozenge", "zigzag", "plain")) if tall > 7 else "plain",
            )
            y += tall
    elif plan == "medallion":
        _nested(chart, rng, palette, 65, 65, 56, 56)
        for x, y in ((18, 18), (112, 18), (18, 112), (112, 112)):
            chart.lozenge(x, y, 11, 11, dye.accent)
            chart.lozenge(x, y, 5, 5, dye.deep if field != dye.deep else dye.cream)
    else:
        line = dye.cream if field != dye.cream else dye.main
        step = rng.choice((22, 26, 33))
        for i in range(-1, 8):
            for j in range(-1, 8):
                cx, cy = i * step + (step / 2 if j % 2 else 0), j * step / 2
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
                chart.lozenge(cx, cy, step * 0.17, step * 0.17, rng.choice((dye.accent, dye.spark)))
    chart.abrash(rng, 0.08)
    return chart
