"""The configuration of docs/nginx.conf, under a real nginx in front of a real server."""

import gzip
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from shop.catalogue.models import Product
from shop.core.db import db
from tests.__main__ import ROOT, find_nginx
from tests.bench.processes import free_port, serve
from tests.builders import make_product

CONFIGURATION = ROOT / "docs" / "nginx.conf"
NGINX = find_nginx()

# nginx counts whole seconds: what may be kept for one is old after two.
OLD_SECONDS = 2.1

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass
class Answer:
    """What came through nginx; `cache` is what nginx says of its own store."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cache(self) -> str:
        return self.headers.get("x-cache", "")


@dataclass
class Front:
    """nginx in front of the shop; `asked` is what reached the shop, as (method, path, status)."""

    port: int
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def ask(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, {"Host": "localhost", **named})
        try:
            with _opener.open(request, timeout=10) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


class _Follow(urllib.request.HTTPRedirectHandler):
    """Does not."""

    def redirect_request(self, *_given: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Follow, urllib.request.ProxyHandler({}))


def configure(folder: Path, front: int, back: int) -> Path:
    """The site as it is in docs, on ports of the test's own and without a certificate."""
    site = CONFIGURATION.read_text(encoding="utf-8")
    changes = [
        (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{back};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{front};"),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"/var/cache/nginx/shop", str(folder / "cache")),
        (r"server_name shop\.example\.org;", "server_name localhost;"),
        (r" *ssl_certificate(_key)? [^\n]*\n", ""),
    ]
    for wanted, put in changes:
        site, count = re.subn(wanted, put, site)
        assert count, f"docs/nginx.conf has no {wanted}"
    temporary = " ".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        # Its processes give up the rights of root, and then could not write here.
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def front(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The shop behind nginx; what may be kept for a minute is kept for a second."""
    # A change is seen at once by the shop itself: here it is about nginx.
    monkeypatch.setattr("shop.core.kept.LOOK_NANOSECONDS", 0)
    folder = tmp_path / "nginx"
    folder.mkdir()
    front, back = Front(free_port()), free_port()
    server = make_server("127.0.0.1", back, _listen(app, front.asked), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert NGINX is not None
    command = [NGINX, "-c", str(configure(folder, front.port, back)), "-e", str(folder / "error.log")]
    try:
        with serve("nginx", command, front.port, "/robots.txt", {}):
            front.asked.clear()
            yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listen(app: Callable[..., Iterable[bytes]], asked: list[tuple[str, str, str]]) -> Callable[..., Iterable[bytes]]:
    def listen(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], status.split()[0]))
            return start_response(status, [(name, value.replace("max-age=60", "max-age=1")) for name, value in headers])

        return app(environ, start)

    return listen


def test_a_page_is_kept_revalidated_and_shown_while_the_shop_is_away(front: Front, app: Flask) -> None:
    make_product()
    first = front.ask("/fr/products")
    assert (first.status, first.cache) == (200, "MISS")
    again = front.ask("/fr/products")
    assert (again.cache, again.body) == ("HIT", first.body)
    assert again.headers["etag"] == first.headers["etag"]
    # Who has the page is told so by nginx, without the shop.
    front.asked.clear()
    unchanged = front.ask("/fr/products", If_None_Match=first.headers["etag"])
    assert (unchanged.status, unchanged.body, front.asked) == (304, b"", [])
    time.sleep(OLD_SECONDS)
    late = front.ask("/fr/products")
    assert (late.cache, late.body) == ("REVALIDATED", first.body)
    assert front.asked == [("GET", "/fr/products", "304")]
    time.sleep(OLD_SECONDS)

    def away(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
        return [b"away"]

    app.wsgi_app = away  # type: ignore[method-assign]
    stale = front.ask("/fr/products")
    assert (stale.status, stale.cache, stale.body) == (200, "STALE", first.body)


def test_a_changed_page_shows_when_the_minute_is_over(front: Front) -> None:
    make_product()
    before = front.ask("/fr/products")
    make_product(titles={"fr": "Plat de Safi"})
    assert front.ask("/fr/products").body == before.body
    time.sleep(OLD_SECONDS)
    assert b"Plat de Safi" in front.ask("/fr/products").body


def test_plain_and_packed_pages_are_kept_apart(front: Front) -> None:
    plain = front.ask("/fr/returns")
    packed = front.ask("/fr/returns", Accept_Encoding="gzip")
    assert (packed.cache, packed.headers["content-encoding"]) == ("MISS", "gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert front.ask("/fr/returns", Accept_Encoding="gzip").cache == "HIT"
    assert front.ask("/fr/returns").body == plain.body


def test_what_is_somebodys_own_is_never_kept(front: Front) -> None:
    rug = make_product()
    product = db.session.get_one(Product, rug.product_id).public_id
    answers = [front.ask("/fr/cart", {"product": product, "variant": rug.id, "quantity": 1}) for _turn in range(2)]
    cookies = {answer.headers["set-cookie"].partition(";")[0] for answer in answers}
    assert [answer.status for answer in answers] == [303, 303]
    assert len(cookies) == 2
    for path in ("/fr/cart", "/fr/cart/count.json", "/fr/checkout", "/fr/account", "/staff/"):
        assert {front.ask(path, Cookie=cookie).cache for cookie in cookies} <= {"MISS", "BYPASS", "EXPIRED"}, path
    first, _second = sorted(cookies)
    assert product.encode() not in front.ask("/fr/cart").body
    assert product.encode() in front.ask("/fr/cart", Cookie=first).body


def test_pictures_and_scripts_are_kept(front: Front) -> None:
    page = front.ask("/fr/").body.decode()
    address = re.search(r'href="([^"]+\.css[^"]*)"', page)
    assert address is not None
    front.ask(address[1])
    assert front.ask(address[1]).cache == "HIT"


def test_the_shop_learns_who_asked_and_how(front: Front, app: Flask) -> None:
    seen: list[Any] = []
    inner = app.wsgi_app

    def note(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.append({name: environ.get(f"HTTP_X_FORWARDED_{name}") for name in ("FOR", "PROTO", "HOST")})
        return inner(environ, start_response)

    app.wsgi_app = note  # type: ignore[method-assign]
    front.ask("/fr/about")
    assert seen == [{"FOR": "127.0.0.1", "PROTO": "http", "HOST": "localhost"}]
