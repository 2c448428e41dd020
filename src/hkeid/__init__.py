"""hkeid: an OpenID Connect and SAML identity broker for a Hong Kong eID.

Importing this package imports nothing else; take what you need from its rooms
(:mod:`hkeid.rp` for a relying party, :mod:`hkeid.op` for a provider, ...).
"""

__version__ = "0.1.0"
