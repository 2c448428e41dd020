"""Attestation: what a statement proves (WebAuthn L3 §7.1 steps 21-24, §8).

Two questions, kept apart. *Is the statement right?* - its form, its signature, what its certificate
must say: a statement that is wrong refuses the registration, whether attestation was asked for or
not. *Is it trusted?* - the chain to an anchor of policy and the further demands of
:class:`hkeid.webauthn.AttestationRules`: what is missing there makes a statement ``unverified``, and
refuses the registration only where policy requires attestation.
"""

from hkeid.webauthn.attestation.assessment import Assessment, assess
from hkeid.webauthn.attestation.statement import Evidence

__all__ = ["Assessment", "Evidence", "assess"]
