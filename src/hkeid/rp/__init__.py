"""For relying parties: log in with eID."""
