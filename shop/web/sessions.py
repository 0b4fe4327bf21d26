"""Sessions of the artisan and staff doors, kept on the server: the cookie is a random id and nothing else.

Signing out deletes the row, so a copied cookie dies with it. The storefront has no session: there an empty one is given
that refuses to be written to.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, g, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, select, update

from shop.accounts.models import Account, WebSession
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.ids import token, token_hash

# Artisans stay signed in for long: a phone in a workshop, and a PIN that is hard to type with clay on the hands.
LIFETIME = {"artisan": timedelta(days=60), "staff": timedelta(hours=12)}
DOORS_WITH_SESSION = ("/artisan", "/staff", "/demo")


class ServerSession(dict[str, Any], SessionMixin):
    """What Flask calls the session; `id_hash` is None until somebody signs in."""

    def __init__(self, data: dict[str, Any], id_hash: str | None, account_id: int | None) -> None:
        super().__init__(data)
        self.id_hash, self.account_id, self._loaded = id_hash, account_id, dict(data)
        self.cookie: tuple[str, datetime] | None = None
        self.cleared = False

    @property
    def changed(self) -> bool:
        return dict(self) != self._loaded

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()


class ServerSessions(SessionInterface):
    def __init__(self, secure: bool) -> None:
        self.secure = secure
        self.cookie_name = "__Host-session" if secure else "session"

    def open_session(self, app: Flask, request: Request) -> ServerSession | None:
        if not request.path.startswith(DOORS_WITH_SESSION):
            return None
        value = request.cookies.get(self.cookie_name)
        if value:
            row = db.session.execute(
                select(WebSession.id_hash, WebSession.account_id, WebSession.data).where(
                    WebSession.id_hash == token_hash(value), WebSession.expires_at > clock.now()
                )
            ).first()
            if row is not None:
                return ServerSession(row.data, row.id_hash, row.account_id)
        return ServerSession({}, None, None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # While a demonstration signs somebody in from outside the doors, the new session waits in g.
        current = g.get("new_session", session)
        if not isinstance(current, ServerSession):
            return
        if current.cleared:
            response.delete_cookie(self.cookie_name, path="/", secure=self.secure, httponly=True, samesite="Lax")
            return
        if current.cookie is not None:
            value, expires = current.cookie
            response.set_cookie(
                self.cookie_name,
                value,
                expires=expires,
                path="/",
                secure=self.secure,
                httponly=True,
                samesite="Lax",
            )
        if current.id_hash is not None and current.changed:
            with transaction():
                db.session.execute(
                    update(WebSession).where(WebSession.id_hash == current.id_hash).values(data=dict(current))
                )


def sign_in(account: Account, **data: Any) -> None:
    """Begin a session for an account, with a new id. Call inside a transaction."""
    previous = getattr(session, "id_hash", None)
    if previous:
        db.session.execute(delete(WebSession).where(WebSession.id_hash == previous))
    value, now = token(), clock.now()
    # What Flask-WTF would put there at the first form: made here, so that no page that is only read writes.
    contents = {"csrf_token": hashlib.sha1(os.urandom(64)).hexdigest(), **data}
    expires = now + LIFETIME[account.role]
    db.session.add(
        WebSession(id_hash=token_hash(value), account_id=account.id, data=contents, created_at=now, expires_at=expires)
    )
    fresh = ServerSession(contents, token_hash(value), account.id)
    fresh.cookie = (value, expires)
    g.new_session = fresh


def sign_out() -> None:
    """End the session on the server. Call inside a transaction."""
    if isinstance(session, ServerSession) or hasattr(session, "id_hash"):
        db.session.execute(delete(WebSession).where(WebSession.id_hash == session.id_hash))
        session.cleared = True  # type: ignore[attr-defined]
