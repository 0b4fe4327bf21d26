"""One demonstration and one browser for all journeys. Without a browser they are skipped, and say what is missing."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.browser import Watch, find_chromium, open_chromium, open_context
from tests.journeys.demo import Demo, start_demo

ORDERS = 12

OpenVisitor = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: install it (Debian: apt-get install chromium) or name it in CHROMIUM")
    with open_chromium(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The running demonstration. SHOP_JOURNEYS_INSTANCE names a folder that is kept, to begin faster the next time."""
    kept = os.environ.get("SHOP_JOURNEYS_INSTANCE")
    running = start_demo(Path(kept) if kept else tmp_path_factory.mktemp("journeys") / "instance", orders=ORDERS)
    try:
        yield running
    finally:
        code, rest = running.stop()
    log = running.log.read_text(encoding="utf-8")
    assert (code, rest) == (0, ""), log[-4000:]
    assert "Traceback" not in log, log[-4000:]


@pytest.fixture
def watch(demo: Demo) -> Iterator[Watch]:
    """Set `expected` in a test that brings about errors; whatever else is found fails the test at its end."""
    watching = Watch(friends=(demo.base, demo.double))
    yield watching
    assert not watching.faults, "\n".join(watching.faults)


@pytest.fixture
def visitor(chromium: Browser, watch: Watch) -> Iterator[OpenVisitor]:
    """`visitor(PHONE, "ar")`: another person at another screen, closed after the test."""
    opened: list[BrowserContext] = []

    def open_(size: dict[str, int], language: str, **options: Any) -> BrowserContext:
        context = open_context(chromium, size, language, **options)
        watch.follow(context)
        opened.append(context)
        return context

    yield open_
    for context in opened:
        context.close()
