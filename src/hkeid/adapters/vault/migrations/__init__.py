"""Migrations of the vault."""
