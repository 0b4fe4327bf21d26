"""Files made from a picture's largest JPEG after the upload: AVIF by the worker, what was lost by `shop pictures`.

AVIF costs more than all else together, so nobody waits for it; the upload itself need not be kept. `Picture.avif` says that
all AVIF files of a picture stand, and pages offer them from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from PIL import Image
from sqlalchemy import String, cast, exists, literal, or_, select, update

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import ShopError
from shop.core.tables import Job
from shop.core.versions import touch
from shop.media.images import AVIF_KEY, EXTENSIONS, ask_for_avif, cascade, encode, widths_of
from shop.media.models import Picture
from shop.media.storage import name_of, store

# How many pictures that came before the shop made AVIF are asked for at once.
ROUND = 200


class PictureGone(ShopError):
    """The largest file of a picture is not in the store; nothing can be made from it."""


def encode_avif(picture_id: int) -> None:
    """The worker's job: write a picture's AVIF files and say so in its row. Once more changes nothing.

    Opens its own transaction once the files are there. Raises PictureGone, StorageFailed.
    """
    statement = select(Picture.sha256, Picture.width, Picture.avif).where(Picture.id == picture_id)
    row = db.session.execute(statement).one_or_none()
    # No transaction stays open while pixels are reckoned.
    db.session.rollback()
    if row is None or row.avif:
        return
    write_missing(row.sha256, row.width, ("avif",))
    with transaction():
        _say_so(picture_id)
        if not _more_wait(clock.now()):
            # The last of a batch tells the pages, not each: every one would throw all kept pages away.
            touch()


def write_missing(sha256: str, width: int, extensions: tuple[str, ...]) -> int:
    """Write those files of a picture in some formats that are not in the store; how many. Raises PictureGone, StorageFailed."""
    names = [name_of(sha256, each, extension) for each in widths_of(width) for extension in extensions]
    missing = set(store().missing(names))
    if not missing:
        return 0
    source = store().find(name_of(sha256, width, "jpg"))
    if source is None:
        raise PictureGone(f"{name_of(sha256, width, 'jpg')} is not in the store of pictures.")
    with Image.open(BytesIO(source), formats=("JPEG",)) as image:
        files = {
            name: encode(smaller, extension)
            for each, smaller in cascade(image)
            for extension in extensions
            if (name := name_of(sha256, each, extension)) in missing
        }
    store().put_all(files)
    return len(files)


def ask_for_all() -> int:
    """A round: ask for the AVIF of pictures that came before the shop made any; how many were asked for."""
    asked = exists().where(Job.key == literal(AVIF_KEY) + cast(Picture.id, String))
    ids = list(db.session.scalars(select(Picture.id).where(~Picture.avif, ~asked).order_by(Picture.id).limit(ROUND)))
    db.session.rollback()
    if ids:
        with transaction():
            for picture_id in ids:
                ask_for_avif(picture_id)
    return len(ids)


@dataclass(slots=True)
class Mended:
    """What a round over all pictures came to: files written, and the hashes of pictures that only a backup has."""

    pictures: int = 0
    files: int = 0
    gone: list[str] = field(default_factory=list)


def mend_all(progress: Callable[[int, int], object]) -> Mended:
    """Write every file of every picture that is not in the store, AVIF included. Opens its own transactions.

    Raises StorageFailed, with everything kept that was written until then.
    """
    rows = db.session.execute(
        select(Picture.id, Picture.sha256, Picture.width, Picture.avif).order_by(Picture.id)
    ).all()
    db.session.rollback()
    mended = Mended(len(rows))
    for done, row in enumerate(rows, 1):
        try:
            mended.files += write_missing(row.sha256, row.width, (*EXTENSIONS, "avif"))
        except PictureGone:
            mended.gone.append(row.sha256)
        else:
            if not row.avif:
                with transaction():
                    _say_so(row.id)
        progress(done, len(rows))
    if any(not row.avif for row in rows):
        with transaction():
            touch()
    return mended


def _say_so(picture_id: int) -> None:
    db.session.execute(update(Picture).where(Picture.id == picture_id).values(avif=True))


def _more_wait(now: datetime) -> bool:
    """Whether another picture is due that no worker has begun."""
    free = or_(Job.leased_until.is_(None), Job.leased_until < now)
    waiting = exists().where(Job.kind == "encode_avif", Job.done_at.is_(None), Job.run_at <= now, free)
    return bool(db.session.scalar(select(waiting)))
