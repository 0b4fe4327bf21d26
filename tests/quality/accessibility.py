"""axe over every page, in light and in dark."""

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext

from tests.quality.findings import Finding

SCHEMES = ("light", "dark")


def examine(context: BrowserContext, pages: dict[str, str]) -> Iterator[Finding]:
    """What axe finds on pages given as {language and name: address}."""
    page = context.new_page()
    for name, address in pages.items():
        page.goto(address)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            for rule in Axe().run(page).response["violations"]:
                for node in rule["nodes"]:
                    yield Finding("axe", f"{name}, {scheme}", f"{rule['id']}: {rule['help']}", node["html"][:160])
    page.close()
