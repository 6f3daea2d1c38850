"""Cross-origin requests, as the Collector decides them."""

from __future__ import annotations

import pytest

from lymer.receivers.cors import Cors, CorsConfig


def cors(*origins: str, headers: tuple[str, ...] = (), max_age: int = 0) -> Cors:
    return Cors(CorsConfig(allowed_origins=origins, allowed_headers=headers, max_age=max_age), methods="POST")


def test_without_allowed_origins_there_is_no_cors() -> None:
    assert not cors().is_enabled
    assert cors().response_headers("https://a.example") == []


def test_an_allowed_origin_is_named_in_the_answer() -> None:
    headers = dict(cors("https://*.example").response_headers("https://a.example"))
    assert headers[b"access-control-allow-origin"] == b"https://a.example"
    assert headers[b"vary"] == b"Origin"


def test_another_origin_is_not() -> None:
    assert b"access-control-allow-origin" not in dict(cors("https://*.example").response_headers("https://evil.test"))


def test_the_star_allows_every_page_without_credentials() -> None:
    assert cors("*").response_headers("https://a.example") == [(b"access-control-allow-origin", b"*")]


@pytest.mark.parametrize(
    ("method", "wanted", "allowed"),
    [
        ("POST", "content-type", True),
        ("POST", "", True),
        ("POST", "X-Mine, Content-Type", True),
        ("POST", "x-other", False),
        ("DELETE", "", False),
    ],
)
def test_a_preflight_is_allowed_by_origin_method_and_headers(method: str, wanted: str, allowed: bool) -> None:
    rules = cors("https://a.example", headers=("x-mine",))
    headers = dict(rules.preflight_headers("https://a.example", method=method, wanted_headers=wanted))
    assert (b"access-control-allow-origin" in headers) is allowed
    assert (headers.get(b"access-control-allow-methods") == b"POST") is allowed


def test_a_preflight_says_how_long_it_holds() -> None:
    headers = dict(cors("*", max_age=600).preflight_headers("https://a", method="POST", wanted_headers=""))
    assert headers[b"access-control-max-age"] == b"600"
