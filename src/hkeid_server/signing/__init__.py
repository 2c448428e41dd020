"""Signing by residents over HTTP: the relying parties' door."""
