"""Who comes in, who does not, and that guessing ends."""

from datetime import timedelta

import pytest
from flask import Flask

from shop.accounts import services
from shop.accounts.errors import HandleInvalid, HandleTaken, SecretTooWeak, TooManyAttempts, WrongSecret
from shop.accounts.handles import normalise_email, normalise_phone, shown_phone
from shop.accounts.models import Account, Attempted, WebSession
from shop.accounts.secrets import NOBODY, check_secret, is_trivial
from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction

PIN = "280417"


def open_account(phone: str = "0612345678", **changes: str) -> Account:
    values = {"role": "artisan", "name": "Fatima", "language": "ar", "secret": PIN, "phone": phone, **changes}
    with transaction():
        return services.create_account(**values)


@pytest.mark.parametrize(
    "typed",
    ["0612345678", "06 12 34 56 78", "+212 612-345678", "00212612345678", "٠٦١٢٣٤٥٦٧٨", "+212 (0)6 12 34 56 78"],
)
def test_a_telephone_is_one_number_however_it_is_typed(typed: str) -> None:
    assert normalise_phone(typed) == "+212612345678"


@pytest.mark.parametrize("typed", ["", "hello", "12", "+", "0612345678901234567"])
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(HandleInvalid):
        normalise_phone(typed)


def test_a_telephone_is_shown_as_people_in_the_country_write_it() -> None:
    assert shown_phone("+212612345678").replace("-", " ").startswith("06")
    assert shown_phone("+33612345678").startswith("+33")


def test_an_e_mail_address_is_the_same_in_capitals() -> None:
    assert normalise_email(" Omar.Bennis@Example.ORG ") == "omar.bennis@example.org"


@pytest.mark.parametrize(
    "pin", ["000000", "123456", "987654", "121212", "123123", "123321", "112233", "901234", "١٢٣٤٥٦"]
)
def test_a_pin_that_is_guessed_first_is_refused(pin: str) -> None:
    with pytest.raises(SecretTooWeak):
        check_secret("artisan", pin)


@pytest.mark.parametrize("pin", ["28041", "2804177", "28041a", "", "      "])
def test_a_pin_has_six_digits(pin: str) -> None:
    with pytest.raises(SecretTooWeak):
        check_secret("artisan", pin)


def test_an_ordinary_pin_is_taken() -> None:
    check_secret("artisan", PIN)
    assert not is_trivial(PIN)


@pytest.mark.parametrize("password", ["short", "elevenchars", "aaaaaaaaaaaaaaa", "x" * 300])
def test_a_password_of_staff_is_long_and_not_one_letter(password: str) -> None:
    with pytest.raises(SecretTooWeak):
        check_secret("staff", password)


@pytest.mark.both_databases
def test_the_right_number_and_pin_come_in_whatever_digits_they_are_typed_in(app: Flask) -> None:
    account = open_account()
    assert services.authenticate("06 12 34 56 78", "٢٨٠٤١٧", ip="192.0.2.1").id == account.id


@pytest.mark.parametrize(("handle", "pin"), [("0612345678", "999999"), ("0699999999", PIN), ("nobody", PIN), ("", "")])
def test_a_wrong_number_and_a_wrong_pin_get_the_same_answer(app: Flask, handle: str, pin: str) -> None:
    open_account()
    with pytest.raises(WrongSecret) as refusal:
        services.authenticate(handle, pin, ip="192.0.2.1")
    assert refusal.value.text == "The number or the secret is not right. Try again."


def test_an_unknown_number_is_compared_against_a_hash_of_the_same_cost(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    monkeypatch.setattr(services, "matches", lambda hashed, secret: compared.append(hashed) or False)
    account = open_account()
    for handle in ("0612345678", "0699999999"):
        with pytest.raises(WrongSecret):
            services.authenticate(handle, PIN, ip="192.0.2.1")
    assert compared == [account.secret_hash, NOBODY]
    assert compared[0].split("$")[:4] == compared[1].split("$")[:4]


@pytest.mark.both_databases
def test_guessing_one_number_ends_after_five_tries_and_begins_anew_later(app: Flask, clock: VirtualClock) -> None:
    account = open_account()
    for _try in range(5):
        with pytest.raises(WrongSecret):
            services.authenticate("0612345678", "111222", ip="192.0.2.1")
    with pytest.raises(TooManyAttempts) as refusal:
        services.authenticate("0612345678", PIN, ip="192.0.2.77")
    assert refusal.value.status == 429
    assert refusal.value.data["minutes"] == 15
    clock.advance(minutes=15)
    assert services.authenticate("0612345678", PIN, ip="192.0.2.1").id == account.id


def test_guessing_slowly_ends_after_twenty_tries_a_day(app: Flask, clock: VirtualClock) -> None:
    open_account()
    for _try in range(20):
        clock.advance(minutes=10)
        with pytest.raises(WrongSecret):
            services.authenticate("0612345678", "111222", ip="192.0.2.1")
    clock.advance(minutes=20)
    with pytest.raises(TooManyAttempts):
        services.authenticate("0612345678", PIN, ip="192.0.2.1")


def test_guessing_many_numbers_from_one_address_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "matches", lambda hashed, secret: False)
    for number in range(60):
        with pytest.raises(WrongSecret):
            services.authenticate(f"06123400{number:02d}", PIN, ip="2001:db8::1")
    with pytest.raises(TooManyAttempts):
        services.authenticate("0612999999", PIN, ip="2001:db8::2")
    with pytest.raises(WrongSecret):
        services.authenticate("0612999999", PIN, ip="2001:db8:1::1")


def test_coming_in_forgets_the_tries_before_it_and_those_of_long_ago(app: Flask, clock: VirtualClock) -> None:
    open_account()
    with pytest.raises(WrongSecret):
        services.authenticate("0699999999", PIN, ip="192.0.2.1")
    clock.advance(days=3)
    with pytest.raises(WrongSecret):
        services.authenticate("0612345678", "111222", ip="192.0.2.1")
    services.authenticate("0612345678", PIN, ip="192.0.2.1")
    left = {row.key.split(":")[0] for row in db.session.query(Attempted)}
    assert left == {"ip"}
    assert all(row.window_start > clock_module.now() - timedelta(days=1) for row in db.session.query(Attempted))


def test_no_number_stands_in_the_counters(app: Flask) -> None:
    open_account()
    with pytest.raises(WrongSecret):
        services.authenticate("0612345678", "111222", ip="192.0.2.1")
    assert not [row.key for row in db.session.query(Attempted) if "612345678" in row.key or "192.0.2" in row.key]


def test_a_refused_sign_in_cannot_be_counted_inside_a_transaction(app: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError):
        services.authenticate("0612345678", PIN, ip="192.0.2.1")


def test_a_closed_account_does_not_come_in(app: Flask) -> None:
    account = open_account()
    with transaction():
        db.session.get_one(Account, account.id).archived_at = clock_module.now()
    with pytest.raises(WrongSecret):
        services.authenticate("0612345678", PIN, ip="192.0.2.1")


def test_a_number_belongs_to_one_account(app: Flask) -> None:
    open_account()
    with pytest.raises(HandleTaken):
        open_account("+212 612 345 678")


def test_an_account_needs_a_handle(app: Flask) -> None:
    with pytest.raises(HandleInvalid):
        open_account("")


def test_a_new_secret_ends_every_session_and_the_old_one_is_worth_nothing(app: Flask) -> None:
    account = open_account()
    with transaction():
        db.session.add(
            WebSession(
                id_hash="x",
                account_id=account.id,
                data={},
                created_at=clock_module.now(),
                expires_at=clock_module.now() + timedelta(days=1),
            )
        )
    with transaction():
        services.change_secret(account.id, "640291", actor=account.id)
    assert db.session.query(WebSession).count() == 0
    assert services.authenticate("0612345678", "640291", ip="192.0.2.1").id == account.id
    with pytest.raises(WrongSecret):
        services.authenticate("0612345678", PIN, ip="192.0.2.1")
