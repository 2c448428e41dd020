"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2), code flow only.

``parameters`` (parse) → ``trust`` (may we redirect at all?) → ``checks`` (in the order of the spec)
→ ``understanding`` (one typed request) → ``decisions`` (pure) → ``endpoint`` (one transaction) →
``rendering``.
"""
