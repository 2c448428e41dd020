"""Residents' rights to their own data, as the pages work with them."""
