"""The relying party fetches what was signed: within a window, and once."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from hkeid.doors.subjects import pairwise_subject
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant
from hkeid.op.client_authentication import Caller
from hkeid.signing.requests import items
from hkeid.signing.requests.errors import RequestOver
from hkeid.signing.requests.events import SignaturesCollected
from hkeid.signing.requests.particulars import RequestedDocument
from hkeid.signing.requests.parts import RequestParts
from hkeid.signing.requests.records import RequestState, SignatureRequest


class Collecting:
    """Hands out results."""

    def __init__(self, parts: RequestParts) -> None:
        self._parts = parts

    def result(self, caller: Caller, request_id: str) -> dict[str, Any]:
        """How it stands with a request, as JSON members; with what was signed, once it is.

        The first answer with signatures opens a short window in which it may be had again, for an answer
        that was lost on its way; after that everything is destroyed.

        :raises RequestUnknown: ``signature_request_unknown``.
        :raises RequestOver: ``result_collected``, ``result_expired``.
        :raises hkeid.oidc.errors.OAuthError: ``assertion_replayed``.
        """
        with self._parts.store.transaction() as tx:
            caller.use_up_assertion(tx.single_use)
        now = self._parts.clock.now()
        request = self._parts.of_client(request_id, caller.known.id)
        if not request.state.made:
            answer: dict[str, Any] = {"status": request.state.value}
            if request.state is RequestState.WAITING:
                answer["expires_in"] = int((request.expires_at - now).total_seconds())
            return answer
        if now >= request.expires_at:
            self._parts.evidence.destroy(request.id)
            collected = request.state is RequestState.COLLECTED
            raise RequestOver("result_collected" if collected else "result_expired")
        answer = self._signed(request, caller)
        if request.state is RequestState.SIGNED:
            self._note(request, now)
        return answer

    # --- details ----------------------------------------------------------------------------------

    def _signed(self, request: SignatureRequest, caller: Caller) -> dict[str, Any]:
        kept = self._parts.evidence.get(request.id, items.RESULT)
        if kept is None:
            raise RequestOver("result_collected")
        result = canonical_json.loads_object(kept)
        sector = caller.known.client.sector_identifier
        particulars = self._parts.particulars(request)
        return {
            "status": "signed",
            "sub": pairwise_subject(self._parts.keys, sector, request.resident_id or ""),
            "documents": [
                self._document(request, document, number, level, base64url.decode(signature))
                for number, (document, level, signature) in enumerate(
                    zip(particulars.documents, result["levels"], result["signatures"], strict=True),
                    1,
                )
            ],
            "certificates": [_base64(base64url.decode(one)) for one in result["certificates"]],
            "evidence": _base64(base64url.decode(result["evidence"])),
        }

    def _document(
        self,
        request: SignatureRequest,
        document: RequestedDocument,
        number: int,
        level: str | None,
        signature: bytes,
    ) -> dict[str, Any]:
        if document.is_hash:
            return {
                "name": document.name,
                "hash": _base64(document.digest),
                "hash_algorithm": "sha256",
                "signature": _base64(signature),
            }
        pdf = self._parts.item(request, items.signed(number))
        return {
            "name": document.name,
            "level": level,
            "pdf": _base64(pdf),
        }

    def _note(self, request: SignatureRequest, now: Instant) -> None:
        ends = min(request.expires_at, now + self._parts.settings.repeat)
        collected = replace(request, state=RequestState.COLLECTED, expires_at=ends)
        with self._parts.store.transaction() as tx:
            if not tx.signature_requests.change(request, collected):
                return  # another call of the same client was faster
            tx.audit.append(SignaturesCollected(request_id=request.id, client_id=request.client_id))
        self._parts.evidence.extend(request.id, ends)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
