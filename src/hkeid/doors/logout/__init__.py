"""Telling services of every front door that a session ended: what waits to be told, and how it is delivered.

How one of them is told is its door's matter (:class:`hkeid.doors.logout.telling.Teller`).
"""
