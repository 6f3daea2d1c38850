"""Every example runs against a whole server, and its trace comes back through the query API."""
