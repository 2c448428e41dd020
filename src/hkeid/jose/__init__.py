"""JWS, JWK and JWT policy: explicit algorithm allow-lists, ``typ``, key states."""
