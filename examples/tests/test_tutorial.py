"""docs/tutorial.md: its commands run as they stand, and each trace shows what the page promises, as "Why" says it."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from e2e.server import eventually
from examples.tests.conftest import ROOT
from examples.tests.test_shop import url  # noqa: F401 (the open shop)

PAGES = [ROOT / "docs" / name for name in ("tutorial.md", "tutorial.zh-CN.md")]
STEPS = ("good", "slow-query", "n-plus-one", "leaf-error", "retry-storm", "lost-context")


def blocks(page, kind):
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_both_languages_have_the_same_commands():
    english, chinese = ([blocks(page, "sh"), blocks(page, "text")] for page in PAGES)
    assert english == chinese


@pytest.fixture(scope="module")
def ids(url):  # noqa: F811
    """The traces' ids, by step."""
    script = "\n".join(["set -euo pipefail", *blocks(PAGES[0], "sh")]).replace("http://localhost:8080", url)
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, env=os.environ, check=True
    )
    return dict(zip(STEPS, re.findall(r"\b[0-9a-f]{32}\b", done.stdout), strict=True))


@pytest.fixture
def why(ids, trace, lymer):
    """What the page says of a step's trace when it has arrived."""

    def ask(step, services):
        trace(ids[step], services=services)
        return lymer.get(f"/api/lymer/v1/traces/{ids[step]}/why")

    return ask


ALL = {"gateway", "user", "order", "inventory", "payment", "notification"}


def test_the_good_order_has_six_services_and_no_error(why):
    assert why("good", ALL)["failed"] is None


def test_the_slow_query_is_the_first_line_of_why(why):
    first = why("slow-query", ALL)["slow"]["contributors"][0]
    assert (first["service"], first["operation"]) == ("user", "SELECT users")
    assert first["share"] > 0.3


def test_the_twelve_queries_are_counted_and_more_than_in_the_good_order(why, ids, lymer):
    (repeated,) = [one for one in why("n-plus-one", ALL)["slow"]["repeats"] if one["operation"] == "SELECT items"]
    assert (repeated["service"], repeated["count"], repeated["isSequential"]) == ("order", 12, True)
    compared = lymer.get(f"/api/lymer/v1/compare?a={ids['good']}&b={ids['n-plus-one']}")
    assert [path["change"] for path in compared["paths"] if path["name"] == "SELECT items"] == ["more"]


def test_the_error_is_followed_to_the_card(why):
    failed = why("leaf-error", {"gateway", "user", "order", "payment"})["failed"]
    assert (failed["service"], failed["operation"]) == ("payment", "charge-card")
    assert failed["exception"]["type"].endswith("CardRefusedError")
    assert (failed["exception"]["message"], len(failed["chain"])) == ("limit exceeded", 6)


def test_the_retries_are_counted(why):
    (retried,) = why("retry-storm", {"gateway", "user", "order", "inventory"})["slow"]["retries"]
    assert (retried["service"], retried["operation"]) == ("order", "shop.Inventory/Reserve")
    assert (retried["attemptCount"], retried["succeeded"]) == (5, False)


def test_the_lost_context_is_a_root_of_its_own(why, lymer):
    assert why("lost-context", ALL - {"notification"})["failed"] is None

    def roots():
        found = lymer.get("/api/lymer/v1/traces?service=notification&limit=100")["traces"]
        return [one for one in found if one["rootService"] == "notification"]

    assert eventually(roots)[0]["rootName"] == "process order-events"
