"""One sale from the maker's telephone to the programme's report, in each of the buyer's languages."""

import json
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from playwright.sync_api import expect

from shop.core import clock
from shop.i18n.formats import date, dirhams_text
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import use_language
from tests.journeys import buyer as buying
from tests.journeys import maker, officer, post
from tests.journeys.browser import DESK, PHONE, Watch, write_photo
from tests.journeys.buyer import Buyer
from tests.journeys.conftest import OpenVisitor
from tests.journeys.demo import Demo
from tests.journeys.maker import Piece
from tests.journeys.words import plain, says

pytestmark = pytest.mark.browser

UNIT = "Atelier Lahrichi, zellige de Fès"

BUYERS = {
    "ar": Buyer(
        language="ar",
        country="AE",
        currency="AED",
        email="noura@example.org",
        name="Noura Al Mansoori",
        phone="+971 50 123 4567",
        address={"street_address": "Villa 12, Al Wasl Road", "country_area": "إمارة دبيّ"},
        cards=(buying.DECLINED_CARD, buying.BANK_ASKS_CARD),
    ),
    # In this language the buyer's browser runs no scripts at all.
    "fr": Buyer(
        language="fr",
        country="FR",
        currency="EUR",
        email="claire.martin@example.org",
        name="Claire Martin",
        phone="+33 6 12 34 56 78",
        address={"street_address": "12 rue des Écoles", "postal_code": "69001", "city": "Lyon"},
        scripts=False,
    ),
    "en": Buyer(
        language="en",
        country="US",
        currency="USD",
        email="dana@example.org",
        name="Dana Smith",
        phone="+1 617 555 0123",
        address={"street_address": "1 Beacon St", "city": "Boston", "country_area": "MA", "postal_code": "02108"},
        cards=(buying.DECLINED_CARD, buying.GOOD_CARD),
    ),
}
# What the maker types as a price: once in the digits of an Arabic keyboard.
ASKS = {"ar": "١٢٥٠", "fr": "640", "en": "900"}


def _piece(language: str, mark: str) -> Piece:
    """`mark` is a word nothing else in the shop bears, so that a search finds this piece alone."""
    return Piece(
        titles={
            "ar": f"صينية زليج بثماني زوايا {mark}",
            "fr": f"Plateau de zellige à huit pointes {mark}",
            "en": f"Eight-pointed zellige tray {mark}",
        },
        tellings={
            "ar": "مقطعة باليد ومجمعة على أرضية من الأرز.",
            "fr": "Taillé à la main et monté sur un fond de cèdre.",
            "en": "Cut by hand and set on a ground of cedar.",
        },
        ask=ASKS[language],
    )


@pytest.mark.parametrize("language", BUYERS)
def test_a_piece_goes_from_the_makers_phone_to_the_programmes_report(
    language: str, demo: Demo, watch: Watch, visitor: OpenVisitor, tmp_path: Path
) -> None:
    """The whole spine of the shop by hand; at the end every invariant of the installation holds."""
    buyer, mark = BUYERS[language], f"{SystemRandom().randrange(10**6, 10**7)}"
    piece = _piece(language, mark)
    watch.expected = (402,)
    at_phone = visitor(PHONE, "ar").new_page()
    at_desk = visitor(DESK, "fr").new_page()
    abroad = visitor(PHONE, language, java_script_enabled=buyer.scripts).new_page()

    maker.sign_in(at_phone, demo.base)
    expect(at_phone.locator("html")).to_have_attribute("dir", "rtl")
    maker.add_piece(at_phone, demo.base, piece, write_photo(tmp_path / "photo.jpg", seed=len(language)))
    officer.sign_in(at_desk, demo.base)
    expect(at_desk.locator("html")).to_have_attribute("lang", "fr")
    officer.publish(at_desk, piece)

    buying.find_piece(abroad, demo.base, buyer, mark, piece.titles[language])
    buying.fill_cart(abroad, buyer)
    buying.check_out(abroad, buyer)
    buying.pay(abroad, buyer)
    number, own_page = buying.come_back(abroad, buyer)
    _confirmation_is_in_the_orders_language(at_desk, demo, buyer, number)

    maker.open_order(at_phone, demo.base, number)
    maker.accept_and_make_ready(at_phone)
    at_desk.goto(f"{demo.base}/staff/")
    tracking = f"EE{mark}MA"
    officer.hand_over(at_desk, number, "Poste Maroc EMS", tracking)
    abroad.goto(own_page)
    expect(abroad.locator("main")).to_contain_text("Poste Maroc EMS")
    expect(abroad.locator("main")).to_contain_text(tracking)
    _all_orders_open_by_a_letter(abroad, at_desk, demo, buyer, number)

    officer.find_in_report(at_desk, number, UNIT, buyer.currency)
    sheets = officer.read_workbook(at_desk, tmp_path)
    assert [row[1] for row in sheets[1]].count(number) == 1, "the order stands once among the workbook's lines"
    _month_reaches_its_reader(at_desk, demo, language)
    checked = demo.command("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _confirmation_is_in_the_orders_language(page: Any, demo: Demo, buyer: Buyer, number: str) -> None:
    letter = post.open_letter(page, demo.base, buyer.email, number)
    expect(letter.locator("html")).to_have_attribute("lang", LANGUAGES[buyer.language].tag)
    expect(letter.locator("html")).to_have_attribute("dir", LANGUAGES[buyer.language].direction)
    expect(letter.locator("body")).to_contain_text(says(buyer.language, "Thank you, your order is paid"))
    expect(letter.locator("body")).to_contain_text(number)


def _all_orders_open_by_a_letter(abroad: Any, at_desk: Any, demo: Demo, buyer: Buyer, number: str) -> None:
    """The buyer signs in, and may be erased now that the parcel has left."""
    abroad.goto(f"{demo.base}/{buyer.language}/account")
    abroad.locator("main input[name=email]").fill(buyer.email)
    abroad.locator("main form button").click()
    letter = post.open_letter(at_desk, demo.base, buyer.email, says(buyer.language, "The link to your orders"))
    link = letter.locator("a[href*='/account/enter']").get_attribute("href")
    at_desk.goto(f"{demo.base}/staff/")
    abroad.goto(str(link))
    abroad.locator("main form button").click()
    expect(abroad.locator("main")).to_contain_text(number)
    abroad.goto(f"{demo.base}/{buyer.language}/account/erase")
    expect(abroad.locator("main h1")).to_have_text(says(buyer.language, "Erase what we keep of you"))
    expect(abroad.locator("main form button")).to_have_text(says(buyer.language, "Erase it now"))


def _month_reaches_its_reader(page: Any, demo: Demo, language: str) -> None:
    """A recipient who reads this language gets the period, the basis and the very total of the report."""
    before = post.list_letters(page, demo.base)
    page.goto(f"{demo.base}/staff/reports")
    recipient = officer.send_month(page, LANGUAGES[language].own_name)
    programme = page.locator("main dd").nth(2).inner_text()
    letter = post.open_letter(page, demo.base, recipient, but=before)
    expect(letter.locator("html")).to_have_attribute("lang", LANGUAGES[language].tag)
    text = plain(letter.locator("body").inner_text())
    first = clock.today().replace(day=1)
    with use_language(language):
        period, basis = date(first, "long"), says(language, "Exported sales")
        total = dirhams_text(_total_of(page, demo, programme))
    for wanted in (period, basis, total):
        assert plain(wanted) in text


def _total_of(page: Any, demo: Demo, programme: str) -> int:
    """The month's net sales of a programme in hundredths of a dirham, as the report's own JSON has them."""
    page.goto(f"{demo.base}/staff/reports")
    code = page.locator("#f-programme option", has_text=programme).first.get_attribute("value")
    address = f"{demo.base}/staff/reports/artisan-sales.json"
    figures = json.loads(page.request.get(address, params={"programme": str(code), "basis": "exported"}).text())
    assert figures["filters"]["programme"] == code
    return int(figures["totals"]["net_mad_minor"])
