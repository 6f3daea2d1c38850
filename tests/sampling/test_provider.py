"""Strategies that change while the process runs."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from lymer.component.clock import ManualClock
from lymer.component.errors import ConfigError, StartError
from lymer.component.events import Events
from lymer.sampling.config import SamplingConfig
from lymer.sampling.provider import FileStrategies


def provider(source: Path | str | None, **settings: Any) -> FileStrategies:
    config = SamplingConfig(strategies=None if source is None else str(source), **{"reload_interval": 0, **settings})
    clock = ManualClock()
    return FileStrategies(config, events=Events(clock=clock), clock=clock)


def say(file: Path, ratio: float) -> None:
    file.write_bytes(document(ratio))


def document(ratio: float) -> bytes:
    return json.dumps({"default_strategy": {"type": "probabilistic", "param": ratio}}).encode()


async def ratio(strategies: FileStrategies) -> float:
    return (await strategies.strategy_for("any")).param


async def test_without_a_file_everybody_has_the_default() -> None:
    strategies = provider(None, default_ratio=0.25)
    await strategies.start()
    assert await ratio(strategies) == 0.25
    assert not await strategies.refresh()


async def test_a_change_of_the_file_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    say(file, 0.5)
    strategies = provider(file)
    await strategies.start()
    assert await ratio(strategies) == 0.5
    say(file, 0.75)
    os.utime(file, ns=(1, 1))
    assert await strategies.refresh()
    assert await ratio(strategies) == 0.75
    assert not await strategies.refresh()


async def test_another_file_in_its_place_is_noticed_whatever_its_date(tmp_path: Path) -> None:
    first, second, link = tmp_path / "1", tmp_path / "2", tmp_path / "s.json"
    for number, file in enumerate((first, second), start=1):
        say(file, number / 4)
        os.utime(file, ns=(7, 7))
    link.symlink_to(first)
    strategies = provider(link)
    await strategies.start()
    (tmp_path / "new").symlink_to(second)
    (tmp_path / "new").rename(link)
    assert await strategies.refresh()
    assert await ratio(strategies) == 0.5


async def test_a_broken_file_is_refused_once_and_the_old_one_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "s.json"
    say(file, 0.5)
    strategies = provider(file)
    await strategies.start()
    with caplog.at_level(logging.WARNING, "lymer"):
        file.write_text('{"default_strategy":\n nonsense}')
        for _ in range(3):
            assert not await strategies.refresh()
    assert await ratio(strategies) == 0.5
    assert [record.fields["reason"] for record in caplog.records] == [  # type: ignore[attr-defined]
        f"{file}:2:2: is not JSON: expecting value"
    ]
    say(file, 0.1)
    assert await strategies.refresh()
    assert await ratio(strategies) == 0.1


async def test_a_file_that_goes_and_comes_back_is_no_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "s.json"
    say(file, 0.5)
    strategies = provider(file)
    await strategies.start()
    file.unlink()
    with caplog.at_level(logging.WARNING, "lymer"):
        assert not await strategies.refresh()
    assert "cannot be read: No such file or directory" in str(caplog.records[0].__dict__["fields"])
    say(file, 0.5)
    assert not await strategies.refresh()
    assert await ratio(strategies) == 0.5


async def test_a_start_with_a_broken_or_missing_file_fails(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"sampling.strategies: .*no.json: cannot be read: No such file"):
        await provider(tmp_path / "no.json").start()
    (tmp_path / "s.json").write_text("{")
    with pytest.raises(ConfigError, match=r"sampling.strategies: .*s.json:1:2: is not JSON"):
        await provider(tmp_path / "s.json").start()


async def test_it_looks_on_its_own_at_its_interval(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    say(file, 0.5)
    strategies = provider(file, reload_interval=0.001)
    changed = threading.Event()
    strategies._events.noticed = lambda *_, **__: changed.set()  # type: ignore[method-assign]
    await strategies.start()
    changed.clear()
    say(file, 0.125)
    assert await asyncio.to_thread(changed.wait, 10)
    assert await ratio(strategies) == 0.125
    await strategies.close()
    await strategies.close()


class Site:
    """A web server with one document."""

    def __init__(self) -> None:
        self.status, self.body, self.tag = 200, b"null", '"1"'
        self.asked_with: list[str | None] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked_with.append(self.headers.get("If-None-Match"))
                same = site.status == 200 and site.asked_with[-1] == site.tag
                self.send_response(304 if same else site.status)
                self.send_header("ETag", site.tag)
                self.send_header("Content-Length", str(0 if same else len(site.body)))
                self.end_headers()
                if not same:
                    self.wfile.write(site.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/s.json"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


async def test_an_address_is_asked_for_changes_only(site: Site) -> None:
    site.body = document(0.5)
    strategies = provider(site.url)
    await strategies.start()
    assert not await strategies.refresh()
    site.body, site.tag = document(0.25), '"2"'
    assert await strategies.refresh()
    assert await ratio(strategies) == 0.25
    assert site.asked_with == [None, '"1"', '"1"']


async def test_an_address_out_of_service_at_the_start_means_the_default(site: Site) -> None:
    site.status = 503
    strategies = provider(site.url, default_ratio=0.25)
    await strategies.start()
    assert await ratio(strategies) == 0.25
    site.status, site.body = 200, document(0.5)
    assert await strategies.refresh()
    assert await ratio(strategies) == 0.5


async def test_an_address_that_fails_later_leaves_what_was_there(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.body = document(0.5)
    strategies = provider(site.url)
    await strategies.start()
    site.status = 503
    with caplog.at_level(logging.WARNING, "lymer"):
        assert not await strategies.refresh()
    assert f"{site.url}: answered 503 Service Unavailable" in str(caplog.records[0].__dict__["fields"])
    assert await ratio(strategies) == 0.5
    site.status = 200
    assert not await strategies.refresh()
    assert site.asked_with[-1] is None


async def test_an_address_that_refuses_stops_the_start(site: Site) -> None:
    site.status = 404
    with pytest.raises(StartError, match="answered 404 Not Found"):
        await provider(site.url).start()
    site.close()
    with pytest.raises(StartError, match=r"cannot be read: .*refused"):
        await provider(site.url).start()
