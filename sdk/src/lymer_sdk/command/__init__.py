"""The command `lymer-sdk`: `run` a program traced, ask the `doctor`, `emit` a trace."""

from lymer_sdk.command.main import main

__all__ = ["main"]
