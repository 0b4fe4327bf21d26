"""What somebody abroad does in the shop and on the page of Stripe's double."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.journeys.words import says

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
BANK_ASKS_CARD = "4000 0025 0000 3155"


@dataclass(frozen=True)
class Buyer:
    """Who buys: `address` by field name; a field that is not there is left out, a choice is made by its value."""

    language: str
    country: str
    currency: str
    email: str
    name: str
    phone: str
    address: dict[str, str]
    cards: tuple[str, ...] = (GOOD_CARD,)
    scripts: bool = True


def find_piece(page: Page, base: str, buyer: Buyer, words: str, title: str) -> None:
    """From the first page, by the search field, to the page of the piece."""
    page.goto(f"{base}/{buyer.language}/")
    page.locator("#search").fill(words)
    page.locator("#search").press("Enter")
    page.locator(".product-grid a", has_text=title).first.click()
    expect(page.locator("h1")).to_have_text(title)


def fill_cart(page: Page, buyer: Buyer) -> None:
    """Into the cart, and the country, so that the whole amount is known."""
    page.locator(".buy-box__form button").click()
    page.wait_for_url(f"**/{buyer.language}/cart*")
    page.locator("#f-country").select_option(buyer.country)
    page.locator("#f-currency").select_option(buyer.currency)
    page.locator("form[action*='/cart/'] select").first.locator("xpath=ancestor::form//button").click()
    # Goods, postage and the whole; between them what some countries' taxes and duties add.
    expect(page.locator(".summary__totals dd").nth(2)).to_be_visible()
    page.locator(f"a[href^='/{buyer.language}/checkout']").click()


def check_out(page: Page, buyer: Buyer) -> None:
    """The steps of checkout; ends where the card is asked for."""
    give_address(page, buyer)
    page.locator("main form[method=post] button").click()
    page.wait_for_url(f"**/{buyer.language}/orders/*/pay*" if buyer.language == "ar" else "**/c/pay/*")


def give_address(page: Page, buyer: Buyer) -> None:
    """The form of the country; ends on the page where everything is checked."""
    expect(page.locator("#f-country")).to_have_value(buyer.country)
    for name, text in {"email": buyer.email, "name": buyer.name, "phone": buyer.phone}.items():
        page.locator(f"#f-{name}").fill(text)
    for name, text in buyer.address.items():
        field = page.locator(f"#f-{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    page.locator("main form[method=post] button").last.click()
    page.wait_for_url(f"**/{buyer.language}/checkout/review")
    expect(page.locator(".answers")).to_contain_text(buyer.email)


def pay(page: Page, buyer: Buyer) -> None:
    """Type each card in turn: all but the last are refused. The bank asks where the last is such a card."""
    if buyer.language == "ar":
        pay_on_our_page(page, buyer)
    else:
        pay_at_stripe(page, buyer)


def pay_at_stripe(page: Page, buyer: Buyer) -> None:
    """On the page of Stripe's double, which speaks French and English."""
    expect(page.locator("html")).to_have_attribute("lang", "en" if buyer.language == "en" else "fr")
    for card in buyer.cards:
        page.locator("#number").fill(card)
        page.locator("#expiry").fill("12 / 34")
        page.locator("#cvc").fill("123")
        page.locator("#name").fill(buyer.name)
        page.locator("button[name=action]").click()
        if card != buyer.cards[-1]:
            expect(page.locator(".problem")).to_be_visible()
    if buyer.cards[-1] == BANK_ASKS_CARD:
        page.wait_for_url("**/c/authenticate/*")
        page.locator("button[value=accept]").click()


def pay_on_our_page(page: Page, buyer: Buyer) -> None:
    """In frames of another origin on a page of the shop, from right to left."""
    form, card_form = page.locator("[data-payment]"), page.frame_locator("[data-place] iframe")
    expect(card_form.locator("html")).to_have_attribute("dir", "rtl")
    for card in buyer.cards:
        card_form.locator("#number").fill(card)
        card_form.locator("#expiry").fill("12 / 34")
        card_form.locator("#cvc").fill("123")
        form.locator("button").click()
        if card != buyer.cards[-1]:
            expect(form.locator("[role=alert]")).to_be_focused()
    if buyer.cards[-1] == BANK_ASKS_CARD:
        page.frame_locator("dialog iframe").locator("button[value=accept]").click()


def come_back(page: Page, buyer: Buyer) -> tuple[str, str]:
    """The page that says it is paid: the order's number, and the address of the order's own page."""
    page.wait_for_url(f"**/{buyer.language}/orders/*/return*")
    expect(page.locator("h1")).to_have_text(says(buyer.language, "Thank you. It is paid."), timeout=30_000)
    number = urlsplit(page.url).path.split("/")[3]
    expect(page.locator(".outcome")).to_contain_text(number)
    page.locator(".outcome a.button").click()
    expect(page.locator("h1")).to_contain_text(number)
    return number, page.url
