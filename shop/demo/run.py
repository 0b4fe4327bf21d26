"""`shop demo`: prepare an instance, then run web, worker and the Stripe double until told to stop."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from shop.app import create_app
from shop.catalogue.indexing import index_unindexed
from shop.core.config import STRIPE_API, STRIPE_JS, Settings, from_environment
from shop.core.db import db, transaction
from shop.core.errors import ConfigurationError
from shop.core.installation import DEMO_FILE, find_mark, holds_something_else
from shop.core.schema import upgrade
from shop.core.tables import Installation
from shop.demo.loading.accounts import PASSWORD, PIN
from shop.demo.loading.load import load_demo
from shop.web.fonts import build_fonts

READY_MARK = "demo_ready"
START_SECONDS = 60


class NotADemo(ConfigurationError):
    """The database holds something that is not a demonstration; it is left alone."""


def _free_port(host: str, wanted: int) -> int:
    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigurationError("No free port was found for the Stripe double.")


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"The address {host}:{port} cannot be used ({error.strerror}); choose another with --port."
            ) from error


def environment(instance: Path, host: str, port: int, double_port: int) -> dict[str, str]:
    """The demonstration's settings, kept in its folder. Keys are made up once and never leave this machine."""
    path = instance / DEMO_FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    values = {
        "STRIPE_SECRET_KEY": kept.get("STRIPE_SECRET_KEY", f"sk_test_demo_{secrets.token_hex(12)}"),
        "STRIPE_PUBLISHABLE_KEY": kept.get("STRIPE_PUBLISHABLE_KEY", f"pk_test_demo_{secrets.token_hex(12)}"),
        "STRIPE_WEBHOOK_SECRET": kept.get("STRIPE_WEBHOOK_SECRET", f"whsec_{secrets.token_hex(16)}"),
        "STRIPE_API_BASE": f"http://127.0.0.1:{double_port}",
        "STRIPE_JS_URL": f"http://127.0.0.1:{double_port}/elements/stripe.js",
        "SHOP_BASE_URL": f"http://{shown}:{port}",
    }
    instance.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")
    path.chmod(0o600)
    return values


def own_stripe(environ: Mapping[str, str]) -> dict[str, str]:
    """Settings of somebody's own Stripe test account, if they gave its key; then no double is started.

    They are passed on and never written down. Raises ConfigurationError for a live key: a demonstration takes no money.
    """
    key = environ.get("STRIPE_SECRET_KEY", "")
    if not key or key.startswith("sk_test_demo_"):
        return {}
    if not key.startswith(("sk_test_", "rk_test_")):
        raise ConfigurationError(
            "STRIPE_SECRET_KEY must be a test key (sk_test_…): a demonstration takes no real money."
        )
    if not environ.get("STRIPE_WEBHOOK_SECRET"):
        raise ConfigurationError(
            "STRIPE_WEBHOOK_SECRET is missing; run: stripe listen --forward-to HOST:PORT/webhooks/stripe, and set what it prints."
        )
    if not environ.get("STRIPE_PUBLISHABLE_KEY", "").startswith("pk_test_"):
        raise ConfigurationError(
            "STRIPE_PUBLISHABLE_KEY must be the test key (pk_test_…) beside STRIPE_SECRET_KEY: Arabic pays with it."
        )
    own = {name: environ[name] for name in environ if name.startswith("STRIPE_")}
    return {**own, "STRIPE_API_BASE": STRIPE_API, "STRIPE_JS_URL": STRIPE_JS}


def prepare(
    settings: Settings,
    *,
    reset: bool,
    products: int | None,
    orders: int,
    seed: int,
    progress: Callable[[str, int, int], None],
) -> bool:
    """Make sure the instance is a whole demonstration. Returns whether it was made anew. Raises NotADemo."""
    if holds_something_else(settings.database_url):
        raise NotADemo(
            "This database is not a demonstration, so the demo leaves it alone; choose another folder with --instance."
        )
    whole = find_mark(settings.database_url, READY_MARK) is not None
    if reset or not whole:
        _empty(settings)
    build_fonts(settings.instance / "fonts")
    app = create_app(settings)
    with app.app_context():
        upgrade()
        if whole and not reset:
            with transaction():
                index_unindexed()
            return False
        with transaction():
            db.session.merge(Installation(key="demo", value="1"))
            # The page of the three chairs says how to sign in by hand; these secrets guard nothing.
            db.session.merge(Installation(key="demo_pin", value=PIN))
            db.session.merge(Installation(key="demo_password", value=PASSWORD))
        load_demo(
            orders=orders,
            products=products,
            seed=seed,
            double_path=settings.instance / "stripe.sqlite",
            progress=progress,
        )
        with transaction():
            db.session.merge(Installation(key=READY_MARK, value="1"))
        db.session.remove()
        db.engine.dispose()
    return True


def _empty(settings: Settings) -> None:
    """Remove a demonstration, or the half of one that an interruption left."""
    if not settings.database_url.startswith("sqlite"):
        if find_mark(settings.database_url) is not None:
            raise ConfigurationError("A demonstration on PostgreSQL is reset by dropping and creating its database.")
        return
    for name in ("shop.sqlite", "shop.sqlite-wal", "shop.sqlite-shm", "stripe.sqlite", "stripe.sqlite-wal"):
        (settings.instance / name).unlink(missing_ok=True)
    (settings.instance / "stripe.sqlite-shm").unlink(missing_ok=True)
    for folder in (settings.media_folder, settings.mail_folder):
        if folder is not None and folder.is_relative_to(settings.instance):
            shutil.rmtree(folder, ignore_errors=True)


def run(
    *,
    host: str,
    port: int,
    instance: Path,
    reset: bool,
    products: int | None,
    orders: int,
    seed: int,
    say: Callable[[str], None],
    progress: Callable[[str, int, int], None],
    ready: Callable[[str], None],
) -> int:
    """The whole command; the exit code. `say` writes to people, `ready` the one line for scripts."""
    _check_port(host, port)
    double_port = _free_port("127.0.0.1", port + 1)
    values = environment(instance, host, port, double_port)
    own = own_stripe(os.environ)
    env = {**os.environ, "SHOP_INSTANCE": str(instance), **values}
    # The past is played on the double whatever comes after it.
    settings = from_environment(env, demo=True)
    prepare(settings, reset=reset, products=products, orders=orders, seed=seed, progress=progress)
    children = _start(host, port, double_port, instance, {**env, **own}, values, seed, with_double=not own)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_ignored: stop.set())
    try:
        if not _wait_until_ready(settings.base_url, children, stop):
            if stop.is_set():
                return 0
            say("The demonstration did not start; the lines above say why.")
            return 1
        say(_signs(settings.base_url, "" if own else values["STRIPE_API_BASE"]))
        ready(f"ready {settings.base_url}")
        while not stop.wait(0.5):
            if any(child.poll() is not None for child in children):
                say("A part of the demonstration has stopped; the lines above say why.")
                return 1
    finally:
        _stop(children)
    return 0


def _start(
    host: str,
    port: int,
    double_port: int,
    instance: Path,
    env: dict[str, str],
    values: dict[str, str],
    seed: int,
    *,
    with_double: bool,
) -> list["subprocess.Popen[bytes]"]:
    double = (
        "from shop.demo.double.serve import serve; import sys; "
        "serve('127.0.0.1', int(sys.argv[1]), sys.argv[2], sys.argv[3], [sys.argv[4]], int(sys.argv[5]))"
    )
    webhook = f"{values['SHOP_BASE_URL']}/webhooks/stripe"
    commands = [
        [
            "-c",
            double,
            str(double_port),
            str(instance / "stripe.sqlite"),
            webhook,
            values["STRIPE_WEBHOOK_SECRET"],
            str(seed),
        ],
        ["-m", "shop.cli", "run", "--host", host, "--port", str(port), "--workers", "2"],
        ["-m", "shop.cli", "work"],
    ]
    # In a session of their own, so that Ctrl-C reaches us alone and we stop them in order.
    return [
        subprocess.Popen([sys.executable, *command], env=env, stdout=sys.stderr, start_new_session=True)
        for command in (commands if with_double else commands[1:])
    ]


def _wait_until_ready(base_url: str, children: list["subprocess.Popen[bytes]"], stop: threading.Event) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not stop.is_set():
        if any(child.poll() is not None for child in children):
            return False
        try:
            with urllib.request.urlopen(f"{base_url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            stop.wait(0.1)
    return False


def _stop(children: list["subprocess.Popen[bytes]"]) -> None:
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _signs(base_url: str, double: str) -> str:
    return "\n".join(
        [
            "",
            f"  The shop             {base_url}/",
            f"  Three chairs         {base_url}/demo",
            f"  An artisan           {base_url}/artisan   phone and PIN on the page of the chairs; PIN {PIN}",
            f"  An officer           {base_url}/staff     officer@example.org, password {PASSWORD}",
            f"  Its letters          {base_url}/demo/mail",
            f"  Stripe's double      {double}/_ctl/" if double else "  Stripe               your own test account",
            "",
            "  Stop with Ctrl-C.",
        ]
    )
