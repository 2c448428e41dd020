"""Adapters: one folder per outside thing; the only rooms that touch the outside world."""
