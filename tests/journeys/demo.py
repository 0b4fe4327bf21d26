"""One real demonstration as `make demo` starts it: a process of its own, watched from outside."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 240
STOP_SECONDS = 30


class DemoFailed(AssertionError):
    """The command did not do what it promises; what it wrote is in the message."""


@dataclass
class Demo:
    """A running demonstration: `base` is its address, `double` that of the stand-in for Stripe."""

    base: str
    instance: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def double(self) -> str:
        # The double takes the next port; where that is taken it says so in the demonstration's own settings.
        settings = (self.instance / "demo.json").read_text(encoding="utf-8")
        return next(line.split('"')[3] for line in settings.splitlines() if "STRIPE_API_BASE" in line)

    def stop(self) -> tuple[int, str]:
        """Ask it to end: the exit code, and what else it wrote to its standard output."""
        self.process.send_signal(signal.SIGTERM)
        rest, _nothing = self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode, rest.decode()

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A `shop` command on the same installation, while the demonstration runs."""
        return subprocess.run(
            [sys.executable, "-m", "shop.cli", *arguments],
            env={**os.environ, "SHOP_INSTANCE": str(self.instance)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def start_demo(instance: Path, *, orders: int) -> Demo:
    """Start it on a free port and wait for the line that says it is ready. Raises DemoFailed."""
    port = _free_port()
    log = instance.parent / f"{instance.name}.log"
    command = ["-m", "shop.cli", "demo", "--instance", str(instance), "--port", str(port), "--orders", str(orders)]
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=errors)
    line = _first_line(process)
    if line != f"ready http://127.0.0.1:{port}":
        process.kill()
        process.wait()
        raise DemoFailed(f"the demonstration answered {line!r}:\n{log.read_text(encoding='utf-8')[-4000:]}")
    return Demo(line.partition(" ")[2], instance, process, log)


def _first_line(process: "subprocess.Popen[bytes]") -> str:
    """What stands on the first line, or nothing when it ends or takes too long."""
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        readable, _writable, _failed = select.select([process.stdout], [], [], 0.5)
        if readable:
            return process.stdout.readline().decode().rstrip("\n")
    return ""


def _free_port() -> int:
    """A port whose neighbour is free too: the double listens there."""
    for _attempt in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise DemoFailed("no two free ports side by side")
