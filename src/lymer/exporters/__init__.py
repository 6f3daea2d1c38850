"""Where batches go: nouns, named after what takes them."""
