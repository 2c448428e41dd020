"""The façade: approvals of signatures, and the one use of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.signing_keys import ResidentKeys
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.signing.activation.approvals import Approvals
from hkeid.signing.activation.authorisations import Authorisations, MadeSignatures
from hkeid.signing.activation.errors import SignatureActivationRefused
from hkeid.signing.activation.parts import (
    AUTHORISATION,
    ActivationParts,
    ActivationRequest,
    ActivationSettings,
)
from hkeid.signing.activation.records import SigningTransaction
from hkeid.webauthn import CeremonyStart, ResponseInput, WebAuthnPolicy


class SignatureActivation:
    """Each use of a resident's signing key, approved by an assertion of its own."""

    def __init__(
        self,
        store: Store[SigningTransaction],
        keys: ResidentKeys,
        policy: WebAuthnPolicy,
        clock: Clock,
        random: Random,
        settings: ActivationSettings | None = None,
    ) -> None:
        parts = ActivationParts(
            store=store,
            # An approval without user verification would show that somebody held a phone, no more.
            policy=replace(policy, user_verification=True),
            clock=clock,
            random=random,
            settings=settings or ActivationSettings(),
        )
        self._parts = parts
        self._approvals = Approvals(parts)
        self._authorisations = Authorisations(parts, keys)

    def start(self, request: ActivationRequest, *, binding: str) -> CeremonyStart:
        """See :meth:`Approvals.start`."""
        return self._approvals.start(request, binding=binding)

    def finish(
        self,
        ceremony_id: str,
        response: ResponseInput,
        request: ActivationRequest,
        *,
        binding: str,
    ) -> Secret:
        """See :meth:`Approvals.finish`."""
        return self._approvals.finish(ceremony_id, response, request, binding=binding)

    def sign(
        self, authorisation: Secret, *, client_id: str, key_id: str, hashes: Sequence[bytes]
    ) -> MadeSignatures:
        """See :meth:`Authorisations.sign`."""
        return self._authorisations.sign(
            authorisation, client_id=client_id, key_id=key_id, hashes=hashes
        )

    def ends_at(self, authorisation: Secret) -> Instant:
        """When an authorisation that :meth:`finish` gave ends.

        :raises SignatureActivationRefused: ``authorisation_unknown``.
        """
        with self._parts.store.transaction() as tx:
            record = tx.single_use.look(AUTHORISATION, authorisation.digest())
        if record is None:
            raise SignatureActivationRefused("authorisation_unknown")
        return record.expires_at
