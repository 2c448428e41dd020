"""Audit: event names as types, hash chains and checkpoints, export shapes (law 5)."""
