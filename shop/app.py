"""create_app: the only file that knows every room. Doors and subscriptions are two tables."""

import gc
import logging
from collections.abc import Callable

from flask import Flask
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import create_environ, run_wsgi_app

from shop.accounts import models as accounts_tables
from shop.artisans import models as artisans_tables
from shop.buyers import models as buyers_tables
from shop.catalogue import models as catalogue_tables
from shop.core import kept, runtime
from shop.core import tables as core_tables
from shop.core.config import Settings
from shop.core.db import db, engine_options
from shop.core.events import subscribe
from shop.core.installation import load_settings
from shop.core.logs import begin_logging
from shop.core.outages import find_outage
from shop.core.versions import Changes, read_changes
from shop.fulfilment import models as fulfilment_tables
from shop.fulfilment.events import LineAnswered
from shop.i18n import jinja, messages
from shop.i18n import texts as text_tables
from shop.i18n.languages import LANGUAGES
from shop.invoicing import models as invoicing_tables
from shop.invoicing import services as invoicing
from shop.ledger import models as ledger_tables
from shop.media import models as media_tables
from shop.notifications import handlers
from shop.notifications import models as notifications_tables
from shop.orders import models as orders_tables
from shop.payments import models as payments_tables
from shop.payments import returns
from shop.payments.refunds import on_line_declined
from shop.payouts import models as payouts_tables
from shop.programme import models as programme_tables
from shop.shipping import models as shipping_tables
from shop.web import assets, faults, fragments, guards, headers, media, sessions, speech, status
from shop.web.api import door as api
from shop.web.artisan import door as artisan
from shop.web.demo import door as demo
from shop.web.page_cache import PageCache
from shop.web.staff import door as staff
from shop.web.storefront import door as storefront
from shop.web.storefront import feeds, root, sitemap
from shop.web.webhooks import stripe as webhooks

# Importing them is what makes the metadata whole; the list is here so that none is forgotten.
TABLES = (
    core_tables,
    text_tables,
    accounts_tables,
    media_tables,
    artisans_tables,
    programme_tables,
    catalogue_tables,
    shipping_tables,
    orders_tables,
    fulfilment_tables,
    ledger_tables,
    payments_tables,
    payouts_tables,
    invoicing_tables,
    notifications_tables,
    buyers_tables,
)
log = logging.getLogger(__name__)
DOORS = (storefront, artisan, staff, api)
SINGLE_PAGES = (
    root.blueprint,
    sitemap.blueprint,
    feeds.blueprint,
    media.blueprint,
    webhooks.blueprint,
    status.blueprint,
)


def create_app(settings: Settings) -> Flask:
    """The WSGI application for some settings."""
    runtime.install(settings)
    messages.load()
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        TESTING=settings.testing,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=200,
    )
    if make_url(settings.database_url).get_backend_name() == "sqlite":
        settings.instance.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    jinja.install(app.jinja_env)
    app.jinja_env.globals["demo"] = settings.demo
    app.session_interface = sessions.ServerSessions(secure=settings.base_url.startswith("https:"))
    assets.init_assets(app, settings.instance / "fonts")
    for part in (
        speech.init_speech,
        fragments.init_fragments,
        guards.init_guards,
        headers.init_headers,
        faults.init_faults,
    ):
        part(app)
    _open_doors(app, settings)
    _subscribe()
    with app.app_context():
        heard = kept.state()
    app.wsgi_app = PageCache(app.wsgi_app, heard, _changes_of(app))  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _changes_of(app: Flask) -> Callable[[], Changes | None]:
    """Asks for public changes outside any request; None while the database cannot tell."""

    def changes() -> Changes | None:
        with app.app_context():
            try:
                return read_changes()
            except (DBAPIError, PoolExhausted) as error:
                if find_outage(error) is None:
                    raise
                return None

    return changes


_prepared: list[Flask] = []


def from_environment() -> Flask:
    """The application of this installation, as a server makes it."""
    if _prepared:
        # This process was forked from one that made it.
        return _prepared[0]
    settings = load_settings(serving=True)
    begin_logging(settings.log_format)
    app = create_app(settings)
    # What lives as long as the process is not looked through again each time a request's own rubbish is collected.
    gc.collect()
    gc.freeze()
    return app


def prepare() -> None:
    """Make the application and a page of each common kind before processes are forked: what was read, translated and
    compiled for them is then in memory once for all, as long as nobody writes to it, and the first buyer waits for none of
    it. A database that is away is no obstacle."""
    app = from_environment()
    for language in LANGUAGES:
        for path in (f"/{language}/", f"/{language}/products", f"/{language}/cart"):
            try:
                run_wsgi_app(app, create_environ(path, app.config["SETTINGS"].base_url))
            except DBAPIError:
                # As one without tables; every request will say the same.
                log.exception("the page %s could not be prepared", path)
    with app.app_context():
        # A connection is of one process.
        db.session.remove()
        db.engine.dispose()
    _prepared.append(app)
    gc.collect()
    gc.freeze()


def _open_doors(app: Flask, settings: Settings) -> None:
    for door in DOORS:
        app.register_blueprint(door.make_door())
    for blueprint in SINGLE_PAGES:
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(demo.make_door())


def _refund_declined(event: LineAnswered) -> None:
    if event.answer == "declined":
        on_line_declined(event.line_id)


def _subscribe() -> None:
    subscribe(LineAnswered, _refund_declined)
    returns.subscribe_all()
    invoicing.subscribe_all()
    handlers.subscribe_all()
