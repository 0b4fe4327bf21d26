"""Finds the machine's Chromium, opens it quiet and offline, and notes what a page should never do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Root in a container has no sandbox to give, a CI machine no GPU; the rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
LOCALES = {"ar": "ar-MA", "fr": "fr-FR", "en": "en-GB"}


def find_chromium() -> str | None:
    """Path of the browser: the one CHROMIUM names, else the first that PATH knows."""
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def open_chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def open_context(browser: Browser, size: dict[str, int], language: str, **options: Any) -> BrowserContext:
    """A visitor of their own: no cookies, a screen of this size, a language."""
    phone = size["width"] < 600
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        locale=LOCALES[language],
        timezone_id="Africa/Casablanca",
        has_touch=phone,
        is_mobile=phone,
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(15_000)
    return context


@dataclass
class Watch:
    """What went wrong in a context without anybody seeing it: errors in the console, requests to strangers.

    `friends` are the addresses one may talk to. `expected` are statuses a test brings about itself: a browser also
    writes those to its console.
    """

    friends: tuple[str, ...]
    expected: tuple[int, ...] = ()
    faults: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> "Watch":
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))
        context.on("request", self._request)
        return self

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if "within a few seconds" in message.text:
            # A font that was asked for early came late: that says how busy the machine is.
            return
        if any(f"status of {status}" in message.text for status in self.expected):
            return
        where = message.location.get("url") or (message.page.url if message.page else "")
        self.faults.append(f"{message.type} at {where}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws"} and f"{parts.scheme}://{parts.netloc}" not in self.friends:
            self.faults.append(f"request to a stranger: {request.url}")


def write_photo(path: Path, seed: int) -> Path:
    """A photograph as a telephone makes it: large, with a camera's note about it."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    image = Image.new("RGB", (1800, 2400), (226, 217, 200))
    pen = ImageDraw.Draw(image)
    for step in range(12, 0, -1):
        shade = (40 + seed * 37 % 90, 30 + step * 14, 200 - step * 9)
        reach = step * 70
        pen.regular_polygon((900, 1200, reach), 8, rotation=step * 11 + seed, fill=shade)
    notes = Image.Exif()
    notes[0x010F], notes[0x0110] = "Telephone", "Model 7"
    image.save(path, "JPEG", quality=92, exif=notes)
    return path
