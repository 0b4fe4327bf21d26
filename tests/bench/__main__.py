"""`python -m tests.bench [--quick] [--products 1000,20000] [--orders N] [--rounds N] [--seconds S] [--keep FOLDER]`: figures of
one run, side by side.

Servers: two processes each on loopback. Rounds go through every page in turn, so that what else the machine does falls on
all alike; each figure is the median of its rounds. Everything is checked before it is timed. Every size of the catalogue is
held against bare pages, and against nginx with the same bytes in a file, that run at the same time. Pages made anew are
asked for in turn, so that what is kept of one piece serves the others as in a shop, and once more one page alone. Exit code
1 if a ratio is over its limit.
"""

import argparse
import getpass
import gzip
import html
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.__main__ import find_nginx
from tests.bench import pictures
from tests.bench.anchors import CARDS, HELLO
from tests.bench.client import Request, WrongAnswer, ask_once, load
from tests.bench.processes import Server, free_port, pss_kib, serve

PROCESSES = 2
WARM_UP = 30
JINJA, FLASK = "bare Jinja page, 24 cards", "bare Flask route"
FILE, FILE_UNPACKED, FILE_304 = "nginx, kept listing", "nginx, unpacked", "nginx, its 304"
LISTINGS, ONE_LISTING = "our listings in turn, made anew", "one listing of ours, made anew"
PIECES, ONE_PIECE = "our product pages in turn, made anew", "one product page of ours, made anew"
MANY_PIECES = "our product pages, more than is kept"
# As every browser asks.
PACKED = (("Accept-Encoding", "gzip"),)
# What each page may cost, as CPU of something bare that ran beside it.
LIMITS: dict[str, tuple[str, float | None]] = {
    LISTINGS: (JINJA, 0.75),
    PIECES: (JINJA, 0.5),
    "our listing, kept": (FILE, 4.0),
    "our listing, kept, unpacked": (FILE_UNPACKED, None),
    "our listing, 304": (FILE_304, 5.0),
    "our search, few match": (FLASK, 25.0),
    "our search, many match": (FLASK, 120.0),
    "add to cart, committed": (FLASK, 15.0),
}
# Listing and product page may cost so much more or less in another size of the catalogue.
FLAT = 0.2
PSS_REQUESTS = 1_000
# Both together, with at most so many products.
MOST_MB, MOST_MB_SIZE = 160, 20_000
# Rows of one and the same page, by what is known of it; the last of them is the page that is kept.
SAME = {
    "listing": (ONE_LISTING, "our listing, kept, unpacked", "our listing, kept"),
    "product": (ONE_PIECE, "our product page, kept"),
}


@dataclass
class Subject:
    """One row of the table: what is asked of which server, in turn, and what the rounds have measured."""

    name: str
    server: Server
    requests: tuple[Request, ...]
    statements: int | None = None
    size: int = 0
    zipped: int = 0
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def request(self) -> Request:
        """The first of its turn."""
        return self.requests[0]

    def measure(self, seconds: float, connections: int) -> None:
        before = self.server.cpu_seconds()
        found = load(self.server.port, self.requests, seconds=seconds, connections=connections)
        spent, ordered = self.server.cpu_seconds() - before, sorted(found.seconds)
        self.cpu.append(spent / len(ordered) * 1_000)
        self.rate.append(len(ordered) / found.elapsed)
        self.p50.append(ordered[len(ordered) // 2] * 1_000)
        self.p99.append(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1_000)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepare(folder: Path, port: int, products: int, given: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.prepare", str(folder), "--port", str(port)]
    command += ["--orders", str(given.orders), "--products", str(products)]
    command += ["--keep", str(given.keep)] if given.keep else []
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    facts: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return facts


NGINX = """daemon off; user {user}; worker_processes {processes}; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; sendfile on; default_type text/html; keepalive_requests 1000000;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


@contextmanager
def files(folder: Path, packed: bytes, unpacked: bytes) -> Iterator[Server | None]:
    """nginx with one page in a file, as it goes over the wire; None where it is not installed."""
    nginx = find_nginx()
    if nginx is None:
        say("nginx is not installed: nothing is held against it.")
        yield None
        return
    port, user = free_port(), getpass.getuser()
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "page.html").write_bytes(packed)
    (folder / "files" / "unpacked.html").write_bytes(unpacked)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(user=user, processes=PROCESSES, folder=folder, port=port), encoding="utf-8")
    command = [nginx, "-c", str(configuration), "-e", str(folder / "error.log")]
    with serve("nginx", command, port, "/page.html", {}) as server:
        yield server


@contextmanager
def servers(folder: Path, port: int) -> Iterator[tuple[Server, Server, Server]]:
    """The shop as `shop run` serves it, the same without what keeps whole pages, and the bare pages; all under the same
    server with the same options."""
    bare, unkept = free_port(), free_port()
    shop = [
        sys.executable, "-m", "shop.cli", "run", "--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES),
    ]  # fmt: skip
    with ExitStack() as stack:
        instance = {"SHOP_INSTANCE": str(folder)}
        ours = stack.enter_context(serve("shop", shop, port, "/readyz", instance))
        command = granian(unkept, "--factory", "tests.bench.unkept:application")
        anew = stack.enter_context(serve("shop, pages made anew", command, unkept, "/readyz", instance))
        theirs = stack.enter_context(serve("bare", granian(bare, "tests.bench.anchors:application"), bare, "/wsgi", {}))
        yield ours, anew, theirs


def granian(port: int, *target: str) -> list[str]:
    """The command of a server of some application."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(PROCESSES), "--blocking-threads", "4", "--log-level", "warning", "--no-ws", *target,
    ]  # fmt: skip


def of_file(nginx: Server | None) -> list[Subject]:
    """The page in a file, and its 304."""
    if nginx is None:
        return []
    page = Request("GET", "/page.html")
    tag = ask_once(nginx.port, page).headers["etag"]
    return [
        Subject(FILE, nginx, (page,)),
        Subject(FILE_UNPACKED, nginx, (Request("GET", "/unpacked.html"),)),
        Subject(FILE_304, nginx, (replace(page, expected=304, headers=(("If-None-Match", tag),)),)),
    ]


def subjects(ours: Server, anew: Server, bare: Server, facts: dict[str, Any]) -> list[Subject]:
    counted = facts["statements"]
    key = (("Authorization", f"Bearer {facts['key']}"),)
    listing, product = Request("GET", facts["listing"]["path"]), Request("GET", facts["product"]["path"])
    tag = ask_once(ours.port, replace(listing, headers=PACKED)).headers["etag"]
    language = facts["listing"]["path"].split("/")[1]
    cart = Request("POST", f"/{language}/cart?currency=EUR", 303, body=urlencode(facts["cart"]).encode())
    listings, pieces, all_pieces = (
        tuple(Request("GET", page["path"]) for page in facts["turns"][name]) for name in ("listing", "product", "many")
    )
    return [
        Subject("bare WSGI route", bare, (Request("GET", "/wsgi"),)),
        Subject(FLASK, bare, (Request("GET", "/flask"),)),
        Subject(JINJA, bare, (Request("GET", "/jinja"),)),
        Subject(LISTINGS, anew, listings, counted["listing in turn"]),
        Subject(ONE_LISTING, anew, (listing,), counted["listing"]),
        Subject(PIECES, anew, pieces, counted["product in turn"]),
        Subject(ONE_PIECE, anew, (product,), counted["product"]),
        Subject(MANY_PIECES, anew, all_pieces, counted["many in turn"]),
        Subject("our listing, kept", ours, (replace(listing, headers=PACKED),), counted["kept"]),
        Subject("our listing, kept, unpacked", ours, (listing,), counted["kept"]),
        Subject("our product page, kept", ours, (replace(product, headers=PACKED),), counted["kept"]),
        Subject("our listing, 304", ours, (replace(listing, expected=304, headers=(*PACKED, ("If-None-Match", tag))),)),
        *(
            Subject(f"our search, {name} match", ours, (Request("GET", facts["search"][name]["path"]),), counted[name])
            for name in facts["search"]
        ),
        Subject("add to cart, committed", ours, (cart,), counted["cart"]),
        Subject("report, JSON", ours, (Request("GET", facts["report"]["path"], headers=key),), counted["report"]),
    ]


def check(rows: list[Subject], facts: dict[str, Any]) -> None:
    """Each answer is the right one, and the same twice. Raises WrongAnswer."""
    for row in rows:
        answer = ask_once(row.server.port, row.request)
        if answer.status != row.request.expected:
            raise WrongAnswer(f"{row.name}: {answer.status} instead of {row.request.expected}")
        row.size, row.zipped = len(_unpacked(row)), len(gzip.compress(_unpacked(row), 6)) if answer.body else 0
        # The report names the moment it was made; a form is not sent twice.
        stays = row.request.method == "GET" and row.name != "report, JSON"
        if stays and answer.body != ask_once(row.server.port, row.request).body:
            raise WrongAnswer(f"{row.name}: two answers differ")
    by_name = {row.name: row for row in rows}
    _check_bare(by_name)
    pages = {name: _unpacked(by_name[name]) for names in SAME.values() for name in names}
    for kind, names in SAME.items():
        for name in names:
            _check_holds(name, pages[name], facts[kind]["holds"])
            if pages[names[-1]] != pages[name]:
                raise WrongAnswer(f"{name}: it is not, byte for byte, the page that is kept")
    for kind, name in (("listing", LISTINGS), ("product", PIECES), ("many", MANY_PIECES)):
        _check_turn(by_name[name], facts["turns"][kind])
    report = json.loads(ask_once(by_name["report, JSON"].server.port, by_name["report, JSON"].request).body)
    if (report["totals"]["orders"], report["totals"]["lines"]) != (facts["report"]["orders"], facts["report"]["lines"]):
        raise WrongAnswer("report: its totals are not those of the query")
    _check_cart(by_name["add to cart, committed"], facts)


def _check_holds(name: str, body: bytes, texts: list[str]) -> None:
    page = html.unescape(body.decode())
    missing = [text for text in texts if html.unescape(text) not in page]
    if missing:
        raise WrongAnswer(f"{name}: lacks {missing[:3]}")


def _check_turn(row: Subject, wanted: list[dict[str, Any]]) -> None:
    """Every address of a turn answers with the pieces it should have. The row has the size of the middle one."""
    bodies = []
    for request, page in zip(row.requests, wanted, strict=True):
        answer = ask_once(row.server.port, request)
        if answer.status != request.expected:
            raise WrongAnswer(f"{row.name}: {request.path} answered {answer.status}")
        _check_holds(f"{row.name}: {request.path}", answer.body, page["holds"])
        bodies.append(answer.body)
    middle = sorted(bodies, key=len)[len(bodies) // 2]
    row.size, row.zipped = len(middle), len(gzip.compress(middle, 6))


def _unpacked(row: Subject) -> bytes:
    answer = ask_once(row.server.port, row.request)
    return gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body


def _check_bare(rows: dict[str, Subject]) -> None:
    page = ask_once(rows[JINJA].server.port, rows[JINJA].request).body
    if page.count(b'class="product-card"') != CARDS or not 28_000 <= len(page) <= 33_000:
        raise WrongAnswer(f"the bare page is not the one of 24 cards and 30 KB: {len(page)} bytes")
    for name in ("bare WSGI route", FLASK):
        if ask_once(rows[name].server.port, rows[name].request).body != HELLO:
            raise WrongAnswer(f"{name} says something else")


def _check_cart(row: Subject, facts: dict[str, Any]) -> None:
    cookie = ask_once(row.server.port, row.request).headers["set-cookie"].partition(";")[0]
    path = row.request.path.partition("?")[0]
    page = ask_once(row.server.port, Request("GET", path, headers=(("Cookie", cookie),))).body.decode()
    if not re.search(rf"/cart/lines/{facts['cart']['variant']}\b", page):
        raise WrongAnswer("add to cart: the piece is not in the cart")


def median(values: list[float]) -> float:
    return statistics.median(values)


def table(rows: list[Subject]) -> list[str]:
    head = f"{'':36}{'CPU s/1000':>11}{'min–max':>16}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'bytes':>8}{'gzip':>7}{'SQL':>5}"
    lines = [head, "-" * len(head)]
    for row in rows:
        spread = f"{min(row.cpu):.3f}–{max(row.cpu):.3f}"
        lines.append(
            f"{row.name:36}{median(row.cpu):>11.3f}{spread:>16}{median(row.rate):>9.0f}{median(row.p50):>9.2f}"
            f"{median(row.p99):>9.2f}{row.size:>8}{row.zipped:>7}{'' if row.statements is None else row.statements:>5}"
        )
    return lines


def ratios(rows: list[Subject]) -> list[str]:
    """What each page costs of something bare, and its limit where it has one."""
    cpu = {row.name: median(row.cpu) for row in rows}
    lines = ["CPU for the same number of requests:"]
    for row in rows:
        if row.name.startswith(("bare", "nginx")):
            continue
        beside, limit = LIMITS.get(row.name, (JINJA, None))
        if beside not in cpu:
            lines.append(f"  {row.name:36} not held against {beside}: it is not here")
            continue
        ratio = cpu[row.name] / cpu[beside]
        judged = "" if limit is None else f", at most {limit:g}{'' if ratio <= limit else ': OVER'}"
        lines.append(f"  {row.name:36} {ratio:6.2f} × {beside}{judged}")
    return lines


def over_limit(lines: list[str]) -> bool:
    return any(line.endswith(": OVER") for line in lines)


def flatness(sizes: dict[int, list[Subject]]) -> list[str]:
    """How listings and product pages, made anew in turn, cost in each size beside the first, each held against the bare
    page of its own time."""
    lines: list[str] = []
    for name in (LISTINGS, PIECES):
        costs = {}
        for size, rows in sizes.items():
            cpu = {row.name: median(row.cpu) for row in rows}
            costs[size] = cpu[name] / cpu[JINJA]
        first = next(iter(costs.values()))
        for size, cost in list(costs.items())[1:]:
            judged = "" if cost / first <= 1 + FLAT else ": OVER"
            lines.append(
                f"  {name} with {size:,} pieces: {cost / first:.2f} × with the fewest, at most {1 + FLAT:g}{judged}"
            )
    return lines


def measure_memory(ours: Server, facts: dict[str, Any], size: int) -> str:
    """PSS of the processes that answer, after a thousand requests for pages all over the catalogue."""
    for name in ("listing", "product", "many"):
        asked = tuple(Request("GET", page["path"]) for page in facts["turns"][name])
        load(ours.port, asked, seconds=120, connections=PROCESSES * 2, most=PSS_REQUESTS // 3)
    found = _memory(ours)
    judged = f", at most {MOST_MB}{'' if found <= MOST_MB else ': OVER'}" if size <= MOST_MB_SIZE else ""
    return f"  memory of {PROCESSES} web processes after {PSS_REQUESTS} requests: {found:.0f} MB (PSS together){judged}"


def _memory(server: Server) -> float:
    return pss_kib(server.workers()) / 1024


def measure(rows: list[Subject], given: argparse.Namespace) -> None:
    for row in rows:
        load(row.server.port, row.requests, seconds=5, connections=2, most=max(WARM_UP, 2 * len(row.requests)))
    for number in range(given.rounds):
        say(f"  round {number + 1} of {given.rounds}")
        for row in rows:
            if len(row.requests) > 1 and row.name != MANY_PIECES:
                # Each process meets them all once more: the rows between two rounds have driven out what it kept of them.
                load(row.server.port, row.requests, seconds=5, connections=2, most=5 * len(row.requests))
            row.measure(given.seconds, given.connections)


def describe(given: argparse.Namespace) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite"
    return f"{machine}, {given.rounds} rounds of {given.seconds:g} s, {given.connections} connections, {PROCESSES} processes"


def explain(rows: list[Subject]) -> str:
    """What the rows of pages made anew are."""
    turns = {row.name: len(row.requests) for row in rows}
    return (
        f"In turn: {turns[LISTINGS]} listings (crafts, families, further pages) and {turns[PIECES]} product pages from all over "
        "the catalogue, one after the other. One: the same address every time. More than is kept: "
        f"{turns[MANY_PIECES]} product pages, whose parts a process has forgotten when their turn comes again."
    )


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("--quick", action="store_true", help="two short rounds, a small catalogue")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--orders", type=int)
    parser.add_argument("--products", help="how many at least, for example 1000,20000")
    parser.add_argument(
        "--keep", type=Path, help="where catalogues made by the same code today are taken from, and kept"
    )
    given = parser.parse_args(arguments)
    quick = given.quick
    given.rounds = given.rounds or (2 if quick else 5)
    given.seconds = given.seconds or (0.7 if quick else 3.0)
    given.orders = given.orders or (20 if quick else 200)
    given.sizes = [int(size) for size in (given.products or ("100" if quick else "1000,20000")).split(",")]
    return given


def measure_size(folder: Path, size: int, given: argparse.Namespace) -> tuple[list[Subject], str]:
    """All pages with so many products, and the memory of the processes."""
    port = free_port()
    say(f"Preparing an instance with {size:,} products …")
    facts = prepare(folder / "instance", port, size, given)
    with servers(folder / "instance", port) as (ours, anew, bare):
        listing = Request("GET", facts["listing"]["path"])
        bodies = [ask_once(ours.port, replace(listing, headers=headers)).body for headers in (PACKED, ())]
        with files(folder / "nginx", *bodies) as nginx:
            rows = [*of_file(nginx), *subjects(ours, anew, bare, facts)]
            check(rows, facts)
            memory = measure_memory(ours, facts, size)
            measure(rows, given)
            memory += f"; {_memory(ours):.0f} MB after all rounds"
    return rows, memory


def main() -> int:
    given = read_arguments(sys.argv[1:])
    if not Path("/proc/self/smaps_rollup").exists():
        say("The figures come from Linux's /proc; this machine has none.")
        return 1
    if os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1):
        say(f"This machine is busy (load {os.getloadavg()[0]:.1f}): times are worth little, ratios somewhat more.")
    print(describe(given))
    sizes: dict[int, list[Subject]] = {}
    judged: list[str] = []
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="shop-bench-") as name:
            sizes[size], memory = measure_size(Path(name), size, given)
        found = ratios(sizes[size])
        judged += [*found, memory]
        print(
            "\n".join(["", f"{size:,} products", explain(sizes[size]), "", *table(sizes[size]), "", *found, memory]),
            flush=True,
        )
    flat = flatness(sizes)
    judged += flat
    say("  a photo")
    photo = pictures.lines(pictures.measure(1 if given.quick else 3))
    judged += photo
    print("\n".join(["", *flat, *photo]))
    return int(over_limit(judged))


if __name__ == "__main__":
    sys.exit(main())
