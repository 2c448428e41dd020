"""Wire vocabulary that both sides of OpenID Connect share."""
