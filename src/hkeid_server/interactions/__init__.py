"""The interaction loop: a door needs a human, a handler serves the human, the door goes on.

Which handler serves which kind of interaction stands in :mod:`hkeid_server.wiring`.
"""
