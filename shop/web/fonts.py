"""The shop's own cut of IBM Plex Sans Arabic: two weights, two scripts, only the characters our languages write.

The family is free under the SIL Open Font License, which reserves the name "Plex" for the unchanged
fonts; a cut must bear another name, so ours is `FAMILY`. It is made once, at installation, with its licence beside it.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

FAMILY = "Souk Sans"
LICENCE_FILE = "souk-sans-licence.txt"

# Letters of Arabic with the four Morocco adds for its own names (گ ڭ ڤ پ چ), marks, digits and punctuation.
ARABIC = "U+60C,U+61B,U+61F,U+621-63A,U+640-655,U+660-66C,U+670,U+67E,U+686,U+6A4,U+6AD,U+6AF,U+6D4"
# English and French, money, dashes, quotation marks, arrows and signs of measure.
LATIN = (
    "U+20-7E,U+A0,U+A3,U+A9,U+AB,U+AE,U+B0,U+B2,U+B3,U+B7,U+BB,U+BD,U+BF-CF,U+D1-D6,U+D7,U+D9-DC,U+DF-EF,"
    "U+F1-F6,U+F9-FC,U+FF,U+152,U+153,U+178,U+2013,U+2014,U+2018-201A,U+201C-201E,U+2022,"
    "U+2026,U+2039,U+203A,U+20AC,U+2116,U+2122,U+2190,U+2192,U+2212,U+2248,U+2264,U+2265"
)

# OpenType features that join and place letters. Not `locl`: beside an Arabic word it makes Western figures smaller, and
# two prices on one page would not match.
SHAPING = ["ccmp", "isol", "init", "medi", "fina", "rlig", "liga", "calt", "kern", "mark", "mkmk"]


@dataclass(frozen=True)
class Face:
    """One font file: the script it serves, its weight, and the characters a browser fetches it for."""

    script: str
    weight: int
    source: str
    unicode_range: str

    @property
    def file_name(self) -> str:
        return f"souk-sans-{self.script}-{self.weight}.woff2"


FACES = tuple(
    Face(script, weight, f"IBMPlexSansArabic-{style}.ttf", unicode_range)
    for script, unicode_range in (("latin", LATIN), ("arabic", ARABIC))
    for weight, style in ((400, "Regular"), (600, "SemiBold"))
)


def build_fonts(target: Path) -> list[Path]:
    """Cut every face into `target` and return the files; what is already there is kept.

    Takes about a second the first time. Each file is written whole or not at all.
    """
    target.mkdir(parents=True, exist_ok=True)
    package = files("fontpkg_ibm_plex_sans_arabic")
    licence = target / LICENCE_FILE
    if not licence.exists():
        notice = (
            f"{FAMILY} is a modified version (subset, renamed) of IBM Plex Sans Arabic.\n"
            "It is licensed under the terms below, as the original is.\n\n"
        )
        licence.write_text(notice + package.joinpath("LICENSE").read_text(encoding="utf-8"), encoding="utf-8")
    return [_cut(face, str(package.joinpath("files", face.source)), target / face.file_name) for face in FACES]


def _cut(face: Face, source: str, target: Path) -> Path:
    if target.exists():
        return target
    # fontTools is heavy and only this step needs it: a web process that finds the files never loads it.
    from fontTools.subset import Options, Subsetter, load_font, parse_unicodes, save_font  # noqa: PLC0415

    options = Options(
        flavor="woff2",
        hinting=False,
        desubroutinize=True,
        notdef_outline=True,
        name_IDs=[0],
        drop_tables=[*Options().drop_tables, "meta"],
        layout_features=SHAPING,
    )
    unfinished = target.with_suffix(".part")
    with load_font(source, options) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=parse_unicodes(face.unicode_range.replace("U+", "")))
        subsetter.subset(font)
        _rename(font["name"], face)
        save_font(font, str(unfinished), options)
    return unfinished.replace(target)


def _rename(names: Any, face: Face) -> None:
    """Give the font (its fontTools `name` table) our name; only the copyright of its makers stays."""
    style = "SemiBold" if face.weight == 600 else "Regular"
    own = {
        1: FAMILY if style == "Regular" else f"{FAMILY} {style}",
        2: "Regular",
        3: f"{FAMILY}-{style}-{face.script}",
        4: f"{FAMILY} {style}",
        5: "Version 1.101",
        6: f"{FAMILY.replace(' ', '')}-{style}",
        13: "SIL Open Font License, Version 1.1; a subset under a name of its own.",
        14: "https://openfontlicense.org",
    }
    for identity, text in own.items():
        names.setName(text, identity, 3, 1, 0x409)
