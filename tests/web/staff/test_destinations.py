"""Where the shop sends, what it sells in, who answers for it, and what is asked about freight: decided at the staff door."""

from flask.testing import FlaskClient
from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.currencies import list_currencies
from shop.core.db import db, transaction
from shop.core.policies import get_policy
from shop.core.tables import Audit
from shop.notifications.models import Letter
from shop.shipping.freight import Question, ask_freight, get_request
from shop.shipping.queries import read_tariff
from tests.builders import make_basics, make_product, make_unit
from tests.web.staff.page import send, text_of

DESTINATIONS, CURRENCIES = "/staff/settings/destinations", "/staff/settings/currencies"
RESPONSIBLE, QUOTES = "/staff/settings/responsible-person", "/staff/freight-requests"


def actions() -> list[str]:
    return list(db.session.scalars(select(Audit.action).order_by(Audit.id)))


def test_a_country_is_suspended_and_served_again(office: FlaskClient) -> None:
    make_basics()
    notice = {"country": "FR", "carrier": "Poste Maroc", "from_on": "2026-06-15", "source": "letter"}
    fields = {f"suspension-{name}": value for name, value in notice.items()}
    assert send(office, DESTINATIONS, f"{DESTINATIONS}/suspensions", **fields).status_code == 303
    assert read_tariff("EUR").stop_text("FR")
    page = office.get(DESTINATIONS)
    assert "Poste Maroc" in text_of(page)
    ends = page.text.partition('action="/staff/settings/destinations/suspensions/')[2].partition('"')[0]
    assert send(office, DESTINATIONS, f"{DESTINATIONS}/suspensions/{ends}").status_code == 303
    assert not read_tariff("EUR").stop_text("FR")
    assert actions()[-2:] == ["suspend", "resume"]


def test_a_zone_is_opened_given_postage_and_changed(office: FlaskClient) -> None:
    make_basics()
    north = {"countries": "is، no", "days_min": "4", "days_max": "9", "source": "price list"}
    fields = {f"new-{name}": value for name, value in {**north, "code": "north"}.items()}
    assert send(office, DESTINATIONS, DESTINATIONS, **fields).status_code == 303
    assert "nothing is sent there" in text_of(office.get(DESTINATIONS))
    band = {"north-band-up_to": "2,5", "north-band-amount_eur": "21.50"}
    assert send(office, DESTINATIONS, f"{DESTINATIONS}/zones/north/bands", **band).status_code == 303
    assert read_tariff("EUR").quote("IS", 2_500).amount_minor == 2_150
    changed = {f"north-{name}": value for name, value in {**north, "countries": "IS"}.items()}
    assert send(office, DESTINATIONS, f"{DESTINATIONS}/zones/north", **changed).status_code == 303
    assert "NO" not in read_tariff("EUR").destinations()


def test_what_is_wrong_with_a_zone_stands_beside_its_field(office: FlaskClient) -> None:
    make_basics()
    refused = {
        "": {"new-code": "north", "new-countries": "FR", "new-days_min": "4", "new-days_max": "2"},
        "/zones/world": {"world-countries": "XX", "world-days_min": "x", "world-days_max": "9"},
        "/zones/world/bands": {"world-band-up_to": "0.0001", "world-band-amount_eur": "2"},
        "/suspensions": {"suspension-country": "FR", "suspension-from_on": "2026-06-15"},
    }
    for address, fields in refused.items():
        answer = send(office, DESTINATIONS, DESTINATIONS + address, **fields)
        assert answer.status_code == 422, address
        assert 'class="field__error"' in answer.text, address
        assert '<details class="definition" open>' in answer.text or not address, address


def test_a_currency_is_offered_once_there_is_a_rate_and_dropped_again(office: FlaskClient) -> None:
    make_basics()
    answer = send(office, CURRENCIES, CURRENCIES, code="CHF")
    assert (answer.status_code, "import one first" in text_of(answer)) == (422, True)
    assert send(office, CURRENCIES, CURRENCIES, code="mad").status_code == 303
    assert list_currencies()[-1] == "MAD"
    assert "Moroccan Dirham (MAD)" in text_of(office.get(CURRENCIES))
    assert send(office, CURRENCIES, f"{CURRENCIES}/MAD/drop").status_code == 303
    assert send(office, CURRENCIES, f"{CURRENCIES}/EUR/drop").status_code == 422
    assert list_currencies() == ("EUR", "USD", "GBP", "AED")


def test_the_responsible_person_is_named_from_today(office: FlaskClient) -> None:
    assert "Nobody is named yet" in text_of(office.get(RESPONSIBLE))
    assert send(office, RESPONSIBLE, RESPONSIBLE, name="", email="eu").status_code == 422
    person = {"name": "Artisans Europe", "postal_address": "3 quai Voltaire\nParis", "email": "eu@example.org"}
    assert send(office, RESPONSIBLE, RESPONSIBLE, **person).status_code == 303
    assert get_policy("eu_responsible_person") == {**person, "postal_address": "3 quai Voltaire Paris"}


def test_a_unit_says_where_an_authority_writes_to_and_what_buyers_may_see(office: FlaskClient) -> None:
    unit = make_unit()
    page = f"/staff/units/{unit.public_id}"
    wrong = send(office, page, f"{page}/public", **{"public-email": "nowhere"})
    assert (wrong.status_code, "like name@example.com" in text_of(wrong)) == (422, True)
    told = {"public-postal_address": "Taznakht", "public-email": "f@example.org", "public-shows_share": "y"}
    assert send(office, page, f"{page}/public", **told).status_code == 303
    row = db.session.get_one(Unit, unit.id, populate_existing=True)
    assert (row.postal_address, row.email, row.shows_share) == ("Taznakht", "f@example.org", True)


def test_a_freight_request_waits_on_the_overview_and_is_answered_once(office: FlaskClient) -> None:
    rug = make_product(weight_grams=90_000)
    with transaction():
        question = Question(rug.id, 1, "FR", "EUR", "fr", "Claire Martin", "claire@example.org", "3e étage")
        known_as = ask_freight(question, ["FR"]).public_id
    page = f"{QUOTES}/{known_as}"
    assert "1 Freight quotes asked for" in text_of(office.get("/staff/"))
    assert "3e étage" in text_of(office.get(page))
    missing = send(office, page, page, verdict="quote", amount="", answer="Par camion.")
    assert (missing.status_code, "Enter what the freight costs." in text_of(missing)) == (422, True)
    assert send(office, page, page, verdict="quote", amount="380", answer="Par camion.").status_code == 303
    assert (get_request(known_as).state, get_request(known_as).amount_minor) == ("quoted", 38_000)
    assert "Quoted" in text_of(office.get(QUOTES))
    assert db.session.scalars(select(Letter.kind)).all() == ["freight_answered"]
    assert send(office, QUOTES, page, verdict="decline", answer="Non.").status_code == 422


def test_a_buyer_asks_for_freight_and_is_told_what_is_missing(client: FlaskClient) -> None:
    rug = make_product(weight_grams=90_000)
    form = f"/en/freight/{rug.id}"
    assert "too heavy for a parcel" in text_of(client.get(form))
    wrong = client.post(form, data={"country": "FR", "quantity": "1", "name": "", "email": "x", "message": "3rd floor"})
    assert wrong.status_code == 422
    assert "3rd floor" in wrong.text
    asked = client.post(form, data={"country": "FR", "quantity": "١", "name": "Claire", "email": "c@example.org"})
    assert asked.status_code == 303
    assert "Your question has arrived." in text_of(client.get(asked.headers["Location"]))
