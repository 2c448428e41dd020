"""WebAuthn registration and authentication ceremonies (WebAuthn Level 3 §7)."""
