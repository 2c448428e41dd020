"""The resident's approval of a request to sign: the question, and the assertion that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.signing.activation import (
    ActivationRequest,
    SignatureActivation,
    SignatureActivationRefused,
    SigningKey,
)
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid.signing.csc.credential_details import CredentialRequest
from hkeid.signing.csc.documents import ShownDocument, shown_documents
from hkeid.signing.errors import CredentialRefused
from hkeid.webauthn import CeremonyStart, ResponseInput

_FORMAT: Final = "hkeid-signature-display/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The relying party that asks.

    :ivar name: as the page shows it.
    :ivar confirmation: four characters that it shows too, or None.
    :ivar language: of the page (BCP 47).
    """

    client_id: str
    name: str
    confirmation: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalQuestion:
    """What the resident is asked.

    :ivar display: the display record, which the assertion binds.
    """

    key: SigningKey
    asker: Asker
    documents: tuple[ShownDocument, ...]
    detail: Mapping[str, Any] = field(repr=False)

    @property
    def display(self) -> bytes:
        """Everything that the page shows, as canonical JSON."""
        return canonical_json.dumps(
            {
                "format": _FORMAT,
                "client": self.asker.client_id,
                "client_name": self.asker.name,
                "code": self.asker.confirmation,
                "credential": self.key.id,
                "language": self.asker.language,
                "documents": [one.as_json() for one in self.documents],
            }
        )

    def request(self) -> ActivationRequest:
        """The question as the activation binds it."""
        return ActivationRequest(
            resident_id=self.key.resident_id,
            client_id=self.asker.client_id,
            key_id=self.key.id,
            documents=tuple(one.hashes() for one in self.documents),
            display=self.display,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenApproval:
    """An approval.

    :ivar detail: the detail with the key named.
    :ivar authorisation: signature activation data; one use.
    """

    detail: Mapping[str, Any] = field(repr=False)
    authorisation: Secret
    expires_at: Instant


class CredentialApprovals:
    """Asks residents, for the page and for the API.

    :param bare_hash_clients: relying parties whose bare hashes are accepted.
    """

    def __init__(
        self,
        credentials: ResidentCredentials,
        activation: SignatureActivation,
        *,
        bare_hash_clients: frozenset[str] = frozenset(),
    ) -> None:
        self._credentials = credentials
        self._activation = activation
        self._bare = bare_hash_clients

    def question(
        self, resident_id: str, detail: Mapping[str, Any], asker: Asker
    ) -> ApprovalQuestion:
        """What to ask; the resident's key and certificate are made if need be.

        :raises SignatureActivationRefused: ``key_unknown``, ``eid_not_upgraded``, ``eid_cooling``.
        :raises CredentialRefused: ``hash_bare``, ``hash_not_for_key``, ``attributes_…``.
        :raises hkeid.kernel.errors.MalformedInput: the detail is none.
        """
        wanted = CredentialRequest.of(detail)
        key = self._credentials.ready(resident_id)
        if wanted.credential_id not in (None, key.id):
            raise SignatureActivationRefused("key_unknown")
        if wanted.hash_name != key.kind.hash_name:
            raise CredentialRefused("hash_not_for_key", detail=wanted.hash_name)
        documents = shown_documents(
            wanted.named,
            key.certificates[0],
            wanted.hash_name,
            bare=asker.client_id in self._bare,
        )
        return ApprovalQuestion(key=key, asker=asker, documents=documents, detail=detail)

    def start(self, question: ApprovalQuestion, *, binding: str) -> CeremonyStart:
        """Begin the ceremony; as :meth:`SignatureActivation.start`."""
        return self._activation.start(question.request(), binding=binding)

    def finish(
        self,
        question: ApprovalQuestion,
        ceremony_id: str,
        response: ResponseInput,
        *,
        binding: str,
    ) -> GivenApproval:
        """Verify the answer; as :meth:`SignatureActivation.finish`."""
        secret = self._activation.finish(ceremony_id, response, question.request(), binding=binding)
        return GivenApproval(
            detail={**question.detail, "credentialID": question.key.id},
            authorisation=secret,
            expires_at=self._activation.ends_at(secret),
        )
