"""The embedded certification authority over HTTP: certificates, revocation lists, OCSP, time-stamps."""
