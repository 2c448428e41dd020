"""The UserInfo endpoint (OpenID Connect Core §5.3, RFC 6750)."""
