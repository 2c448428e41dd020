"""Consent ledger and disclosure to relying parties (e-ME itself comes later)."""
