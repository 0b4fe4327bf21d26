"""Cut tile: rosettes and fields of the octagonal grid, each tile its own polygon with its own glaze."""

from collections.abc import Callable
from math import cos, pi, sin, sqrt, tan
from random import Random

from shop.demo.drawings.geometry import (
    Point,
    Points,
    box,
    centre,
    hankin_kite,
    khatam,
    oval,
    regular,
    rounded,
    shrink,
    turn_about,
    wobble,
)
from shop.demo.drawings.ground import Sheet
from shop.demo.drawings.palettes import WHITE, Colour, Dye, dim, lit, mix, vary

Tile = tuple[Points, str]
"""An outline and its role in the pattern; the role decides the glaze."""


def rosette(cx: float, cy: float, apothem: float, n: int, angle: float, turn: float) -> list[Tile]:
    """The star, kites and heart of one regular n-gon whose first edge middle lies at `turn`."""
    near, deep = hankin_kite(n, apothem, angle)
    step = 2 * pi / n

    def at(r: float, a: float) -> tuple[float, float]:
        return (cx + r * cos(turn + a), cy + r * sin(turn + a))

    if deep >= near or deep < apothem * 0.18:
        outline = []
        for i in range(n):
            outline += [at(apothem, i * step), at(near, (i + 0.5) * step)]
        return [(outline, "star")]
    tiles: list[Tile] = []
    heart: Points = []
    for i in range(n):
        a = i * step
        kite = [at(apothem, a), at(near, a + step / 2), at(deep, a), at(near, a - step / 2)]
        tiles.append((kite, "kite"))
        heart += [at(deep, a), at(near, a + step / 2)]
    tiles.append((heart, "heart"))
    core = [((x - cx) * 0.5 + cx, (y - cy) * 0.5 + cy) for x, y in heart]
    tiles.append((core, "core"))
    return tiles


def lattice(x0: float, y0: float, across: int, down: int, cell: float, angle: float) -> list[Tile]:
    """Octagons and squares (4.8.8) with their stars, and the bow left round each corner where three of them meet."""
    side = cell / (1 + sqrt(2))
    octa, quad = cell / 2, side / 2
    near8 = hankin_kite(8, octa, angle)[0]
    near4 = hankin_kite(4, quad, angle)[0]
    tiles: list[Tile] = []
    for row in range(down):
        for col in range(across):
            tiles += rosette(x0 + col * cell, y0 + row * cell, octa, 8, angle, 0)
    for row in range(-1, down):
        for col in range(-1, across):
            cx, cy = x0 + (col + 0.5) * cell, y0 + (row + 0.5) * cell
            star4 = []
            for i in range(4):
                a = pi / 4 + i * pi / 2
                star4 += [(cx + quad * cos(a), cy + quad * sin(a))]
                star4 += [(cx + near4 * cos(a + pi / 4), cy + near4 * sin(a + pi / 4))]
            tiles.append((star4, "cross"))
            for i in range(4):
                a = i * pi / 2
                tiles.append((_bow(cx, cy, a, side, octa, quad, near8, near4), "bow"))
    return tiles


def _bow(cx: float, cy: float, a: float, side: float, octa: float, quad: float, near8: float, near4: float) -> Points:
    """The tile round one corner of a square: three edge middles and the crossings of the three polygons there."""
    corner = side / sqrt(2)
    half = corner + side / 2
    up = (cx + quad * cos(a - pi / 4), cy + quad * sin(a - pi / 4))
    low = (cx + quad * cos(a + pi / 4), cy + quad * sin(a + pi / 4))
    inner = (cx + near4 * cos(a), cy + near4 * sin(a))
    outer = (cx + half * cos(a), cy + half * sin(a))
    points = [inner, up]
    for sign in (-1, 1):
        ox = cx + (octa * cos(a) - sign * octa * sin(a))
        oy = cy + (octa * sin(a) + sign * octa * cos(a))
        vx, vy = cx + corner * cos(a) - ox, cy + corner * sin(a) - oy
        far = sqrt(vx * vx + vy * vy)
        crossing = (ox + vx / far * near8, oy + vy / far * near8)
        points.append(crossing)
        if sign == -1:
            points.append(outer)
    return [*points, low]


def glazes(rng: Random, dye: Dye) -> dict[str, Colour]:
    """Which glaze each role takes; white bows are the commonest, as on the walls of Fes."""
    white = mix(dye.cream, WHITE, 0.4)
    first, second, third, fourth = rng.sample((dye.main, dye.deep, dye.accent, dye.spark), 4)
    plans = (
        {"star": dye.main, "kite": white, "heart": dye.main, "core": third, "cross": second, "bow": white},
        {"star": first, "kite": dye.main, "heart": white, "core": dye.deep, "cross": third, "bow": white},
        {"star": white, "kite": dye.deep, "heart": dye.main, "core": white, "cross": fourth, "bow": dye.main},
        {"star": dye.deep, "kite": dye.light, "heart": dye.deep, "core": second, "cross": dye.main, "bow": white},
    )
    plan: dict[str, Colour] = dict(rng.choice(plans))
    plan.update(edge=rng.choice((dye.deep, dye.main, dye.accent)), white=white, ring=fourth, wedge=white)
    return plan


def lay(sheet: Sheet, rng: Random, tiles: list[Tile], plan: dict[str, Colour], joint: float = 1.6) -> None:
    """Set the tiles: each a little off, its glaze pooled at the edge and catching the light at the upper left."""
    for outline, role in tiles:
        glaze = vary(rng, plan[role], 0.035)
        if rng.random() < 0.12:
            glaze = vary(rng, plan[role], 0.075)
        body = wobble(shrink(outline, joint), rng, 0.45)
        sheet.polygon(body, dim(glaze, 0.22))
        sheet.polygon([(x - 0.5, y - 0.7) for x, y in shrink(body, 1.1)], lit(glaze, 0.16))
        sheet.polygon([(x + 0.3, y + 0.4) for x, y in shrink(body, 1.8)], glaze)
        if rng.random() < 0.1:
            cx, cy = centre(body)
            glint = [(cx + (x - cx) * 0.5 - 1.5, cy + (y - cy) * 0.22 - 2) for x, y in body]
            sheet.polygon(turn_about(glint, cx, cy, rng.uniform(-0.9, -0.4)), lit(glaze, 0.08))


def compass_lines(sheet: Sheet, rng: Random, half: float, cy: float = 600.0) -> None:
    """The setting-out that runs past the panel's edge: faint pencil lines and circles of the eight-fold grid."""
    pencil = (186, 178, 166)
    for i in range(8):
        a = i * pi / 8
        dx, dy = cos(a) * half * 1.42, sin(a) * half * 1.42
        sheet.stroke([(500 - dx, cy - dy), (500 + dx, cy + dy)], pencil, 0.9)
    for r in (half * 1.0, half * sqrt(2) * 0.94):
        sheet.ring(500, cy, r, pencil, 0.9)


def paint_star(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """One great rosette in a round, octagonal or star-shaped bed of plaster."""
    cy = 590.0
    n = rng.choice((16, 16, 8, 24))
    half = rng.uniform(345, 375)
    shape = rng.choice(("round", "eight", "seal"))
    turn = pi / 8 if shape == "eight" else 0.0
    bed = {
        "round": oval(500, cy, half, half, 120),
        "eight": regular(500, cy, half * 1.04, 8, turn),
        "seal": khatam(500, cy, half * 1.13, 0),
    }[shape]
    compass_lines(sheet, rng, half, cy)
    plan = glazes(rng, dye)
    if plan["kite"] == plan["white"]:
        plan["wedge"] = rng.choice((dye.main, dye.deep, dye.light))
    sheet.cast(bed, 12, 0.42)
    sheet.polygon(bed, (205, 196, 180))
    grout = mix((226, 219, 206), dye.cream, 0.3)
    inner = turn_about(bed, 500, cy, 0, 0.982)
    sheet.polygon(inner, grout)
    with sheet.within(inner):
        lay(sheet, rng, _star_tiles(rng, n, half, cy), plan, 1.5)
    sheet.model(inner, ((0, -0.1), (0.35, -0.04), (1, 0.12)))


def _star_tiles(rng: Random, n: int, half: float, cy: float) -> list[Tile]:
    """Rosette of an n-gon, squares on its sides with wedges between them, then rings of kites out to the edge."""
    apothem = half * {8: 0.5, 16: 0.56, 24: 0.6}[n]
    angle = {8: rng.choice((1.0, 1.178)), 16: rng.choice((1.08, 1.2, 1.3)), 24: rng.choice((1.2, 1.3))}[n]
    tiles = rosette(500, cy, apothem, n, angle, 0)
    near = hankin_kite(n, apothem, angle)[0]
    side = 2 * apothem * tan(pi / n)
    corner = apothem / cos(pi / n)
    for i in range(n):
        a, step = 2 * pi * i / n, 2 * pi / n
        point = _polar(cy)
        tri = [point(apothem, a), point(corner, a + step / 2), point(apothem, a + step), point(near, a + step / 2)]
        tiles.append((tri, "wedge"))
        square = [(apothem, -side / 2), (apothem, side / 2), (apothem + side, side / 2), (apothem + side, -side / 2)]
        tiles.append((turn_about([(500 + x, cy + y) for x, y in square], 500, cy, a), "edge"))
        mid = apothem + side / 2
        tiles.append((khatam(*point(mid, a), side * 0.36, a), "white"))
        tiles.append((khatam(*point(mid, a), side * 0.18, a), "ring"))
        reach = apothem + side
        outer = sqrt(reach * reach + side * side / 4)
        spread = pi / n - side / 2 / reach
        gap = [point(corner, a + step / 2), point(outer, a + step / 2 - spread), point(outer, a + step / 2 + spread)]
        tiles.append((gap, "wedge"))
    return [*tiles, *_outer_rings(rng, n, apothem + side, half * 1.2, cy)]


def _polar(cy: float) -> Callable[[float, float], Point]:
    """Points by (radius, angle) about the middle of the sheet at height `cy`."""
    return lambda r, a: (500 + r * cos(a), cy + r * sin(a))


def _outer_rings(rng: Random, n: int, start: float, end: float, cy: float) -> list[Tile]:
    point = _polar(cy)
    tiles: list[Tile] = []
    count, r, ring = 2 * n, start * 1.012, 0
    step = 2 * pi / count
    roles = rng.choice((("star", "wedge", "edge"), ("kite", "heart", "wedge"), ("edge", "wedge", "star")))
    while r < end:
        depth = r * step * 1.25
        for i in range(count):
            a = (i + 0.5 * (ring % 2)) * step
            kite = [point(r, a), point(r + depth * 0.5, a + step / 2), point(r + depth, a)]
            kite.append(point(r + depth * 0.5, a - step / 2))
            tiles.append((kite, roles[ring % 3]))
            if ring == 0:
                tiles.append(([point(r, a), point(r, a + step), point(r + depth * 0.5, a + step / 2)], "wedge"))
        r, ring = r + depth * 0.5, ring + 1
    return tiles


def paint_panel(sheet: Sheet, rng: Random, dye: Dye) -> None:
    """A rectangular field of octagon stars in a border of small cuts."""
    across = rng.choice((3, 4, 4, 5))
    down = across + rng.choice((0, 1))
    cell = 610 / max(across, down * 0.86)
    angle = rng.choice((pi / 4, 1.0, 1.178, 1.3))
    wide, high = across * cell / 2, down * cell / 2
    cy = 590.0
    plan = glazes(rng, dye)
    rim = rng.uniform(26, 36)
    outer = rounded(500 - wide - rim - 8, cy - high - rim - 8, 500 + wide + rim + 8, cy + high + rim + 8, 4)
    compass_lines(sheet, rng, high + rim - 10, cy)
    sheet.cast(outer, 12, 0.42)
    sheet.polygon(outer, (214, 205, 189))
    field = box(500 - wide, cy - high, 500 + wide, cy + high)
    sheet.polygon(field, mix((222, 214, 200), dye.cream, 0.3))
    with sheet.within(field):
        tiles = lattice(500 - wide + cell / 2, cy - high + cell / 2, across, down, cell, angle)
        lay(sheet, rng, tiles, plan, 1.5)
    _border(sheet, rng, plan, wide, high, rim, cy)
    sheet.model(outer, ((0, -0.1), (0.35, -0.04), (1, 0.12)))


def _border(
    sheet: Sheet, rng: Random, plan: dict[str, Colour], wide: float, high: float, rim: float, cy: float
) -> None:
    """Small squares round the field, in two glazes by turns, with a star at each corner."""
    style = rng.choice(("chequer", "lozenge"))
    tiles: list[Tile] = []
    for length, level in ((wide, high), (high, wide)):
        count = max(6, round(2 * length / rim))
        step = 2 * length / count
        for i in range(count):
            s = -length + (i + 0.5) * step
            for sign in (-1, 1):
                t = sign * (level + rim / 2)
                x, y = (500 + s, cy + t) if level is high else (500 + t, cy + s)
                if style == "chequer":
                    tiles.append((box(x - step / 2, y - rim / 2, x + step / 2, y + rim / 2), ("edge", "white")[i % 2]))
                else:
                    tiles.append((box(x - step / 2, y - rim / 2, x + step / 2, y + rim / 2), "white"))
                    tiles.append((regular(x, y, rim / 2, 4), "edge"))
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = 500 + sx * (wide + rim / 2), cy + sy * (high + rim / 2)
            tiles.append((box(x - rim / 2, y - rim / 2, x + rim / 2, y + rim / 2), "white"))
            tiles.append((khatam(x, y, rim / 2), "edge"))
    lay(sheet, rng, tiles, plan, 0.9)
