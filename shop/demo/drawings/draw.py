"""The door of this room: `draw` a piece, `draw_maker` a place of work, `draw_landscape` a region."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from zlib import crc32

from PIL import Image

from shop.demo.drawings import clay, fibre, jewels, leather, makers, metal, scale, textile, wear, wood, zellige
from shop.demo.drawings.ground import FLOOR, Sheet, limewash, paper_ground, shelf, skirting, window_light
from shop.demo.drawings.palettes import DYES, Dye

VIEWS = ("piece", "detail", "scale")
PALETTES = tuple(DYES)

Painter = Callable[[Sheet, Random, Dye], None]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Motif:
    """How one kind of piece is drawn and shown.

    `stance` is where it is: "wall" (hung, floor below), "bare" (hung, wall alone), "shelf" (standing) or "paper" (small,
    laid flat). `reach` is the box its drawing usually fills, `focus` the middle of its detail, `zoom` how close, `tall`
    the height in centimetres that the box stands for, `grow` how much larger the piece is shown on its own.
    """

    paint: Painter
    stance: str
    reach: Box
    focus: tuple[float, float]
    tall: float
    zoom: float = 2.3
    grow: float = 1.0


_MOTIFS: dict[str, Motif] = {
    "zellige_star": Motif(zellige.paint_star, "bare", (130, 220, 870, 960), (590, 500), 60, 2.3, 1.12),
    "zellige_panel": Motif(zellige.paint_panel, "bare", (160, 190, 840, 990), (600, 480), 80, 2.3, 1.16),
    "rug_lozenge": Motif(textile.paint_lozenge, "wall", (180, 130, 820, 1140), (560, 480), 250),
    "rug_field": Motif(textile.paint_field, "wall", (170, 140, 830, 1130), (560, 560), 230),
    "rug_stripes": Motif(textile.paint_stripes, "wall", (200, 130, 800, 1140), (560, 480), 260),
    "blanket_handira": Motif(textile.paint_handira, "wall", (180, 140, 820, 1120), (560, 520), 200),
    "blanket_stripes": Motif(textile.paint_throw, "wall", (150, 225, 850, 1040), (500, 860), 110),
    "jar": Motif(clay.paint_jar, "shelf", (250, 320, 750, 1030), (480, 700), 38, 2.2, 1.2),
    "bowl": Motif(clay.paint_bowl, "shelf", (170, 520, 830, 960), (480, 690), 15, 1.9, 1.16),
    "tagine": Motif(clay.paint_tagine, "shelf", (200, 470, 800, 1030), (480, 760), 28, 2.1, 1.24),
    "plate": Motif(clay.paint_plate, "bare", (140, 230, 860, 970), (620, 500), 32, 2.2, 1.12),
    "vase": Motif(clay.paint_vase, "shelf", (300, 270, 700, 1030), (480, 700), 45, 2.3, 1.08),
    "tray": Motif(metal.paint_tray, "bare", (130, 220, 870, 980), (600, 480), 50, 2.3, 1.1),
    "teapot": Motif(metal.paint_teapot, "shelf", (170, 440, 830, 1020), (470, 800), 24, 2.1, 1.2),
    "lantern": Motif(metal.paint_lantern, "hang", (290, 210, 710, 930), (480, 580), 45, 2.1, 1.14),
    "candlestick": Motif(metal.paint_candlestick, "shelf", (330, 330, 670, 1030), (500, 820), 34, 2.2, 1.12),
    "iron_grille": Motif(metal.paint_iron_grille, "bare", (190, 160, 810, 1000), (560, 720), 120, 2.0, 1.12),
    "iron_mirror": Motif(metal.paint_iron_mirror, "bare", (200, 140, 800, 1020), (740, 540), 85, 2.1, 1.02),
    "iron_table": Motif(metal.paint_iron_table, "shelf", (150, 410, 850, 1040), (500, 580), 50, 1.9, 1.1),
    "satchel": Motif(leather.paint_satchel, "bare", (180, 130, 820, 980), (520, 700), 42, 2.1, 1.08),
    "pouf": Motif(leather.paint_pouf, "shelf", (170, 470, 830, 1050), (520, 680), 35, 2.0, 1.14),
    "belt_bag": Motif(leather.paint_belt_bag, "bare", (240, 160, 760, 1050), (510, 640), 40, 2.1, 1.08),
    "babouche": Motif(leather.paint_babouche, "paper", (180, 250, 820, 1010), (330, 500), 28, 2.1),
    "cherbil": Motif(leather.paint_cherbil, "paper", (180, 260, 820, 990), (340, 460), 26, 2.1, 1.04),
    "caftan": Motif(wear.paint_caftan, "wall", (110, 215, 890, 1130), (520, 400), 145, 2.1, 1.04),
    "djellaba": Motif(wear.paint_djellaba, "wall", (180, 110, 820, 1130), (510, 420), 150, 2.1),
    "selham": Motif(wear.paint_selham, "wall", (120, 120, 880, 1130), (490, 440), 150, 2.0),
    "basket": Motif(fibre.paint_basket, "shelf", (210, 420, 790, 1040), (480, 780), 40, 2.1, 1.18),
    "mat": Motif(fibre.paint_mat, "wall", (150, 140, 850, 1060), (540, 480), 180, 2.2, 1.04),
    "hat": Motif(fibre.paint_hat, "shelf", (110, 560, 890, 1010), (500, 790), 22, 1.9, 1.1),
    "thuya_box": Motif(wood.paint_box, "shelf", (170, 540, 830, 1010), (500, 680), 14, 2.0, 1.14),
    "wood_bowl": Motif(wood.paint_bowl, "shelf", (160, 500, 840, 940), (480, 690), 12, 1.9, 1.12),
    "wood_stool": Motif(wood.paint_stool, "shelf", (220, 480, 780, 1030), (500, 640), 45, 1.9, 1.22),
    "fibula": Motif(jewels.paint_fibula, "paper", (140, 190, 860, 1120), (290, 500), 24, 2.1),
    "necklace": Motif(jewels.paint_necklace, "paper", (200, 170, 800, 1090), (500, 850), 34, 2.1),
    "bracelet": Motif(jewels.paint_bracelet, "paper", (180, 430, 820, 960), (500, 760), 7, 1.9, 1.06),
    "cushion": Motif(textile.paint_cushion, "bare", (120, 240, 880, 1000), (600, 520), 45, 2.2, 1.04),
    "drum": Motif(clay.paint_drum, "shelf", (290, 350, 710, 1030), (480, 760), 40, 2.2, 1.2),
    "candle": Motif(clay.paint_candle, "shelf", (260, 380, 740, 1040), (480, 780), 16, 2.1, 1.18),
    "soap_dish": Motif(clay.paint_soap_dish, "shelf", (150, 560, 850, 960), (500, 740), 7, 1.9, 1.1),
}

MOTIFS = tuple(_MOTIFS)


def _start(words: tuple[str, ...], seed: int) -> Random:
    """A generator that depends on nothing but the arguments (never on Python's own hashing)."""
    return Random(crc32("/".join(words).encode()) ^ (seed * 2654435761 % 2**32))


def draw(motif: str, palette: str, seed: int, view: str = "piece", size: tuple[int, int] = (1280, 1600)) -> Image.Image:
    """The drawing of one piece as an RGB picture of `size` pixels.

    The same arguments give the same pixels; another seed gives another piece. All views of one (motif, palette, seed)
    show the same piece. KeyError for an unknown motif or palette, ValueError for an unknown view.
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}")
    kind, dye = _MOTIFS[motif], DYES[palette]
    setting, hand = _start((motif, palette, "ground"), seed), _start((motif, palette, "piece"), seed)
    # Texture has a generator of its own: how much of it is drawn depends on view and size, the piece must not.
    sheet = Sheet(size, _start((motif, palette, "texture"), seed))
    limewash(sheet, setting, dye)
    if view == "scale":
        scale.beside(sheet, setting, dye, kind.reach, kind.tall, kind.stance, lambda: kind.paint(sheet, hand, dye))
        return sheet.done()
    middle = ((kind.reach[0] + kind.reach[2]) / 2, (kind.reach[1] + kind.reach[3]) / 2)
    if view == "detail":
        k = kind.zoom * (1 + setting.uniform(-0.06, 0.06))
        with sheet.frame(k, 500 - kind.focus[0] * k, 625 - kind.focus[1] * k):
            _ground(sheet, setting, dye, kind.stance)
            kind.paint(sheet, hand, dye)
        return sheet.done()
    _ground(sheet, setting, dye, kind.stance)
    k = kind.grow
    foot = (
        (500 - 500 * k, FLOOR - FLOOR * k)
        if kind.stance == "shelf"
        else (500 - middle[0] * k, 618 - middle[1] * k if kind.stance != "wall" else middle[1] * (1 - k))
    )
    with sheet.frame(k, *foot):
        kind.paint(sheet, hand, dye)
    return sheet.done()


def _ground(sheet: Sheet, rng: Random, dye: Dye, stance: str) -> None:
    if stance in ("bare", "hang") and rng.random() < 0.5:
        window_light(sheet, rng)
    if stance == "shelf":
        shelf(sheet, rng, dye)
    elif stance == "wall":
        skirting(sheet, rng, dye)
    elif stance == "paper":
        paper_ground(sheet, rng, dye)


def draw_maker(craft: str, palette: str, seed: int, size: tuple[int, int] = (1280, 1600)) -> Image.Image:
    """A place of work without people: loom, wheel, bench or door, as the craft (a family's code or any word) suggests."""
    rng, dye = _start((craft, palette, "maker"), seed), DYES[palette]
    sheet = Sheet(size, _start((craft, palette, "texture"), seed))
    limewash(sheet, rng, dye)
    makers.scene_of(craft, rng)(sheet, rng, dye)
    return sheet.done()


def draw_landscape(region: str, seed: int, size: tuple[int, int] = (1600, 900)) -> Image.Image:
    """Layered hills, sea or sand under a plain sky, by the region's code or name."""
    rng = _start((region, "land"), seed)
    sheet = Sheet(size, _start((region, "texture"), seed))
    makers.paint_land(sheet, rng, region)
    return sheet.done()
