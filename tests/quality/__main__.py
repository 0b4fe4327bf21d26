"""`python -m tests.quality [--base ADDRESS] [--only html,axe,lighthouse]`: needs Chromium, Java, Node.js and, once, npm.

Starts a demonstration unless one is named, goes through every kind of public page in three languages, prints a table and
what was found. Exit code 1 if a figure is missed, 2 if this machine lacks something.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from shop.i18n.languages import LANGUAGES
from tests.journeys.browser import DESK, PHONE, find_chromium, open_chromium, open_context
from tests.journeys.demo import start_demo
from tests.journeys.rounds import storefront
from tests.quality import accessibility, html_checker, lighthouse
from tests.quality.findings import Finding
from tests.quality.packages import Missing, install

EXAMINERS = ("html", "axe", "lighthouse")
MEASURED = ("home", "listing", "product", "cart")
ORDERS = 12


@contextmanager
def running(base: str | None) -> Iterator[str]:
    """Address of the demonstration that is named, or of one that ends afterwards."""
    if base:
        yield base.rstrip("/")
        return
    with tempfile.TemporaryDirectory() as folder:
        demo = start_demo(Path(folder) / "instance", orders=ORDERS)
        try:
            yield demo.base
        finally:
            demo.stop()


def examine(browser: Browser, base: str, language: str, chromium: str, examiners: list[str]) -> list[Finding]:
    """One language: every examiner over the same pages, with the same cart and order."""
    context = open_context(browser, PHONE, language)
    pages = {f"{language} {name}": address for name, address in storefront(context, base, language).items()}
    findings: list[Finding] = []
    if "html" in examiners:
        found = _timed(f"{language} HTML checker", len(pages), lambda: _check_html(context, pages))
        findings += found
    if "axe" in examiners:
        findings += _timed(f"{language} axe, phone", len(pages), lambda: list(accessibility.examine(context, pages)))
        desk = open_context(browser, DESK, language, storage_state=context.storage_state())
        findings += _timed(f"{language} axe, desk", len(pages), lambda: list(accessibility.examine(desk, pages)))
        desk.close()
    if "lighthouse" in examiners:
        findings += _measure(context, pages, language, chromium)
    context.close()
    return findings


def _check_html(context: BrowserContext, pages: dict[str, str]) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        sent = {name: context.request.get(address).text() for name, address in pages.items()}
        return html_checker.check(sent, Path(folder))


def _timed(title: str, pages: int, find: Callable[[], list[Finding]]) -> list[Finding]:
    begun = time.monotonic()
    found = find()
    print(f"  {title:<22} {pages} pages, {len(found)} findings ({time.monotonic() - begun:.0f} s)", flush=True)
    return found


def _measure(context: BrowserContext, pages: dict[str, str], language: str, chromium: str) -> list[Finding]:
    """Lighthouse's scores, printed; what fell short is a finding only where a figure is missed."""
    cookies = "; ".join(
        f"{cookie['name']}={cookie['value']}" for cookie in context.cookies() if cookie["name"] == "cart"
    )
    findings: list[Finding] = []
    for name in MEASURED:
        page = f"{language} {name}"
        headers = {"Cookie": cookies} if name == "cart" else {}
        report = lighthouse.measure(chromium, page, pages[page], headers)
        scores = "  ".join(f"{category} {score}" for category, score in report.scores.items())
        print(f"  {page:<22} {scores}{'  short' if report.is_short else ''}", flush=True)
        findings += report.findings if report.is_short else ()
    return findings


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality")
    parser.add_argument("--base", help="address of a running demonstration")
    parser.add_argument("--only", default=",".join(EXAMINERS), help=f"some of {', '.join(EXAMINERS)}")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    options = parser.parse_args(arguments)
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium was found; name one in CHROMIUM.", file=sys.stderr)
        return 2
    try:
        install()
        with running(options.base) as base, open_chromium(chromium) as browser:
            findings = [
                finding
                for language in options.languages.split(",")
                for finding in examine(browser, base, language, chromium, options.only.split(","))
            ]
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f"\n{len(findings)} findings" if findings else "\nNothing found.")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
