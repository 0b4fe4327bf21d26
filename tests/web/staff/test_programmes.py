"""Programmes and who receives their reports."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.core.db import db
from shop.programme.models import Programme, Recipient
from tests.builders import make_unit
from tests.web.staff.page import send, text_of


def add(office: FlaskClient, **changes: str) -> Any:
    programme = db.session.scalars(select(Programme).where(Programme.code == "excellence")).one()
    fields = {"programme_id": str(programme.id), "name": "Salma", "email": "salma@example.org", "language": "fr"}
    return send(office, "/staff/programmes", "/staff/programmes/recipients", **{**fields, **changes})


def test_a_recipient_is_added_once(office: FlaskClient) -> None:
    make_unit()
    assert add(office).status_code == 303
    assert "salma@example.org" in text_of(office.get("/staff/programmes"))
    again = add(office)
    assert again.status_code == 422
    assert "receives the programme’s report already" in text_of(again)
    assert len(db.session.scalars(select(Recipient)).all()) == 1


@pytest.mark.parametrize(
    ("field", "value"), [("email", "not an address"), ("name", " "), ("language", "de"), ("programme_id", "999")]
)
def test_a_bad_recipient_is_refused(office: FlaskClient, field: str, value: str) -> None:
    make_unit()
    assert add(office, **{field: value}).status_code == 422
    assert db.session.scalars(select(Recipient)).first() is None
