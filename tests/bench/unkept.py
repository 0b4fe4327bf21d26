"""The shop of an installation without what keeps whole pages: each is made anew. For granian, which wants a module."""

from flask import Flask

from shop.app import from_environment
from shop.web.page_cache import PageCache


def without_pages(app: Flask) -> Flask:
    """The same application, with nothing ahead of it."""
    kept = app.wsgi_app
    assert isinstance(kept, PageCache)
    app.wsgi_app = kept._app  # type: ignore[method-assign]
    return app


def application() -> Flask:
    return without_pages(from_environment())
