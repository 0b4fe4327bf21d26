"""No test reaches beyond this machine, whatever the code under it tries."""

import socket
from collections.abc import Iterator

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_another_machine_is_out_of_reach() -> None:
    # 192.0.2.0/24 is for documentation and leads nowhere (RFC 5737). A warning comes first, and warnings are errors.
    with pytest.raises((SocketConnectBlockedError, UserWarning)), socket.socket() as client:
        client.connect(("192.0.2.1", 80))


def test_this_machine_is_within_reach(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname(), timeout=5) as client:
        assert client.getpeername() == listening.getsockname()
