"""Documents that must be refused, each for one stated reason: the shapes of published attacks on SAML.

::

    for attack, kind, signed in cases():
        octets = attack.make(Bench(peer, kind, signed))     # refused with attack.reason
"""

from hkeid.testing.saml_attacks import keys, octets, signatures, wrapping
from hkeid.testing.saml_attacks.aggregates import AGGREGATE_ATTACKS, AggregateAttack
from hkeid.testing.saml_attacks.benign import BENIGN
from hkeid.testing.saml_attacks.catalogue import ATTACKS, Attack, cases, verify
from hkeid.testing.saml_attacks.redirect import (
    REDIRECT_ATTACKS,
    REDIRECT_KINDS,
    RedirectAttack,
    honest,
)
from hkeid.testing.saml_attacks.surgery import Bench
from hkeid.testing.saml_attacks.targets import TARGETS, Target

__all__ = [
    "AGGREGATE_ATTACKS",
    "ATTACKS",
    "BENIGN",
    "REDIRECT_ATTACKS",
    "REDIRECT_KINDS",
    "TARGETS",
    "AggregateAttack",
    "Attack",
    "Bench",
    "RedirectAttack",
    "Target",
    "cases",
    "honest",
    "keys",
    "octets",
    "signatures",
    "verify",
    "wrapping",
]
