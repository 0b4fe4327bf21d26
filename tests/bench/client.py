"""A small load: a few connections that stay open and ask one after the other for a bounded time."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle


@dataclass(frozen=True)
class Request:
    """What is sent, whole, and the status that must come back."""

    method: str
    path: str
    expected: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encode(self, host: str) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in self.headers)]
        if self.body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    size: int


@dataclass
class Load:
    """Seconds of each answer, bytes that came, and the seconds all of it took."""

    seconds: list[float] = field(default_factory=list)
    received: int = 0
    elapsed: float = 0.0


class WrongAnswer(RuntimeError):
    """What was timed was not what was asked for, so its time means nothing."""


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, message: bytes) -> Answer:
        """Send and read one answer; only answers with a Content-Length or without a body are understood."""
        self.socket.sendall(message)
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self._read()
        head = self.rest[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in head[1:])}
        status = int(head[0].split(" ")[1])
        if "content-length" not in headers and status not in (204, 304):
            raise WrongAnswer(f"an answer without a length: {head[0]}")
        size = end + 4 + (0 if status in (204, 304) else int(headers["content-length"]))
        while len(self.rest) < size:
            self._read()
        body, self.rest = self.rest[end + 4 : size], self.rest[size:]
        return Answer(status, headers, body, size)

    def _read(self) -> None:
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise WrongAnswer("the server closed the connection")
        self.rest += piece

    def close(self) -> None:
        self.socket.close()


def ask_once(port: int, request: Request) -> Answer:
    connection = Connection(port)
    try:
        return connection.ask(request.encode(f"127.0.0.1:{port}"))
    finally:
        connection.close()


def load(port: int, requests: Sequence[Request], *, seconds: float, connections: int, most: int | None = None) -> Load:
    """Ask for one after the other, over and over, for `seconds` or at most `most` times. Raises WrongAnswer."""
    result, faults, lock = Load(), [], threading.Lock()
    turns = cycle([(request, request.encode(f"127.0.0.1:{port}")) for request in requests])
    begun = time.perf_counter()

    def go_on() -> None:
        connection = Connection(port)
        try:
            while time.perf_counter() - begun < seconds and not faults:
                with lock:
                    request, message = next(turns)
                sent = time.perf_counter()
                answer = connection.ask(message)
                took = time.perf_counter() - sent
                if answer.status != request.expected:
                    raise WrongAnswer(f"{request.method} {request.path} answered {answer.status}")
                with lock:
                    result.seconds.append(took)
                    result.received += answer.size
                    if most is not None and len(result.seconds) >= most:
                        return
        except (WrongAnswer, OSError) as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=go_on, daemon=True) for _number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.elapsed = time.perf_counter() - begun
    if faults:
        raise WrongAnswer(str(faults[0]))
    return result
