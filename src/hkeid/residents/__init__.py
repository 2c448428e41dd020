"""The registry: residents, credentials, sealed fields, blind index, registry of personal fields."""
