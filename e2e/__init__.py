"""Whole servers and other people's clients."""
