"""The embedded store: a write-ahead log, an open buffer, sealed segments; everything in one folder, no other process.

docs/components/embedded.md is the guide. When and what to seal, to keep and to ask is decided here; bytes and columns
are the native core's.
"""
