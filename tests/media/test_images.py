"""Uploads are refused with a sentence or served without anything but their pixels."""

import os
import re
import struct
import zlib
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageColor, PngImagePlugin

from shop.core import clock as clock_module
from shop.core.db import db, transaction
from shop.media.errors import PictureRefused
from shop.media.images import EXTENSIONS, MAX_BYTES, TURNS, Cleaned, accept, clean, keep, widths_of
from shop.media.models import Picture
from shop.media.queries import picture_view, picture_views
from shop.media.renditions import write_missing
from shop.media.storage import Folder, name_of, store

PARTS_OF_NO_PICTURE = (b"Exif", b"GPS", b"http://ns.adobe.com", b"ICC_PROFILE", b"iCCP", b"tEXt", b"eXIf", b"XMP ")


def picture_bytes(size: tuple[int, int] = (400, 300), kind: str = "JPEG", **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def path_of(sha256: str, width: int, extension: str) -> Path:
    folder = store()
    assert isinstance(folder, Folder)
    return folder.folder / name_of(sha256, width, extension)


def files_of(cleaned: Cleaned) -> list[Path]:
    """What an upload leaves at once."""
    return [path_of(cleaned.sha256, width, extension) for width in widths_of(cleaned.width) for extension in EXTENSIONS]


def torture_names() -> list[str]:
    folder = Path(os.environ.get("SHOP_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "images/torture"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else [""]


def _cleaned(data: bytes) -> tuple[Cleaned | None, str]:
    try:
        return clean(data), ""
    except PictureRefused as refusal:
        return None, refusal.text


@pytest.mark.shared
@pytest.mark.parametrize("name", torture_names())
def test_a_hostile_or_odd_file_is_refused_with_a_sentence_or_comes_out_clean(
    app: Flask, shared_data: Path, name: str
) -> None:
    data = (shared_data / "images" / "torture" / name).read_bytes()
    cleaned, refusal = _cleaned(data)
    if cleaned is None:
        assert refusal.endswith(".")
        return
    write_missing(cleaned.sha256, cleaned.width, ("avif",))
    written = sorted(path_of(cleaned.sha256, cleaned.width, "jpg").parent.iterdir())
    assert len(written) == 3 * len(widths_of(cleaned.width))
    for path in written:
        body = path.read_bytes()
        assert not [part for part in PARTS_OF_NO_PICTURE if part in body]
        with Image.open(path) as image:
            assert image.mode == "RGB"
            assert not image.getexif()
            assert not {"comment", "exif", "icc_profile", "xmp"} & set(image.info)


@pytest.mark.shared
def test_every_way_a_camera_may_be_held_shows_the_same_way_up(app: Flask, shared_data: Path) -> None:
    shapes = set()
    for turn in range(1, 9):
        cleaned = clean((shared_data / "images" / "torture" / f"landscape_{turn}.jpg").read_bytes())
        shapes.add((cleaned.width, cleaned.height))
    assert shapes == {(600, 450)}


def test_a_photo_on_its_side_is_turned_upright(app: Flask) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    cleaned = clean(picture_bytes((400, 300), exif=exif))
    assert (cleaned.width, cleaned.height) == (300, 400)
    with Image.open(path_of(cleaned.sha256, 300, "jpg")) as image:
        red, blue = image.getpixel((150, 40)), image.getpixel((150, 360))
    assert red[0] > 200 > blue[0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(400, 300), (3600, 2700)], ids=["small", "made smaller"])
def test_however_the_camera_was_held_each_corner_ends_where_it_was_seen(
    app: Flask, size: tuple[int, int], orientation: int
) -> None:
    seen, corners = Image.new("RGB", size), {"red": (0, 0), "lime": (1, 0), "blue": (0, 1), "white": (1, 1)}
    half = (size[0] // 2, size[1] // 2)
    for colour, (x, y) in corners.items():
        seen.paste(colour, (x * half[0], y * half[1], (x + 1) * half[0], (y + 1) * half[1]))
    # What lies in the file: turned the other way than its note says.
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    turn = undo.get(orientation, TURNS.get(orientation))
    exif, buffer = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    (seen if turn is None else seen.transpose(turn)).save(buffer, "JPEG", exif=exif)
    cleaned = clean(buffer.getvalue())
    assert (cleaned.width, cleaned.height) == (min(size[0], 1600), min(size[1], 1200))
    with Image.open(path_of(cleaned.sha256, 320, "webp")) as image:
        for colour, (x, y) in corners.items():
            found = image.getpixel((image.width // 4 + x * image.width // 2, image.height // 4 + y * image.height // 2))
            assert max(abs(a - b) for a, b in zip(found, ImageColor.getrgb(colour), strict=True)) < 40, colour


def test_bands_leave_no_seam(app: Flask) -> None:
    slope = Image.linear_gradient("L").resize((1800, 2400)).convert("RGB")
    with BytesIO() as buffer:
        slope.save(buffer, "PNG")
        cleaned = clean(buffer.getvalue())
    with Image.open(path_of(cleaned.sha256, cleaned.width, "jpg")) as image:
        column = [image.getpixel((600, row))[0] for row in range(image.height)]
    assert len(column) == 1652
    assert max(abs(below - above) for above, below in pairwise(column)) <= 2
    assert (column[0] < 3, column[-1] > 252) == (True, True)


def test_a_place_a_comment_and_a_tail_are_gone(app: Flask) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (33.0, 35.0, 12.0)
    data = picture_bytes(exif=exif, comment=b"my house") + b"<script>alert(1)</script>"
    for path in files_of(clean(data)):
        body = path.read_bytes()
        assert b"my house" not in body
        assert b"script" not in body
        assert b"Exif" not in body


def test_text_in_a_png_is_gone(app: Flask) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "somebody’s name", zip=True)
    for path in files_of(clean(picture_bytes(kind="PNG", pnginfo=notes))):
        with Image.open(path) as image:
            assert "Author" not in image.info


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few thousand bytes whose header promises any number of points."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width // 8 + 1) * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_000, 12_000, 20_000])
def test_a_pixel_bomb_is_refused_on_its_header(app: Flask, side: int) -> None:
    with pytest.raises(PictureRefused) as refusal:
        clean(_bomb(side, side))
    assert refusal.value.reason == "too_large"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not a picture", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n", "kind"),
        (picture_bytes((400, 300), "GIF"), "kind"),
        (picture_bytes()[:900], "broken"),
        (picture_bytes((40, 30)), "too_small"),
        (picture_bytes((100, 9_000), "PNG"), "too_small"),
        (picture_bytes((20_000, 110), "PNG"), "too_small"),
        (b"\xff\xd8" + bytes(MAX_BYTES), "too_heavy"),
        (b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (picture_bytes((400, 300), "AVIF"), "kind"),
    ],
    ids=[
        "nothing",
        "text",
        "svg",
        "eps",
        "gif",
        "cut off",
        "tiny",
        "thread",
        "ribbon",
        "heavy",
        "heic",
        "heif",
        "avif",
    ],
)
def test_what_is_no_photo_is_refused_and_says_why(app: Flask, data: bytes, reason: str) -> None:
    with pytest.raises(PictureRefused) as refusal:
        clean(data)
    assert refusal.value.reason == reason
    assert refusal.value.fields == {"photos": refusal.value.text}


def test_a_refused_heic_is_told_what_to_do(app: Flask) -> None:
    with pytest.raises(PictureRefused, match=r"HEIC format, .* choose JPEG"):
        clean(b"\x00\x00\x00\x24ftypheic")


def _grey_16() -> bytes:
    buffer = BytesIO()
    Image.new("I;16", (200, 150), 40_000).save(buffer, "PNG")
    return buffer.getvalue()


def _animated() -> bytes:
    buffer, frames = BytesIO(), [Image.new("RGB", (200, 150), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


def _cmyk() -> bytes:
    buffer = BytesIO()
    Image.new("CMYK", (200, 150), (0, 255, 255, 0)).save(buffer, "JPEG")
    return buffer.getvalue()


def _palette() -> bytes:
    buffer = BytesIO()
    image = Image.new("P", (200, 150))
    image.save(buffer, "PNG", transparency=0)
    return buffer.getvalue()


# Pillow's own remark about a broken note beside sound pixels.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_grey_16(), id="16 bit"),
        pytest.param(_animated(), id="animated"),
        pytest.param(_cmyk(), id="CMYK"),
        pytest.param(_palette(), id="palette"),
        pytest.param(picture_bytes(exif=b"Exif\x00\x00MM\x00*broken"), id="broken Exif"),
        pytest.param(picture_bytes(icc_profile=b"no profile"), id="broken profile"),
        pytest.param(picture_bytes(kind="PNG") + b"PK\x05\x06" + bytes(18), id="also a ZIP"),
        pytest.param(picture_bytes(comment=b"<?php system($_GET[0]); ?>"), id="also a script"),
    ],
)
def test_an_odd_picture_of_our_own_comes_out_clean_in_every_format(app: Flask, data: bytes) -> None:
    cleaned = clean(data)
    write_missing(cleaned.sha256, cleaned.width, ("avif",))
    written = [*files_of(cleaned), *(path_of(cleaned.sha256, each, "avif") for each in widths_of(cleaned.width))]
    for path in written:
        assert not [part for part in (*PARTS_OF_NO_PICTURE, b"<?php", b"PK\x05\x06") if part in path.read_bytes()]
        with Image.open(path) as image:
            assert image.format == {"jpg": "JPEG", "webp": "WEBP", "avif": "AVIF"}[path.suffix[1:]]
            assert (image.mode, getattr(image, "n_frames", 1)) == ("RGB", 1)
            assert not image.getexif()
            assert not {"comment", "exif", "icc_profile", "xmp"} & set(image.info)


@pytest.mark.parametrize(
    ("width", "expected"),
    [(200, [200]), (320, [320]), (1000, [320, 640, 960, 1000]), (1600, [320, 640, 960, 1600])],
)
def test_a_picture_is_made_smaller_and_never_larger(app: Flask, width: int, expected: list[int]) -> None:
    cleaned = clean(picture_bytes((width, 150)))
    assert widths_of(cleaned.width) == expected
    for path in files_of(cleaned):
        with Image.open(path) as image:
            assert f"-{image.width}." in path.name


@pytest.mark.parametrize(
    ("size", "orientation", "kept"),
    [
        ((3200, 2400), 1, (1600, 1200)),
        ((3024, 4032), 1, (1239, 1652)),
        ((4032, 3024), 6, (1239, 1652)),
        ((1280, 1600), 1, (1280, 1600)),
        ((1600, 1600), 1, (1431, 1431)),
        ((1200, 12_000), 1, (453, 4525)),
        ((300, 12_000), 1, (160, 6400)),
    ],
    ids=["wide", "tall", "turned", "as drawn", "square", "strip", "long strip"],
)
def test_a_large_photo_keeps_so_much_width_height_and_points(
    app: Flask, size: tuple[int, int], orientation: int, kept: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    cleaned = clean(picture_bytes(size, exif=exif))
    assert (cleaned.width, cleaned.height) == kept


def test_what_is_transparent_becomes_white(app: Flask) -> None:
    buffer = BytesIO()
    Image.new("RGBA", (200, 200), (255, 0, 0, 0)).save(buffer, "PNG")
    assert clean(buffer.getvalue()).colour == "#ffffff"


def test_the_same_picture_twice_is_one_row_and_one_set_of_files(app: Flask) -> None:
    data = picture_bytes()
    with transaction():
        first = accept(data, uploaded_by=None, now=clock_module.now())
        second = accept(data, uploaded_by=7, now=clock_module.now())
    assert first.id == second.id
    assert db.session.query(Picture).count() == 1


def test_no_unfinished_file_is_left_beside_the_finished_ones(app: Flask) -> None:
    cleaned = clean(picture_bytes())
    folder = path_of(cleaned.sha256, 320, "jpg").parent
    assert sorted(folder.iterdir()) == sorted(files_of(cleaned))


def test_views_of_many_pictures_cost_one_statement(app: Flask, count_statements: type) -> None:
    with transaction():
        ids = [
            accept(picture_bytes((300 + number, 200)), uploaded_by=None, now=clock_module.now()).id
            for number in range(3)
        ]
    with count_statements() as seen:
        views = picture_views([*ids, None, 999])
    assert len(seen) == 1
    assert set(views) == set(ids)
    assert re.fullmatch(r"/media/[0-9a-f]{2}/[0-9a-f]{64}", views[ids[0]]["base"])


def test_a_picture_is_served_for_ever_and_never_sniffed(app: Flask, client: FlaskClient) -> None:
    with transaction():
        picture = keep(clean(picture_bytes()), uploaded_by=None, now=clock_module.now())
    view = picture_view(picture)
    write_missing(picture.sha256, picture.width, ("avif",))
    for ending, media_type in (("jpg", "image/jpeg"), ("avif", "image/avif"), ("webp", "image/webp")):
        response = client.get(f"{view['base']}-320.{ending}")
        assert response.status_code == 200
        assert response.content_type == media_type
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(f"{view['base']}-320.webp", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        "/media/ab/../../shop.sqlite",
        "/media/ab/secret-key",
        "/media/ab/.hidden",
        f"/media/ab/{'ab' * 32}-320.php",
        f"/media/cd/{'ab' * 32}-320.webp",
        f"/media/ab/{'ab' * 32}-320.webp",
    ],
)
def test_no_other_file_is_served(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404
