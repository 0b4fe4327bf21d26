"""What an artisan does at their door, on a telephone."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect


@dataclass(frozen=True)
class Piece:
    """A piece as its maker describes it, and as the office will call it in the other languages.

    `ask` is typed as it stands, in whole dirhams; `titles` and `tellings` by language.
    """

    titles: dict[str, str]
    tellings: dict[str, str]
    ask: str
    craft: str = "zellige"
    weight_kg: str = "3.5"
    sides_cm: tuple[str, str, str] = ("40", "40", "2.5")
    count: str = "5"


def sign_in(page: Page, base: str) -> None:
    """With the number and PIN that the page of the three chairs tells a visitor."""
    page.goto(f"{base}/demo")
    phone, pin = page.locator(".chair__by-hand").first.locator("dd").all_inner_texts()
    page.goto(f"{base}/artisan/")
    page.locator("#f-phone").fill(phone)
    page.locator("#f-pin").fill(pin)
    page.locator("form[action$='/artisan/sign-in'] button").click()
    expect(page.locator(".tiles")).to_be_visible()


def add_piece(page: Page, base: str, piece: Piece, photo: Path) -> str:
    """Answer the six questions in the maker's Arabic and send the piece for review: its public id."""
    page.goto(f"{base}/artisan/")
    page.locator(".tiles a[href$='/artisan/pieces/new']").click()
    page.locator("#f-photos-more").set_input_files(photo)
    expect(page.locator("[data-photo-list] img")).to_have_count(1)
    _next(page)
    page.locator("label.choice", has=page.locator(f"input[value={piece.craft}]")).click()
    _next(page)
    page.locator("#f-title").fill(piece.titles["ar"])
    page.locator("#f-description").fill(piece.tellings["ar"])
    _next(page)
    page.locator("#f-ask").fill(piece.ask)
    _next(page)
    # The same question again, now with what a buyer abroad sees and what arrives here.
    expect(page.locator(".seen__amount")).to_have_count(2)
    _next(page)
    page.locator("#f-weight").fill(piece.weight_kg)
    for name, side in zip(("length", "width", "height"), piece.sides_cm, strict=True):
        page.locator(f"#f-{name}").fill(side)
    _next(page)
    page.locator("label.choice", has=page.locator("input[value=repeatable]")).click()
    page.locator("#f-count").fill(piece.count)
    _next(page)
    expect(page.locator("h1")).to_have_text(piece.titles["ar"])
    page.locator("form[action$='/submit'] button").click()
    page.wait_for_url("**/artisan/pieces/*?sent=1")
    return page.url.split("/pieces/")[1].partition("?")[0]


def _next(page: Page) -> None:
    """The big button below the question."""
    page.locator("form.screen button:visible:not([name]):not([tabindex='-1'])").last.click()


def open_order(page: Page, base: str, number: str) -> None:
    """From home to the order, as the maker finds it: among those that wait for an answer."""
    page.goto(f"{base}/artisan/")
    page.locator(".tiles a[href$='/artisan/orders']").click()
    page.locator(f".piece-list a[href*='{number}']").click()


def accept_and_make_ready(page: Page) -> None:
    page.locator("form[action$='/accept'] button").click()
    page.locator("form[action$='/ready'] button").click()
    expect(page.locator("form[action$='/ready']")).to_have_count(0)
    expect(page.locator(".notice--good")).to_be_visible()
