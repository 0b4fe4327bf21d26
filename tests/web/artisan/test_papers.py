"""Money and papers at the makers' door: what can be sent when, the months, the transfers, and PDFs in their language."""

import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import update

from shop.accounts.models import Account
from shop.artisans.models import Person, Unit
from shop.artisans.services import add_person
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import transaction
from shop.payouts.queries import list_transfers
from shop.payouts.services import record_executed
from tests.builders import make_account, make_order, make_product
from tests.payouts.conftest import RIB, approve, decide_paying_account, draft, owe, send
from tests.stripe_bench import Bench
from tests.web.artisan.conftest import Phone
from tests.web.staff.page import text_of


@pytest.fixture
def paid(phone: Phone, bench: Bench, clock: VirtualClock) -> str:
    """A co-operative sold one piece that left lately and was paid for earlier ones: the id of the transfer."""
    with transaction() as session:
        session.execute(update(Unit).where(Unit.id == phone.unit.id).values(rib=RIB))
        session.execute(update(Account).where(Account.id == phone.account.id).values(language="fr"))
    order = make_order(make_product(phone.unit))
    bench.settle(order)
    owe(phone.unit, 12000)
    decide_paying_account()
    drafter, approver = (make_account("staff", language="en") for _officer in range(2))
    batch = approve(draft(drafter), approver)
    (transfer,) = list_transfers(batch.id)
    with transaction():
        record_executed(
            transfer.public_id,
            on=clock_module.today(),
            rate_millionths=10_700_000,
            mad_minor=125_000,
            reference="VIR 17",
            actor=drafter.id,
        )
    send(order, phone.unit)
    return transfer.public_id


def test_the_money_page_says_what_can_be_sent_on_which_day_and_leads_to_the_papers(phone: Phone, paid: str) -> None:
    words = text_of(phone.get("/artisan/money"))
    assert "Peut être viré le 29 juin 2026" in words
    assert "1 relevé" in words
    assert "1 virement" in words
    month = text_of(phone.get("/artisan/money/statements/EUR/2026-06"))
    for part in ("320,00 €", "-32,00 €", "Viré à vous -120,00 €"):
        assert part in month.replace("\u00a0", " ")
    transfer = text_of(phone.get(f"/artisan/money/transfers/{paid}"))
    assert "1 250,00 DH" in transfer.replace("\u00a0", " ")
    assert RIB[6:20] not in transfer
    for missing in ("EUR/2026-13", "EUR/1999-01", "GBP/2026-06"):
        assert phone.get(f"/artisan/money/statements/{missing}").status_code == 404


def _text(content: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (tmp_path / "paper.pdf").write_bytes(content)
    command = ["pdftotext", "-layout", str(tmp_path / "paper.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return text.replace("\u00a0", " ")


def test_statement_and_slip_are_papers_in_the_makers_language(
    phone: Phone, neighbour: Phone, paid: str, tmp_path: Path
) -> None:
    statement = f"/artisan/money/statements/EUR/{clock_module.today():%Y-%m}.pdf"
    french = phone.get(statement)
    assert french.content_type == "application/pdf"
    words = _text(french.data, tmp_path)
    for part in ("Relevé de compte", "juin 2026", "320,00 €", "-32,00 €", "VIR 17", "-120,00 €"):
        assert part in words
    assert phone.get(statement).data == french.data
    slip = phone.get(f"/artisan/money/transfers/{paid}/slip.pdf?lang=ar")
    arabic = _text(slip.data, tmp_path)
    assert "1.250,00" in arabic
    assert "10,70" in arabic
    assert RIB not in arabic
    assert b"/Lang" in slip.data
    assert neighbour.get(f"/artisan/money/transfers/{paid}/slip.pdf").status_code == 404
    assert neighbour.get(f"/artisan/money/transfers/{paid}").status_code == 404


def test_makers_of_a_cooperative_read_each_ones_part(phone: Phone, bench: Bench) -> None:
    with transaction() as session:
        session.execute(update(Unit).where(Unit.id == phone.unit.id).values(legal_form="cooperative"))
        session.execute(update(Person).where(Person.unit_id == phone.unit.id).values(share_bp=3333))
        for name in ("Rqia", "Ijja"):
            roles = dict.fromkeys(("ar", "fr", "en"), "tisserande")
            add_person(phone.unit.id, name_ar=name, name_latin=name, roles=roles, sex="f", share_bp=3333)
    bench.settle(make_order(make_product(phone.unit)))
    words = text_of(phone.get("/artisan/money/statements/EUR/2026-06")).replace("\u00a0", " ")
    for name in ("Rqia", "Ijja", "L’unité dans son ensemble"):
        assert name in words
