"""The pages of each door that are looked at, in a language: addresses, found as a visitor would find them."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page

from tests.journeys import officer

Round = dict[str, str]


def storefront(context: BrowserContext, base: str, language: str) -> Round:
    """Public pages, and those of a buyer with a cart and a paid order."""
    page, home = context.new_page(), f"{base}/{language}/"
    listing = f"{home}products"
    product = _first(page, listing, ".product-grid a")
    order = context.request.post(f"{base}/demo/chairs/buyer?lang={language}", form={"order": "followed"}).url
    page.goto(product)
    page.locator(".buy-box__form button").click()
    page.wait_for_url("**/cart*")
    round_ = {
        "home": home,
        "listing": listing,
        "listing, nothing found": f"{listing}?q=zzzzzz",
        "crafts": f"{home}crafts",
        "craft": _first(page, f"{home}crafts", "main a[href*='/crafts/']"),
        "makers": f"{home}artisans",
        "maker": _first(page, f"{home}artisans", "main a[href*='/artisans/']"),
        "product": product,
        "cart": f"{home}cart",
        "country of checkout": f"{home}checkout",
        "checkout": f"{home}checkout?country=US",
        "order": re.sub("/(ar|fr|en)/orders/", f"/{language}/orders/", order),
        "find an order": f"{home}orders",
        "way to all orders": f"{home}account",
        **{name: f"{home}{name}" for name in ("shipping", "returns", "about", "privacy")},
        "nothing there": f"{home}nothing-there",
        "chairs": f"{base}/demo?lang={language}",
        "letters": f"{base}/demo/mail?lang={language}",
        "letter": _first(page, f"{base}/demo/mail?lang={language}", "tbody a"),
    }
    page.close()
    return round_


def artisan(context: BrowserContext, base: str, language: str) -> Round:
    """A maker's pages, with an order and a draft to look at."""
    page, door = context.new_page(), f"{base}/artisan"
    order = context.request.post(f"{base}/demo/chairs/artisan", form={"order": "followed"}).url
    _speak(page, f"{door}/", language)
    page.goto(f"{door}/pieces/new")
    page.locator("button[name=later]").click()
    draft = page.url.rpartition("/")[0]
    round_ = {
        "home": f"{door}/",
        "pieces": f"{door}/pieces",
        "piece": _first(page, f"{door}/pieces", ".piece-list a:has(.status--good)"),
        "draft": draft,
        "new piece": f"{door}/pieces/new",
        **{step: f"{draft}/{step}" for step in ("photos", "craft", "name", "price", "size", "stock")},
        "orders": f"{door}/orders",
        "order": order,
        "decline": f"{order}/decline",
        "money": f"{door}/money",
        "account": f"{door}/account",
    }
    page.close()
    return round_


def staff(context: BrowserContext, base: str, language: str) -> Round:
    """The office."""
    page, door = context.new_page(), f"{base}/staff"
    order = context.request.post(f"{base}/demo/chairs/officer", form={"order": "followed"}).url
    _speak(page, f"{door}/", language)
    year = officer.past_year()
    round_ = {
        "overview": f"{door}/",
        "pieces": f"{door}/pieces?state=published",
        "piece": _first(page, f"{door}/pieces?state=published", "tbody a"),
        "orders": f"{door}/orders",
        "order": order,
        "units": f"{door}/units",
        "new unit": f"{door}/units/new",
        "unit": _first(page, f"{door}/units", "tbody a"),
        "programmes": f"{door}/programmes",
        "report": f"{door}/reports?{year}",
        "lines of the report": f"{door}/reports/lines?{year}",
        "balances": f"{door}/reports/balances",
    }
    page.close()
    return round_


def strangers(context: BrowserContext, base: str, language: str) -> Round:
    """What the two inner doors show to somebody who is not signed in."""
    _speak(context.new_page(), f"{base}/artisan/sign-in", language)
    return {"artisan sign-in": f"{base}/artisan/sign-in", "staff sign-in": f"{base}/staff/sign-in?lang={language}"}


DOORS: dict[str, Callable[[BrowserContext, str, str], Round]] = {
    "storefront": storefront,
    "artisan": artisan,
    "staff": staff,
    "strangers": strangers,
}


def _first(page: Page, address: str, selector: str) -> str:
    """Where the first such link of a page leads."""
    page.goto(address)
    return str(page.locator(selector).first.evaluate("link => link.href"))


def _speak(page: Page, address: str, language: str) -> None:
    """Change the language at an inner door, if it is another."""
    page.goto(address)
    button = page.locator(f"form[action$='/language'] button[value={language}]")
    if button.count():
        button.click()
        page.wait_for_load_state()
