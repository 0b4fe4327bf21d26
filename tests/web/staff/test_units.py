"""Units: enrolled, admitted, ended, carried."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.accounts.models import Handle
from shop.accounts.services import authenticate
from shop.artisans.models import Unit
from shop.artisans.queries import units_of_account
from shop.core.db import db, transaction
from shop.core.tables import Audit
from shop.programme.models import Edition, Membership
from shop.programme.queries import may_sell
from shop.programme.services import admit_unit
from tests.builders import make_basics, make_unit
from tests.web.staff.page import send, text_of

NEW = {
    "legal_form": "cooperative",
    "name_ar": "تعاونية النور",
    "name_fr": "Coopérative Nour",
    "name_en": "",
    "place_ar": "آسفي",
    "place_fr": "Safi",
    "place_en": "",
    "region": "MA-07",
    "family": "TAP",
    "lead_sex": "f",
    "members_f": "١٢",
    "members_m": "",
    "nia": "",
    "ice": "",
    "account_name": "Khadija",
    "phone": "0612345678",
    "language": "ar",
}


def admit(office: FlaskClient, unit: Unit, **changes: str) -> Any:
    fields = {"edition": "excellence-2026", "from_on": "2026-06-01", "to_on": "", **changes}
    path = f"/staff/units/{unit.public_id}"
    return send(office, path, f"{path}/admit", **{f"admit-{name}": value for name, value in fields.items()})


def test_an_admitted_unit_sells_until_its_membership_ends(office: FlaskClient, officer: Any) -> None:
    unit = make_unit(admitted=False)
    assert not may_sell(unit.id)
    assert "Not admitted" in text_of(office.get("/staff/units?admission=not"))
    assert admit(office, unit).status_code == 303
    assert may_sell(unit.id)
    membership = db.session.scalars(select(Membership)).one()
    assert membership.admitted_by == officer.id
    path = f"/staff/units/{unit.public_id}"
    end = f"{path}/memberships/{membership.id}/end"
    assert send(office, path, end, **{f"end{membership.id}-to_on": "2026-05-01"}).status_code == 422
    assert send(office, path, end, **{f"end{membership.id}-to_on": "2026-06-14"}).status_code == 303
    assert not may_sell(unit.id)
    trail = [row.action for row in db.session.scalars(select(Audit).where(Audit.subject == "unit"))]
    assert trail == ["admit", "end membership"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"edition": "excellence-1999"}, "Choose from the list."),
        ({"edition": ""}, "Choose an edition."),
        ({"from_on": "soon"}, "Enter the first day, as in 2026-03-31."),
        ({"to_on": "2026-05-31"}, "The last day lies before the first."),
    ],
)
def test_a_bad_admission_is_refused(office: FlaskClient, changes: dict[str, str], sentence: str) -> None:
    unit = make_unit(admitted=False)
    answer = admit(office, unit, **changes)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not may_sell(unit.id)


def test_nobody_is_admitted_twice_on_the_same_day(office: FlaskClient) -> None:
    answer = admit(office, make_unit())
    assert answer.status_code == 422
    assert "already enrolled" in text_of(answer)


def test_another_units_membership_cannot_be_ended(office: FlaskClient) -> None:
    make_unit()
    stranger = make_unit(admitted=False)
    membership = db.session.scalars(select(Membership)).one()
    path = f"/staff/units/{stranger.public_id}"
    answer = send(
        office,
        path,
        f"{path}/memberships/{membership.id}/end",
        **{f"end{membership.id}-to_on": "2026-06-14"},
    )
    assert answer.status_code == 404
    db.session.expire_all()
    assert db.session.get_one(Membership, membership.id).to_on is None


def test_a_unit_sells_through_an_enrolled_aggregator(office: FlaskClient) -> None:
    carrier = make_unit(admitted=False, legal_form="aggregator", name_en="Southern aggregator")
    plain = make_unit(admitted=False)
    unit = make_unit(admitted=False)
    with transaction():
        edition = db.session.scalars(select(Edition).where(Edition.code == "aggregation-2026")).one()
        admit_unit(carrier.id, edition.id, from_on=edition.starts_on, to_on=None, actor=None)
    path = f"/staff/units/{unit.public_id}"
    wrong = send(office, path, f"{path}/aggregator", **{"carry-aggregator": plain.public_id})
    assert wrong.status_code == 422
    assert send(office, path, f"{path}/aggregator", **{"carry-aggregator": carrier.public_id}).status_code == 303
    assert may_sell(unit.id)
    assert "Southern aggregator" in text_of(office.get(path))
    assert send(office, path, f"{path}/aggregator", **{"carry-aggregator": ""}).status_code == 303
    assert not may_sell(unit.id)


def test_a_unit_is_enrolled_with_an_account_whose_pin_is_shown_once(office: FlaskClient) -> None:
    make_basics()
    page = send(office, "/staff/units/new", "/staff/units", **NEW)
    assert page.status_code == 200
    pin = page.get_data(as_text=True).partition('class="pin number" dir="ltr">')[2].partition("<")[0].replace(" ", "")
    account = authenticate("0612345678", pin, ip="127.0.0.1")
    (unit,) = units_of_account(account.id)
    assert (unit.name_ar, unit.name_en, unit.members_f, unit.members_m) == ("تعاونية النور", "Coopérative Nour", 12, 0)
    assert pin not in text_of(office.get(f"/staff/units/{unit.public_id}"))


def test_a_taken_telephone_enrols_nothing(office: FlaskClient) -> None:
    make_basics()
    send(office, "/staff/units/new", "/staff/units", **NEW)
    again = send(office, "/staff/units/new", "/staff/units", **{**NEW, "name_fr": "Coopérative Amal"})
    assert again.status_code == 422
    assert 'value="Coopérative Amal"' in again.get_data(as_text=True)
    assert len(db.session.scalars(select(Unit)).all()) == 1
    assert len(db.session.scalars(select(Handle).where(Handle.kind == "phone")).all()) == 1
