"""Configuration: from code, a dict, and the environment to one set of values, each with its source."""

from lymer_sdk.configuration.build import Built, build
from lymer_sdk.configuration.resolve import Setting, Settings, resolve

__all__ = ["Built", "Setting", "Settings", "build", "resolve"]
