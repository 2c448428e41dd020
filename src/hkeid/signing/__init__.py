"""Signing documents, checking them, and what the law makes of it."""
