"""One try at signing: what was prepared for the page that is in front of the resident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.signing import Prepared
from hkeid.signing.activation import ActivationRequest, DocumentHashes
from hkeid.signing.requests.particulars import RequestedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Kept in the vault between the page and its answer; the next page replaces it.

    :ivar ceremony: id of the page's ceremony.
    :ivar prepared: for each document its prepared signature; None for a bare hash.
    """

    ceremony: str
    key_id: str
    display: bytes = field(repr=False)
    prepared: tuple[Prepared | None, ...] = field(repr=False)

    def activation(
        self, resident_id: str, client_id: str, documents: Sequence[RequestedDocument]
    ) -> ActivationRequest:
        """What the resident is asked to approve."""
        return ActivationRequest(
            resident_id=resident_id,
            client_id=client_id,
            key_id=self.key_id,
            display=self.display,
            documents=tuple(
                DocumentHashes(
                    document=document.digest,
                    to_be_signed=document.digest if prepared is None else prepared.to_be_signed,
                )
                for document, prepared in zip(documents, self.prepared, strict=True)
            ),
        )

    def dumps(self) -> bytes:
        """Canonical JSON."""
        return canonical_json.dumps(
            {
                "ceremony": self.ceremony,
                "key": self.key_id,
                "display": base64url.encode(self.display),
                "prepared": [
                    None if one is None else base64url.encode(one.to_bytes())
                    for one in self.prepared
                ],
            }
        )

    @classmethod
    def loads(cls, text: bytes) -> Attempt:
        """The inverse of :meth:`dumps`.

        :raises hkeid.kernel.errors.MalformedInput: it is not such a text, but perhaps one of another release.
        :raises hkeid.signing.CredentialRefused: its certificate may not sign any more.
        """
        members = canonical_json.loads_object(text)
        try:
            return cls(
                ceremony=members["ceremony"],
                key_id=members["key"],
                display=base64url.decode(members["display"]),
                prepared=tuple(
                    None if one is None else Prepared.from_bytes(base64url.decode(one))
                    for one in members["prepared"]
                ),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise MalformedInput("attempt_malformed", detail=type(error).__name__) from None
