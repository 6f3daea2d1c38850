"""Which Lymer this is. The same as in pyproject.toml; a test compares the two."""

VERSION = "0.1.0"
