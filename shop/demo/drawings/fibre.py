"""Palm, reed, straw: coiled baskets, woven mats and the hat of the Rif."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from shop.demo.drawings.geometry import Turned, box, move, oval, smooth
from shop.demo.drawings.ground import FLAT, FLOOR, ROUND, Sheet
from shop.demo.drawings.palettes import SHADE, Colour, Dye, dim, lit, mix, vary
from shop.demo.drawings.textile import Chart, lay_cloth, loom_edges, outline, pompom

Stitching = Callable[[int, int], Colour | None]
"""The ink of a stitch by its row and place; None for bare straw."""

STRAWS: tuple[Colour, ...] = ((214, 180, 120), (203, 166, 108), (222, 194, 142), (196, 170, 122))


def coil(sheet: Sheet, rng: Random, body: Turned, straw: Colour, pattern: Stitching, rows: int, stitches: int) -> None:
    """Lay coils from foot to rim, each sewn down with leaning stitches; `pattern` names the ink of a stitch."""
    area = body.outline()
    sheet.polygon(area, dim(straw, 0.2))
    with sheet.within(area):
        for row in range(rows):
            low, high = body.top * row / rows, body.top * (row + 1) / rows
            count = stitches
            for i in range(-count // 4 - 1, count // 4 + 2):
                a = 2 * pi * (i + 0.35 * (row % 2)) / count
                b = a + 2 * pi / count * 0.84
                if b < -pi / 2 or a > pi / 2:
                    continue
                ink = vary(rng, pattern(row, i) or straw, 0.045)
                a, b = max(a, -pi / 2), min(b, pi / 2)
                lean = (b - a) * 0.3
                stitch = [
                    body.at(a, low + 1),
                    body.at(b, low + 1),
                    body.at(min(pi / 2, b + lean), high - 2),
                    body.at(min(pi / 2, a + lean), high - 2),
                ]
                sheet.polygon(stitch, ink)
                sheet.stroke([stitch[3], stitch[2]], lit(ink, 0.22), 2, ends=False)
            sheet.stroke(body.ring(low), dim(straw, 0.42), 2.4)
    sheet.model(area, ROUND)


def _pattern(rng: Random, dye: Dye, rows: int) -> Stitching:
    """Where colour goes among the stitches: lozenges, steps, bands, or nowhere."""
    kind = rng.choice(("lozenges", "bands", "steps", "lozenges"))
    first, second = rng.sample((dye.main, dye.deep, dye.spark, dye.accent), 2)
    period, middle = rng.choice((8, 10, 12)), rows / 2
    marks = sorted(rng.sample(range(1, rows - 1), 4))

    def ink(row: int, i: int) -> Colour | None:
        k = abs((i % period) - period / 2)
        if kind == "lozenges":
            far = k + abs(row - middle) * 0.8
            return first if far < period * 0.28 else second if period * 0.36 < far < period * 0.46 else None
        if kind == "bands":
            return first if row in marks[:3] else second if row == marks[3] else None
        return first if (i + row) % period < 3 and 1 < row < rows - 2 else None

    return ink


def paint_basket(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A coiled basket, lidded, or open with two leather handles."""
    straw = vary(rng, rng.choice(STRAWS), 0.02)
    rim, tall = rng.uniform(250, 300), rng.uniform(320, 440)
    waist = rim * rng.uniform(0.86, 1.16)
    foot = rim * rng.uniform(0.66, 0.9)
    sheet.stand(500, FLOOR, foot * 1.2)
    lidded = rng.random() < 0.45
    body = Turned(500, FLOOR, [(foot, 0), (waist, tall * 0.45), (rim, tall)], 0.2)
    rows = round(tall / rng.uniform(24, 30))
    leather = rng.choice(((122, 72, 40), dye.deep, (150, 96, 56)))
    if not lidded:
        _strap(sheet, 500, FLOOR - tall - rim * 0.19, rim * 0.5, 150, dim(leather, 0.25))
        sheet.polygon(body.rim(-2), dim(straw, 0.1))
        sheet.polygon(body.rim(12), dim(straw, 0.62))
    coil(sheet, rng, body, straw, _pattern(rng, dye, rows), rows, 72)
    if lidded:
        high = rng.uniform(150, 260)
        lid = Turned(
            500,
            FLOOR - tall + 8,
            [(rim * 1.05, 0), (rim * 1.0, high * 0.2), (rim * 0.62, high * 0.6), (rim * 0.16, high * 0.94), (4, high)],
            0.2,
        )
        count = round(high / 25)
        coil(sheet, rng, lid, straw, _pattern(rng, dye, max(6, count)), count, 64)
        pompom(sheet, rng, 500, FLOOR - tall - high - 10, 36, dye.main)
        return
    rim_line = [(x, y) for x, y in oval(500, FLOOR - tall, rim, rim * 0.2)]
    inside = body.rim(12)
    sheet.polygon(inside, dim(straw, 0.58))
    sheet.model(inside, ((0, 0.3), (0.6, 0), (1, -0.24)))
    sheet.stroke(rim_line, dim(straw, 0.08), 14, closed=True)
    for x, y in rim_line[::2]:
        sheet.stroke([(x - 4, y + 6), (x + 4, y - 6)], leather, 3)
    _strap(sheet, 500, FLOOR - tall + rim * 0.2 + 16, rim * 0.52, 190, leather)


def _strap(sheet: Sheet, cx: float, y: float, half: float, rise: float, leather: Colour) -> None:
    line = smooth(
        [
            (cx - half, y),
            (cx - half * 0.86, y - rise * 0.7),
            (cx, y - rise),
            (cx + half * 0.86, y - rise * 0.7),
            (cx + half, y),
        ],
        steps=10,
    )
    sheet.stroke([(px + 5, py + 7) for px, py in line], mix(leather, SHADE, 0.5), 17)
    sheet.stroke(line, leather, 18)
    sheet.stroke(move(line, -2, -4), lit(leather, 0.22), 4)
    for side in (-1, 1):
        x = cx + side * half
        sheet.polygon(box(x - 20, y - 14, x + 20, y + 40), dim(leather, 0.12))
        for k in (0, 22):
            sheet.disc(x, y + 2 + k, 6, (206, 170, 96))


def paint_mat(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A mat of reed and dyed wool: steps and lozenges on straw, bound at both long edges."""
    straw = vary(rng, rng.choice(STRAWS), 0.02)
    wide, high = rng.uniform(600, 680), rng.uniform(830, 900)
    chart = Chart(96, round(96 * high / wide * 1.35), straw)
    for row in range(chart.high):
        chart.block(0, row, 96, 1, vary(rng, straw, 0.035))
    inks = rng.sample((dye.main, dye.deep, dye.spark, dye.accent), 3)
    tall = rng.choice((22, 28, 34, 44))
    style = rng.choice(("lozenges", "steps", "chevrons", "blocks"))
    for n, start in enumerate(range((chart.high - (chart.high - 8) // tall * tall) // 2, chart.high - tall + 1, tall)):
        _mat_band(chart, (start, tall - 4), inks, style if n % 2 == 0 or style == "chevrons" else "lines")
    chart.abrash(rng, 0.08)
    y0 = 600 - high / 2
    edges = loom_edges(rng, 500 - wide / 2, 500 + wide / 2, 3)
    sheet.cast(outline(*edges, y0, y0 + high), 10, 0.42)
    area = lay_cloth(sheet, chart, edges, y0, y0 + high, "reed")
    for edge in edges:
        rim = [(edge(i / 40), y0 + high * i / 40) for i in range(41)]
        sheet.stroke(rim, dim(inks[0], 0.1), 15)
        for i in range(0, 40):
            x, y = rim[i]
            sheet.stroke([(x - 7, y), (x + 7, y + 10)], lit(inks[0], 0.2), 2)
    sheet.model(area, FLAT, 0.7)
    for end in (y0, y0 + high):
        for i in range(70):
            x = 500 - wide / 2 + 10 + (wide - 20) * i / 69
            sheet.stroke(
                [(x, end), (x + rng.uniform(-2, 2), end + (13 if end > 600 else -13))], vary(rng, straw, 0.06), 3
            )


def _mat_band(chart: Chart, band: tuple[int, int], inks: list[Colour], style: str) -> None:
    y, tall = band
    if style == "lines":
        for k, ink in enumerate(inks):
            chart.block(0, y + tall * (k + 1) / 4, 96, 2, ink)
        return
    for x in range(-12, 110, 24):
        cx = x + 12
        if style == "lozenges":
            chart.lozenge(cx, y + tall / 2, 11, tall / 2, inks[0])
            chart.lozenge(cx, y + tall / 2, 6, tall / 4, inks[1])
        elif style == "steps":
            for k in range(5):
                chart.block(cx - 2 * (k + 1), y + tall * k / 5, 4 * (k + 1), tall / 5, inks[k % 2])
        elif style == "blocks":
            chart.block(x, y, 12, tall / 2, inks[0])
            chart.block(x + 12, y + tall / 2, 12, tall / 2, inks[1])
        else:
            for k, ink in enumerate(inks):
                line = [(x, y + tall * 0.8 - 5 * k), (cx, y + tall * 0.2 - 5 * k + 4), (x + 24, y + tall * 0.8 - 5 * k)]
                chart.line(line, ink, 2)


def paint_hat(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """The broad straw hat of the Rif with its cords and balls of wool."""
    straw = vary(rng, rng.choice(STRAWS), 0.02)
    brim, crown = rng.uniform(345, 385), rng.uniform(140, 165)
    tall, tilt = rng.uniform(180, 250), 0.3
    base = 850.0
    sheet.stand(500, base + 70, brim * 0.86, 0.4)
    disc = oval(500, base, brim, brim * tilt, 100)
    sheet.polygon(move(disc, 0, 9), dim(straw, 0.4))
    sheet.polygon(disc, straw)
    inks = rng.sample((dye.main, dye.deep, dye.spark, dye.accent), 3)
    with sheet.within(disc):
        r, n = crown * 0.9, 0
        while r < brim:
            ink = inks[0] if n % 7 == 5 else dim(straw, 0.3)
            sheet.ring(500, base, r, ink, 3.4 if n % 7 == 5 else 2, tilt)
            for i in range(110):
                a = 2 * pi * (i + 0.5 * (n % 2)) / 110
                sheet.stroke(
                    [
                        (500 + r * cos(a), base + r * tilt * sin(a)),
                        (500 + (r + 13) * cos(a + 0.02), base + (r + 13) * tilt * sin(a + 0.02)),
                    ],
                    vary(rng, straw, 0.07),
                    3,
                    ends=False,
                )
            r, n = r + 15, n + 1
        sheet.wash(oval(530, base + 16, crown * 1.35, crown * tilt * 1.5), SHADE, 0.4, 18)
    sheet.model(disc, ((0, -0.12), (0.5, 0), (1, 0.22)))
    top = Turned(
        500,
        base + 4,
        [
            (crown, 0),
            (crown * 0.97, tall * 0.4),
            (crown * rng.uniform(0.74, 0.9), tall * 0.82),
            (crown * 0.4, tall * 0.98),
            (4, tall),
        ],
        tilt,
    )
    band = rng.sample(range(1, 9), 2)
    coil(sheet, rng, top, straw, lambda row, i: inks[1] if row in band else None, round(tall / 17), 60)
    wool = top.band(6, 40)
    sheet.polygon(wool, inks[0])
    sheet.model(wool, ROUND)
    for h in (14, 24, 33):
        sheet.stroke(top.ring(h), lit(inks[0], 0.2) if h == 24 else inks[1], 4)
    for i in range(4):
        a = -pi / 2 + 0.3 + i * (pi - 0.6) / 3
        x, y = 500 + brim * 0.97 * sin(a), base + brim * 0.97 * tilt * cos(a)
        start = top.at(a, 22)
        sheet.stroke(smooth([start, ((start[0] + x) / 2, (start[1] + y) / 2 - 22), (x, y)], steps=8), inks[2], 7)
        sheet.stroke([(x, y), (x, y + 28)], inks[2], 6)
        pompom(sheet, rng, x, y + 52, 30, inks[i % 3])
    pompom(sheet, rng, 500, base - tall - 16, 38, inks[0])
