"""A picture as stored: the derived files are addressed by its content."""

from datetime import datetime

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, UTCDateTime, big_id


class Picture(Base):
    """Files `{sha256[:2]}/{sha256}-{width}.{webp,jpg}` exist for every width in media.images.widths_of(`width`).

    `avif`: those ending in `.avif` do too. `colour` is the average as #rrggbb, shown until the picture is there; `drawing` is said in the caption.
    """

    __tablename__ = "picture"
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    colour: Mapped[str]
    drawing: Mapped[bool] = mapped_column(default=False)
    avif: Mapped[bool] = mapped_column(default=False, server_default=false())
    uploaded_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
