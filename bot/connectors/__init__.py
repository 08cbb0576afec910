"""Outgoing calls: the one HTTP client of the product, and what runbooks do with it."""
