"""Export of the catalogue: the contract's columns and the state, one row per variant, and it imports back unchanged.

CSV (UTF-8 with BOM, comma), XLSX, or a ZIP of the CSV with the pictures. Pictures are named by their hash, which the
shop that wrote the file knows again without the file. Archived products are left out.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from shop.catalogue.currencies import list_currencies
from shop.catalogue.importing.current import Current, read_current
from shop.catalogue.importing.sheet import FIELDS, option_text
from shop.catalogue.models import Product
from shop.core.db import db
from shop.core.errors import Invalid
from shop.core.money import exponent
from shop.i18n import gettext as _
from shop.importing.tables import guard
from shop.media.models import Picture
from shop.media.storage import name_of, store

_COPIED = (
    "craft", "family", "kind", "sale_unit", "min_quantity", "quantity_step", "lead_time_days", "weight_grams",
    "length_mm", "width_mm", "height_mm", "hs_code", "origin_region", "state",
)  # fmt: skip


def export_catalogue(path: Path) -> int:
    """Write the catalogue to a .csv, .xlsx or .zip file; how many rows. Raises Invalid for another ending."""
    rows = list(catalogue_rows())
    ending = path.suffix.lower()
    if ending == ".csv":
        path.write_bytes(to_csv(rows))
    elif ending == ".xlsx":
        path.write_bytes(to_xlsx(rows))
    elif ending == ".zip":
        _write_zip(path, rows)
    else:
        raise Invalid(_("The file’s name must end in .csv, .xlsx or .zip."))
    return len(rows)


def catalogue_rows() -> Iterator[dict[str, str | int]]:
    """A row per variant, products in the order they were made; amounts and counts as numbers are written."""
    ids = db.session.scalars(select(Product.id).where(Product.state != "archived"))
    for current in read_current(ids).values():
        yield from _rows_of(current)


def _rows_of(current: Current) -> Iterator[dict[str, str | int]]:
    product = current.product
    # A product of one row is its own group; the key of the others is theirs for good.
    group = product.public_id if len(current.variants) > 1 else ""
    common: dict[str, str | int] = {name: value for name in _COPIED if (value := getattr(product, name)) is not None}
    common |= {f"{name}_{language}": text for (name, language), (_id, text) in current.texts.items()}
    common |= {
        "group_sku": group,
        "artisan_id": product.unit,
        "option1_name": option_text(product.option1_name),
        "option2_name": option_text(product.option2_name),
        "materials": ";".join(product.materials),
        "images": ";".join(f"{sha256}.jpg" for sha256 in current.pictures),
    }
    for variant in current.variants:
        row = {
            **common,
            "sku": variant.sku,
            "option1_value": option_text(variant.option1),
            "option2_value": option_text(variant.option2),
            "stock": variant.available,
        }
        if variant.ask_mad_minor is not None:
            row["price_mad"] = _amount(variant.ask_mad_minor, "MAD")
        prices = current.prices.get(variant.id, {})
        row |= {f"price_{code.lower()}": _amount(prices[code][1], code) for code in list_currencies() if code in prices}
        yield row


def _amount(minor: int, currency: str) -> str:
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"


def to_csv(rows: Iterable[dict[str, str | int]]) -> bytes:
    """The rows as CSV; what a spreadsheet would run as a formula gets an apostrophe, which the import takes off."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(FIELDS)
    writer.writerows([guard(str(row.get(name, ""))) for name in FIELDS] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def to_xlsx(rows: Iterable[dict[str, str | int]]) -> bytes:
    """The rows as a sheet of text cells, so that codes keep their leading zeros and nothing is a formula."""
    import xlsxwriter  # noqa: PLC0415

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        sheet = workbook.add_worksheet("catalogue")
        sheet.freeze_panes(1, 1)
        header: dict[str, str | int] = {name: name for name in FIELDS}
        for number, row in enumerate([header, *rows]):
            for column, name in enumerate(FIELDS):
                if value := str(row.get(name, "")):
                    sheet.write_string(number, column, value)
    return buffer.getvalue()


def _write_zip(path: Path, rows: list[dict[str, str | int]]) -> None:
    wanted = {name.removesuffix(".jpg") for row in rows for name in str(row["images"]).split(";") if name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("catalogue.csv", to_csv(rows))
        for picture in db.session.scalars(select(Picture).order_by(Picture.id)):
            if picture.sha256 not in wanted:
                continue
            body = store().find(name_of(picture.sha256, picture.width, "jpg"))
            if body is not None:
                archive.writestr(f"{picture.sha256}.jpg", body, zipfile.ZIP_STORED)
