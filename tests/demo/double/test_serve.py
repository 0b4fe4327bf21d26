"""The double as a server: over a socket, with its own thread delivering webhooks, and as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import stripe

from shop.demo.double.app import create_double
from shop.demo.double.inprocess import pay
from shop.demo.double.serve import DoubleServer, NotLoopback, serve
from tests.demo.double.conftest import VERSION, order
from tests.demo.double.spec import SpecObserver


class Shop(HTTPServer):
    """Receives webhooks; refuses the first one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[stripe.Event] = []
        self.refused = 0


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        shop: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], "whsec_socket")
        if not shop.refused:
            shop.refused = 1
            self.send_response(500)
        else:
            shop.received.append(event)
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def until(condition: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_the_sdk_over_a_socket_with_webhooks_it_verifies(shop: Shop, spec_observer: SpecObserver) -> None:
    double = create_double(
        None,
        clock=lambda: datetime.now(UTC),
        webhook_url=f"http://127.0.0.1:{shop.server_port}/webhooks/stripe",
        webhook_secrets=["whsec_socket"],
        observer=spec_observer,
    )
    server = DoubleServer(double, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    base = f"http://127.0.0.1:{server.port}"
    http = stripe.RequestsClient(timeout=(3, 10))
    client = stripe.StripeClient(
        "sk_test_demo_socket",
        base_addresses={"api": base},
        stripe_version=VERSION,
        http_client=http,
        max_network_retries=0,
    )
    session = client.v1.checkout.sessions.create(order())  # type: ignore[arg-type]
    assert str(session.url).startswith(base)
    with urllib.request.urlopen(str(session.url)) as page:
        assert "Zellige table" in page.read().decode()
    pay(double, session.id)
    until(lambda: len(shop.received) == 2)
    move = urllib.request.Request(f"{base}/_ctl/clock", data=b'{"offset": 10}', method="POST")
    urllib.request.urlopen(move).close()
    until(lambda: len(shop.received) == 3)
    assert shop.received[-1].type == "charge.succeeded"
    lose = urllib.request.Request(f"{base}/_ctl/reset_after_work", data=b'{"times": 1}', method="POST")
    urllib.request.urlopen(lose).close()
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.retrieve(session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    http.close()
    server.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "shop.test", ""])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(NotLoopback):
        serve(host, 0, None, None, [], 1)


def test_an_examined_process_tells_its_violations_and_stops_on_sigterm() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.demo.double.examined", str(port), "", "", "whsec_1", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told: list[Any] = []

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ctl/violations") as answer:
                told.append(json.load(answer))
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(answers)
        assert told == [{"violations": [], "seen": {}}]
        os.kill(process.pid, signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, output) == (0, b"")
