"""What happens to batches between front doors and the store. Each is a sink that hands on to the next one."""
