"""Programs to copy, each run as a test."""
