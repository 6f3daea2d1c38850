"""Bytes to span batches and back, one module a format. No sockets, no files, no waiting, no policies."""
