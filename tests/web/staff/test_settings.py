"""Taxes, duties and the issuer of invoices: decided for a day to come, and in the audit trail."""

from datetime import date

from flask.testing import FlaskClient
from sqlalchemy import select

from shop.accounts.models import Account
from shop.core.clock import VirtualClock
from shop.core.db import db
from shop.core.policies import get_policy
from shop.core.tables import Audit
from shop.shipping.models import Levy, Zone
from tests.builders import make_basics, make_levy, sign_in
from tests.web.staff.page import send, text_of

ISSUER = {
    "name": "Maison de l’export",
    "email": "contact@example.org",
    "address": "18, avenue Mohammed V\nRabat",
    "ice": "001 234 567 000 089",
    "tax_id": "12345678",
    "rc": "98765",
    "rc_city": "Rabat",
    "tp": "25123456",
    "exemption_fr": "Exonération, article 92.",
    "from_on": "2026-07-01",
}
TAXES, ISSUERS = "/staff/settings/taxes", "/staff/settings/issuer"


def audited() -> list[str]:
    return list(db.session.scalars(select(Audit.action).order_by(Audit.id)))


def test_an_issuer_is_decided_for_a_day_and_holds_from_then_on(
    office: FlaskClient, officer: Account, clock: VirtualClock
) -> None:
    assert "They should also say: Address" in text_of(office.get(ISSUERS))
    answer = send(office, ISSUERS, ISSUERS, **ISSUER)
    assert answer.status_code == 303
    assert "ice" not in get_policy("operator")
    assert get_policy("operator", date(2026, 7, 1))["ice"] == "001234567000089"
    assert "decide issuer" in audited()
    clock.advance(days=20)
    sign_in(office, officer)
    page = text_of(office.get(ISSUERS))
    assert "They should also say" not in page
    assert "from 1 Jul 2026: Maison de l’export" in page


def test_an_issuer_without_the_right_numbers_is_refused_beside_the_field(office: FlaskClient) -> None:
    wrong = {
        **ISSUER,
        "ice": "123",
        "rc": "98A",
        "other_numbers": "GB 123",
        "email": "nowhere",
        "from_on": "2026-06-14",
    }
    answer = send(office, ISSUERS, ISSUERS, **wrong)
    page = text_of(answer)
    assert answer.status_code == 422
    for said in (
        "The ICE has 15 digits.",
        "This number is digits only.",
        "after its name and a colon",
        "today or a later",
    ):
        assert said in page, said
    assert "name@example.com" in page
    assert "decide issuer" not in audited()


def test_a_zone_changes_how_it_asks_for_the_tax(office: FlaskClient) -> None:
    make_basics()
    answer = send(office, TAXES, f"{TAXES}/world/mode", **{"world-tax_mode": "included"})
    assert answer.status_code == 303
    assert db.session.scalars(select(Zone.tax_mode)).one() == "included"
    assert "set tax mode" in audited()
    assert send(office, TAXES, f"{TAXES}/world/mode", **{"world-tax_mode": "free"}).status_code == 422
    assert send(office, TAXES, f"{TAXES}/moon/mode", **{"moon-tax_mode": "none"}).status_code == 404


def levy(**changes: str) -> dict[str, str]:
    fields = {
        "kind": "tax",
        "collected": "order",
        "country": "GB",
        "heading": "",
        "rate": "20",
        "on_shipping": "y",
        "from_on": "2026-07-01",
        "source": "VAT Act 1994, s. 2",
        **{f"limit_{code}": "135" for code in ("eur", "usd", "gbp", "aed")},
    }
    return {f"world-levy-{name}": value for name, value in {**fields, **changes}.items()}


def test_a_rate_is_decided_with_its_limits_and_a_second_one_of_the_same_day_replaces_it(office: FlaskClient) -> None:
    make_basics()
    for rate in ("20", "17,5"):
        assert send(office, TAXES, f"{TAXES}/world/levies", **levy(rate=rate)).status_code == 303
    row = db.session.scalars(select(Levy)).one()
    assert (row.rate_bp, row.country, row.on_shipping, row.limits["GBP"]) == (1750, "GB", True, 13500)
    assert audited().count("decide levy") == 2
    page = text_of(office.get(TAXES))
    assert "17.5%" in page
    assert "to come" in page


def test_a_rate_that_cannot_be_is_refused_beside_the_field(office: FlaskClient) -> None:
    make_levy()
    wrong = levy(country="FR", heading="57xx", rate="120", from_on="2026-06-14", source="", limit_usd="")
    answer = send(office, TAXES, f"{TAXES}/world/levies", **wrong)
    page = text_of(answer)
    assert answer.status_code == 422
    for said in ("digits only", "between 0 and 100", "today or a later day", "Say where", "every currency, or none"):
        assert said in page, said
    assert len(list(db.session.scalars(select(Levy)))) == 1


def test_a_duty_asks_for_an_amount_by_heading(office: FlaskClient) -> None:
    make_basics()
    amounts = {f"amount_{code}": "3" for code in ("eur", "usd", "gbp", "aed")}
    answer = send(office, TAXES, f"{TAXES}/world/levies", **levy(kind="duty", rate="", country="", **amounts))
    assert answer.status_code == 303
    row = db.session.scalars(select(Levy)).one()
    assert (row.kind, row.rate_bp, row.on_shipping, row.amounts["EUR"]) == ("duty", 0, False, 300)
