"""Environment variables as a carrier: a parent process hands its span to a child (`TRACEPARENT=...`)."""

from __future__ import annotations


class Environment(dict[str, str]):
    """Variables for a child process: `subprocess.run(command, env=inject(Environment(os.environ)))`.

    `os.environ` itself is known as a carrier; a plain dict would be taken for headers.
    """


def environment_name(name: str) -> str:
    """The variable of a header: upper case, and an underscore for everything that is no letter or digit."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.upper())
