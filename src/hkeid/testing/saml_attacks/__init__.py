"""Documents that must be refused, each for one stated reason: the shapes of published attacks on SAML.

::

    for attack, kind, signed in cases():
        octets = attack.make(Bench(peer, kind, signed))     # refused with attack.reason
"""

from hkeid.testing.saml_attacks import keys, octets, signatures, wrapping
from hkeid.testing.saml_attacks.catalogue import ATTACKS, Attack, cases, verify
from hkeid.testing.saml_attacks.redirect import REDIRECT_ATTACKS, RedirectAttack
from hkeid.testing.saml_attacks.surgery import Bench
from hkeid.testing.saml_attacks.targets import Target

__all__ = [
    "ATTACKS",
    "REDIRECT_ATTACKS",
    "Attack",
    "Bench",
    "RedirectAttack",
    "Target",
    "cases",
    "keys",
    "octets",
    "signatures",
    "verify",
    "wrapping",
]
