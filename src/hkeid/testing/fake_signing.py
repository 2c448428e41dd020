"""A provider's signing for tests of relying parties: takes requests on, a resident decides at once.

::

    provider = FakeProvider()
    signing = FakeSigning(provider)                 # give this to the relying party as ``http``
    asked = party.request_signature(pdf, document_name="…", redirect_uri=…)
    signed = party.finish_signature(asked.state, signing.sign(asked.url))

A "signed" PDF is the file with a comment after it; a hash is really signed, with a certificate made on the
spot.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hkeid.kernel.http import with_query
from hkeid.ports.surroundings import HttpAnswer
from hkeid.testing.fake_provider import FakeProvider

_PATH = "/signing/requests"


@dataclass(slots=True)
class _Request:
    members: dict[str, Any]
    status: str = "waiting"


@dataclass
class FakeSigning:
    """An HTTP client that answers for signing itself and leaves the rest to the provider.

    :ivar sub: who signs, whatever the request says.
    :ivar refusal: what new requests are refused with (status and members), or None.
    :ivar spoil: changes a result before it is sent, or None.
    """

    provider: FakeProvider
    sub: str = "a-fictional-resident"
    refusal: tuple[int, Mapping[str, Any]] | None = None
    spoil: Callable[[dict[str, Any]], Any] | None = None
    _key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False)
    _requests: dict[str, _Request] = field(default_factory=dict)

    def sign(self, url: str) -> str:
        """The resident signs; gives the address to which the browser goes back."""
        return self._decide(url, "signed")

    def refuse(self, url: str) -> str:
        """The resident does not sign."""
        return self._decide(url, "refused")

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        """See :meth:`hkeid.ports.HttpClient.send`."""
        path = url.removeprefix(self.provider.issuer)
        if not path.startswith(_PATH):
            return self.provider.send(
                method, url, headers=headers, body=body, timeout=timeout, limit=limit
            )
        members = json.loads(body or b"{}")
        if path == _PATH:
            return self._take(members)
        return self._result(path.removeprefix(_PATH + "/").removesuffix("/result"))

    def _take(self, members: dict[str, Any]) -> HttpAnswer:
        if self.refusal is not None:
            return _json(*self.refusal)
        request_id = f"{len(self._requests):022}"
        self._requests[request_id] = _Request(members)
        answer = {
            "request_id": request_id,
            "sign_url": f"{self.provider.issuer}/sign/{request_id}",
            "code": "K7WM",
            "expires_in": 900,
        }
        return _json(201, answer)

    def _decide(self, url: str, status: str) -> str:
        request_id = url.rpartition("/")[2]
        request = self._requests[request_id]
        request.status = status
        pairs = [
            ("request_id", request_id),
            ("state", request.members["state"]),
            ("outcome", status),
            ("iss", self.provider.issuer),
        ]
        return with_query(request.members["redirect_uri"], pairs)

    def _result(self, request_id: str) -> HttpAnswer:
        request = self._requests.get(request_id)
        if request is None:
            return _json(404, {"error": "not_found", "reason": "signature_request_unknown"})
        answer: dict[str, Any] = {"status": request.status}
        if request.status == "signed":
            answer |= {
                "sub": self.sub,
                "documents": [self._signed(one) for one in request.members["documents"]],
                "certificates": [_base64(self._certificate())],
                "evidence": _base64(b'{"format":"of a fake"}'),
            }
        if self.spoil is not None:
            answer = self.spoil(answer) or answer
        return _json(200, answer)

    def _signed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        if "pdf" in document:
            pdf = base64.b64decode(document["pdf"]) + b"\n% signed by a fake\n"
            return {"name": document["name"], "level": "B-B", "pdf": _base64(pdf)}
        digest = base64.b64decode(document["hash"])
        value = self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return {
            "name": document["name"],
            "hash": document["hash"],
            "hash_algorithm": "sha256",
            "signature": _base64(value),
        }

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SPECIMEN resident")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(Encoding.DER)


def _json(status: int, members: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(
        status=status,
        headers={"content-type": "application/json"},
        body=json.dumps(members).encode(),
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
