"""A tax service that residents log in to with eID: two levels of assurance, in Django."""
