"""The way of a picture from a telephone to the shop's store: pixels are taken, everything else stays behind.

An upload is refused or it is decoded, laid on a fresh canvas and written anew in a few widths. So no metadata, place of
the photograph, comment or foreign content hidden in the file can pass, and what is served is always ours.
"""

import hashlib
import math
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import ExifTags, Image, ImageCms
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shop.core import outbox
from shop.core.db import db
from shop.core.ids import public_id
from shop.i18n import gettext as _
from shop.media.errors import PictureRefused
from shop.media.models import Picture
from shop.media.storage import name_of, store

WIDTHS = (320, 640, 960, 1600)
FORMATS = ("JPEG", "PNG", "WEBP")
# Made while the maker waits; AVIF, which costs most, is made afterwards by the worker (shop.media.renditions).
EXTENSIONS = ("webp", "jpg")
AVIF_KEY = "avif-"
MAX_BYTES = 15 * 1024 * 1024
# A telephone's largest ordinary setting; 40 million pixels decode to 120 MB, and one at a time is decoded.
MAX_PIXELS = 40_000_000
MIN_SIDE = 100
# ISO/IEC 23008-12: brands of pictures coded as HEVC, and the two that leave the coding open. Not taken: what telephones
# send is made elsewhere as JPEG as well, and a second, large decoder is one more way in for a file that was made to hurt.
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# However tall, a picture keeps no more points than 1600 by 1280, for an encoder's memory and time go by points; and a strip
# of cloth is shown narrower rather than endless.
MAX_KEPT = WIDTHS[-1] * 1280
MAX_HEIGHT = 6_400
# Rows that are made smaller at once.
BAND = 256
# CIPA DC-008 (Exif), tag Orientation: how the camera was held, and so what undoes it.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = tuple(TURNS[number] for number in (5, 6, 7, 8))

# What Pillow raises for files that are broken, cut off or made to hurt.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    OverflowError,
    TypeError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_one_at_a_time = threading.Lock()
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture whose files are written and whose row is not: made outside a transaction, kept inside one."""

    sha256: str
    width: int
    height: int
    colour: str


def widths_of(width: int) -> list[int]:
    """The widths that exist of a picture whose largest is `width`, ascending; never more than its own."""
    return [smaller for smaller in WIDTHS if smaller < width] + [width]


def files_of(sha256: str, width: int, *, avif: bool) -> list[str]:
    """Names of every file that a picture has in the store."""
    extensions = (*EXTENSIONS, "avif") if avif else EXTENSIONS
    return [name_of(sha256, each, extension) for each in widths_of(width) for extension in extensions]


def clean(data: bytes) -> Cleaned:
    """Take the pixels of an upload and write its files. Slow: call outside a transaction.

    Raises PictureRefused, and StorageFailed if the files could not be kept.
    """
    if not data:
        raise PictureRefused("empty", _("This file is empty. Take the photo again."))
    if len(data) > MAX_BYTES:
        raise PictureRefused("too_heavy", _("This photo is larger than 15 MB. Choose a smaller one."))
    with _one_at_a_time:
        return _write(_canvas(_open(data)))


def clean_image(image: Image.Image, *, lasting: bool = True) -> Cleaned:
    """As clean, for a picture our own code drew; one that could be drawn again need not be `lasting` at once."""
    with _one_at_a_time:
        return _write(_canvas(image), lasting=lasting)


def keep(cleaned: Cleaned, *, uploaded_by: int | None, drawing: bool = False, now: datetime) -> Picture:
    """The row of a cleaned picture, and a job for its AVIF; the row there is if the same picture came before.

    Inside a transaction.
    """
    known = select(Picture).where(Picture.sha256 == cleaned.sha256)
    picture = db.session.scalars(known).first()
    if picture is not None:
        return picture
    picture = Picture(
        public_id=public_id(),
        sha256=cleaned.sha256,
        width=cleaned.width,
        height=cleaned.height,
        colour=cleaned.colour,
        drawing=drawing,
        uploaded_by=uploaded_by,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(picture)
    except IntegrityError:
        # The same photo sent twice at once, on a database with several writers: the other one was first.
        return db.session.scalars(known).one()
    ask_for_avif(picture.id)
    return picture


def ask_for_avif(picture_id: int) -> None:
    """Let the worker make the AVIF files of a picture, once. Inside a transaction."""
    outbox.enqueue("encode_avif", {"picture_id": picture_id}, key=f"{AVIF_KEY}{picture_id}")


def accept(data: bytes, *, uploaded_by: int | None, drawing: bool = False, now: datetime) -> Picture:
    """Clean and keep an upload in one step, for commands; a door calls `clean` before its transaction."""
    return keep(clean(data), uploaded_by=uploaded_by, drawing=drawing, now=now)


def store_image(image: Image.Image, *, uploaded_by: int | None = None, drawing: bool = True, now: datetime) -> Picture:
    """Clean and keep a picture our own code drew."""
    return keep(clean_image(image), uploaded_by=uploaded_by, drawing=drawing, now=now)


def _open(data: bytes) -> Image.Image:
    """The decoded upload, upright. The pixel cap is checked on the header, before anything is decoded."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        raise PictureRefused(
            "heic",
            _(
                "This photo is in the HEIC format, which we cannot read. In the camera’s settings choose JPEG or “Most compatible”, take the photo again and send that one."
            ),
        )
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except _BROKEN as error:
        text = _("This file is not a photo we can read. Send a JPEG, PNG or WebP picture.")
        raise PictureRefused("kind", text) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large()
    _demand_enough(image.size)
    try:
        if image.format in ("JPEG", "MPO"):
            # Decoded at a half, a quarter or an eighth where that is still enough.
            image.draft(None, _fit(image.size, _turn(image)))
        image.load()
    except _BROKEN as error:
        text = _("This photo is damaged or did not arrive whole. Send it again.")
        raise PictureRefused("broken", text) from error
    # Of a strip a hundred times as long as wide too little is left once it fits.
    _demand_enough(_fit(image.size, _turn(image)))
    return image


def _too_large() -> PictureRefused:
    return PictureRefused("too_large", _("This photo has more than 40 million points. Choose a smaller one."))


def _demand_enough(size: tuple[int, int]) -> None:
    if min(size) < MIN_SIDE:
        raise PictureRefused("too_small", _("This photo is too small to show. Take it with the phone’s camera."))


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What makes a picture upright, as the camera's note beside it says."""
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (*_BROKEN, Warning):
        # Its pixels are sound and only the note is not: show it as it lies.
        return None


def _fit(size: tuple[int, int], turn: Image.Transpose | None) -> tuple[int, int]:
    """The largest size that is kept of a picture, before it is turned."""
    width, height = size
    widest, highest = (MAX_HEIGHT, WIDTHS[-1]) if turn in ON_ITS_SIDE else (WIDTHS[-1], MAX_HEIGHT)
    factor = max(width / widest, height / highest, math.sqrt(width * height / MAX_KEPT), 1)
    return max(1, round(width / factor)), max(1, round(height / factor))


def _canvas(image: Image.Image) -> Image.Image:
    """The picture at its largest width, upright on a fresh canvas: RGB in sRGB, white behind what is transparent."""
    profile, turn = image.info.get("icc_profile"), _turn(image)
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.mode not in ("RGB", "L", "CMYK", "RGBA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in ("LA", "PA") else "RGB")
    size = _fit(image.size, turn)
    if size != image.size:
        image = _shrink(image, size)
    if turn is not None:
        # Only now: turning needs as much memory again as the picture.
        image = image.transpose(turn)
    image = _in_srgb(image, profile)
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return canvas


def _shrink(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture at another size, made in bands: what stands between them at any moment is small, and no seam is seen."""
    if image.mode == "RGBA":
        # Its colours are weighed by what shows through first, which would be done to the whole of it for every band.
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    smaller, factor = Image.new(image.mode, size), image.height / size[1]
    for top in range(0, size[1], BAND):
        bottom = min(top + BAND, size[1])
        box = (0, top * factor, image.width, min(bottom * factor, image.height))
        band = image.resize((size[0], bottom - top), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
        smaller.paste(band, (0, top))
    return smaller


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Many telephones photograph in Display P3; dropping their profile would dull every colour."""
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, *_BROKEN):
        return image
    return converted or image


def _write(canvas: Image.Image, *, lasting: bool = True) -> Cleaned:
    largest = encode(canvas, "jpg")
    sha256 = hashlib.sha256(largest).hexdigest()
    missing = set(store().missing(files_of(sha256, canvas.width, avif=False)))
    files: dict[str, bytes] = {}
    for width, image in cascade(canvas):
        smallest = image
        for extension in EXTENSIONS:
            name = name_of(sha256, width, extension)
            if name in missing:
                own = extension == "jpg" and width == canvas.width
                files[name] = largest if own else encode(image, extension)
    store().put_all(files, lasting=lasting)
    colour = "#" + smallest.resize((1, 1), Image.Resampling.BOX).tobytes().hex()
    return Cleaned(sha256, canvas.width, canvas.height, colour)


def cascade(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A picture in every width it has, the largest first."""
    largest, smaller = image, image
    for width in reversed(widths_of(largest.width)):
        if width != largest.width:
            # Each width from the next larger one: a cascade costs a third of starting anew each time.
            size = (width, max(1, round(largest.height * width / largest.width)))
            smaller = smaller.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        yield width, smaller


def encode(image: Image.Image, extension: str) -> bytes:
    """The file of a clean RGB picture in one of the three formats, with nothing in it but pixels."""
    buffer = BytesIO()
    if extension == "avif":
        # Speed 9 takes a tenth of the time of the default 6 for files a fifteenth larger. One thread: sales go on beside it.
        image.save(buffer, "AVIF", quality=50, speed=9, max_threads=1)
    elif extension == "webp":
        # Method 4 takes two and a half times as long for files three hundredths smaller.
        image.save(buffer, "WEBP", quality=80, method=2)
    else:
        image.save(buffer, "JPEG", quality=82, optimize=True, progressive=True)
    return buffer.getvalue()
