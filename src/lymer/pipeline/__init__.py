"""How batches flow from receivers to exporters. So far: how much may be on its way at once."""
