"""The resident's answer: sign, or refuse.

What a kill leaves behind: an approval is burnt and its evidence kept before a document is finished; the
request goes from waiting to signed in one transaction, after everything lies in the vault. In between the
request waits, and the resident may approve again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from hkeid.identity.authentication import SessionView
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput, Refused, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.signing import CredentialRefused, DocumentRefused, Prepared, complete_pdf, prepare_pdf
from hkeid.signing.activation import MadeSignatures, SigningKey
from hkeid.signing.credentials_of_residents import signer_identity
from hkeid.signing.requests import items
from hkeid.signing.requests.attempt import Attempt
from hkeid.signing.requests.display import ShownAs, display_record
from hkeid.signing.requests.errors import ApprovalRefused, RequestOver
from hkeid.signing.requests.events import SignatureRequestApproved, SignatureRequestRefused
from hkeid.signing.requests.particulars import Particulars, RequestedDocument
from hkeid.signing.requests.parts import RequestParts
from hkeid.signing.requests.records import RequestState, SignatureRequest
from hkeid.signing.requests.stamps import stamp_of
from hkeid.signing.requests.viewing import DrawnPage, OpenRequest, Viewing
from hkeid.signing.validation.report import common_name
from hkeid.webauthn import CeremonyStart, ResponseInput

RefusalReason = Literal["resident", "code_differs"]
RECORD_PLACE = ("signature_requests", "record")
"""Table and column to which a resident's record is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPage:
    """A request that can be signed with one touch.

    :ivar images: for each document its drawn pages; none where they were not put before the resident.
    """

    opened: OpenRequest
    ceremony: CeremonyStart
    images: tuple[tuple[DrawnPage, ...], ...] = field(repr=False)


class Approving:
    """Sign, or refuse."""

    def __init__(self, parts: RequestParts, viewing: Viewing) -> None:
        self._parts = parts
        self._viewing = viewing

    def has_key(self, session: SessionView) -> bool:
        """Whether the resident signs with a key that is there and certified already."""
        return self._parts.credentials.held(session.authentication.resident_id) is not None

    def make_key(self, session: SessionView) -> SigningKey:
        """Make the resident's signing key and certificate, who agreed to it on the page.

        :raises hkeid.kernel.errors.HkeidError: as
            :meth:`hkeid.signing.credentials_of_residents.ResidentCredentials.ready`.
        """
        self._viewing.require_signer(session)
        return self._parts.credentials.ready(session.authentication.resident_id)

    def start(
        self, request_id: str, session: SessionView, shown: ShownAs, *, binding: str
    ) -> SignPage:
        """Prepare every document and begin the ceremony on the page that shows them.

        :param binding: browser-binding value of the browser.
        :raises RequestUnknown, RequestOver, ApprovalRefused: see there.
        :raises hkeid.signing.activation.SignatureActivationRefused: the key or the eID may not sign.
        :raises hkeid.kernel.errors.Unavailable: an outside part does not answer.
        """
        self._viewing.require_signer(session)
        opened = self._viewing.open(request_id, session)
        if opened.particulars is None:
            raise RequestOver("signature_request_over", detail=opened.request.state.value)
        resident_id = session.authentication.resident_id
        if self._parts.credentials.held(resident_id) is None:
            raise ApprovalRefused("signing_key_missing")
        key = self._parts.credentials.ready(resident_id)
        images = self._images(opened.request, opened.particulars)
        attempt = Attempt(
            ceremony="",
            key_id=key.id,
            display=display_record(opened, shown, images, self._parts.settings.level.value),
            prepared=tuple(self._prepared(opened, key)),
        )
        asked = attempt.activation(resident_id, opened.client.id, opened.particulars.documents)
        ceremony = self._parts.activation.start(asked, binding=binding)
        kept = replace(attempt, ceremony=ceremony.id)
        self._parts.evidence.put(opened.request.id, items.ATTEMPT, kept.dumps())
        return SignPage(opened=opened, ceremony=ceremony, images=images)

    def finish(
        self,
        request_id: str,
        session: SessionView,
        ceremony_id: str,
        response: ResponseInput,
        *,
        binding: str,
    ) -> SignatureRequest:
        """Verify the passkey's answer, sign every document, keep all for the relying party.

        :raises RequestUnknown, RequestOver: see there.
        :raises ApprovalRefused: ``page_outdated``: another page of this request was opened since.
        :raises hkeid.signing.activation.SignatureActivationRefused: the approval does not count.
        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.kernel.errors.Unavailable: no time-stamp, no revocation material, or
            ``signature_not_completed``: what came was turned down (the detail says which reason); nothing was
            given out, the resident may approve again.
        """
        resident_id = session.authentication.resident_id
        request = self._parts.waiting(request_id, resident_id)
        particulars = self._parts.particulars(request)
        attempt = self._attempt(request, ceremony_id)
        asked = attempt.activation(resident_id, request.client_id, particulars.documents)
        activation = self._parts.activation
        token = activation.finish(ceremony_id, response, asked, binding=binding)
        made = activation.sign(
            token,
            client_id=request.client_id,
            key_id=attempt.key_id,
            hashes=[one.to_be_signed for one in asked.documents],
        )
        self._complete(request, attempt, made)
        self._put_result(request, attempt, made)
        return self._settle(request, attempt, made)

    def refuse(
        self, request_id: str, session: SessionView, reason: RefusalReason
    ) -> SignatureRequest:
        """The resident does not sign; documents are destroyed.

        :raises RequestUnknown, RequestOver: see there.
        """
        resident_id = session.authentication.resident_id
        request = self._parts.waiting(request_id, resident_id)
        refused = self._parts.decided(request, RequestState.REFUSED, self._parts.clock.now())
        with self._parts.store.transaction() as tx:
            if not tx.signature_requests.change(request, refused):
                raise RequestOver("signature_request_over")
            tx.audit.append(
                SignatureRequestRefused(
                    request_id=request.id,
                    client_id=request.client_id,
                    resident_id=resident_id,
                    reason=reason,
                )
            )
        self._parts.evidence.destroy(request.id)
        return refused

    # --- details ----------------------------------------------------------------------------------

    def _images(
        self, request: SignatureRequest, particulars: Particulars
    ) -> tuple[tuple[DrawnPage, ...], ...]:
        """One document is on the page itself; of several each has a page of its own."""
        if len(particulars.documents) == 1:
            return (self._viewing.drawn(request, particulars.documents[0], 1),)
        there = frozenset(self._parts.evidence.names(request.id))
        return tuple(
            self._viewing.drawn(request, one, number) if items.images(number) in there else ()
            for number, one in enumerate(particulars.documents, 1)
        )

    def _prepared(self, opened: OpenRequest, key: SigningKey) -> list[Prepared | None]:
        assert opened.particulars is not None
        now = self._parts.clock.now()
        found: list[Prepared | None] = []
        for number, one in enumerate(opened.particulars.documents, 1):
            if one.is_hash:
                found.append(None)
                continue
            found.append(self._prepare(opened.request, number, one, key, now))
        return found

    def _prepare(
        self,
        request: SignatureRequest,
        number: int,
        document: RequestedDocument,
        key: SigningKey,
        now: Instant,
    ) -> Prepared:
        """One document; where the stamp's font lacks a character of the name, with the Latin part alone."""
        url = self._parts.settings.verification_url

        def prepared(name: str) -> Prepared:
            return prepare_pdf(
                self._parts.item(request, items.document(number)),
                signer_identity(key),
                level=self._parts.settings.level,
                reason=document.reason,
                stamp=stamp_of(document, now, name=name, url=url),
                field=document.field,
                engine=self._parts.engine,
                at=now,
            )

        name = common_name(key.certificates[0])
        try:
            return prepared(name)
        except DocumentRefused as error:
            if error.reason != "stamp_character_missing":
                raise
            return prepared(" ".join(name.encode("ascii", "ignore").decode("ascii").split()))

    def _attempt(self, request: SignatureRequest, ceremony_id: str) -> Attempt:
        kept = self._parts.evidence.get(request.id, items.ATTEMPT)
        try:
            attempt = None if kept is None else Attempt.loads(kept)
        except (MalformedInput, CredentialRefused) as error:
            # Another release of the server made that page: a new one is as good.
            raise ApprovalRefused("page_outdated", detail=error.reason) from None
        if attempt is None or attempt.ceremony != ceremony_id:
            raise ApprovalRefused("page_outdated")
        return attempt

    def _complete(self, request: SignatureRequest, attempt: Attempt, made: MadeSignatures) -> None:
        for number, (prepared, value) in enumerate(
            zip(attempt.prepared, made.signatures, strict=True), 1
        ):
            if prepared is None:
                continue
            pdf = self._completed(
                self._parts.item(request, items.document(number)), prepared, value
            )
            self._parts.evidence.put(request.id, items.signed(number), pdf)

    def _completed(self, pdf: bytes, prepared: Prepared, value: bytes) -> bytes:
        try:
            return complete_pdf(
                pdf,
                prepared,
                value,
                timestamp_authority=self._parts.timestamps,
                revocation=self._parts.revocation,
                engine=self._parts.engine,
                at=self._parts.clock.now(),
            )
        except (Refused, MalformedInput) as error:
            # The approval was right: whoever refuses now refuses us, and not the resident.
            raise Unavailable("signature_not_completed", detail=error.reason) from None

    def _put_result(
        self, request: SignatureRequest, attempt: Attempt, made: MadeSignatures
    ) -> None:
        evidence = replace(made.evidence, display=attempt.display)
        result = {
            "levels": [None if one is None else one.level.value for one in attempt.prepared],
            "signatures": _texts(made.signatures),
            "certificates": _texts(made.certificates),
            "evidence": base64url.encode(evidence.dumps()),
        }
        self._parts.evidence.put(request.id, items.RESULT, canonical_json.dumps(result))

    def _settle(
        self, request: SignatureRequest, attempt: Attempt, made: MadeSignatures
    ) -> SignatureRequest:
        resident_id, now = request.resident_id or "", self._parts.clock.now()
        ends = now + self._parts.settings.collection
        sealed = self._parts.fields.seal(resident_id, *RECORD_PLACE, request.id, attempt.display)
        signed = replace(
            self._parts.decided(request, RequestState.SIGNED, now),
            signature_id=made.id,
            record=sealed,
            expires_at=ends,
        )
        self._parts.evidence.extend(request.id, ends)
        with self._parts.store.transaction() as tx:
            if not tx.signature_requests.change(request, signed):
                raise RequestOver("signature_request_over")
            tx.audit.append(
                SignatureRequestApproved(
                    request_id=request.id,
                    client_id=request.client_id,
                    resident_id=resident_id,
                    signature_id=made.id,
                    documents=request.documents,
                )
            )
        return signed


def _texts(values: Sequence[bytes]) -> list[str]:
    return [base64url.encode(one) for one in values]
