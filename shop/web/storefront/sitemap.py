"""Every public page with its alternates, as sitemaps.org and hreflang ask: one file, or an index of files where it is large.

A file is written a few hundred products at a time and kept until something changes. `lastmod` is the last change of what a page says; the
text pages change with a release, which no date here knows, and have none.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from urllib.parse import quote

from flask import Blueprint, Response, url_for
from markupsafe import escape

from shop.catalogue.addresses import (
    Address,
    iterate_products,
    list_craft_addresses,
    list_maker_addresses,
    list_parts,
)
from shop.core.clock import local_day
from shop.core.errors import NotFound
from shop.i18n.languages import LANGUAGES, SOURCE
from shop.i18n.messages import gettext as _
from shop.web.kept_files import send_kept
from shop.web.storefront.chrome import absolute, reference

blueprint = Blueprint("sitemap", __name__)

LISTS = ("home.show", "products.index", "crafts.index", "artisans.index")
TEXTS = ("pages.shipping", "pages.returns", "pages.about", "pages.privacy")

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@blueprint.get("/sitemap.xml")
def index() -> Response:
    """All addresses where they fit into one file, else the addresses of the files."""
    return send_kept("sitemap.xml", _index)


def _index() -> Iterable[str]:
    parts = list_parts()
    if len(parts) <= 1:
        return _urls(part for part, _moment in parts)
    files = [
        (url_for("sitemap.pages"), max(moment for _part, moment in parts)),
        *((url_for("sitemap.products", part=part), moment) for part, moment in parts),
    ]
    lines = [f"<sitemap><loc>{escape(absolute(path))}</loc>{_lastmod(moment)}</sitemap>\n" for path, moment in files]
    return [f'{_HEAD}<sitemapindex xmlns="{_SPACE}">\n', *lines, "</sitemapindex>\n"]


@blueprint.get("/sitemap-pages.xml")
def pages() -> Response:
    """All but the products, of an index."""
    return send_kept("sitemap-pages.xml", lambda: _urls(()))


@blueprint.get("/sitemap-products-<int:part>.xml")
def products(part: int) -> Response:
    """One part of the products, of an index."""
    if part not in dict(list_parts()):
        raise NotFound(_("This list has no page %(page)s.", page=part))
    return send_kept(f"sitemap-products-{part}.xml", lambda: _urls([part], others=False))


def _urls(parts: Iterable[int], *, others: bool = True) -> Iterator[str]:
    """A urlset in pieces of text."""
    yield f'{_HEAD}<urlset xmlns="{_SPACE}" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    if others:
        yield from _others()
    prefixes = _prefixes("products.show")
    for part in parts:
        for product in iterate_products(part):
            yield _entry(_addresses(prefixes, product), product.changed_at)
    yield "</urlset>\n"


def _others() -> Iterator[str]:
    newest = max((moment for _part, moment in list_parts()), default=None)
    for endpoint in (*LISTS, *TEXTS):
        page = {code: absolute(url_for(f"storefront.{endpoint}", lang=code)) for code in LANGUAGES}
        yield _entry(page, newest if endpoint in LISTS else None)
    for endpoint, things in (("crafts.show", list_craft_addresses()), ("artisans.show", list_maker_addresses())):
        prefixes = _prefixes(endpoint)
        for thing in things:
            yield _entry(_addresses(prefixes, thing), thing.changed_at)


def _prefixes(endpoint: str) -> dict[str, str]:
    """What the addresses of an endpoint begin with in each language: thousands differ only in what follows."""
    return {
        code: absolute(url_for(f"storefront.{endpoint}", lang=code, reference="-").removesuffix("-"))
        for code in LANGUAGES
    }


def _addresses(prefixes: Mapping[str, str], thing: Address) -> dict[str, str]:
    return {code: prefix + quote(reference(thing.public_id, thing.slugs[code])) for code, prefix in prefixes.items()}


def _entry(page: Mapping[str, str], changed_at: datetime | None) -> str:
    """One page in each language, each with all of them."""
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(address)}"/>'
        for code, address in (*page.items(), ("x-default", page[SOURCE]))
    )
    rest = f"{_lastmod(changed_at)}{links}"
    return "".join(f"<url><loc>{escape(address)}</loc>{rest}</url>\n" for address in page.values())


def _lastmod(moment: datetime | None) -> str:
    return f"<lastmod>{local_day(moment).isoformat()}</lastmod>" if moment else ""
