"""Callbacks to the client: sealed, with the key beside them; or spoilt by a fault."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.kernel import canonical_json
from hkeid.testing.iam_smart_simulator import accounts
from hkeid.testing.iam_smart_simulator.backend import Backend, altered
from hkeid.testing.iam_smart_simulator.faults import IamSmartFault
from hkeid.testing.iam_smart_simulator.state import Call
from hkeid.upstream.iam_smart.codes import SUCCESS
from hkeid.upstream.iam_smart.envelopes import seal_content


def body_of(backend: Backend, call: Call, code: str) -> bytes:
    """The body of the callback that ends ``call`` with a return code. Holds the memory's lock."""
    content = _content(backend, call) if code == SUCCESS else {}
    content |= {"businessID": call.members["businessID"], "state": call.members.get("state")}
    match backend.fault:
        case IamSmartFault.CALLBACK_STATE_OTHER:
            content["state"] = "another-state"
        case IamSmartFault.CALLBACK_BUSINESS_ID_OTHER:
            content["businessID"] = "another-business"
    members = {
        "txID": f"<T={secrets.token_hex(16)}>",
        "code": code,
        "message": "SUCCESS" if code == SUCCESS else "FAILED",
        **_sealed(backend, content),
    }
    return canonical_json.dumps(members)


def _sealed(backend: Backend, content: Mapping[str, Any]) -> dict[str, Any]:
    memory, fault = backend.memory, backend.fault
    if fault is IamSmartFault.CALLBACK_CLEAR:
        return {"content": dict(content)}
    key = memory.key
    if key is None or fault is IamSmartFault.CALLBACK_NEW_KEY:
        key = memory.new_key(backend.now())
    to: rsa.RSAPrivateKey | None = None
    if fault is IamSmartFault.CALLBACK_FORGED:
        key = secrets.token_bytes(32)
    if fault is IamSmartFault.CALLBACK_OF_ANOTHER_CLIENT:
        key = secrets.token_bytes(32)
        to = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sealed = seal_content(key, content, secrets.token_bytes(12))
    member = "key" if fault is IamSmartFault.CALLBACK_KEY_MEMBER else "secretKey"
    return {
        "content": altered(sealed) if fault is IamSmartFault.CALLBACK_ALTERED else sealed,
        member: backend.enciphered(key, to),
    }


def _content(backend: Backend, call: Call) -> dict[str, Any]:
    if call.kind == "form_filling":
        return backend.fields(call.persona, call.members)
    if call.kind == "reauthentication":
        return {"isPassed": "true"}
    hashed = base64.b64decode(call.members["hashCode"])
    if backend.fault is IamSmartFault.SIGNATURE_OF_ANOTHER_HASH:
        hashed = bytes(reversed(hashed))
    signature, certificate = accounts.sign(call.persona, hashed, call.members["sigAlgo"])
    if backend.fault is IamSmartFault.SIGNATURE_WRONG:
        signature = altered(signature)
    return {
        "hashCode": base64.b64encode(hashed).decode(),
        "timestamp": backend.now(),
        "signature": signature,
        "cert": certificate,
    }
