"""An authenticator and its browser in software, honest unless told otherwise.

It takes the options a page would give to ``navigator.credentials`` (JSON form) and answers what
``PublicKeyCredential.toJSON()`` would, so a whole journey runs without a browser::

    phone = SoftwareAuthenticator()
    answer = phone.create(start.options, "https://id.example.hk")
    answer = phone.get(start.options, "https://id.example.hk")

Every way of cheating is a member of
:class:`hkeid.testing.authenticator_dishonesty.Dishonesty`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator_ca import AAGUID, Batch
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty
from hkeid.testing.authenticator_formats import Attestor
from hkeid.testing.authenticator_keys import (
    SoftwareCredential,
    cbor_bytes,
    cose_key,
    new_key,
    sign,
)

__all__ = ["HONEST", "AuthenticatorRefused", "Dishonesty", "SoftwareAuthenticator"]

_ALGORITHMS = (-7, -8, -257)


class AuthenticatorRefused(HkeidError):
    """What a browser throws instead of answering. The reason is the ``DOMException`` in snake case:
    ``not_allowed_error``, ``invalid_state_error``, ``not_supported_error``, ``security_error``.
    """


class SoftwareAuthenticator:
    """A platform authenticator with discoverable credentials, and the browser in front of it.

    :param synced: a passkey that leaves the device: BE=1, BS=1, and a counter that stays 0.
    :param user_verified: whether the person passes biometrics; if not, required verification ends
        in ``not_allowed_error``, as in a browser.
    :param algorithms: COSE algorithms it can do, of ES256 (-7), EdDSA (-8), RS256 (-257).
    :param attestation: what it attests with where the page asks for attestation; an attestor of
        :mod:`hkeid.testing.authenticator_formats` for the platforms' own formats.
    :param batch: attestation key and chain, for ``packed``.
    :param counts: whether the signature counter counts (a synced one never does).
    """

    def __init__(
        self,
        *,
        synced: bool = False,
        user_verified: bool = True,
        algorithms: tuple[int, ...] = _ALGORITHMS,
        attestation: Literal["none", "self", "packed"] | Attestor = "none",
        batch: Batch | None = None,
        aaguid: bytes = AAGUID,
        counts: bool = True,
        transports: tuple[str, ...] = ("internal",),
        credential_id_length: int = 32,
    ) -> None:
        self.synced = synced
        self.user_verified = user_verified
        self.algorithms = algorithms
        self.attestation = attestation
        self.batch = batch
        self.aaguid = aaguid
        self.counts = counts and not synced
        self.transports = transports
        self.credential_id_length = credential_id_length
        self.credentials: list[SoftwareCredential] = []

    # --- what a page calls -------------------------------------------------------------------

    def create(
        self, options: Mapping[str, Any], origin: str, *, dishonesty: Dishonesty = HONEST
    ) -> dict[str, Any]:
        """``navigator.credentials.create({publicKey: …})``; the answer as ``toJSON()`` gives it.

        :raises AuthenticatorRefused: where a browser would throw.
        """
        rp_id = str(options["rp"].get("id") or urlsplit(origin).hostname)
        self._check_scope(rp_id, origin, dishonesty)
        self._check_verification(options["authenticatorSelection"]["userVerification"])
        excluded = {base64url.decode(item["id"]) for item in options.get("excludeCredentials", ())}
        if any(one.id in excluded for one in self.credentials):
            raise AuthenticatorRefused("invalid_state_error")
        algorithm = self._choose(options["pubKeyCredParams"])
        credential = SoftwareCredential(
            id=os.urandom(self.credential_id_length),
            rp_id=rp_id,
            user_handle=base64url.decode(options["user"]["id"]),
            user_name=options["user"]["name"],
            display_name=options["user"]["displayName"],
            algorithm=algorithm,
            key=new_key(algorithm),
        )
        client_data = _client_data("webauthn.create", options, origin, dishonesty)
        auth_data = self._auth_data(credential, dishonesty, attest=True)
        attested = options.get("attestation", "none") != "none" or dishonesty.unasked_attestation
        format_, statement = self._statement(credential, auth_data, client_data, attested=attested)
        self._replace(credential)
        return self._registration(
            credential, client_data, auth_data, format_, statement, dishonesty
        )

    def get(
        self,
        options: Mapping[str, Any],
        origin: str,
        *,
        credential_id: bytes | None = None,
        dishonesty: Dishonesty = HONEST,
    ) -> dict[str, Any]:
        """``navigator.credentials.get({publicKey: …})``; the answer as ``toJSON()`` gives it.

        :param credential_id: the passkey the person picks; the newest fitting one if left out.
        :raises AuthenticatorRefused: where a browser would throw.
        """
        rp_id = str(options.get("rpId") or urlsplit(origin).hostname)
        self._check_scope(rp_id, origin, dishonesty)
        self._check_verification(options.get("userVerification", "preferred"))
        credential = self._pick(options, rp_id, credential_id)
        if self.counts:
            credential.sign_count += 1
        client_data = _client_data("webauthn.get", options, origin, dishonesty)
        auth_data = self._auth_data(credential, dishonesty, attest=False)
        message = auth_data + hashlib.sha256(client_data).digest()
        signature = sign(dishonesty.signing_key or credential.key, message)
        if dishonesty.signature is not None:
            signature = dishonesty.signature(signature)
        answer = {
            "authenticatorData": base64url.encode(_after(auth_data, dishonesty)),
            "clientDataJSON": base64url.encode(_rewritten(client_data, dishonesty)),
            "signature": base64url.encode(signature),
            "userHandle": base64url.encode(credential.user_handle),
        }
        if dishonesty.user_handle is ...:
            del answer["userHandle"]
        elif dishonesty.user_handle is not None:
            answer["userHandle"] = base64url.encode(dishonesty.user_handle)
        return _credential_json(credential.id, answer, {}, dishonesty)

    # --- moving keys about -------------------------------------------------------------------

    def export_credential(self, credential_id: bytes) -> dict[str, Any]:
        """A credential with its private key as JSON values: what a clone starts from."""
        return next(one for one in self.credentials if one.id == credential_id).exported()

    def import_credential(self, exported: Mapping[str, Any]) -> None:
        """Take in what :meth:`export_credential` of any software authenticator gave."""
        self.credentials.append(SoftwareCredential.imported(exported))

    def clone(self) -> SoftwareAuthenticator:
        """A second device holding copies of every key, counters included."""
        other = SoftwareAuthenticator(
            synced=self.synced,
            user_verified=self.user_verified,
            algorithms=self.algorithms,
            attestation=self.attestation,
            batch=self.batch,
            aaguid=self.aaguid,
            counts=self.counts,
            transports=self.transports,
        )
        other.credentials = [replace(one) for one in self.credentials]
        return other

    # --- the inside --------------------------------------------------------------------------

    def _check_scope(self, rp_id: str, origin: str, dishonesty: Dishonesty) -> None:
        """WebAuthn L3 §5.1.3 step 8: the RP ID is the origin's host or a suffix of it."""
        host = urlsplit(origin).hostname or ""
        if not dishonesty.out_of_scope and host != rp_id and not host.endswith("." + rp_id):
            raise AuthenticatorRefused("security_error")

    def _check_verification(self, requirement: str) -> None:
        if requirement == "required" and not self.user_verified:
            raise AuthenticatorRefused("not_allowed_error")

    def _choose(self, offered: list[dict[str, Any]]) -> int:
        for item in offered:
            if item["type"] == "public-key" and item["alg"] in self.algorithms:
                return int(item["alg"])
        raise AuthenticatorRefused("not_supported_error")

    def _pick(
        self, options: Mapping[str, Any], rp_id: str, wanted: bytes | None
    ) -> SoftwareCredential:
        allowed = {base64url.decode(item["id"]) for item in options.get("allowCredentials", ())}
        for credential in reversed(self.credentials):
            if credential.rp_id != rp_id or (allowed and credential.id not in allowed):
                continue
            if wanted is None or credential.id == wanted:
                return credential
        raise AuthenticatorRefused("not_allowed_error")

    def _replace(self, credential: SoftwareCredential) -> None:
        """CTAP 2.1 §6.1.2: a discoverable credential replaces one for the same account."""
        account = (credential.rp_id, credential.user_handle)
        self.credentials = [
            one for one in self.credentials if (one.rp_id, one.user_handle) != account
        ]
        self.credentials.append(credential)

    def _auth_data(
        self, credential: SoftwareCredential, dishonesty: Dishonesty, *, attest: bool
    ) -> bytes:
        flags = 0x01 | (0x04 if self.user_verified else 0) | (0x18 if self.synced else 0)
        tail = b""
        if attest:
            flags |= 0x40
            tail = self._attested_data(credential, dishonesty)
        if dishonesty.extensions is not None:
            flags |= 0x80
            tail += cbor_bytes(dict(dishonesty.extensions))
        flags = (flags | dishonesty.flags_set) & ~dishonesty.flags_cleared
        count = credential.sign_count if dishonesty.sign_count is None else dishonesty.sign_count
        rp_id = dishonesty.rp_id or credential.rp_id
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")
        return dishonesty.auth_data(head + tail) if dishonesty.auth_data else head + tail

    def _attested_data(self, credential: SoftwareCredential, dishonesty: Dishonesty) -> bytes:
        credential_id = dishonesty.attested_id
        if credential_id is None:
            credential_id = credential.id
        public_key = dishonesty.public_key or cose_key(credential.key, credential.algorithm)
        attested = self.aaguid + len(credential_id).to_bytes(2, "big") + credential_id + public_key
        return dishonesty.attested_data(attested) if dishonesty.attested_data else attested

    def _statement(
        self,
        credential: SoftwareCredential,
        auth_data: bytes,
        client_data: bytes,
        *,
        attested: bool,
    ) -> tuple[str, dict[str, Any]]:
        if self.attestation == "none" or not attested:
            return "none", {}
        digest = hashlib.sha256(client_data).digest()
        if callable(self.attestation):
            return self.attestation(credential, auth_data, digest)
        message = auth_data + digest
        if self.attestation == "self":
            signature = sign(credential.key, message)
            return "packed", {"alg": credential.algorithm, "sig": signature}
        assert self.batch is not None, "packed attestation needs a batch"
        algorithm = -257 if isinstance(self.batch.key, rsa.RSAPrivateKey) else -7
        signature = sign(self.batch.key, message)
        return "packed", {"alg": algorithm, "sig": signature, "x5c": list(self.batch.chain)}

    def _registration(
        self,
        credential: SoftwareCredential,
        client_data: bytes,
        auth_data: bytes,
        format_: str,
        statement: Any,
        dishonesty: Dishonesty,
    ) -> dict[str, Any]:
        if dishonesty.statement is not None:
            format_, statement = dishonesty.statement(format_, statement)
        auth_data = _after(auth_data, dishonesty)
        members: Any = {"fmt": format_, "attStmt": statement, "authData": auth_data}
        if dishonesty.members is not None:
            members = dishonesty.members(members)
        attestation_object = cbor_bytes(members)
        if dishonesty.attestation_object is not None:
            attestation_object = dishonesty.attestation_object(attestation_object)
        answer = {
            "clientDataJSON": base64url.encode(_rewritten(client_data, dishonesty)),
            "attestationObject": base64url.encode(attestation_object),
            "authenticatorData": base64url.encode(auth_data),
            "transports": list(self.transports),
            "publicKeyAlgorithm": credential.algorithm,
        }
        results = {"credProps": {"rk": True}}
        return _credential_json(credential.id, answer, results, dishonesty)


def _client_data(
    type_: str, options: Mapping[str, Any], origin: str, dishonesty: Dishonesty
) -> bytes:
    members = {
        "type": type_,
        "challenge": options["challenge"],
        "origin": origin,
        "crossOrigin": False,
        **dishonesty.client_data,
    }
    kept = {name: value for name, value in members.items() if value is not ...}
    raw = json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()
    return dishonesty.client_data_json(raw) if dishonesty.client_data_json else raw


def _rewritten(client_data: bytes, dishonesty: Dishonesty) -> bytes:
    after = dishonesty.client_data_json_after
    return after(client_data) if after else client_data


def _after(auth_data: bytes, dishonesty: Dishonesty) -> bytes:
    return dishonesty.auth_data_after(auth_data) if dishonesty.auth_data_after else auth_data


def _credential_json(
    credential_id: bytes,
    answer: dict[str, Any],
    results: dict[str, Any],
    dishonesty: Dishonesty,
) -> dict[str, Any]:
    text = base64url.encode(credential_id)
    whole = {
        "id": text,
        "rawId": text,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "response": answer,
        "clientExtensionResults": results,
    }
    return dishonesty.response(whole) if dishonesty.response else whole
