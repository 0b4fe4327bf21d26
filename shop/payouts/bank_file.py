"""A batch as the bank takes it: ISO 20022 customer credit transfer initiation (pain.001.001.09), or CSV.

The order of elements is that of the standard's schema. A Moroccan account is named by its RIB, which is the country's BBAN,
under that code of the external list of account identifications. What the files say follows from the batch alone: asked
for twice, they are the same bytes.
"""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree as ET

from shop.core.errors import Conflict
from shop.core.money import exponent
from shop.i18n.messages import gettext as _
from shop.payouts.bank_text import REMARK_LENGTH, bank_text
from shop.payouts.models import Batch, Transfer
from shop.payouts.rib import is_rib

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CSV_COLUMNS = ("transfer", "payee", "rib", "currency", "amount", "execution_date", "remark")
FORMS = ("xml", "csv")
# States of a transfer that was in the file when the batch was let go, whatever came of it.
IN_FILE = ("approved", "executed", "refused", "returned")


def write_bank_file(batch: Batch, transfers: Sequence[Transfer], form: str) -> bytes:
    """The file of an approved batch, `form` one of FORMS. Raises Conflict before its approval."""
    sent = [transfer for transfer in transfers if transfer.state in IN_FILE]
    if batch.state != "approved" or not sent:
        raise Conflict(_("The bank’s file is made once a second officer has approved the batch."))
    return to_pain001(batch, sent) if form == "xml" else to_csv(batch, sent)


def decimal_text(minor: int, currency: str) -> str:
    """An amount with a point and the currency's decimals: 1250.00."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"


def remark(transfer: Transfer) -> str:
    """What stands on the payee's bank statement. In French, the language of Moroccan banks."""
    return bank_text(f"Ventes a l'export, virement {transfer.public_id}", REMARK_LENGTH)


def to_pain001(batch: Batch, transfers: Sequence[Transfer]) -> bytes:
    """One message, one payment of as many transactions as there are transfers."""
    payer = batch.paying_account
    assert payer is not None
    assert batch.approved_at is not None
    assert batch.executes_on is not None
    count = str(len(transfers))
    total = decimal_text(sum(transfer.amount_minor for transfer in transfers), batch.currency)
    name = bank_text(payer["name"])
    # Where a payer's bank needs no BIC of itself, the rulebooks want this word.
    bank = _e("BICFI", payer["bic"]) if payer["bic"] else _e("Othr", _e("Id", "NOTPROVIDED"))
    header = _e(
        "GrpHdr",
        _e("MsgId", batch.public_id),
        _e("CreDtTm", batch.approved_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        _e("NbOfTxs", count),
        _e("CtrlSum", total),
        _e("InitgPty", _e("Nm", name)),
    )
    payment = _e(
        "PmtInf",
        _e("PmtInfId", f"{batch.public_id}-1"),
        _e("PmtMtd", "TRF"),
        _e("BtchBookg", "false"),
        _e("NbOfTxs", count),
        _e("CtrlSum", total),
        _e("ReqdExctnDt", _e("Dt", batch.executes_on.isoformat())),
        _e("Dbtr", _e("Nm", name)),
        _e("DbtrAcct", _account(payer["account"])),
        _e("DbtrAgt", _e("FinInstnId", bank)),
        _e("ChrgBr", "SHAR"),
        *map(_transaction, transfers),
    )
    document = _e("Document", _e("CstmrCdtTrfInitn", header, payment), xmlns=NAMESPACE)
    ET.indent(document)
    return ET.tostring(document, encoding="UTF-8", xml_declaration=True) + b"\n"


def _transaction(transfer: Transfer) -> ET.Element:
    return _e(
        "CdtTrfTxInf",
        _e("PmtId", _e("InstrId", transfer.public_id), _e("EndToEndId", transfer.public_id)),
        _e("Amt", _e("InstdAmt", decimal_text(transfer.amount_minor, transfer.currency), Ccy=transfer.currency)),
        _e("Cdtr", _e("Nm", bank_text(transfer.payee)), _e("PstlAdr", _e("Ctry", "MA"))),
        _e("CdtrAcct", _account(transfer.rib)),
        _e("RmtInf", _e("Ustrd", remark(transfer))),
    )


def _account(number: str) -> ET.Element:
    if is_rib(number):
        return _e("Id", _e("Othr", _e("Id", number), _e("SchmeNm", _e("Cd", "BBAN"))))
    return _e("Id", _e("IBAN", number))


def _e(name: str, *content: "str | ET.Element", **attributes: str) -> ET.Element:
    """An element around a text or around others."""
    element = ET.Element(name, attributes)
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element


def to_csv(batch: Batch, transfers: Sequence[Transfer]) -> bytes:
    """For banks that take no ISO file: comma, a point in amounts, the basic Latin letters, CRLF."""
    assert batch.executes_on is not None
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for transfer in transfers:
        writer.writerow(
            [
                transfer.public_id,
                # A name that began with a sign of arithmetic would be run as a formula.
                bank_text(transfer.payee).lstrip("+- "),
                transfer.rib,
                transfer.currency,
                decimal_text(transfer.amount_minor, transfer.currency),
                batch.executes_on.isoformat(),
                remark(transfer),
            ]
        )
    return buffer.getvalue().encode("ascii")
