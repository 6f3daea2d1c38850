"""The style as tests."""
