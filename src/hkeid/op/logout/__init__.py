"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), and how clients are told of logouts."""
