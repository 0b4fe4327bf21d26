"""Addresses without a language: the first redirect, and what search engines ask for."""

from flask import Blueprint, Response, current_app, redirect, request, url_for
from markupsafe import escape
from werkzeug.wrappers import Response as AnyResponse

from shop.catalogue.queries import list_addresses
from shop.i18n.languages import LANGUAGES, negotiate
from shop.web.storefront.chrome import reference

blueprint = Blueprint("root", __name__)

LANGUAGE_COOKIE = "language"
STILL = (
    "home.show",
    "products.index",
    "crafts.index",
    "artisans.index",
    "pages.shipping",
    "pages.returns",
    "pages.about",
    "pages.privacy",
)


@blueprint.get("/")
def begin() -> AnyResponse:
    """To a language: the cookie's, then the browser's, then English."""
    code = negotiate(request.headers.get("Accept-Language"), request.cookies.get(LANGUAGE_COOKIE))
    response = redirect(url_for("storefront.home.show", lang=code), 302)
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Everything public may be read; what belongs to one buyer is of no use to anybody."""
    private = "".join(f"Disallow: /{code}/{part}\n" for code in LANGUAGES for part in ("cart", "checkout", "orders"))
    text = f"User-agent: *\n{private}Disallow: /artisan/\nDisallow: /staff/\nSitemap: {_base()}/sitemap.xml\n"
    return _public(Response(text, mimetype="text/plain"))


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page with its alternates, each language listed for itself as sitemaps.org and hreflang ask."""
    pages = [{code: url_for(f"storefront.{endpoint}", lang=code) for code in LANGUAGES} for endpoint in STILL]
    for kind, things in list_addresses().items():
        for public_id, slugs in things:
            pages.append(
                {
                    code: url_for(f"storefront.{kind}.show", lang=code, reference=reference(public_id, slugs[code]))
                    for code in LANGUAGES
                }
            )
    body = "".join(_entry(page) for page in pages)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    text = f'{head} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{body}</urlset>\n'
    return _public(Response(text, mimetype="application/xml"))


def _entry(page: dict[str, str]) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(_base() + path)}"/>'
        for code, path in (*page.items(), ("x-default", page["en"]))
    )
    return "".join(f"<url><loc>{escape(_base() + path)}</loc>{links}</url>\n" for path in page.values())


def _base() -> str:
    return current_app.config["SETTINGS"].base_url


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
