"""The shop of the demo: eight services and their traffic, sent as any client sends it. It never starts by itself."""

from lymer.demo.command import main

__all__ = ["main"]
