"""Front doors: nouns, named after the protocol. Each listens, decodes, hands over, and answers its sender."""
