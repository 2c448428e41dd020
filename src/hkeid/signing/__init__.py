"""Signatures with legal effect: documents, certificates, time-stamps."""
