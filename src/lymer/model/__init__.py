"""What a span is. Knows no format, no store, no socket: stdlib, numpy and pyarrow only."""
