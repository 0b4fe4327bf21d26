"""The payment page in Arabic where not all is well: a mistyped card, no scripts, no Stripe; and how it looks to everybody."""

import pytest
from playwright.sync_api import Page, Route, expect

from shop.i18n.languages import LANGUAGES
from tests.journeys import buyer as buying
from tests.journeys.browser import PHONE, Watch
from tests.journeys.buyer import Buyer
from tests.journeys.conftest import OpenVisitor
from tests.journeys.demo import Demo
from tests.journeys.rounds import ANSWERS
from tests.journeys.test_pages import faults_of, violations_of
from tests.journeys.words import says

pytestmark = pytest.mark.browser

CLAIRE = Buyer(
    language="ar",
    country="FR",
    currency="EUR",
    email=str(ANSWERS["email"]),
    name=str(ANSWERS["name"]),
    phone=str(ANSWERS["phone"]),
    address={name: str(ANSWERS[name]) for name in ("street_address", "postal_code", "city")},
)


def come_to_payment(page: Page, base: str, piece: int) -> None:
    """With the so-manieth piece of the shop that can be bought, up to the page where the card is asked for."""
    page.goto(f"{base}/ar/products?ready=1")
    page.locator(".product-grid a").nth(piece).click()
    buying.fill_cart(page, CLAIRE)
    buying.check_out(page, CLAIRE)


def test_the_payment_page_is_for_everybody(demo: Demo, watch: Watch, visitor: OpenVisitor) -> None:
    """It fits, it is named and described, in light and dark; what is wrong with a card stands where it is typed."""
    page = visitor(PHONE, "ar").new_page()
    come_to_payment(page, demo.base, 0)
    address, faults = page.url, []
    for language in LANGUAGES:
        page.goto(address.replace("/ar/", f"/{language}/"))
        form, button = page.frame_locator("[data-place] iframe"), page.locator("[data-payment] > button")
        expect(form.locator("html")).to_have_attribute("dir", LANGUAGES[language].direction)
        expect(button).to_be_enabled()
        faults += [f"{language} {fault}" for fault in faults_of(page, language)]
        form.locator("#number").fill("4242 4242 4242 4241")
        button.click()
        expect(page.locator("[data-problem]")).to_be_focused()
        expect(form.locator("#number")).to_have_attribute("aria-invalid", "true")
        assert page.title().startswith(says(language, "Error:"))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += [f"{language} in {scheme}: {fault}" for fault in violations_of(page)]
    assert not faults, "\n".join(faults)


def test_without_scripts_the_buyer_pays_on_stripes_page_and_comes_back_in_arabic(
    demo: Demo, watch: Watch, visitor: OpenVisitor
) -> None:
    page = visitor(PHONE, "ar", java_script_enabled=False).new_page()
    come_to_payment(page, demo.base, 1)
    # The test's browser runs no scripts, yet does not show what stands in its place.
    assert says("ar", "Your browser runs no scripts.") in page.content()
    expect(page.locator("[data-payment]")).to_be_hidden()
    page.locator("button[name=hosted][value=fr]").click()
    page.wait_for_url("**/c/pay/*")
    buying.pay_at_stripe(page, CLAIRE)
    buying.come_back(page, CLAIRE)


def test_when_stripes_script_does_not_come_the_buyer_is_told_and_has_another_way(
    demo: Demo, watch: Watch, visitor: OpenVisitor
) -> None:
    context = visitor(PHONE, "ar")
    context.route("**/elements/stripe.js", _lose)
    page = context.new_page()
    come_to_payment(page, demo.base, 2)
    expect(page.locator("[data-problem]")).to_be_focused()
    expect(page.locator("[data-payment] > button")).to_be_disabled()
    page.locator("button[name=hosted][value=en]").click()
    page.wait_for_url("**/c/pay/*")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    watch.faults = [fault for fault in watch.faults if "/elements/stripe.js" not in fault]


def _lose(route: Route) -> None:
    route.abort()
