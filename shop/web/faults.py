"""Errors become answers here, once: a page for people, a problem document (RFC 9457) under /api/."""

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, current_app, make_response, request
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException, InternalServerError

from shop.core.db import db
from shop.core.errors import Invalid, ShopError
from shop.core.outages import Outage, find_outage
from shop.i18n.languages import LANGUAGES, negotiate
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.web.speech import speak

log = logging.getLogger("shop.web")


def _words(status: int) -> tuple[str, str]:
    """Title and what to do, for a status."""
    return {
        400: (_("The request could not be understood"), _("Go back, check what you entered and send it again.")),
        403: (_("This is not for you"), _("If you think it should be, ask the programme’s staff.")),
        404: (
            _("This page does not exist"),
            _("The piece may have moved. The catalogue and the search still find it."),
        ),
        405: (_("This address takes no such request"), _("Go back and use the buttons of the page.")),
        409: (_("Something changed in the meantime"), _("Go back, look at it again and repeat what you wanted to do.")),
        413: (_("What you sent is too large"), _("Send smaller or fewer photographs.")),
        422: (_("Something is missing or not right"), _("Go back, check what you entered and send it again.")),
        429: (_("Too many tries"), _("Wait a few minutes and try again.")),
        502: (_("Another service did not answer"), _("Nothing is lost. Try again in a minute.")),
        503: (_("The shop is busy for a moment"), _("Nothing is lost. Try again in a minute.")),
    }.get(status, (_("Something went wrong here"), _("Nothing is lost. We have noted it; try again in a minute.")))


def _answer(status: int, text: str, fields: dict[str, str] | None = None) -> Response:
    if request.path.startswith("/api/"):
        detail = text or _words(status)[1]
        problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        if fields:
            problem["errors"] = [{"field": name, "detail": detail} for name, detail in fields.items()]
        return Response(json.dumps(problem, ensure_ascii=False), status, content_type="application/problem+json")
    first = request.path.split("/", 2)[1]
    if first in LANGUAGES:
        speak(first)
    elif not request.path.startswith(("/artisan", "/staff")):
        speak(negotiate(request.headers.get("Accept-Language")))
    title, advice = _words(status)
    home = f"/{first}" if first in (*LANGUAGES, "artisan", "staff", "demo") else "/"
    # Not render_template, which asks the doors what surrounds their pages: the database may be what is missing.
    template = current_app.jinja_env.get_template("faults/fault.html")
    page = template.render(language=LANGUAGES[current_language()], title=title, text=text, advice=advice, home=home)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _unavailable(outage: Outage, error: BaseException) -> Response:
    """The database cannot serve: nothing was written, and the same may be sent again. Stripe sends a webhook again."""
    log.warning("the database is %s for %s %s: %s", outage, request.method, request.path, getattr(error, "orig", error))
    db.session.rollback()
    answer = _answer(503, "")
    answer.headers["Retry-After"] = "30"
    return answer


def init_faults(app: Flask) -> None:
    @app.errorhandler(ShopError)
    def expected(error: ShopError) -> Response:
        db.session.rollback()
        return _answer(error.status, error.text, error.fields if isinstance(error, Invalid) else None)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            return make_response(error.get_response())
        # What fails before there is a request to handle, as the session is read, comes wrapped.
        cause = error.original_exception if isinstance(error, InternalServerError) else None
        outage = find_outage(cause)
        if cause is not None and outage is not None:
            return _unavailable(outage, cause)
        db.session.rollback()
        answer = _answer(error.code, "")
        if error.code == 405 and getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
        return answer

    @app.teardown_appcontext
    def give_back(_error: BaseException | None) -> None:
        """Close what was read, before Flask-SQLAlchemy would: what was answered stays answered though the connection is lost."""
        if not db.session.registry.has():
            return
        try:
            db.session.remove()
        except DBAPIError as error:
            if find_outage(error) is None:
                raise
            log.warning("a connection was lost after its work was done: %s", error.orig)
            db.session().invalidate()

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> Response:
        # PostgreSQL takes no NUL in a text and no number beyond its type; nobody types either by mistake.
        log.warning("the database cannot hold what was sent to %s %s: %s", request.method, request.path, error.orig)
        db.session.rollback()
        return _answer(400, "")

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolExhausted)
    def failing(error: DBAPIError | PoolExhausted) -> Response:
        outage = find_outage(error)
        return unexpected(error) if outage is None else _unavailable(outage, error)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("unexpected error at %s %s", request.method, request.path)
        db.session.rollback()
        if app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        return _answer(500, "")
