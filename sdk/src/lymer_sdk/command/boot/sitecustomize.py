"""Python imports this first in a program that `lymer-sdk run` started. It must not fail: the program goes before."""

import importlib.machinery
import importlib.util
import logging
import sys
from pathlib import Path


def _theirs() -> None:
    """A `sitecustomize` of the environment's own, that this one stands before."""
    here = str(Path(__file__).parent)
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [part for part in sys.path if part != here])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _ours() -> None:
    try:
        import lymer_sdk

        lymer_sdk.init(flush_on_sigterm=True)
    except Exception:
        logging.getLogger("lymer_sdk").exception("this program is not traced")


_ours()
_theirs()
