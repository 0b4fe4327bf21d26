"""Tables as they arrive: encodings, delimiters, quotes, ragged rows, sheets, archives."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from shop.i18n.messages import use_language
from shop.importing.problems import TableUnreadable
from shop.importing.tables import guard, read_table, unguard


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiter_bom_and_line_ends_are_recognised(tmp_path: Path, mark: str, bom: bytes, ending: str) -> None:
    text = ending.join([mark.join(["name", "note"]), mark.join(["زليج", f'"a{mark} b"']), ""])
    table = read_table(write(tmp_path, bom + text.encode()))
    assert (table.header, [row.cells for row in table.rows]) == (["name", "note"], [["زليج", f"a{mark} b"]])


def test_a_row_is_known_by_the_line_it_begins_on(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'a,b\n\n"one\ntwo",x\n,\nlast,y\n'))
    assert [(row.line, row.cells[0]) for row in table.rows] == [(3, "one\ntwo"), (6, "last")]


def test_ragged_rows_are_reported_with_their_line_and_left_out(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n1\n1,2\n1,2,3\n1,2,,\n"))
    assert [row.line for row in table.rows] == [3, 5]
    assert [(problem.line, problem.code, problem.value) for problem in table.problems] == [
        (2, "ragged", "1"),
        (4, "ragged", "3"),
    ]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty", 0),
        (b"\n\n", "empty", 0),
        ("titre\nété".encode("latin-1"), "encoding", 2),
        (b'a,b\n1,2\n"never closed,3\n4,5\n', "quotes", 3),
        (b"a,A\n1,2\n", "header", 1),
        (b"PK\x03\x04 not an archive", "unreadable", 0),
    ],
)
def test_a_file_that_is_no_table_says_why(tmp_path: Path, content: bytes, code: str, line: int) -> None:
    with pytest.raises(TableUnreadable) as caught:
        read_table(write(tmp_path, content))
    assert (caught.value.problem.code, caught.value.problem.line) == (code, line)
    assert caught.value.text.endswith(".")


def test_a_sheet_reads_as_the_same_table_with_its_own_row_numbers(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "table.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 0, ["sku", "stock", "price", "code"])
        sheet.write_row(2, 0, ["A", 3, 12.5, "0570110"])
        sheet.write_row(4, 0, ["=B", 0.1 + 0.2, -7, ""])
    table = read_table(tmp_path / "table.xlsx")
    assert table.header == ["sku", "stock", "price", "code"]
    assert [row.line for row in table.rows] == [3, 5]
    assert table.rows[0].cells == ["A", "3", "12.5", "0570110"]
    assert table.rows[1].cells[2] == "-7"


def test_a_folder_or_archive_gives_its_only_table_and_the_files_beside_it(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("export/list.csv", "a\n1\n")
        archive.writestr("export/one.jpg", b"12345")
        archive.writestr("../outside.jpg", b"1")
    table = read_table(write(tmp_path, buffer.getvalue(), "all.zip"))
    assert table.attachments.read("one.jpg") == b"12345"
    assert table.attachments.size("../outside.jpg") is None
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"123")
    (folder / "link.jpg").symlink_to(tmp_path / "all.zip")
    write(folder, "a\n1\n")
    assert read_table(folder).attachments.size("photo.jpg") == 3
    for name in ("../all.zip", "link.jpg", "/etc/hostname"):
        assert read_table(folder).attachments.size(name) is None
    write(folder, "a\n1\n", "second.csv")
    with pytest.raises(TableUnreadable):
        read_table(folder)


def test_guarded_cells_come_back_as_they_were() -> None:
    for text in ("=1+1", "'=1+1", "''@x", "+212", "-5", "plain", "'quoted'", "", "'"):
        assert unguard(guard(text)) == text
        assert not guard(text).startswith(("=", "+", "-", "@"))


def test_findings_speak_the_language_of_the_reader(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1\n")
    with use_language("fr"):
        problem = read_table(path).problems[0]
    assert str(problem).startswith("table.csv:2:2: ")
    assert problem.code == "ragged"


@pytest.mark.shared
def test_the_csv_spectrum_reads_as_it_should(shared_data: Path) -> None:
    folder = shared_data / "protocols" / "csv-spectrum"
    checked = 0
    for path in sorted((folder / "csvs").glob("*.csv")):
        # The stored copies of the tables have lost their carriage returns, the expectations have not.
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text().replace("\\r\\n", "\\n"))
        table = read_table(path)
        assert [dict(zip(table.header, row.cells, strict=True)) for row in table.rows] == expected, path.name
        checked += 1
    assert checked == 11


@pytest.mark.shared
def test_product_files_of_other_shops_read_or_say_why_not(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "product-files").rglob("*.*")):
        if path.suffix not in {".csv", ".xlsx"}:
            continue
        try:
            table = read_table(path)
        except TableUnreadable:
            continue
        read += 1
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            assert path.suffix == ".xlsx" or len(table.rows) <= sum(1 for _row in csv.reader(file))
    assert read >= 15
