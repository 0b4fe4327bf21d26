"""The demonstration's mailbox, where letters land once the worker has written them."""

import time
from collections.abc import Set

from playwright.sync_api import FrameLocator, Page, expect

WAIT_SECONDS = 30


def list_letters(page: Page, base: str) -> set[str]:
    """Addresses of the newest letters, to know later which one is new."""
    page.goto(f"{base}/demo/mail")
    return set(page.locator("tbody a").evaluate_all("links => links.map((link) => link.pathname)"))


def open_letter(page: Page, base: str, recipient: str, words: str = "", but: Set[str] = frozenset()) -> FrameLocator:
    """The newest letter to an address whose subject holds these words, none of `but`; waits for it. Its body."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        page.goto(f"{base}/demo/mail?to={recipient}")
        found = page.locator("tbody a", has_text=words).evaluate_all("links => links.map((link) => link.pathname)")
        fresh = [path for path in found if path not in but]
        if fresh:
            break
        assert time.monotonic() < deadline, f"no letter to {recipient} within {WAIT_SECONDS} seconds"
        page.wait_for_timeout(500)
    page.locator(f"tbody a[href^='{fresh[0]}']").click()
    expect(page.locator("iframe.letter-frame")).to_be_visible()
    return page.frame_locator("iframe.letter-frame")
