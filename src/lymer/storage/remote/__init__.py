"""A store in another process, asked over gRPC: a collector, an all-in-one or a `lymer remote-storage`."""
