"""Reads of parcels."""

from sqlalchemy import select

from shop.core.db import db
from shop.fulfilment.models import Parcel, ParcelLine


def list_parcels(order_id: int) -> list[tuple[Parcel, list[int]]]:
    """Parcels of an order with the ids of the lines in them, oldest first."""
    parcels = list(db.session.scalars(select(Parcel).where(Parcel.order_id == order_id).order_by(Parcel.id)))
    contents: dict[int, list[int]] = {parcel.id: [] for parcel in parcels}
    rows = db.session.execute(
        select(ParcelLine.parcel_id, ParcelLine.line_id)
        .where(ParcelLine.parcel_id.in_(contents))
        .order_by(ParcelLine.line_id)
    )
    for row in rows:
        contents[row.parcel_id].append(row.line_id)
    return [(parcel, contents[parcel.id]) for parcel in parcels]
