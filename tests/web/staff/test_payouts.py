"""Batches on screen: two officers, the bank's file and answer, accounts and consents, dated decisions, return freight."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from shop.accounts.models import Account
from shop.artisans.models import Unit
from shop.core import clock as clock_module
from shop.core.db import db, transaction
from shop.core.policies import decide_policy, get_policy
from shop.core.tables import Audit, Policy
from shop.ledger.models import Entry
from shop.ledger.statements import list_statements
from shop.orders.models import OrderLine
from shop.orders.queries import list_lines
from shop.payouts.models import Batch, PayeeConsent, Transfer
from tests.builders import make_account, make_order, make_product, make_unit, sign_in
from tests.payouts.conftest import RIB, decide_paying_account, draft, owe
from tests.payouts.conftest import send as hand_over
from tests.stripe_bench import Bench
from tests.web.staff.page import send, text_of

OTHER_RIB = "001 810 0078000201106203 18"


def audited(action: str) -> list[Audit]:
    return list(db.session.scalars(select(Audit).where(Audit.action == action)))


def test_a_batch_goes_from_one_officer_to_another_to_the_bank_and_into_the_books(
    app: Flask, office: FlaskClient
) -> None:
    unit, left = make_unit(rib=RIB), make_unit(name_en="Left behind")
    decide_paying_account()
    owe(unit, 12345)
    owe(left, 700)
    assert "No RIB is known." in text_of(office.get("/staff/payouts"))
    drafted = send(office, "/staff/payouts", "/staff/payouts", currency="EUR")
    page = drafted.location.partition("?")[0]
    words = text_of(office.get(page))
    assert "011 519 0000012050005349 21" in words
    assert "Left behind" in words
    assert "You drafted this batch" in words
    approving = f"{page}/approve"
    assert send(office, page, approving, executes_on="2026-06-16").status_code == 403
    assert office.get(f"{page}/bank-file.xml").status_code == 409
    other = app.test_client()
    sign_in(other, make_account("staff", language="en"))
    assert [waits(each) for each in (office, other)] == [False, True]
    assert send(other, page, approving, executes_on="2026-06-01").status_code == 422
    assert send(other, page, approving, executes_on="2026-06-16").status_code == 303
    assert send(other, page, approving, executes_on="2026-06-16").status_code == 409
    file = office.get(f"{page}/bank-file.xml")
    assert f"payouts-2026-06-16-EUR-{page.rpartition('/')[2]}.xml" in file.headers["Content-Disposition"]
    assert ET.fromstring(file.data)[0][0][3].text == "123.45"
    transfer = db.session.scalars(select(Transfer)).one()
    answer = f"/staff/transfers/{transfer.public_id}"
    wrong = send(office, answer, f"{answer}/executed", **sent(rate="107,00"))
    assert wrong.status_code == 422
    assert "far from the published one" in text_of(wrong)
    assert send(office, answer, f"{answer}/executed", **sent()).status_code == 303
    row = db.session.scalars(select(Entry).where(Entry.source == "payout")).one()
    assert (row.amount_minor, row.unit_id) == (12345, unit.id)
    assert "VIR 17" in text_of(office.get(page))
    returned = {"back-on": "2026-06-15", "back-reason": "Compte clos"}
    assert send(office, answer, f"{answer}/returned", **returned).status_code == 303
    assert "Compte clos" in text_of(office.get(answer))
    assert [entry.data for entry in audited("record returned transfer")] == [{"reason": "Compte clos"}]


def waits(client: FlaskClient) -> bool:
    """Whether the navigation says that a batch waits for this officer."""
    page = client.get("/staff/").get_data(as_text=True)
    return bool(re.search(r'href="/staff/payouts"[^>]*>(?:(?!</a>).)*staff-nav__count', page, re.DOTALL))


def sent(**changes: str) -> dict[str, str]:
    answer = {"on": "2026-06-15", "rate": "10,7", "mad": "", "reference": "VIR 17", **changes}
    return {f"sent-{name}": value for name, value in answer.items()}


def test_a_draft_of_nothing_says_so_and_a_draft_can_be_given_up(office: FlaskClient, officer: Account) -> None:
    refused = send(office, "/staff/settings", "/staff/payouts", currency="EUR")
    assert refused.status_code == 409
    assert "Nobody can be paid in EUR now" in text_of(refused)
    owe(make_unit(rib=RIB), 500)
    batch = draft(officer)
    page = f"/staff/payouts/{batch.public_id}"
    assert send(office, page, f"{page}/cancel").status_code == 303
    assert db.session.get_one(Batch, batch.id, populate_existing=True).state == "cancelled"


def test_a_wrong_account_number_is_named_and_the_trail_keeps_no_whole_one(office: FlaskClient) -> None:
    unit = make_unit()
    page = f"/staff/units/{unit.public_id}/bank"
    for typed, sentence in (
        ("0115190000012050005349", "A RIB has 24 digits"),
        ("011519000001205000534922", "The last two digits do not fit"),
        ("O11519000001205000534921", "digits only"),
    ):
        refused = send(office, page, page, rib=typed, payee="")
        assert refused.status_code == 422
        assert sentence in text_of(refused)
        assert typed in refused.get_data(as_text=True)
    assert send(office, page, page, rib=OTHER_RIB, payee="تعاونية").status_code == 422
    assert send(office, page, page, rib=OTHER_RIB, payee="").status_code == 303
    assert db.session.get_one(Unit, unit.id, populate_existing=True).rib == OTHER_RIB.replace(" ", "")
    (trail,) = audited("change bank details")
    assert trail.data["after"] == {"rib": "001 ••• •••• 03 18", "payee": None}


def test_a_payee_who_is_not_the_unit_needs_a_consent_that_can_be_withdrawn(office: FlaskClient) -> None:
    unit = make_unit(rib=RIB, payee="Hassan Ouali")
    page = f"/staff/units/{unit.public_id}/bank"
    assert "no consent is recorded" in text_of(office.get(page))
    given = {"consent-given_by": "Fatima", "consent-given_on": "2026-06-10", "consent-document": "Procuration, boîte 4"}
    assert send(office, page, f"{page}/consents", **{**given, "consent-given_on": "2026-07-01"}).status_code == 422
    assert send(office, page, f"{page}/consents", **given).status_code == 303
    assert "Money can be sent to this account." in text_of(office.get(page))
    consent = db.session.scalars(select(PayeeConsent)).one()
    assert (consent.payee, consent.document) == ("Hassan Ouali", "Procuration, boîte 4")
    assert send(office, page, f"{page}/consents/{consent.id}/withdraw").status_code == 303
    assert "no consent is recorded" in text_of(office.get(page))


def test_a_decision_holds_from_its_day_and_what_was_sold_keeps_its_terms(office: FlaskClient) -> None:
    page = "/staff/settings"

    def decide(value: str, day: str) -> Any:
        address = f"{page}/freight_bearer"
        return send(office, page, address, **{"freight_bearer-value": value, "freight_bearer-from_on": day})

    before = make_order()
    assert decide("maker", "2026-06-14").status_code == 422
    assert decide("nobody", "2026-06-15").status_code == 422
    assert decide("maker", "2026-06-20").status_code == 303
    assert get_policy("freight_bearer") == "operator"
    assert decide("maker", "2026-06-15").status_code == 303
    after = make_order(email="b@example.org")
    assert [list_lines(order.id)[0].freight_bearer for order in (before, after)] == ["operator", "maker"]
    # The same day decided twice is one decision; the trail has both.
    assert decide("operator", "2026-06-15").status_code == 303
    assert len(list(db.session.scalars(select(Policy).where(Policy.key == "freight_bearer")))) == 2
    assert [entry.data["instead_of"] for entry in audited("decide")] == [None, None, "maker"]
    words = text_of(office.get(page))
    assert "from 20 Jun 2026: The maker" in words
    share = {"commission_bp-value": "12,5", "commission_bp-from_on": "2026-06-15"}
    assert send(office, page, f"{page}/commission_bp", **share).status_code == 303
    assert get_policy("commission_bp") == 1250
    assert send(office, page, f"{page}/commission_bp", **{**share, "commission_bp-value": "90"}).status_code == 422


def test_the_paying_account_must_be_one(office: FlaskClient) -> None:
    page, good = "/staff/settings", {"name": "Maison de l’export", "account": f"MA64 {RIB}", "bic": "bcmamamc"}
    for wrong in ({"account": "MA65" + RIB}, {"bic": "BCM"}, {"name": "دار التصدير"}):
        assert send(office, page, f"{page}/paying-account", **{**good, **wrong}).status_code == 422
    assert send(office, page, f"{page}/paying-account", **good).status_code == 303
    assert get_policy("paying_account") == {"name": "Maison de l’export", "account": f"MA64{RIB}", "bic": "BCMAMAMC"}


def test_return_freight_is_charged_once_and_only_where_the_sale_says_so(office: FlaskClient, bench: Bench) -> None:
    unit = make_unit()
    with transaction():
        decide_policy("freight_bearer", "maker", clock_module.today())
    order = make_order(make_product(unit), make_product(unit))
    bench.settle(order)
    line, free = list_lines(order.id)
    with transaction() as session:
        session.execute(update(OrderLine).where(OrderLine.id == free.id).values(freight_bearer="operator"))
    page = f"/staff/orders/{order.number}/lines/{line.id}/freight"
    assert "has not left yet" in text_of(office.get(page))
    hand_over(order, unit)
    refused = office.get(f"/staff/orders/{order.number}/lines/{free.id}/freight")
    assert refused.status_code == 403
    assert "the programme bore return freight" in text_of(refused)
    charge = re.search(r'name="freight-charge" value="(\w+)"', office.get(page).get_data(as_text=True))
    assert charge is not None
    fields = {"charge": charge[1], "currency": "EUR", "amount": "18,50", "remark": "DHL, facture 12"}
    fields = {f"freight-{name}": value for name, value in fields.items()}
    for _click in range(2):
        assert send(office, page, page, **fields).status_code == 303
    (statement,) = list_statements(unit.id)
    assert statement.totals.adjustments == -1850
    assert len(audited("charge return freight")) == 1
    assert "Return freight charged to the maker" in text_of(office.get(f"/staff/orders/{order.number}"))
    assert send(office, page, page, **{**fields, "freight-amount": "0"}).status_code == 422
