"""A card in software that answers as a chip does, honestly or not."""
