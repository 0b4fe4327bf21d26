"""Every kind of page at three widths in three languages, and for those who cannot see it as others do."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from shop.i18n.languages import LANGUAGES
from tests.journeys.browser import DESK, PHONE, Watch
from tests.journeys.conftest import OpenVisitor
from tests.journeys.demo import Demo
from tests.journeys.rounds import DOORS

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 1280)
# What axe examines: the door, its language and screen, which of its pages.
BUYERS_PAGES = ("home", "listing", "product", "cart", "checkout", "review", "order", "maker")
MAKERS_PAGES = ("home", "photos", "craft", "name", "price", "stock", "draft", "orders", "order", "money")
EXAMINED = [
    ("storefront", "ar", PHONE, BUYERS_PAGES),
    ("storefront", "fr", DESK, (*BUYERS_PAGES, "chairs", "letters", "nothing there")),
    ("artisan", "ar", PHONE, MAKERS_PAGES),
    ("staff", "fr", DESK, ("overview", "pieces", "piece", "order", "report", "lines of the report")),
    ("strangers", "en", PHONE, ("artisan sign-in", "staff sign-in")),
]
# What sticks out at the side, unless it scrolls inside its own box.
STICKING_OUT = """() => {
  const scrolls = (node) => node && node !== document.body && node !== document.documentElement
    && (getComputedStyle(node).overflowX !== 'visible' || scrolls(node.parentElement));
  return [...document.body.querySelectorAll('*')].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(node.parentElement);
  }).slice(0, 4).map((node) => node.outerHTML.slice(0, 110).replace(/\\s+/g, ' '));
}"""
# What is in a frame of another origin cannot be asked.
OPTIONS = {"iframes": False}
SIZES = "() => [document.documentElement.scrollWidth, innerWidth]"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("door", DOORS)
def test_pages_fit_every_width_and_say_what_they_are(
    door: str, language: str, demo: Demo, watch: Watch, visitor: OpenVisitor
) -> None:
    """No sideways scroll, the right language and direction, one heading of the first rank, a name, no silent error."""
    watch.expected = (404,)
    context = visitor(DESK, language)
    addresses = DOORS[door](context, demo.base, language)
    page = context.new_page()
    faults = []
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None
        if answer.status != (404 if name == "nothing there" else 200):
            faults.append(f"{name}: {answer.status} at {address}")
            continue
        faults += [f"{name} {fault}" for fault in faults_of(page, language)]
    assert not faults, "\n".join(faults)


def faults_of(page: Page, language: str) -> list[str]:
    root, spoken = page.locator("html"), LANGUAGES[language]
    faults = []
    said = (root.get_attribute("lang"), root.get_attribute("dir"))
    if said != (spoken.tag, spoken.direction):
        faults.append(f"says lang and dir {said}")
    if page.locator("h1").count() != 1:
        faults.append(f"has {page.locator('h1').count()} h1")
    if page.title().startswith("·"):
        faults.append("has no title")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide, room = page.evaluate(SIZES)
        if wide > room:
            faults.append(f"is {wide} wide at {room}: {page.evaluate(STICKING_OUT)}")
    return faults


@pytest.mark.parametrize(
    ("door", "language", "screen", "names"),
    EXAMINED,
    ids=[f"{door}-{code}" for door, code, _screen, _names in EXAMINED],
)
def test_axe_finds_nothing_in_light_and_in_dark(
    door: str,
    language: str,
    screen: dict[str, int],
    names: tuple[str, ...],
    demo: Demo,
    watch: Watch,
    visitor: OpenVisitor,
) -> None:
    watch.expected = (404,)
    context = visitor(screen, language)
    addresses = DOORS[door](context, demo.base, language)
    page = context.new_page()
    faults = []
    for name in names:
        page.goto(addresses[name])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += [f"{name} in {scheme}: {fault}" for fault in violations_of(page)]
    assert not faults, "\n".join(faults)


def violations_of(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]} – {' '.join(str(node.get('failureSummary', '')).split())[:260]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]
