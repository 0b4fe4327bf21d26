"""Whole public pages kept ahead of Flask: a page that was made once costs a dictionary lookup until something changes.

What may be kept is decided by the answer itself (status 200, `Cache-Control: public`, no cookie set); what is looked up
is decided by the address alone (a public path and parameters from a closed list; a view sees no others). A view says with
`rests_on` what its page shows, and the page is kept until one of that changes: a sale throws away the page of the piece and
the lists where it stands, nothing else. A page that does not say is thrown away by any change. A process asks for changes
at most once a second, so that a change shows within a second. While the database is away, the pages of today are shown as
they were: the cart and the checkout read everything anew anyhow.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request

from shop.core import clock
from shop.core.kept import State
from shop.core.versions import Changes
from shop.i18n.languages import LANGUAGES

# Some six hundred pages.
LARGEST_SUM = 6 * 1024 * 1024
# Longest a page is kept though nothing of it has changed. What it says of dates holds for the day it is kept under.
LIFE_SECONDS = 600.0
PARAMETERS = frozenset(
    ["currency", "to", "page", "craft", "family", "material", "price", "colour", "kind", "form", "region", "posted"]
)
# What is asked in a person's own words is asked once.
QUESTION = "q"
PRIVATE = ("cart", "checkout", "orders", "account", "freight")
PUBLIC_FIRST = frozenset(LANGUAGES)
# Of an address that is kept, or remembered as one that never is.
LONGEST = 1_000
DROPPED = frozenset({"content-length", "etag", "vary", "date", "connection"})
RESTS_ON = "shop.rests_on"

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


def rests_on(*names: str) -> None:
    """Say what the page in the making shows, by the names of core.versions, besides what all pages show (HOUSE).

    Everything that stands on it: with the first word said, what is left out is not seen to change.
    """
    request.environ.setdefault(RESTS_ON, set()).update(names)


Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """The headers of a finished answer in one encoding, and of the 304 that stands for it (RFC 9110, 15.4.5)."""

    tag: str
    headers: Headers
    unchanged: Headers


@dataclass(slots=True)
class Page:
    """A finished answer; `made_at` on the process's own monotonic clock. It was right at number `version`, and still is
    at `checked`; `names` is what it shows, None if it did not say."""

    version: int
    checked: int
    names: frozenset[str] | None
    made_at: float
    # Packed, as nearly everybody asks for it: four pages stand where one would with both.
    body: bytes
    plain: Form
    packed: Form

    @property
    def size(self) -> int:
        return len(self.body) + 4096


def key_of(environ: Environ) -> tuple[str, str, str] | None:
    """What a page is kept under; None for what is never kept."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    address = _address(path, query) if len(path) + len(query) <= LONGEST else None
    return (environ.get("HTTP_HOST", ""), *address) if address is not None else None


@lru_cache(maxsize=4096)
def _address(path: str, query: str) -> tuple[str, str] | None:
    words = path.split("/", 3)
    if len(words) < 3 or "//" in path or words[1] not in PUBLIC_FIRST or words[2] in PRIVATE:
        return None
    if not query.isascii():
        # No browser writes it so.
        return None
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name == QUESTION and value.strip() for name, value in pairs):
            return None
        # What nobody knows, the mark of a campaign above all, makes no other page.
        query = urlencode(sorted(pair for pair in pairs if pair[0] in PARAMETERS))
    return path, query


class PageCache:
    """WSGI middleware; one per process, bounded by bytes, the least used page goes first.

    `ask` gives the newest public changes, or None when the database does not tell.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], kept: State, ask: Callable[[], Changes | None]) -> None:
        self._app, self._kept, self._ask = app, kept, ask
        self._pages: OrderedDict[tuple[str, ...], Page] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = key_of(environ)
        if address is None:
            return self._app(environ, start_response)
        self._kept.look(self._ask)
        key, news = (*address, clock.today().isoformat(), str(self._kept.epoch)), self._kept.news
        page = self._pages.get(key)
        if page is None or not news.holds(page) or time.monotonic() - page.made_at > LIFE_SECONDS:
            made = self._make({**environ, "QUERY_STRING": address[-1]}, news.number)
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

    def _make(self, environ: Environ, version: int) -> Page | tuple[str, list[tuple[str, str]], Iterable[bytes]]:
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
        told = {name.lower(): value for name, value in caught["headers"]}
        keepable = caught["status"].startswith("200") and "public" in told.get("cache-control", "")
        if not keepable or "set-cookie" in told:
            return caught["status"], caught["headers"], [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
        headers = [(name, value) for name, value in caught["headers"] if name.lower() not in DROPPED]
        tag = hashlib.sha256(body).hexdigest()[:20]
        names = plain.get(RESTS_ON)
        shown = frozenset(names) if names is not None else None
        packed = gzip.compress(body, 6, mtime=0)
        # Strong, and another for another encoding (RFC 9110, 8.8.3.3).
        forms = _form(len(body), f'"{tag}"', headers), _form(len(packed), f'"{tag}-gz"', headers, "gzip")
        return Page(version, version, shown, time.monotonic(), packed, *forms)

    def _keep(self, key: tuple[str, ...], page: Page) -> None:
        with self._lock:
            earlier = self._pages.pop(key, None)
            self._size += page.size - (earlier.size if earlier else 0)
            self._pages[key] = page
            while self._size > LARGEST_SUM:
                _oldest, gone = self._pages.popitem(last=False)
                self._size -= gone.size


def _form(length: int, tag: str, headers: Headers, encoding: str = "") -> Form:
    marks = [("ETag", tag), ("Vary", "Accept-Encoding")]
    packing = [("Content-Encoding", encoding)] if encoding else []
    keeping = [(name, value) for name, value in headers if name.lower() == "cache-control"]
    return Form(tag, [*headers, *marks, *packing, ("Content-Length", str(length))], [*keeping, *marks])


def _answer(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    form = page.packed if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else page.plain
    wanted = environ.get("HTTP_IF_NONE_MATCH")
    if wanted and (wanted == form.tag or _matches(wanted, form.tag)):
        start_response("304 Not Modified", list(form.unchanged))
        return []
    start_response("200 OK", list(form.headers))
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [page.body if form is page.packed else gzip.decompress(page.body)]


def _matches(wanted: str, tag: str) -> bool:
    return wanted.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in wanted.split(",")]
