"""Whole public pages kept ahead of Flask: a page that was made once costs a dictionary lookup until something changes.

What may be kept is decided by the answer itself (status 200, `Cache-Control: public`, no cookie set); what is looked up
is decided by the address alone (a public path and parameters from a closed list). A view says with `rests_on` what its
page shows, and the page is kept until one of that changes: a sale throws away the page of the piece and the lists where it
stands, nothing else. A page that does not say is thrown away by any change. A process asks for changes at most once a
second, so that a change shows within a second. While the database is away, the pages of today are shown as they were: the
cart and the checkout read everything anew anyhow.
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

from shop.core import clock, kept
from shop.core.versions import HOUSE, Changes
from shop.i18n.languages import LANGUAGES

LARGEST_SUM = 32 * 1024 * 1024
LOOK_SECONDS = 1.0
# Longest a page is kept though nothing of it has changed. What it says of dates holds for the day it is kept under.
LIFE_SECONDS = 600.0
# Names whose last change a process remembers; beyond that it forgets them and all pages.
MOST_NAMES = 20_000
PARAMETERS = frozenset(
    ["currency", "to", "page", "craft", "family", "material", "price", "colour", "kind", "form", "region", "posted"]
)
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
    """A finished answer in one encoding, and the headers of the 304 that stands for it (RFC 9110, 15.4.5)."""

    tag: str
    body: bytes
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
    plain: Form
    packed: Form

    @property
    def size(self) -> int:
        return len(self.plain.body) + len(self.packed.body) + 2048


class News:
    """What a process has heard of changes: the newest number, and for each name the number of its last change."""

    def __init__(self) -> None:
        self.number = 0
        # Whatever is older than this may have changed unheard.
        self._floor = 0
        self._changed: dict[str, int] = {}

    def hear(self, changes: Changes) -> None:
        """Take in what has changed since the last time. One thread at a time."""
        if changes.number == self.number:
            return
        changed, floor, told = dict(self._changed), self._floor, changes.number
        for number, names in changes.recent:
            if number <= self.number or number != told:
                break
            told -= 1
            for name in names:
                changed[name] = max(number, changed.get(name, 0))
        if told > self.number or changes.number < self.number or len(changed) > MOST_NAMES:
            # Older changes are told no longer, or the database is another one, or it is too much to remember.
            changed, floor = {}, changes.number
        self._changed, self._floor = changed, max(floor, changed.get(HOUSE, 0))
        self.number = changes.number

    def holds(self, page: Page) -> bool:
        """Whether nothing of a page has changed since it was made."""
        if page.checked == self.number:
            return True
        # In this order: `hear` writes the number last.
        number, changed = self.number, self._changed
        if page.names is None or page.version < self._floor or page.version > number:
            return False
        if any(changed.get(name, 0) > page.version for name in page.names):
            return False
        page.checked = number
        return True


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
    if len(words) < 3 or words[1] not in PUBLIC_FIRST or words[2] in PRIVATE:
        return None
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name not in PARAMETERS for name, _value in pairs):
            return None
        query = urlencode(sorted(pairs))
    return path, query


class PageCache:
    """WSGI middleware; one per process, bounded by bytes, the least used page goes first.

    `changes` gives the newest public changes, or None when the database does not tell.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], changes: Callable[[], Changes | None]) -> None:
        self._app, self._ask = app, changes
        self._pages: OrderedDict[tuple[str, ...], Page] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._news = News()
        self._looked_at = -LOOK_SECONDS

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = key_of(environ)
        if address is None:
            return self._app(environ, start_response)
        self._look()
        key = (*address, clock.today().isoformat())
        page = self._pages.get(key)
        if page is None or not self._news.holds(page) or time.monotonic() - page.made_at > LIFE_SECONDS:
            made = self._make(environ, self._news.number)
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

    def _look(self) -> None:
        """Ask what has changed, once a second. One thread asks, the others go on with what is known."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS or not self._asking.acquire(blocking=False):
            return
        try:
            self._looked_at = time.monotonic()
            changes = self._ask()
            if changes is not None:
                self._news.hear(changes)
                kept.hear(changes.number)
        finally:
            self._asking.release()

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
        # Strong, and another for another encoding (RFC 9110, 8.8.3.3).
        forms = _form(body, f'"{tag}"', headers), _form(gzip.compress(body, 6, mtime=0), f'"{tag}-gz"', headers, "gzip")
        return Page(version, version, shown, time.monotonic(), *forms)

    def _keep(self, key: tuple[str, ...], page: Page) -> None:
        with self._lock:
            earlier = self._pages.pop(key, None)
            self._size += page.size - (earlier.size if earlier else 0)
            self._pages[key] = page
            while self._size > LARGEST_SUM:
                _oldest, gone = self._pages.popitem(last=False)
                self._size -= gone.size


def _form(body: bytes, tag: str, headers: Headers, encoding: str = "") -> Form:
    marks = [("ETag", tag), ("Vary", "Accept-Encoding")]
    packing = [("Content-Encoding", encoding)] if encoding else []
    keeping = [(name, value) for name, value in headers if name.lower() == "cache-control"]
    return Form(tag, body, [*headers, *marks, *packing, ("Content-Length", str(len(body)))], [*keeping, *marks])


def _answer(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    form = page.packed if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else page.plain
    wanted = environ.get("HTTP_IF_NONE_MATCH")
    if wanted and (wanted == form.tag or _matches(wanted, form.tag)):
        start_response("304 Not Modified", list(form.unchanged))
        return []
    start_response("200 OK", list(form.headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [form.body]


def _matches(wanted: str, tag: str) -> bool:
    return wanted.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in wanted.split(",")]
