"""Journeys that change an eID: activation, device binding, suspension, revocation."""
