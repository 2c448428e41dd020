"""WebAuthn registration and authentication ceremonies (WebAuthn Level 3 §7).

A ceremony goes in four moves: *begin* keeps a record and gives the page its options; the browser
answers; *claim* uses the record up, in a transaction of its own; *verify* looks at the answer::

    with store.transaction() as tx:
        start = begin_authentication(tx, policy, kind=CeremonyKind.LOGIN, binding=browser,
                                     now=clock.now(), random=random)
    ...
    ceremony = claim_ceremony(store, start.id, kinds={CeremonyKind.LOGIN}, binding=browser, now=now)
    credential_id = presented_credential_id(answer)
    proof = verify_assertion(answer, ceremony, credential, resident.user_handle, policy)

Everything here is pure but for the store. Failures are :class:`MalformedResponse` (form) and
:class:`CeremonyRefused` (rule), each with one stable reason and one generic safe text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.webauthn.assertion import VerifiedAssertion, verify_assertion
    from hkeid.webauthn.beginning import begin_authentication, begin_registration
    from hkeid.webauthn.ceremony import (
        Ceremony,
        CeremonyKind,
        CeremonyStart,
        CeremonyTransaction,
        claim_ceremony,
    )
    from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse
    from hkeid.webauthn.policy import (
        TPM_MANUFACTURERS,
        AttestationRules,
        AttestationTrust,
        WebAuthnPolicy,
    )
    from hkeid.webauthn.registration import NewCredential, verify_registration
    from hkeid.webauthn.response import ResponseInput, presented_credential_id
    from hkeid.webauthn.signals import (
        signal_all_accepted_credentials,
        signal_current_user_details,
        signal_unknown_credential,
    )

__getattr__ = names_on_demand(
    __name__,
    {
        "assertion": ("VerifiedAssertion", "verify_assertion"),
        "beginning": ("begin_authentication", "begin_registration"),
        "ceremony": (
            "Ceremony",
            "CeremonyKind",
            "CeremonyStart",
            "CeremonyTransaction",
            "claim_ceremony",
        ),
        "errors": ("CeremonyRefused", "MalformedResponse"),
        "policy": ("TPM_MANUFACTURERS", "AttestationRules", "AttestationTrust", "WebAuthnPolicy"),
        "registration": ("NewCredential", "verify_registration"),
        "response": ("ResponseInput", "presented_credential_id"),
        "signals": (
            "signal_all_accepted_credentials",
            "signal_current_user_details",
            "signal_unknown_credential",
        ),
    },
)

__all__ = [
    "TPM_MANUFACTURERS",
    "AttestationRules",
    "AttestationTrust",
    "Ceremony",
    "CeremonyKind",
    "CeremonyRefused",
    "CeremonyStart",
    "CeremonyTransaction",
    "MalformedResponse",
    "NewCredential",
    "ResponseInput",
    "VerifiedAssertion",
    "WebAuthnPolicy",
    "begin_authentication",
    "begin_registration",
    "claim_ceremony",
    "presented_credential_id",
    "signal_all_accepted_credentials",
    "signal_current_user_details",
    "signal_unknown_credential",
    "verify_assertion",
    "verify_registration",
]
