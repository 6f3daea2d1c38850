"""Servers for the tests, and where other people's programs lie. `e2e/setup.sh` puts them there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.server import Server

CACHE = Path(os.environ.get("LYMER_E2E_CACHE", Path.home() / ".cache" / "lymer-e2e"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cache() -> Path:
    """The folder of `e2e/setup.sh`."""
    if not CACHE.is_dir():
        pytest.fail(f"{CACHE} is not there: run `bash e2e/setup.sh` first")
    return CACHE


@pytest.fixture(scope="session")
def lymer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share; it must end well."""
    server = Server(tmp_path_factory.mktemp("lymer") / "data").start()
    yield server
    try:
        assert server.stop() == 0
    finally:
        server.close()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers of one test; all over one data folder, one after the other."""
    servers: list[Server] = []

    def make(*options: str) -> Server:
        server = Server(tmp_path / "data", options=options)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.close()
