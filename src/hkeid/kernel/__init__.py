"""Plain values and the one tree of errors that every room may use.

Nothing in here knows a protocol, a database or a clock.
"""
