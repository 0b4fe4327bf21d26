"""Whole public pages kept ahead of Flask: a page that was made once costs a dictionary lookup until something changes.

What may be kept is decided by the answer itself (status 200, `Cache-Control: public`, no cookie set); what is looked up
is decided by the address alone (a public path and parameters from a closed list). Pages are kept under the public version
they were made in; a process asks for the newest number at most once a second, so that a change shows within a second. While the
database is away, the pages of today are shown as they were: the cart and the checkout read everything anew anyhow.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from shop.core import clock
from shop.i18n.languages import LANGUAGES

LARGEST_SUM = 32 * 1024 * 1024
LOOK_SECONDS = 1.0
# Longest a page is kept whatever its version: what it says of dates must not outlive the minute by much.
LIFE_SECONDS = 60.0
PARAMETERS = frozenset(
    ["currency", "to", "page", "craft", "family", "material", "price", "colour", "kind", "form", "region", "posted"]
)
PRIVATE = ("cart", "checkout", "orders", "account", "freight")
PUBLIC_FIRST = frozenset(LANGUAGES)
DROPPED = frozenset({"content-length", "etag", "vary", "date", "connection"})

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A finished answer, plain and packed; `made_at` on the process's own monotonic clock."""

    version: str
    made_at: float
    headers: tuple[tuple[str, str], ...]
    body: bytes
    packed: bytes
    tag: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed) + 1024


def key_of(environ: Environ) -> tuple[str, str, str] | None:
    """What a page is kept under; None for what is never kept."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path = environ.get("PATH_INFO", "")
    words = path.split("/", 3)
    if len(words) < 3 or words[1] not in PUBLIC_FIRST or words[2] in PRIVATE:
        return None
    query = environ.get("QUERY_STRING", "")
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name not in PARAMETERS for name, _value in pairs):
            return None
        query = urlencode(sorted(pairs))
    return environ.get("HTTP_HOST", ""), path, query


class PageCache:
    """WSGI middleware; one per process, bounded by bytes, the least used page goes first.

    `version` gives the public version, or None when the database does not tell.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], version: Callable[[], str | None]) -> None:
        self._app, self._ask = app, version
        self._pages: OrderedDict[tuple[str, ...], Page] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._version = ""
        self._looked_at = -LOOK_SECONDS

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = key_of(environ)
        if address is None:
            return self._app(environ, start_response)
        version = self._newest()
        key = (*address, clock.today().isoformat())
        page = self._pages.get(key)
        if page is None or page.version != version or time.monotonic() - page.made_at > LIFE_SECONDS:
            made = self._make(environ, version)
            if isinstance(made, Page):
                page = made
                self._keep(key, page)
            elif page is None or not made[0].startswith("503"):
                status, headers, body = made
                start_response(status, headers)
                return body
        else:
            with self._lock:
                if key in self._pages:
                    self._pages.move_to_end(key)
        return _answer(page, environ, start_response)

    def _newest(self) -> str:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            # One thread asks, the others go on with what is known.
            self._looked_at = now
            self._version = self._ask() or self._version
        return self._version

    def _make(self, environ: Environ, version: str) -> Page | tuple[str, list[tuple[str, str]], Iterable[bytes]]:
        caught: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            caught.update(status=status, headers=headers)
            return lambda _data: None

        # Made whole and unconditionally, whoever asks first; the condition of this request is answered from the page.
        plain = {k: v for k, v in environ.items() if k not in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")}
        plain["REQUEST_METHOD"] = "GET"
        chunks = self._app(plain, start)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        names = {name.lower(): value for name, value in caught["headers"]}
        keepable = caught["status"].startswith("200") and "public" in names.get("cache-control", "")
        if not keepable or "set-cookie" in names:
            return caught["status"], caught["headers"], [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
        headers = tuple((name, value) for name, value in caught["headers"] if name.lower() not in DROPPED)
        tag = hashlib.sha256(body).hexdigest()[:20]
        return Page(version, time.monotonic(), headers, body, gzip.compress(body, 6, mtime=0), tag)

    def _keep(self, key: tuple[str, ...], page: Page) -> None:
        with self._lock:
            earlier = self._pages.pop(key, None)
            self._size += page.size - (earlier.size if earlier else 0)
            self._pages[key] = page
            while self._size > LARGEST_SUM:
                _oldest, gone = self._pages.popitem(last=False)
                self._size -= gone.size


def _answer(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    packed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    # Strong, and another for another encoding (RFC 9110, 8.8.3.3).
    tag = f'"{page.tag}-gz"' if packed else f'"{page.tag}"'
    headers = [*page.headers, ("ETag", tag), ("Vary", "Accept-Encoding")]
    wanted = environ.get("HTTP_IF_NONE_MATCH", "")
    if wanted and (wanted.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in wanted.split(",")]):
        start_response("304 Not Modified", [pair for pair in headers if pair[0].lower() != "content-type"])
        return []
    body = page.packed if packed else page.body
    if packed:
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
