"""Providers written elsewhere, each set up as its documentation says, to compare with."""
