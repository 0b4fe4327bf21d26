"""Addresses without a language: the first redirect, and what search engines ask for."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from shop.i18n.languages import LANGUAGES, negotiate
from shop.web.storefront.chrome import absolute

blueprint = Blueprint("root", __name__)

LANGUAGE_COOKIE = "language"
# What belongs to one buyer, by the words after the language. The cart itself is open: a robot finds it empty.
PRIVATE = ("cart/", "checkout", "orders", "account")


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
    private = "".join(f"Disallow: /{code}/{part}\n" for code in LANGUAGES for part in PRIVATE)
    text = f"User-agent: *\n{private}Disallow: /artisan/\nDisallow: /staff/\nSitemap: {absolute('/sitemap.xml')}\n"
    response = Response(text, mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
