"""create_app: the only file that knows every room. Doors and subscriptions are two tables."""

import importlib
import importlib.util
from typing import Any

from flask import Flask
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from shop.core import runtime
from shop.core.config import Settings
from shop.core.db import db, engine_options
from shop.core.events import subscribe
from shop.core.installation import load_settings
from shop.fulfilment.events import LineAnswered
from shop.i18n import jinja
from shop.payments.refunds import on_line_declined
from shop.web import assets, faults, guards, headers, sessions, speech, status


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print("NOT YET:", name, error)
        return None


def load_tables() -> None:
    """Import every room's tables, so that metadata is whole."""
    for name in [
        "core.tables",
        "accounts.models",
        "media.models",
        "artisans.models",
        "programme.models",
        "catalogue.models",
        "shipping.models",
        "orders.models",
        "fulfilment.models",
        "ledger.models",
        "payments.models",
        "notifications.models",
        "i18n.texts",
    ]:
        importlib.import_module(f"shop.{name}")


def create_app(settings: Settings) -> Flask:
    """The WSGI application for some settings."""
    runtime.install(settings)
    load_tables()
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
    for part in (speech.init_speech, guards.init_guards, headers.init_headers, faults.init_faults):
        part(app)
    app.register_blueprint(status.blueprint)
    _open_doors(app, settings)
    _subscribe()
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def from_environment() -> Flask:
    """The application of this installation, as a server makes it."""
    return create_app(load_settings(serving=True))


def _open_doors(app: Flask, settings: Settings) -> None:
    for name in ("storefront", "artisan", "staff", "api"):
        door = _optional(f"shop.web.{name}.door")
        if door is not None:
            app.register_blueprint(door.make_door())
    for name, attribute in (
        ("shop.web.media", "blueprint"),
        ("shop.web.webhooks.stripe", "blueprint"),
        ("shop.web.storefront.root", "blueprint"),
    ):
        module = _optional(name)
        if module is not None:
            app.register_blueprint(getattr(module, attribute))
    if settings.demo:
        module = _optional("shop.web.demo.door")
        if module is not None:
            app.register_blueprint(module.make_door())


def _refund_declined(event: LineAnswered) -> None:
    if event.answer == "declined":
        on_line_declined(event.line_id)


def _subscribe() -> None:
    subscribe(LineAnswered, _refund_declined)
    handlers = _optional("shop.notifications.handlers")
    if handlers is not None:
        handlers.subscribe_all()
