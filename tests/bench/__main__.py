"""`python -m tests.bench [--quick] [--products N] [--orders N] [--rounds N] [--seconds S]`: figures of one run, side by side.

Servers: two processes each on loopback. Rounds go through every page in turn, so that what else the machine does falls on
all alike; each figure is the median of its rounds. Everything is checked before it is timed.
"""

import argparse
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
from socket import socket
from typing import Any
from urllib.parse import urlencode

from tests.bench import pictures
from tests.bench.anchors import CARDS, HELLO
from tests.bench.client import ANEW, Request, WrongAnswer, ask_once, load
from tests.bench.processes import Server, pss_kib, serve

PROCESSES = 2
WARM_UP = 30
PSS_REQUESTS = 1_000


@dataclass
class Subject:
    """One row of the table: what is asked of which server, and what the rounds have measured."""

    name: str
    server: Server
    request: Request
    statements: int | None = None
    size: int = 0
    zipped: int = 0
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def measure(self, seconds: float, connections: int) -> None:
        before = self.server.cpu_seconds()
        found = load(self.server.port, self.request, seconds=seconds, connections=connections)
        spent, ordered = self.server.cpu_seconds() - before, sorted(found.seconds)
        self.cpu.append(spent / len(ordered) * 1_000)
        self.rate.append(len(ordered) / found.elapsed)
        self.p50.append(ordered[len(ordered) // 2] * 1_000)
        self.p99.append(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1_000)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepare(folder: Path, port: int, orders: int, products: int | None) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.prepare", str(folder), "--port", str(port), "--orders", str(orders)]
    command += ["--products", str(products)] if products else []
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    facts: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return facts


@contextmanager
def servers(folder: Path, port: int) -> Iterator[tuple[Server, Server]]:
    """The shop as `shop run` serves it, and the bare pages under the same server with the same options."""
    bare = free_port()
    granian = [
        "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(bare),
        "--workers", str(PROCESSES), "--blocking-threads", "4", "--log-level", "warning", "--no-ws",
        "tests.bench.anchors:application",
    ]  # fmt: skip
    shop = ["-m", "shop.cli", "run", "--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES)]
    with ExitStack() as stack:
        ours = stack.enter_context(serve("shop", shop, port, "/readyz", {"SHOP_INSTANCE": str(folder)}))
        theirs = stack.enter_context(serve("bare", granian, bare, "/wsgi", {}))
        yield ours, theirs


def subjects(ours: Server, bare: Server, facts: dict[str, Any]) -> list[Subject]:
    counted = facts["statements"]
    key = (("Authorization", f"Bearer {facts['key']}"),)
    product = Request("GET", facts["product"]["path"])
    tag = ask_once(ours.port, product).headers["etag"]
    language = facts["listing"]["path"].split("/")[1]
    cart = Request("POST", f"/{language}/cart?currency=EUR", 303, body=urlencode(facts["cart"]).encode())
    return [
        Subject("bare WSGI route", bare, Request("GET", "/wsgi")),
        Subject("bare Flask route", bare, Request("GET", "/flask")),
        Subject("bare Jinja page, 24 cards", bare, Request("GET", "/jinja")),
        Subject("our listing, made anew", ours, Request("GET", facts["listing"]["path"] + ANEW), counted["listing"]),
        Subject("our product page, made anew", ours, replace(product, path=product.path + ANEW), counted["product"]),
        Subject("our listing, kept", ours, Request("GET", facts["listing"]["path"]), counted["kept"]),
        Subject("our product page, kept", ours, product, counted["kept"]),
        Subject("our product page, 304", ours, replace(product, expected=304, headers=(("If-None-Match", tag),))),
        Subject("our search", ours, Request("GET", facts["search"]["path"]), counted["search"]),
        Subject("add to cart, committed", ours, cart, counted["cart"]),
        Subject("report, JSON", ours, Request("GET", facts["report"]["path"], headers=key), counted["report"]),
    ]


def check(rows: list[Subject], facts: dict[str, Any]) -> None:
    """Each answer is the right one, and the same twice. Raises WrongAnswer."""
    for row in rows:
        answer = ask_once(row.server.port, row.request)
        if answer.status != row.request.expected:
            raise WrongAnswer(f"{row.name}: {answer.status} instead of {row.request.expected}")
        row.size, row.zipped = len(answer.body), len(gzip.compress(answer.body, 6)) if answer.body else 0
        # The report names the moment it was made; a form is not sent twice.
        stays = row.request.method == "GET" and row.name != "report, JSON"
        if stays and answer.body != ask_once(row.server.port, row.request).body:
            raise WrongAnswer(f"{row.name}: two answers differ")
    by_name = {row.name: row for row in rows}
    _check_bare(by_name)
    pages = {name: ask_once(row.server.port, row.request).body for name, row in by_name.items() if _is_page(name)}
    for name, body in pages.items():
        key = name.split()[1].strip(",")
        page = html.unescape(body.decode())
        missing = [text for text in facts[key]["holds"] if html.unescape(text) not in page]
        if missing:
            raise WrongAnswer(f"{name}: lacks {missing[:3]}")
        kept = pages.get(name.replace("made anew", "kept"))
        # The page's own address stands in it, so the parameter does too.
        if kept is not None and kept != re.sub(rb"\?anew=1&amp;|(?:&amp;|\?)anew=1", _first_sign, body):
            raise WrongAnswer(f"{name}: it is not, byte for byte, the page that is kept")
    report = json.loads(ask_once(by_name["report, JSON"].server.port, by_name["report, JSON"].request).body)
    if (report["totals"]["orders"], report["totals"]["lines"]) != (facts["report"]["orders"], facts["report"]["lines"]):
        raise WrongAnswer("report: its totals are not those of the query")
    _check_cart(by_name["add to cart, committed"], facts)


def _first_sign(found: re.Match[bytes]) -> bytes:
    return b"?" if found[0].endswith(b"&amp;") else b""


def _is_page(name: str) -> bool:
    return name.startswith(("our listing", "our product", "our search")) and "304" not in name


def _check_bare(rows: dict[str, Subject]) -> None:
    page = ask_once(rows["bare Jinja page, 24 cards"].server.port, rows["bare Jinja page, 24 cards"].request).body
    if page.count(b'class="product-card"') != CARDS or not 28_000 <= len(page) <= 33_000:
        raise WrongAnswer(f"the bare page is not the one of 24 cards and 30 KB: {len(page)} bytes")
    for name in ("bare WSGI route", "bare Flask route"):
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
    head = f"{'':28}{'CPU s/1000':>11}{'min–max':>16}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'bytes':>8}{'gzip':>7}{'SQL':>5}"
    lines = [head, "-" * len(head)]
    for row in rows:
        spread = f"{min(row.cpu):.3f}–{max(row.cpu):.3f}"
        lines.append(
            f"{row.name:28}{median(row.cpu):>11.3f}{spread:>16}{median(row.rate):>9.0f}{median(row.p50):>9.2f}"
            f"{median(row.p99):>9.2f}{row.size:>8}{row.zipped:>7}{'' if row.statements is None else row.statements:>5}"
        )
    return lines


def ratios(rows: list[Subject]) -> list[str]:
    cpu = {row.name: median(row.cpu) for row in rows}
    page, flask = cpu["bare Jinja page, 24 cards"], cpu["bare Flask route"]
    lines = ["CPU for the same number of requests:"]
    for row in rows:
        if row.name.startswith("bare"):
            continue
        lines.append(
            f"  {row.name:28} {cpu[row.name] / page:5.2f} × the bare Jinja page, {cpu[row.name] / flask:6.1f} × bare Flask"
        )
    return lines


def measure_memory(ours: Server, facts: dict[str, Any]) -> str:
    """PSS of the processes that answer, after a thousand pages, half of them made anew and half kept."""
    for name in ("listing", "product"):
        for path in (facts[name]["path"], facts[name]["path"] + ANEW):
            request = Request("GET", path)
            load(ours.port, request, seconds=120, connections=PROCESSES * 2, most=PSS_REQUESTS // 4)
    workers = ours.workers()
    return f"Memory of {len(workers)} web processes after {PSS_REQUESTS} requests: {pss_kib(workers) / 1024:.0f} MB (PSS together)"


def measure(rows: list[Subject], given: argparse.Namespace) -> None:
    for row in rows:
        load(row.server.port, row.request, seconds=5, connections=2, most=WARM_UP)
    for number in range(given.rounds):
        say(f"  round {number + 1} of {given.rounds}")
        for row in rows:
            row.measure(given.seconds, given.connections)


def show(rows: list[Subject], photo: list[str], memory: str, given: argparse.Namespace) -> None:
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite,", end=" ")
    print(f"{given.rounds} rounds of {given.seconds:g} s, {given.connections} connections, {PROCESSES} processes")
    print("\n".join(["", *table(rows), "", *ratios(rows), ""]))
    print("\n".join(photo))
    print(memory)


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("--quick", action="store_true", help="two short rounds, under a minute")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--orders", type=int)
    parser.add_argument("--products", type=int, help="at least so many products")
    given = parser.parse_args(arguments)
    quick = given.quick
    given.rounds = given.rounds or (2 if quick else 5)
    given.seconds = given.seconds or (0.7 if quick else 3.0)
    given.orders = given.orders or (20 if quick else 200)
    return given


def main() -> int:
    given = read_arguments(sys.argv[1:])
    if not Path("/proc/self/smaps_rollup").exists():
        say("The figures come from Linux's /proc; this machine has none.")
        return 1
    if os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1):
        say(f"This machine is busy (load {os.getloadavg()[0]:.1f}): times are worth little, ratios somewhat more.")
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name:
        folder, port = Path(name) / "instance", free_port()
        say("Preparing an instance …")
        facts = prepare(folder, port, given.orders, given.products)
        with servers(folder, port) as (ours, bare):
            rows = subjects(ours, bare, facts)
            check(rows, facts)
            memory = measure_memory(ours, facts)
            measure(rows, given)
        say("  a photo")
        show(rows, pictures.lines(pictures.measure(1 if given.quick else 3)), memory, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
