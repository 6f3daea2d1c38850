"""Lymer: a distributed tracing system."""
