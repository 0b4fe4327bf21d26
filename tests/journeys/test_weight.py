"""What a page weighs on a telephone that has never been here, as it goes over the wire, with the demonstration's drawings."""

import time
from collections import Counter

import pytest
from playwright.sync_api import Page

from shop.i18n.languages import LANGUAGES
from tests.journeys.browser import PHONE
from tests.journeys.conftest import OpenVisitor
from tests.journeys.demo import Demo

pytestmark = pytest.mark.browser

MOST = 150 * 1024
# A first screen shows fewer; these are what is seen after the first movement of a thumb.
PICTURES = 6
# Widths of telephones, and how many dots they have for a pixel of the page.
SCREENS = ((PHONE, 2), ({"width": 412, "height": 915}, 2.625), (PHONE, 3))
KINDS = {"css": "styles", "js": "scripts", "woff2": "fonts"}
# AVIF is made after the demonstration has begun; what every current browser will be sent is awaited.
AVIF_SECONDS = 240
LACK_AVIF = """(most) => [...document.images].filter((image) => image.getAttribute('src')).slice(0, most)
  .some((image) => !image.closest('picture').querySelector('source[type="image/avif"]'))"""
# Everything that came for the page but pictures further down, as [address, bytes of the body as sent].
CAME = """async (most) => {
  const pictures = [...document.images].filter((image) => image.getAttribute('src')).slice(0, most);
  for (const picture of pictures) picture.loading = 'eager';
  await Promise.all(pictures.map((picture) => picture.decode()));
  await document.fonts.ready;
  const seen = new Set(pictures.map((picture) => picture.currentSrc));
  const isFurther = (name) => new URL(name).pathname.startsWith('/media/') && !seen.has(name);
  return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((entry) => !isFurther(entry.name))
    .map((entry) => [entry.entryType === 'navigation' ? 'page' : entry.name, entry.encodedBodySize]);
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_view_weighs_at_most_150_kilobytes_on_a_telephone(
    language: str, demo: Demo, visitor: OpenVisitor
) -> None:
    home = f"{demo.base}/{language}/"
    finding = visitor(PHONE, language).new_page()
    finding.goto(f"{home}products")
    product = finding.locator(".product-grid a").first.evaluate("(link) => link.href")
    for name, address in {"home": home, "listing": f"{home}products", "product": product}.items():
        finding.goto(address)
        await_avif(finding)
        for screen, density in SCREENS:
            # A visitor of their own for each: nothing is there from an earlier page.
            page = visitor(screen, language, device_scale_factor=density).new_page()
            page.goto(address)
            weights = weigh(page)
            page.context.close()
            told = ", ".join(f"{kind} {size / 1024:.1f}" for kind, size in weights.most_common())
            print(f"{name} in {language} at {density}: {weights.total() / 1024:.1f} KB ({told})")
            # Nothing is forgotten: an empty kind would be a page that does not look as it should.
            assert all(weights[kind] for kind in ("page", "styles", "scripts", "fonts", "pictures")), told
            assert weights.total() <= MOST, f"{name} at {density}: {told}"


def await_avif(page: Page) -> None:
    """Look again until the first pictures of a page are offered as AVIF."""
    deadline = time.monotonic() + AVIF_SECONDS
    while page.evaluate(LACK_AVIF, PICTURES):
        assert time.monotonic() < deadline, f"{page.url}: pictures without AVIF"
        time.sleep(1)
        page.reload()


def weigh(page: Page) -> Counter[str]:
    """Bytes by kind."""
    weights: Counter[str] = Counter()
    for address, size in page.evaluate(CAME, PICTURES):
        path = address.partition("?")[0]
        known = KINDS.get(path.rpartition(".")[2], "pictures" if "/media/" in path else "other")
        weights["page" if address == "page" else known] += size
    return weights
