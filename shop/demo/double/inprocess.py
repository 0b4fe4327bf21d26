"""The double without sockets: a client for Stripe's SDK, and a buyer who pays."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.datastructures import Headers

from shop.demo.double import debits, payments, timeline
from shop.demo.double.app import state_of


class InProcessClient:
    """`stripe.StripeClient(..., http_client=InProcessClient(double))`: calls the WSGI application directly.

    It has what the SDK asks of an HTTP client, without being built on the SDK's class, so that the SDK stays imported
    in one place. A lost connection raises `connection_error`; give `stripe.APIConnectionError` to see what a caller of
    the real one sees. Retries follow the SDK's rules but do not wait: the clock may be a virtual one.
    """

    name = "inprocess"

    def __init__(self, double: Flask, connection_error: type[Exception] = ConnectionError) -> None:
        self.double = double
        self.connection_error = connection_error

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Headers]:
        """One call as the SDK makes it: body, status and headers."""
        left = max_network_retries or 0
        while True:
            try:
                body, status, answered = self.request(method, url, headers, post_data)
            except ConnectionError as error:
                if left == 0:
                    raise self.connection_error(f"Unexpected error communicating with Stripe: {error}") from error
            else:
                retry = answered.get("Stripe-Should-Retry", str(status == 409 or status >= 500).lower())
                if left == 0 or retry != "true":
                    return body, status, answered
            left -= 1

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, Headers]:
        """One attempt; a fault of the double raises ConnectionError."""
        environ = _environ(method, url, headers or {}, post_data)
        answered: dict[str, Any] = {}
        written: list[bytes] = []

        def start_response(status: str, pairs: list[tuple[str, str]], _info: Any = None) -> Callable[[bytes], object]:
            answered.update(status=int(status.split(" ", 1)[0]), headers=Headers(pairs))
            return written.append

        chunks: Iterable[bytes] = self.double.wsgi_app(environ, start_response)
        try:
            body = b"".join([*chunks, *written])
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return body.decode(), answered["status"], answered["headers"]

    def close(self) -> None:
        """Nothing is open."""


def pay(
    double: Flask,
    session_id: str,
    card: str = "4242424242424242",
    country: str = "FR",
    *,
    name: str = "Demonstration",
    authenticate: bool = True,
) -> payments.Outcome:
    """Pay a session as a buyer would on its page; `authenticate` answers 3-D Secure.

    Raises payments.SessionClosed for one that is complete or expired.
    """
    state = state_of(double)
    timeline.tick(state)
    payer = payments.Payer(number=card, name=name, country=country)
    outcome = payments.pay(state, session_id, payer)
    if outcome == "authenticate":
        return payments.authenticate(state, session_id, authenticate)
    return outcome


def debit(
    double: Flask,
    session_id: str,
    iban: str = "FR1420041010050500013M02606",
    country: str = "FR",
    *,
    name: str = "Demonstration",
) -> None:
    """Order a SEPA debit as a buyer would on a session's page; the bank decides days later.

    Raises payments.SessionClosed for one that is complete or expired.
    """
    state = state_of(double)
    timeline.tick(state)
    debits.pay(state, session_id, payments.Payer(number=iban, name=name, country=country))


def _environ(method: str, url: str, headers: Mapping[str, str], post_data: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    data = post_data.encode() if isinstance(post_data, str) else post_data or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(data)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme or "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        if name.lower() not in ("content-type", "content-length"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ
