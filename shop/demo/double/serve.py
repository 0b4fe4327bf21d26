"""The double as a process of its own, on loopback."""

import ipaddress
import logging
import signal
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from shop.demo.double.app import Observer, create_double, deliver_due, state_of

DELIVERY_PAUSE = 0.2
log = logging.getLogger(__name__)


class NotLoopback(ValueError):
    """The double takes any card and any key that says demo: it is never offered to a network."""


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Requests are not logged; exceptions are, by the application."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """A fault ended the call without an answer: the caller must see the connection close, not wait."""
        self.close_connection = True


class DoubleServer:
    """Serves a double and delivers its webhooks until stopped. Port 0 takes a free one, see `port`."""

    def __init__(self, double: Flask, host: str, port: int) -> None:
        _check_loopback(host)
        self.double = double
        self._server = make_server(host, port, double, threaded=True, request_handler=_QuietHandler)
        self.port = self._server.port
        self._stopping = threading.Event()
        self._courier = threading.Thread(target=self._deliver, name="double-webhooks", daemon=True)

    def run(self) -> None:
        """Serve until `stop` is called from another thread or a signal."""
        self._courier.start()
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._stopping.set()
            self._server.server_close()
            self._courier.join(timeout=15)
            state_of(self.double).close()

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopping.set()
        # From a signal `run` is below us on the same stack; waiting for it here would never end.
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def _deliver(self) -> None:
        while not self._stopping.wait(DELIVERY_PAUSE):
            try:
                deliver_due(self.double)
            except Exception:
                log.exception("The double could not deliver its webhooks; it tries again")


def serve(
    host: str,
    port: int,
    path: str | None,
    webhook_url: str | None,
    webhook_secrets: list[str],
    seed: int,
    observer: Observer | None = None,
) -> None:
    """Run a double on the real clock until SIGTERM or Ctrl-C; raises NotLoopback for any other address."""
    _check_loopback(host)
    double = create_double(
        path,
        clock=lambda: datetime.now(UTC),
        seed=seed,
        webhook_url=webhook_url,
        webhook_secrets=webhook_secrets,
        observer=observer,
    )
    server = DoubleServer(double, host, port)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run()


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(f"The Stripe double listens on loopback only, not on {host}.")
