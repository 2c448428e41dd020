"""For tests, demonstrations and sandboxes: personas, software authenticator, contract kits."""
