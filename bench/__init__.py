"""Benchmarks: seeded data, a load generator, a module for each promise with a figure. `python -m bench` runs all."""
