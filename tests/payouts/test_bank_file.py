"""What the bank is given: the standard's elements in the standard's order, sums that control, letters banks take."""

import csv
import io
import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core.errors import Conflict
from shop.payouts.bank_file import NAMESPACE, decimal_text, write_bank_file
from shop.payouts.bank_text import bank_text, can_be_written
from shop.payouts.models import Batch, Transfer
from tests.payouts.conftest import PAYING, RIB

# Every element the message may hold here, with what may stand in it and in which order, from the schema of
# pain.001.001.09; None for a text.
SCHEMA: dict[str, tuple[str, ...] | None] = {
    "Document": ("CstmrCdtTrfInitn",),
    "CstmrCdtTrfInitn": ("GrpHdr", "PmtInf"),
    "GrpHdr": ("MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"),
    "PmtInf": (
        "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr",
        "CdtTrfTxInf",
    ),
    "ReqdExctnDt": ("Dt",), "InitgPty": ("Nm",), "Dbtr": ("Nm",), "DbtrAcct": ("Id",), "DbtrAgt": ("FinInstnId",),
    "FinInstnId": ("BICFI", "Othr"), "CdtTrfTxInf": ("PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf"),
    "PmtId": ("InstrId", "EndToEndId"), "Amt": ("InstdAmt",), "Cdtr": ("Nm", "PstlAdr"), "PstlAdr": ("Ctry",),
    "CdtrAcct": ("Id",), "Othr": ("Id", "SchmeNm"), "SchmeNm": ("Cd",), "RmtInf": ("Ustrd",),
}  # fmt: skip
TEXTS = {
    "MsgId": r".{1,35}", "PmtInfId": r".{1,35}", "InstrId": r".{1,35}", "EndToEndId": r".{1,35}",
    "CreDtTm": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "NbOfTxs": r"\d{1,15}", "CtrlSum": r"\d{1,13}(\.\d{1,5})?",
    "PmtMtd": "TRF", "BtchBookg": "false", "Dt": r"\d{4}-\d\d-\d\d", "ChrgBr": "SHAR", "Nm": r"[ -~]{1,70}",
    "IBAN": r"[A-Z]{2}\d\d[A-Z0-9]{1,30}", "BICFI": r"[A-Z0-9]{8}([A-Z0-9]{3})?", "InstdAmt": r"\d{1,13}(\.\d{1,5})?",
    "Ctry": "MA", "Cd": "BBAN", "Ustrd": r"[ -~]{1,140}", "Id": r"[A-Z0-9]{1,34}",
}  # fmt: skip


def faults(element: ET.Element) -> list[str]:
    """What of a message does not fit the schema."""
    name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    if not len(element):
        text = element.text or ""
        return [] if re.fullmatch(TEXTS[name], text) else [f"{name}: {text!r}"]
    inner = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
    known = SCHEMA.get(name) or ("IBAN", "Othr")  # the identification of an account is one or the other
    found = [] if [*inner] == sorted(inner, key=known.index) else [f"{name}: {inner}"]
    return found + [fault for child in element for fault in faults(child)]


def make_batch(currency: str = "EUR", **changes: Any) -> Batch:
    values = {
        "public_id": "b000000001",
        "currency": currency,
        "state": "approved",
        "paying_account": PAYING,
        "executes_on": date(2026, 6, 16),
        "approved_at": datetime(2026, 6, 15, 9, tzinfo=UTC),
    }
    return Batch(**{**values, **changes})


def make_transfers(*amounts: int, currency: str = "EUR", **changes: Any) -> list[Transfer]:
    values = {"payee": "Coopérative Bahr Tine", "rib": RIB, "currency": currency, "state": "approved"}
    return [
        Transfer(**{**values, "public_id": f"t{number:09d}", "amount_minor": amount, **changes})
        for number, amount in enumerate(amounts)
    ]


def read(content: bytes) -> ET.Element:
    return ET.fromstring(content)


def texts(document: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in document.iterfind(f".//{{{NAMESPACE}}}{path}")]


@pytest.mark.parametrize("account", [PAYING, {**PAYING, "account": RIB, "bic": ""}])
@pytest.mark.parametrize(("currency", "total"), [("EUR", "3703.53"), ("JPY", "370353"), ("KWD", "370.353")])
def test_the_message_keeps_the_schema_and_its_sums_control_it(account: Any, currency: str, total: str) -> None:
    batch = make_batch(currency, paying_account=account)
    content = write_bank_file(batch, make_transfers(123450, 123451, 123452, currency=currency), "xml")
    document = read(content)
    assert faults(document) == []
    assert texts(document, "CtrlSum") == [total, total]
    assert texts(document, "NbOfTxs") == ["3", "3"]
    assert {element.get("Ccy") for element in document.iterfind(f".//{{{NAMESPACE}}}InstdAmt")} == {currency}
    ids = texts(document, "EndToEndId")
    assert len(set(ids)) == len(ids) == 3


def test_a_message_out_of_order_would_be_found() -> None:
    document = read(write_bank_file(make_batch(), make_transfers(1), "xml"))
    header = document[0][0]
    header[:] = reversed(header[:])
    assert len(faults(document)) == 1


def test_a_moroccan_account_is_named_by_its_rib_under_its_scheme() -> None:
    document = read(write_bank_file(make_batch(), make_transfers(100), "xml"))
    name = f"{{{NAMESPACE}}}"
    account = document.find(f".//{name}CdtrAcct/{name}Id/{name}Othr")
    assert account is not None
    assert [account[0].text, account[1][0].text] == [RIB, "BBAN"]


@pytest.mark.parametrize("form", ["xml", "csv"])
def test_the_same_batch_is_the_same_bytes_and_only_what_was_let_go_is_in_it(form: str) -> None:
    transfers = make_transfers(100, 200)
    first = write_bank_file(make_batch(), transfers, form)
    # What the bank answered later changes nothing in what it was given; what was dropped was never in it.
    transfers[0].state = "executed"
    dropped = make_transfers(900, state="dropped")
    assert write_bank_file(make_batch(), transfers + dropped, form) == first
    with pytest.raises(Conflict):
        write_bank_file(make_batch(state="draft"), transfers, form)


def test_the_table_for_banks_has_plain_letters_and_decimals_and_runs_nothing() -> None:
    transfers = make_transfers(123450, payee="+ Atelier l’Œuvre, fils & Cie")
    content = write_bank_file(make_batch(), transfers, "csv").decode("ascii")
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["amount"] == "1234.50"
    assert row["rib"] == RIB
    assert row["payee"] == "Atelier l'OEuvre, fils + Cie"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Coopérative Lemâalmat Oued Noun", "Cooperative Lemaalmat Oued Noun"),
        ("Sœurs Aït-Ali “Tifawin” (GIE)", "Soeurs Ait-Ali 'Tifawin' (GIE)"),
        ("//A//B/", "A/B"),
        ("x" * 100, "x" * 70),
    ],
)
def test_names_are_written_in_the_letters_banks_take(name: str, written: str) -> None:
    assert bank_text(name) == written
    assert can_be_written(name)


def test_a_name_in_arabic_letters_cannot_stand_in_the_file() -> None:
    assert not can_be_written("تعاونية تيفاوين")
    assert not can_be_written("Coopérative تيفاوين")
    assert not can_be_written("•••")


@given(st.text(max_size=200))
def test_whatever_is_typed_becomes_a_text_banks_take(text: str) -> None:
    written = bank_text(text)
    assert re.fullmatch(r"(?!/)[A-Za-z0-9/\-?:().,'+ ]{0,70}(?<!/)", written)
    assert "//" not in written
    assert bank_text(written) == written


@given(st.integers(1, 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_is_written_exactly(minor: int, currency: str) -> None:
    whole, _point, rest = decimal_text(minor, currency).partition(".")
    assert int(whole + rest) == minor
    assert len(rest) == {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
