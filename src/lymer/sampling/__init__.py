"""Which traces are kept: decisions as pure functions, and where a client gets its strategy from."""
