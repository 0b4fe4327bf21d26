"""Coming in at the officers' door."""

from flask import Flask
from flask.testing import FlaskClient

from shop.accounts.models import Account
from shop.accounts.services import create_account
from shop.core.db import db, transaction
from tests.builders import make_account, sign_in
from tests.web.staff.page import send, text_of

PASSWORD = "saffron and cedar wood"


def test_an_officer_comes_in_by_e_mail_and_password(app: Flask, client: FlaskClient) -> None:
    with transaction():
        create_account(role="staff", name="Salma", language="fr", secret=PASSWORD, email="salma@example.org")
    wrong = client.post("/staff/sign-in", data={"email": "salma@example.org", "password": "nearly the right one"})
    assert wrong.status_code == 422
    assert 'value="salma@example.org"' in wrong.get_data(as_text=True)
    answer = client.post("/staff/sign-in", data={"email": "Salma@Example.org", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/staff/")
    assert client.get("/staff/").status_code == 200


def test_nobody_is_sent_to_the_sign_in_page(client: FlaskClient) -> None:
    answer = client.get("/staff/reports")
    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")


def test_an_artisan_is_refused(client: FlaskClient) -> None:
    sign_in(client, make_account("artisan"))
    assert client.get("/staff/orders").status_code == 403


def test_the_language_is_the_officers_and_can_be_changed(office: FlaskClient, officer: Account) -> None:
    assert 'lang="en"' in office.get("/staff/").get_data(as_text=True)
    answer = send(office, "/staff/orders", "/staff/language", language="ar")
    assert (answer.status_code, answer.location) == (303, "/staff/orders")
    assert 'dir="rtl"' in office.get("/staff/orders").get_data(as_text=True)
    assert db.session.get_one(Account, officer.id).language == "ar"


def test_going_back_never_leaves_the_door(office: FlaskClient) -> None:
    token = {"csrf_token": "x"}
    assert office.post("/staff/language", data={**token, "language": "fr"}).status_code == 400
    answer = send(office, "/staff/orders", "/staff/sign-out")
    assert answer.status_code == 303
    assert office.get("/staff/").status_code == 303


def test_every_page_of_an_empty_office_answers(office: FlaskClient) -> None:
    for path in (
        "/staff/",
        "/staff/pieces",
        "/staff/pieces?state=published&q=tapis",
        "/staff/orders",
        "/staff/orders?wait=quarantine",
        "/staff/units",
        "/staff/units/new",
        "/staff/programmes",
        "/staff/reports",
        "/staff/reports/lines",
        "/staff/reports/balances",
    ):
        answer = office.get(path)
        assert answer.status_code == 200, path
        assert "%(" not in text_of(answer), path
