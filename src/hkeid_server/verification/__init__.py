"""Checking a signed PDF that somebody brings along."""
