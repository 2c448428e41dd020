"""A relying party's side: what it may ask, checked before anything is kept.

What a kill leaves behind: documents are put into the vault first, under a key that dies by itself; the
request is there together with its audit record, or not at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from hkeid.doors.subjects import looks_like_subject
from hkeid.kernel.errors import (
    ConfigurationError,
    HkeidError,
    MalformedInput,
    Refused,
    TooManyAttempts,
)
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.op.client_authentication import Caller
from hkeid.op.records import ClientAuthMethod
from hkeid.ports.pdf import SignatureRequest as FieldRequest
from hkeid.signing.activation.statement import MOST_DOCUMENTS
from hkeid.signing.input_policy import InputPolicy
from hkeid.signing.requests import items
from hkeid.signing.requests.codes import new_code
from hkeid.signing.requests.errors import (
    DocumentTurnedDown,
    RequestRefused,
    SignatureRequestMalformed,
)
from hkeid.signing.requests.events import SignatureAsked
from hkeid.signing.requests.particulars import Particulars, RequestedDocument
from hkeid.signing.requests.parts import RequestParts, only
from hkeid.signing.requests.records import RequestTransaction, SignatureRequest
from hkeid.signing.requests.stamps import read_place, stamp_of

_BUDGET: Final = "signature_request"
_TURN: Final = "signature_request_turn"
_NEVER_SPENT: Final = 1 << 40
_HOUR: Final = timedelta(hours=1)
_MEMBERS: Final = ("documents", "redirect_uri", "state", "purpose", "subject")
_DOCUMENT: Final = ("name", "pdf", "hash", "hash_algorithm", "field", "reason", "stamp")
_LONGEST: Final = {"name": 200, "purpose": 500, "state": 512, "reason": 200, "field": 100}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of what nobody sees and yet moves, joins or hides what stands beside it."""
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What counts as a letter or a mark, and is drawn as nothing."""
_SHA256: Final = 32
_SIGNED: Final = b"/ByteRange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was taken on.

    :ivar code: what the relying party shows as well, until the resident has compared it.
    """

    request: SignatureRequest
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A document as it came in."""

    document: RequestedDocument
    content: bytes = field(default=b"", repr=False)


class Asking:
    """Takes requests on."""

    def __init__(self, parts: RequestParts) -> None:
        self._parts = parts

    def ask(self, caller: Caller, members: Mapping[str, Any]) -> Asked:
        """Take a request on.

        :param caller: the client; its assertion is used up here.
        :param members: ``redirect_uri``, ``documents``, and what else may be said.
        :raises SignatureRequestMalformed: see there.
        :raises RequestRefused: see there.
        :raises DocumentTurnedDown: a document may not be signed; the reason says why.
        :raises hkeid.kernel.errors.TooManyAttempts: ``signature_requests_exhausted``.
        :raises hkeid.oidc.errors.OAuthError: ``assertion_replayed``.
        """
        parts, now = self._parts, self._parts.clock.now()
        self._admit(caller, now)
        redirect_uri = _redirect_uri(caller, members)
        if only(_MEMBERS, dict(members)) is not None:
            raise SignatureRequestMalformed("member_unknown")
        particulars, drafts = self._read(members)
        request = SignatureRequest(
            id=parts.random.token(16),
            client_id=caller.known.id,
            documents=len(drafts),
            redirect_uri=redirect_uri,
            client_state=_text(members, "state", "state_malformed"),
            created_at=now,
            expires_at=now + parts.settings.lifetime,
        )
        self._keep(request, particulars, drafts)
        return Asked(request=request, code=particulars.code)

    # --- details ----------------------------------------------------------------------------------

    def _admit(self, caller: Caller, now: Instant) -> None:
        """The client may ask at all, and not too often."""
        with self._parts.store.transaction() as tx:
            caller.use_up_assertion(tx.single_use)
        if caller.known.client.auth_method is ClientAuthMethod.NONE:
            raise RequestRefused("client_is_public")
        settings, client_id = self._parts.settings, caller.known.id
        with self._parts.store.transaction() as tx:
            spent = tx.budgets.spend(
                _BUDGET,
                secret_digest(client_id),
                limit=settings.hourly_limit,
                window=_HOUR,
                now=now,
            )
        if not spent.allowed:
            raise TooManyAttempts("signature_requests_exhausted", retry_after=spent.retry_after)
        # Looked at here, before documents are, and once more where the request is kept.
        with self._parts.store.transaction() as tx:
            self._require_room(tx, client_id, now)

    def _require_room(self, tx: RequestTransaction, client_id: str, now: Instant) -> None:
        """The client has fewer open requests than it may.

        :raises RequestRefused: ``too_many_open``.
        """
        open_now = tx.signature_requests.open_of_client(client_id, now)
        if open_now >= self._parts.settings.open_limit:
            raise RequestRefused("too_many_open")

    def _read(self, members: Mapping[str, Any]) -> tuple[Particulars, tuple[_Draft, ...]]:
        documents = members.get("documents")
        if not isinstance(documents, list) or not documents:
            raise SignatureRequestMalformed("documents_missing", field="documents")
        if len(documents) > MOST_DOCUMENTS:
            raise SignatureRequestMalformed("documents_too_many", field="documents")
        subject = members.get("subject")
        if subject is not None and not (isinstance(subject, str) and looks_like_subject(subject)):
            raise SignatureRequestMalformed("subject_malformed", field="subject")
        drafts = [self._draft(one) for one in documents]
        if sum(len(one.content) for one in drafts) > self._parts.settings.request_limit:
            raise RequestRefused("request_too_large")
        checked = tuple(self._checked(one, number) for number, one in enumerate(drafts, 1))
        particulars = Particulars(
            purpose=_text(members, "purpose", "purpose_malformed"),
            code=new_code(self._parts.random),
            subject=subject,
            documents=tuple(one.document for one in checked),
        )
        return particulars, checked

    def _draft(self, members: Any) -> _Draft:
        if not isinstance(members, dict) or only(_DOCUMENT, members) is not None:
            raise SignatureRequestMalformed("document_malformed", field="documents")
        name = _text(members, "name", "document_name_malformed")
        if not name.strip():
            raise SignatureRequestMalformed("document_name_malformed", field="name")
        if ("pdf" in members) == ("hash" in members):
            raise SignatureRequestMalformed("document_malformed", field="documents")
        if "hash" in members:
            return _Draft(document=self._bare_hash(name, members))
        content = _bytes(members, "pdf")
        if not content:
            raise SignatureRequestMalformed("document_malformed", field="pdf")
        if len(content) > self._parts.settings.document_limit:
            raise RequestRefused("document_too_large")
        document = RequestedDocument(
            name=name,
            digest=hashlib.sha256(content).digest(),
            size=len(content),
            field=_text(members, "field", "member_malformed") or None,
            reason=_text(members, "reason", "member_malformed") or None,
            stamp=read_place(members),
        )
        return _Draft(document=document, content=content)

    def _bare_hash(self, name: str, members: Mapping[str, Any]) -> RequestedDocument:
        if not self._parts.settings.bare_hashes:
            raise RequestRefused("hashes_not_allowed")
        if members.get("hash_algorithm", "sha256") != "sha256":
            raise SignatureRequestMalformed("hash_unknown", field="hash_algorithm")
        if not members.keys().isdisjoint({"field", "reason", "stamp"}):
            raise SignatureRequestMalformed("document_malformed", field="documents")
        digest = _bytes(members, "hash")
        if len(digest) != _SHA256:
            raise SignatureRequestMalformed("hash_length", field="hash")
        return RequestedDocument(name=name, digest=digest)

    def _checked(self, draft: _Draft, number: int) -> _Draft:
        """Found out now, and not in front of the resident: may the document be signed, can it be drawn?"""
        if draft.document.is_hash:
            return draft
        parts, policy, now = (draft.content,), InputPolicy(), self._parts.clock.now()
        stamp = stamp_of(draft.document, now, url=self._parts.settings.verification_url)
        if stamp is not None and stamp.box is not None and _SIGNED in draft.content:
            # A new visible field after a signature is what validators take for an attack, rightly.
            raise DocumentTurnedDown("stamp_needs_prepared_field", number)
        request = FieldRequest(
            refused=policy.refused,
            room=1,
            signed_at=now,
            field=draft.document.field,
            reason=draft.document.reason,
            stamp=stamp,
        )
        try:
            policy.require(self._parts.engine.prepare_signature(parts, request).traits)
            pages = self._parts.pages.count(parts)
        except (Refused, MalformedInput) as error:
            raise _turned_down(error, number) from None
        except ConfigurationError as error:
            raise RequestRefused("stamps_not_available", detail=error.reason) from None
        if not 1 <= pages <= self._parts.settings.page_limit:
            raise DocumentTurnedDown("pages_too_many", number, detail=str(pages))
        return replace(draft, document=replace(draft.document, pages=pages))

    def _keep(
        self, request: SignatureRequest, particulars: Particulars, drafts: Sequence[_Draft]
    ) -> None:
        vault = self._parts.evidence
        vault.open(request.id, expires_at=request.expires_at)
        vault.put(request.id, items.PARTICULARS, particulars.dumps())
        for number, draft in enumerate(drafts, 1):
            if draft.content:
                vault.put(request.id, items.document(number), draft.content)
        try:
            self._add(request)
        except RequestRefused:
            vault.destroy(request.id)
            raise

    def _add(self, request: SignatureRequest) -> None:
        client_id, now = request.client_id, request.created_at
        with self._parts.store.transaction() as tx:
            # One after another: whoever spends from a budget has it until the transaction ends.
            tx.budgets.spend(
                _TURN, secret_digest(client_id), limit=_NEVER_SPENT, window=_HOUR, now=now
            )
            self._require_room(tx, client_id, now)
            tx.signature_requests.add(request)
            tx.audit.append(
                SignatureAsked(
                    request_id=request.id,
                    client_id=request.client_id,
                    documents=request.documents,
                )
            )


def _turned_down(error: HkeidError, number: int) -> DocumentTurnedDown:
    return DocumentTurnedDown(error.reason, number, detail=error.detail)


def _redirect_uri(caller: Caller, members: Mapping[str, Any]) -> str:
    uri = members.get("redirect_uri")
    if not isinstance(uri, str) or not uri:
        raise SignatureRequestMalformed("redirect_uri_missing", field="redirect_uri")
    if not caller.known.may_redirect_to(uri):
        raise RequestRefused("redirect_uri_not_registered")
    return uri


def _text(members: Mapping[str, Any], name: str, reason: str) -> str:
    """A text that can be shown on one line; "" where there is none. Nothing in it turns writing round."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST[name] or not _shows(value):
        raise SignatureRequestMalformed(reason, field=name)
    return value


def _shows(text: str) -> bool:
    """Every character is seen or is a space; an ideographic one is the ordinary space of Chinese."""
    return not any(
        character in _FILLERS or unicodedata.category(character) in _UNSEEN for character in text
    )


def _bytes(members: Mapping[str, Any], name: str) -> bytes:
    value = members.get(name)
    try:
        if not isinstance(value, str):
            raise TypeError
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise SignatureRequestMalformed("document_malformed", field=name) from None
