"""The half of a relying party that asks for signatures; what it needs is loaded with the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hkeid.ports.surroundings import Clock, HttpClient, Random
from hkeid.rp import callback as responses
from hkeid.rp.errors import StartAgain
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.token_endpoint import ClientIdentity

if TYPE_CHECKING:
    from hkeid.rp.signature_records import (
        DocumentToSign,
        SignatureRequested,
        Signed,
        VisibleStamp,
    )
    from hkeid.rp.signatures import SignatureClient


class AsksForSignatures:
    """Part of :class:`hkeid.rp.RelyingParty`."""

    issuer: str
    client_id: str
    _identity: ClientIdentity
    _http: HttpClient
    _timeout: float
    _clock: Clock
    _random: Random

    @property
    def metadata(self) -> ProviderMetadata:
        """The provider's metadata."""
        raise NotImplementedError

    def request_signature(
        self,
        pdf: bytes | None = None,
        *,
        hash: bytes | None = None,  # noqa: A002 - the word that everybody looks for
        document_name: str = "",
        stamp: VisibleStamp | None = None,
        documents: Sequence[DocumentToSign] = (),
        redirect_uri: str,
        purpose: str = "",
        subject: str | None = None,
    ) -> SignatureRequested:
        """Ask a resident with an eID+ for a signature: show the code, keep the state, send the browser.

        :param pdf: the file to be signed, shown to the resident page by page; or ``hash``: its SHA-256,
            where it stays here and you show it yourself.
        :param document_name: as the resident shall read it.
        :param stamp: makes the signature on ``pdf`` visible.
        :param documents: instead of these, up to 100 to be signed together.
        :param redirect_uri: registered with the provider; the browser comes back there.
        :param purpose: why, in a sentence, in the resident's language.
        :param subject: only the resident of this ``sub`` may sign.
        :raises hkeid.rp.errors.SignatureNotTaken: the provider does not take it on, and why.
        :raises LoginFailed: the provider cannot be asked.
        """
        from hkeid.rp.signature_records import DocumentToSign

        given = list(documents) or [
            DocumentToSign(name=document_name, pdf=pdf, hash=hash, stamp=stamp)
        ]
        return self._signatures().ask(
            given, redirect_uri=redirect_uri, purpose=purpose, subject=subject
        )

    def finish_signature(self, state: str, callback: responses.Callback) -> Signed:
        """Fetch what the resident signed; the browser only says that it is time to ask.

        :param state: ``SignatureRequested.state``, as kept for this very browser.
        :param callback: the URL that the browser came back to, or its parameters.
        :raises hkeid.rp.errors.SignatureDeclined: the resident did not sign, or not in time; or the result was
            fetched before, or too late.
        :raises hkeid.rp.errors.SignatureNotTaken: the provider knows no such request.
        :raises StartAgain: this browser did not begin this.
        :raises ProviderMisbehaved: an answer breaks a rule, or is not about what was sent.
        :raises ProviderUnavailable: no answer; it may be tried again.
        """
        from hkeid.rp.signature_records import SignatureState
        from hkeid.rp.signatures import check_callback

        kept = SignatureState.decode(state)
        if kept.issuer != self.issuer or kept.client_id != self.client_id:
            raise StartAgain("signature_state_foreign")
        check_callback(kept, callback, self._clock.now())
        return self._signatures().fetch(kept)

    def _signatures(self) -> SignatureClient:
        from hkeid.rp.signatures import SignatureClient

        return SignatureClient(
            http=self._http,
            identity=self._identity,
            metadata=self.metadata,
            timeout=self._timeout,
            now=self._clock.now(),
            tokens=(self._random.token(), self._random.token(16)),
        )
