"""Keys in files: the embedded default for development and for nodes without an HSM."""
