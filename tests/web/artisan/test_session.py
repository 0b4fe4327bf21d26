"""Sign in by telephone and PIN, sign out, language, PIN, workshop."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.accounts.models import Account, WebSession
from shop.accounts.services import create_account
from shop.artisans.services import grant_delegate
from shop.core.db import db, transaction
from tests.builders import make_unit
from tests.web.artisan.conftest import Phone

PIN = "280417"


@pytest.fixture
def account(app: Flask) -> Account:
    unit = make_unit()
    with transaction():
        found = create_account(role="artisan", name="Fatima", language="ar", secret=PIN, phone="0612345678")
        grant_delegate(found.id, unit.id, granted_by=None)
    return found


def test_the_door_asks_who_is_there_in_arabic(client: FlaskClient) -> None:
    response = client.get("/artisan/")
    assert (response.status_code, response.location) == (303, "/artisan/sign-in")
    page = client.get("/artisan/sign-in").text
    assert '<html lang="ar" dir="rtl">' in page


def test_number_and_pin_open_the_door(client: FlaskClient, account: Account) -> None:
    response = client.post("/artisan/sign-in", data={"phone": "06 12 34 56 78", "pin": "٢٨٠٤١٧"})
    assert (response.status_code, response.location) == (303, "/artisan/")
    assert "ورشة فاطمة" in client.get("/artisan/").text


@pytest.mark.parametrize("sent", [{"phone": "0612345678", "pin": "111222"}, {"phone": "0699999999", "pin": PIN}, {}])
def test_a_wrong_number_or_pin_stays_outside_and_keeps_the_number(
    client: FlaskClient, account: Account, sent: dict[str, str]
) -> None:
    response = client.post("/artisan/sign-in", data=sent)
    assert response.status_code == 422
    assert sent.get("phone", "") in response.text
    assert sent.get("pin", "no pin") not in response.text
    assert client.get("/artisan/").status_code == 303


def test_the_sixth_try_has_to_wait(client: FlaskClient, account: Account) -> None:
    for _try in range(5):
        client.post("/artisan/sign-in", data={"phone": "0612345678", "pin": "111222"})
    response = client.post("/artisan/sign-in", data={"phone": "0612345678", "pin": PIN})
    assert response.status_code == 429


def test_staff_do_not_come_in_here(client: FlaskClient) -> None:
    with transaction():
        create_account(role="staff", name="Omar", language="fr", secret="correct horse battery", email="o@example.org")
    response = client.post("/artisan/sign-in", data={"phone": "o@example.org", "pin": "correct horse battery"})
    assert response.status_code == 422
    assert db.session.query(WebSession).count() == 0


def test_another_sites_form_does_not_sign_in(client: FlaskClient, account: Account) -> None:
    response = client.post(
        "/artisan/sign-in", data={"phone": "0612345678", "pin": PIN}, headers={"Origin": "https://evil.example"}
    )
    assert response.status_code == 403


def test_leaving_ends_the_session_on_the_server(phone: Phone) -> None:
    token, cookie = phone.token(), phone.client.get_cookie("session").value
    assert phone.client.post("/artisan/sign-out", data={"csrf_token": token}).location == "/artisan/sign-in"
    phone.client.set_cookie("session", cookie)
    assert phone.get("/artisan/").status_code == 303


def test_the_language_changes_and_the_page_stays(phone: Phone) -> None:
    headers = {"Referer": "http://localhost/artisan/money"}
    response = phone.post("/artisan/language", {"language": "ar"}, headers=headers)
    assert response.location == "/artisan/money"
    assert '<html lang="ar" dir="rtl">' in phone.get("/artisan/money").text
    assert db.session.get_one(Account, phone.account.id, populate_existing=True).language == "ar"


@pytest.mark.parametrize("referrer", ["https://evil.example/artisan/money", "http://localhost/staff/", ""])
def test_the_language_leads_nowhere_else(phone: Phone, referrer: str) -> None:
    response = phone.post("/artisan/language", {"language": "ar"}, headers={"Referer": referrer})
    assert response.location == "/artisan/"


def test_an_unknown_language_changes_nothing(phone: Phone) -> None:
    assert phone.post("/artisan/language", {"language": "xx"}).status_code == 303
    assert '<html lang="fr"' in phone.get("/artisan/").text


def test_a_language_is_chosen_before_anybody_is_signed_in(client: FlaskClient) -> None:
    client.post("/artisan/language", data={"language": "fr"})
    assert '<html lang="fr"' in client.get("/artisan/sign-in").text


def test_the_pin_changes_once_the_old_one_is_proven(client: FlaskClient, account: Account) -> None:
    client.post("/artisan/sign-in", data={"phone": "0612345678", "pin": PIN})

    def send(current: str, pin: str, again: str) -> int:
        page = client.get("/artisan/account").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        data = {"csrf_token": token, "current": current, "pin": pin, "again": again}
        return client.post("/artisan/account/pin", data=data).status_code

    assert send("111222", "640291", "640291") == 422
    assert send(PIN, "640291", "640292") == 422
    assert send(PIN, "123456", "123456") == 422
    assert send(PIN, "640291", "640291") == 303
    assert client.get("/artisan/").status_code == 200
    other = client.application.test_client()
    assert other.post("/artisan/sign-in", data={"phone": "0612345678", "pin": PIN}).status_code == 422
    assert other.post("/artisan/sign-in", data={"phone": "0612345678", "pin": "640291"}).status_code == 303


def test_a_delegate_acts_for_one_workshop_at_a_time(phone: Phone) -> None:
    second = make_unit(name_fr="Coopérative Al Amal")
    with transaction():
        grant_delegate(phone.account.id, second.id, granted_by=None)
    assert "Atelier Fatima" in phone.get("/artisan/").text
    assert phone.post("/artisan/account/unit", {"unit": second.public_id}).status_code == 303
    assert "Coopérative Al Amal" in phone.get("/artisan/").text


def test_nobody_acts_for_a_workshop_that_was_not_granted(phone: Phone, neighbour: Phone) -> None:
    assert phone.post("/artisan/account/unit", {"unit": neighbour.unit.public_id}).status_code == 404
    assert "Atelier Fatima" in phone.get("/artisan/").text


def test_a_form_without_its_token_is_refused(phone: Phone) -> None:
    assert phone.client.post("/artisan/account/unit", data={"unit": phone.unit.public_id}).status_code == 400
