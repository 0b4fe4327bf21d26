"""Takes the eight pictures of docs/pictures from a running demonstration: `python -m tests.journeys.pictures BASE_URL`.

Between them they show three languages, three widths, light and dark, and the three doors.

Each is a page as it stands, in few colours; what is larger than it may be is taken with fewer dots, then colours.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys import officer
from tests.journeys.browser import find_chromium, open_chromium, open_context

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PHONE = {"width": 360, "height": 780}
TABLET = {"width": 768, "height": 1024}
DESK = {"width": 1280, "height": 900}
MOST_BYTES = 250_000
# (dots per pixel, colours), the best first.
QUALITIES = ((2, 256), (1, 256), (1, 128), (1, 64))
# The piece the shop is named after.
PIECE = "لوحة الخاتم المثمن"


def product(page: Page, base: str) -> None:
    page.goto(f"{base}/ar/products?q={PIECE}")
    page.locator(".product-grid a", has_text=PIECE).first.click()


def home(page: Page, base: str) -> None:
    page.goto(f"{base}/fr/")


def arabic_home(page: Page, base: str) -> None:
    page.goto(f"{base}/ar/")


def listing(page: Page, base: str) -> None:
    page.goto(f"{base}/en/products?family=POT&to=GB&currency=GBP")


def piece_on_a_desk(page: Page, base: str) -> None:
    page.goto(f"{base}/en/products?kind=one_of_a_kind&family=TAP")
    page.locator(".product-grid a").first.click()


def report(page: Page, base: str) -> None:
    page.request.post(f"{base}/demo/chairs/officer")
    page.goto(f"{base}/staff/")
    page.goto(f"{base}/staff/reports?{officer.past_year()}")


def artisan(page: Page, base: str) -> None:
    page.request.post(f"{base}/demo/chairs/artisan")
    page.goto(f"{base}/artisan/")


def checkout(page: Page, base: str) -> None:
    product(page, base)
    page.locator(".buy-box__form button").click()
    page.wait_for_url("**/cart*")
    page.goto(f"{base}/ar/checkout?country=AE")


Way = Callable[[Page, str], None]
# name -> (screen, language, scheme, the way to the page)
PICTURES: dict[str, tuple[dict[str, int], str, Literal["light", "dark"], Way]] = {
    "product-ar-phone": (PHONE, "ar", "light", product),
    "home-fr-desktop": (DESK, "fr", "light", home),
    "report-fr-desktop": (DESK, "fr", "light", report),
    "artisan-ar-phone": (PHONE, "ar", "light", artisan),
    "checkout-ar-phone": (PHONE, "ar", "light", checkout),
    "home-ar-phone-dark": (PHONE, "ar", "dark", arabic_home),
    "listing-en-tablet": (TABLET, "en", "light", listing),
    "product-en-desktop-dark": (DESK, "en", "dark", piece_on_a_desk),
}


def take(browser: Browser, base: str, name: str) -> bytes:
    """One picture as PNG of at most MOST_BYTES."""
    size, language, scheme, go = PICTURES[name]
    for density, colours in QUALITIES:
        context = open_context(browser, size, language, device_scale_factor=density, color_scheme=scheme)
        taken = _small(_shoot(context, base, go), colours)
        context.close()
        if len(taken) <= MOST_BYTES:
            return taken
    raise ValueError(f"{name} takes {len(taken)} bytes")


def _shoot(context: BrowserContext, base: str, go: Callable[[Page, str], None]) -> bytes:
    page = context.new_page()
    go(page, base)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return page.screenshot(animations="disabled")


def _small(png: bytes, colours: int) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(colours, method=Image.Quantize.MEDIANCUT).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main(base: str) -> None:
    path = find_chromium()
    if path is None:
        sys.exit("No Chromium was found; name one in CHROMIUM.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open_chromium(path) as browser:
        for name in PICTURES:
            png = take(browser, base.rstrip("/"), name)
            (FOLDER / f"{name}.png").write_bytes(png)
            print(f"{name}.png  {len(png) // 1000} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.journeys.pictures BASE_URL")
    main(sys.argv[1])
