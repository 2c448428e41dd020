"""Smart cards: ICAO Doc 9303 documents, read and verified over any :class:`hkeid.ports.CardReader`."""
