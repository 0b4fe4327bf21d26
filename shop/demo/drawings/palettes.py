"""Colours of the drawings: fourteen palettes named after the material or dye they come from."""

from dataclasses import dataclass
from random import Random

Colour = tuple[int, int, int]

WHITE: Colour = (255, 253, 248)
SHADE: Colour = (62, 48, 42)
"""Colour of every shadow: a warm brown, because lime walls throw warm light back."""


@dataclass(frozen=True)
class Dye:
    """Six colours of one palette, from what covers most of a piece to what appears on it once."""

    name: str
    main: Colour
    deep: Colour
    light: Colour
    accent: Colour
    spark: Colour
    cream: Colour

    @property
    def inks(self) -> tuple[Colour, ...]:
        return (self.main, self.deep, self.accent, self.spark, self.light)


def _hex(text: str) -> Colour:
    return (int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16))


_ROWS = {
    "wool": "D8C6A5 43342A F3EAD8 8C7358 A9523A F2E9D8",
    "indigo": "2F4379 18213F 93A8CF C9A15A B4553C EFE6D3",
    "saffron": "DB9A2B 7E4414 F1CE80 A13F2C 2E6164 F4E8CC",
    "madder": "A5342C 561819 DE8A72 DDA144 2A3B5E F1E3CF",
    "mint": "4E8E78 1D473E AFD4C2 DDB052 B2573E EEEBDA",
    "cobalt": "2549A6 12275F 88A5DE E0B247 2E8B80 F2EEE4",
    "copper": "B4663C 64301A E6AF86 3E6E68 D9A24A F3E6D6",
    "brass": "C29A42 6B4C1A EED89A 2D5650 9C3F30 F2E9D2",
    "walnut": "6F4A2F 372316 B48760 D9B27C 8A3B2A EDE0CA",
    "leather": "A8622F 54290F DB9F68 2A4A62 D7A545 F1E2CB",
    "rose": "C5778A 74303F EFC6C8 C69A45 4C7D78 F6EAE4",
    "ink": "2C313C 15171D 8D95A2 BE9F5E A03C34 EEE8DC",
    "terracotta": "BD6240 6D2F1B E8AC8C 2F6C6C DFA54E F3E4D3",
    "lime": "D3CBB6 6E6654 F1ECDF 7A9A82 C5873E F7F3E9",
}

DYES = {name: Dye(name, *map(_hex, row.split())) for name, row in _ROWS.items()}


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of `second` in it."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


def lit(colour: Colour, share: float) -> Colour:
    return mix(colour, WHITE, share)


def dim(colour: Colour, share: float) -> Colour:
    return mix(colour, (24, 17, 15), share)


def vary(rng: Random, colour: Colour, amount: float = 0.06) -> Colour:
    """The same colour from another pot: lighter or darker, a little warmer or colder. `amount` is a share of full scale."""
    level = rng.uniform(-amount, amount) * 255
    warm = rng.uniform(-amount, amount) * 90
    return tuple(max(0, min(255, round(c + level + w))) for c, w in zip(colour, (warm, 0, -warm), strict=True))  # type: ignore[return-value]
