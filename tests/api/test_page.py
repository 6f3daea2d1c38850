"""The page as a browser fetches it, from a folder as Vite writes it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

from lymer.api.config import ApiConfig
from lymer.api.page import Page
from lymer.component.errors import ConfigError

CAPABILITIES = {"archiveStorage": True, "metricsStorage": False}
OURS = """<!doctype html><base href="/" data-inject-target="BASE_URL" />
<script type="application/json" id="boot">{}</script><script type="module" src="./assets/index-Abc12_-9.js"></script>"""
JAEGER_UI = """<!doctype html><base href="/" data-inject-target="BASE_URL" /><script>
JAEGER_CONFIG = DEFAULT_CONFIG; JAEGER_VERSION = DEFAULT_VERSION;
JAEGER_BACKEND_CAPABILITIES = DEFAULT_BACKEND_CAPABILITIES;
JAEGER_STORAGE_CAPABILITIES = DEFAULT_STORAGE_CAPABILITIES;</script>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "ui"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text(OURS)
    (root / "assets" / "index-Abc12_-9.js").write_text("export {}")
    (root / "assets" / "index-Abc12_-9.js.gz").write_bytes(gzip.compress(b"export {}"))
    (root / "lymer.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return root


def client(page: Page) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(page), base_url="http://lymer")


def our_page(monkeypatch: pytest.MonkeyPatch, folder: Path, **settings: object) -> httpx.AsyncClient:
    monkeypatch.setattr("lymer.api.page.BUILT", folder)
    return client(Page(ApiConfig(**settings), lambda: CAPABILITIES))


async def test_every_place_inside_the_page_gets_the_index(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder) as http:
        for path in ("/", "/search", "/trace/4bf92f", "/no/such/place", "/index.html", "/assets", "/assets/gone.js"):
            answer = await http.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["cache-control"] == "no-store"
            assert 'id="boot"' in answer.text


async def test_nothing_from_elsewhere_and_nothing_inline_may_run(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder) as http:
        answer = await http.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy


async def test_the_index_knows_its_base_path_and_what_the_server_can_do(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder, base_path="/a/b") as http:
        text = (await http.get("/a/b/search")).text
    assert '<base href="/a/b/"' in text
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', text)[1])
    assert boot["basePath"] == "/a/b/"
    assert boot["capabilities"] == CAPABILITIES


async def test_outside_the_base_path_there_is_nothing(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder, base_path="/a") as http:
        assert (await http.get("/a")).status_code == 200
        assert (await http.get("/ab")).status_code == 404
        assert (await http.get("/")).status_code == 404


async def test_settings_cannot_end_the_script_that_carries_them(monkeypatch, folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "ui.json"
    settings.write_text(json.dumps({"title": "</script><script>alert(1)</script>"}))
    async with our_page(monkeypatch, folder, ui_config=settings) as http:
        text = (await http.get("/")).text
    assert text.count("</script>") == OURS.count("</script>")
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', text)[1])
    assert boot["config"]["title"] == "</script><script>alert(1)</script>"


async def test_hashed_files_are_kept_for_ever_and_others_asked_for_again(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder) as http:
        hashed = await http.get("/assets/index-Abc12_-9.js")
        plain = await http.get("/lymer.svg")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["etag"]


async def test_the_packed_twin_goes_to_whoever_takes_it(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder) as http:
        packed = await http.get("/assets/index-Abc12_-9.js", headers={"accept-encoding": "gzip"})
        plain = await http.get("/assets/index-Abc12_-9.js", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "export {}"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/a%00b",
        "/" + "a" * 5000,
    ],
)
async def test_nothing_outside_the_folder_is_served(monkeypatch, folder: Path, path: str) -> None:
    async with our_page(monkeypatch, folder) as http:
        answer = await http.get(path)
    assert "secret" not in answer.text
    assert answer.status_code == 200


async def test_a_link_out_of_the_folder_is_not_followed(monkeypatch, folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    async with our_page(monkeypatch, folder) as http:
        assert (await http.get("/link.txt")).text != "secret"


async def test_other_methods_are_told_so(monkeypatch, folder: Path) -> None:
    async with our_page(monkeypatch, folder) as http:
        answer = await http.post("/search")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_built_page_a_plain_one_says_how_to_build_it(monkeypatch, tmp_path: Path) -> None:
    async with our_page(monkeypatch, tmp_path / "nothing") as http:
        answer = await http.get("/")
    assert answer.status_code == 200
    assert "lymer_build.py" in answer.text


async def test_a_build_of_jaeger_ui_gets_the_globals_that_it_looks_for(folder: Path, tmp_path: Path) -> None:
    (folder / "index.html").write_text(JAEGER_UI)
    settings = tmp_path / "ui.json"
    settings.write_text('{"dependencies": {"menuEnabled": false}}')
    page = Page(ApiConfig(assets_path=folder, ui_config=settings, base_path="/jaeger"), lambda: CAPABILITIES)
    async with client(page) as http:
        answer = await http.get("/jaeger/search")
    assert '<base href="/jaeger/"' in answer.text
    assert 'JAEGER_CONFIG = {"dependencies":{"menuEnabled":false}};' in answer.text
    assert 'JAEGER_BACKEND_CAPABILITIES = {"archiveStorage":true,"metricsStorage":false};' in answer.text
    assert 'JAEGER_STORAGE_CAPABILITIES = {"archiveStorage":true};' in answer.text
    assert "DEFAULT_VERSION" not in answer.text
    assert "content-security-policy" not in answer.headers


@pytest.mark.parametrize("base_path", ["/a/", "a", "a/"])
def test_a_bad_base_path_stops_the_start(base_path: str) -> None:
    with pytest.raises(ConfigError, match="Must start but not end with a slash"):
        Page(ApiConfig(base_path=base_path), lambda: CAPABILITIES)


def test_a_folder_without_an_index_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"assets_path: .* has no index\.html"):
        Page(ApiConfig(assets_path=tmp_path), lambda: CAPABILITIES)


@pytest.mark.parametrize(("text", "reason"), [(None, "cannot be read"), ("{", "is not JSON"), ("[]", "a JSON object")])
def test_bad_settings_stop_the_start(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "ui.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=reason):
        Page(ApiConfig(ui_config=file), lambda: CAPABILITIES)
