"""Our own variables: a twin for every option. One that looks like ours and is not is a mistake, and is told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from lymer.component.errors import ConfigError

PREFIX: Final = "LYMER_"

VARIABLES: Final[Mapping[str, str]] = {
    "LYMER_HOST": "host",
    "LYMER_PORT_OFFSET": "port_offset",
    "LYMER_DATA_DIR": "data_dir",
    "LYMER_MEMORY_LIMIT": "memory_limit",
    "LYMER_RETENTION": "retention",
    "LYMER_STORAGE": "store.type",
    "LYMER_BASE_PATH": "api.base_path",
    "LYMER_LOG_FORMAT": "logs.format",
    "LYMER_LOG_LEVEL": "logs.level",
    "LYMER_SELF_TRACING": "self_tracing",
}
"""Variables and the keys that they set."""

_OF_OTHERS: Final = re.compile(
    r"LYMER_(KEEP_\w+|E2E_\w+|API)"  # The client library's, the tests', the page's.
    # What Kubernetes sets in every container for a service called `lymer` or `lymer-…`.
    r"|LYMER_(\w+_)?SERVICE_(HOST|PORT(_\w+)?)"
    r"|LYMER_(\w+_)?PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?"
)


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raises ConfigError for a variable that begins like ours and is none."""
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in VARIABLES and not _OF_OTHERS.fullmatch(name):
            close = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(VARIABLES)}"
            raise ConfigError(f"{name}: no such variable; {hint}")
