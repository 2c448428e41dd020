"""Signatures with legal effect: documents, certificates, and the resident's own activation of each use."""
