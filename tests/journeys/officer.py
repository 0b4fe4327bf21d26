"""What the programme's officer does in the office, in French, at a desk."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from shop.core import clock
from tests.journeys.maker import Piece

HS_CODE = "690740"


def sign_in(page: Page, base: str) -> None:
    """With the address and password that the page of the three chairs tells a visitor."""
    page.goto(f"{base}/demo")
    email, password = page.locator(".chair__by-hand").last.locator("dd").all_inner_texts()
    page.goto(f"{base}/staff/")
    page.locator("#f-email").fill(email)
    page.locator("#f-password").fill(password)
    page.locator("form.sign-in button").click()
    expect(page.locator(".staff-nav nav")).to_be_visible()


def publish(page: Page, piece: Piece) -> None:
    """Find the piece among those to review, complete it and put it on sale."""
    page.locator(".staff-nav__link[href$='/staff/pieces']").click()
    page.get_by_role("link", name=piece.titles["ar"]).click()
    for language in ("fr", "en"):
        page.locator(f"#f-title_{language}").fill(piece.titles[language])
        page.locator(f"#f-description_{language}").fill(piece.tellings[language])
    page.locator("#f-hs_code").fill(HS_CODE)
    prices = page.locator(".prices__input")
    assert prices.count() == 4, "a price in each of four currencies is suggested from what the maker asks"
    for position in range(prices.count()):
        assert float(prices.nth(position).input_value()) > 0
    page.locator("button[name=action][value=publish]").click()
    page.wait_for_url("**/staff/pieces/*?done=published")
    expect(page.locator(".notice--good")).to_be_visible()


def hand_over(page: Page, number: str, carrier: str, tracking: str) -> None:
    """Record today's parcel of the order's only maker."""
    page.locator(".staff-nav__link[href$='/staff/orders']").click()
    page.locator("#f-q").fill(number)
    page.locator("form.filter-line button").click()
    page.get_by_role("link", name=number).click()
    parcel = page.locator("form[action$='/hand-over']")
    expect(parcel.locator("input[type=checkbox]")).to_be_checked()
    parcel.locator("input[name$='-carrier']").fill(carrier)
    parcel.locator("input[name$='-tracking']").fill(tracking)
    assert parcel.locator("input[name$='-handed_over_on']").input_value(), "today stands in the box already"
    parcel.locator("button").click()
    page.wait_for_url("**?done=handed_over")


def find_in_report(page: Page, number: str, unit: str, currency: str) -> None:
    """From this month's exported sales to the lines behind one figure; the order is among them and leads back."""
    page.locator(".staff-nav__link[href$='/staff/reports']").click()
    page.locator("tr", has=page.locator("th", has_text=unit)).filter(has_text=currency).locator("a.figure-link").nth(
        5
    ).click()
    line = page.locator("tbody tr", has=page.get_by_role("link", name=number))
    expect(line).to_have_count(1)
    expect(line.locator("code", has_text="pi_")).to_have_count(1)
    expect(line.locator("code", has_text="ch_")).to_have_count(1)
    page.go_back()


def read_workbook(page: Page, folder: Path) -> list[list[list[Any]]]:
    """Download the report on the screen as a workbook: its sheets, row by row."""
    with page.expect_download() as download:
        page.locator(".downloads a[href*='artisan-sales.xlsx']").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    book = CalamineWorkbook.from_path(path)
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def send_month(page: Page, language_name: str) -> str:
    """Send the month on the screen to the first recipient of a language; the recipient's e-mail address."""
    form = page.locator("form[action*='/staff/reports/send']")
    choice = form.locator("select[name$='recipient'] option", has_text=language_name).first
    form.locator("select[name$='recipient']").select_option(value=choice.get_attribute("value"))
    form.locator("button").click()
    page.wait_for_url("**/staff/reports/sent?*")
    return page.locator("main dd", has_text="@").inner_text().strip("\u2066\u2069 ")


def past_year() -> str:
    """The query of a report that surely holds sales."""
    today = clock.today()
    return f"from={today - timedelta(days=365)}&to={today}"
