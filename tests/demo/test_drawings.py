"""The demo's drawn pictures: the same arguments give the same pixels, and every piece is its own."""

import hashlib
import os
import subprocess
import sys
from itertools import combinations, cycle

import pytest
from PIL import Image, ImageChops, ImageStat

from shop.demo.drawings.draw import MOTIFS, PALETTES, VIEWS, draw, draw_landscape, draw_maker

SMALL = (128, 160)


def digest(picture: Image.Image) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean distance of two pictures per channel, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


@pytest.mark.parametrize(("motif", "palette"), list(zip(MOTIFS, cycle(PALETTES), strict=False)))
def test_every_motif_is_drawn_in_the_size_asked_for(motif: str, palette: str) -> None:
    picture = draw(motif, palette, 7, size=SMALL)
    assert (picture.mode, picture.size) == ("RGB", SMALL)
    # A bare wall deviates by less than three levels: something must stand before it.
    assert max(ImageStat.Stat(picture).stddev) > 12


def test_every_palette_colours_a_piece_differently() -> None:
    rugs = [draw("rug_stripes", palette, 3, size=SMALL) for palette in PALETTES]
    assert all(difference(first, second) > 3 for first, second in combinations(rugs, 2))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("motif", ["zellige_star", "rug_field", "jar", "babouche", "fibula"])
def test_the_same_arguments_give_the_same_pixels(motif: str, view: str) -> None:
    assert digest(draw(motif, "cobalt", 5, view, SMALL)) == digest(draw(motif, "cobalt", 5, view, SMALL))


def test_the_pixels_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    program = (
        "import hashlib; from shop.demo.drawings.draw import draw; "
        "print(hashlib.sha256(draw('jar', 'mint', 11, size=(128, 160)).tobytes()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert answers == {digest(draw("jar", "mint", 11, size=SMALL))}


@pytest.mark.parametrize("motif", MOTIFS)
def test_another_seed_gives_another_piece(motif: str) -> None:
    first, second = (draw(motif, "madder", seed, size=SMALL) for seed in (1, 2))
    assert difference(first, second) > 1


def test_a_detail_and_a_scale_picture_are_not_the_piece_again() -> None:
    pictures = [draw("vase", "cobalt", 4, view, SMALL) for view in VIEWS]
    assert len({digest(picture) for picture in pictures}) == len(VIEWS)


def test_the_picture_shows_the_same_piece_at_every_size() -> None:
    large, other = (
        draw("plate", "cobalt", seed, size=(512, 640)).resize(SMALL, Image.Resampling.BOX) for seed in (9, 8)
    )
    small = draw("plate", "cobalt", 9, size=SMALL)
    assert difference(large, small) < 6 < 12 < difference(other, small)


def test_an_unknown_motif_palette_or_view_is_refused() -> None:
    with pytest.raises(KeyError):
        draw("camel", "cobalt", 1, size=SMALL)
    with pytest.raises(KeyError):
        draw("jar", "neon", 1, size=SMALL)
    with pytest.raises(ValueError, match="side"):
        draw("jar", "cobalt", 1, "side", SMALL)


@pytest.mark.parametrize("craft", ["tapis-noue", "zellige", "ceramique", "dinanderie", "caftan", "sparterie", "other"])
def test_a_place_of_work_is_drawn_for_every_craft(craft: str) -> None:
    picture = draw_maker(craft, "indigo", 3, SMALL)
    assert (picture.mode, picture.size) == ("RGB", SMALL)
    assert digest(picture) == digest(draw_maker(craft, "indigo", 3, SMALL))


def test_regions_have_landscapes_of_their_own() -> None:
    views = [draw_landscape(region, 1, (160, 90)) for region in ("fes-meknes", "draa-tafilalet", "marrakech-safi")]
    assert all(view.size == (160, 90) and view.mode == "RGB" for view in views)
    assert difference(views[0], views[1]) > 5
    assert difference(views[1], views[2]) > 3
