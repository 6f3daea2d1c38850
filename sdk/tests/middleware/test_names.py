"""The middleware's names: found when asked for, and nothing imported before."""

from __future__ import annotations

import subprocess
import sys

import lymer_sdk
import pytest
from lymer_sdk import middleware


@pytest.mark.parametrize("name", [name for name in middleware.__all__ if name != "INSTALLABLE"])
def test_every_name_is_there(name):
    assert getattr(lymer_sdk, name) is getattr(middleware, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lymer_sdk.nothing
    with pytest.raises(AttributeError):
        _ = middleware.nothing


def test_no_library_is_imported_before_it_is_asked_for():
    program = "import sys, lymer_sdk, lymer_sdk.middleware; print([m for m in sys.modules if m in sys.argv[1:]])"
    libraries = ["aiohttp", "celery", "django", "grpc", "httpx", "redis", "requests", "urllib3"]
    done = subprocess.run([sys.executable, "-c", program, *libraries], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
