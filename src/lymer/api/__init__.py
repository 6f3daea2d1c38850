"""The back doors: answers over HTTP. Each module is one API; none knows a store."""
