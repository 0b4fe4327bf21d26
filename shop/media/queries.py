"""Reads of pictures: what a template needs to show one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from shop.core.db import db
from shop.media.images import widths_of
from shop.media.models import Picture
from shop.media.storage import TYPES

# What picture_view reads, for statements that join a picture.
VIEW_COLUMNS = (Picture.sha256, Picture.width, Picture.height, Picture.colour, Picture.drawing, Picture.avif)


def picture_view(picture: Any, alt: str = "") -> dict[str, Any]:
    """What the component `picture` shows of a Picture, or of a row of its columns.

    The address of a file is `{base}-{width}.{ext}`, ext webp or jpg. `sources`: (media type, srcset) of the formats that
    stand, the smallest first; browsers take the first they know, and `fallback`, a JPEG, where they know none.
    """
    base, widths = f"/media/{picture.sha256[:2]}/{picture.sha256}", widths_of(picture.width)
    return {
        "base": base,
        "widths": widths,
        "sources": [
            (TYPES[ext], ", ".join(f"{base}-{width}.{ext} {width}w" for width in widths))
            for ext in (("avif", "webp") if picture.avif else ("webp",))
        ],
        "fallback": f"{base}-{widths[min(1, len(widths) - 1)]}.jpg",
        "width": picture.width,
        "height": picture.height,
        "colour": picture.colour,
        "drawing": picture.drawing,
        "ext": "webp",
        "alt": alt,
    }


def picture_views(ids: Iterable[int | None]) -> dict[int, dict[str, Any]]:
    """Views of pictures by id, with their public id, in one statement; unknown ids and None are left out."""
    wanted = {picture_id for picture_id in ids if picture_id is not None}
    if not wanted:
        return {}
    columns = (Picture.id, Picture.public_id, *VIEW_COLUMNS)
    rows = db.session.execute(select(*columns).where(Picture.id.in_(wanted)))
    return {row.id: {**picture_view(row), "public_id": row.public_id} for row in rows}


def find_picture(public_id: str) -> Picture | None:
    """A picture by its public id, or None."""
    return db.session.scalars(select(Picture).where(Picture.public_id == public_id)).first()
