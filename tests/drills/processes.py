"""Processes of an installation: started on loopback, watched, and ended whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random

STOP_SECONDS = 8
PORTS = range(18300, 18400)


def free_port() -> int:
    """A free port below those that systems give to outgoing connections, so that it stays free while its owner is away."""
    ports = list(PORTS)
    Random(f"{os.getpid()}/{time.monotonic_ns()}").shuffle(ports)
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no free port for a drill")


class Process:
    """One child with all it starts, in a session of its own; `log` is where it writes."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self._command, self._environment = [sys.executable, "-m", "tests.drills.launcher", *arguments], environment
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def kill(self) -> None:
        """SIGKILL for the process and everything below it."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None

    def stop(self) -> None:
        """Ask it to end; after some seconds it is killed."""
        if self._child is None:
            return
        self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=STOP_SECONDS)
        self.kill()

    def last_words(self, lines: int = 30) -> str:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
