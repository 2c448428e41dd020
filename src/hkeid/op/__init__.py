"""OpenID Provider: a package per endpoint, each an ordered list of small checks."""
