"""The Cloud Signature Consortium's API on this server."""
