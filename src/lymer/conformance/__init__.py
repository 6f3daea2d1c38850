"""Contracts as tests, shipped for plugin authors: bind one to your plugin, and run pytest."""
