"""The server-to-server side: signatures checked, contents opened, answers sealed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, Refused
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import epoch_microseconds
from hkeid.ports.surroundings import Clock
from hkeid.testing.iam_smart_simulator import accounts
from hkeid.testing.iam_smart_simulator.faults import IamSmartFault
from hkeid.testing.iam_smart_simulator.registration import Registration
from hkeid.testing.iam_smart_simulator.state import Call, Memory
from hkeid.upstream.iam_smart.codes import CODES, SUCCESS
from hkeid.upstream.iam_smart.envelopes import open_content, seal_content
from hkeid.upstream.iam_smart.hash_signing import number_hash
from hkeid.upstream.iam_smart.request_signatures import check_signature
from hkeid.upstream.iam_smart.settings import PERSONAL_PATHS

WINDOW: Final = 300_000
"""Milliseconds that a request's timestamp may be from this clock."""
KEY_LIFE: Final = 86_400_000
CODE_LIFE: Final = timedelta(seconds=30)
SKEW: Final = timedelta(minutes=20)
_SIGNATURE_CODES: Final = {
    "signature_method_unknown": "D20005",
    "signature_headers_malformed": "D20003",
    "signature_wrong": "D20006",
}


class Failed(Exception):
    """A return code that is not success."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Backend:
    """Functions by path.

    :ivar fault: see :class:`IamSmartFault`.
    :ivar fail: a return code with which the function named in :attr:`fail_at` answers, or None.
    """

    def __init__(self, registration: Registration, memory: Memory, clock: Clock) -> None:
        self.registration = registration
        self.memory = memory
        self._clock = clock
        self.fault: IamSmartFault | None = None
        self.fail: str | None = None
        self.fail_at = ""
        self._other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._functions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "token": self._token,
            "profiles": self._profiles,
            "reauthentication": lambda members: self._call("reauthentication", members),
            "form_filling": lambda members: self._call("form_filling", members),
            "signing": self._signing,
            "acknowledgement": self._acknowledgement,
        }
        self._names = {path: name for name, path in PERSONAL_PATHS.items()}

    def now(self) -> int:
        """Milliseconds by this clock, which a fault may move."""
        moment = self._clock.now()
        if self.fault in (IamSmartFault.CLOCK_AHEAD, IamSmartFault.CLOCK_AHEAD_IN_ANSWERS):
            moment += SKEW
        if self.fault is IamSmartFault.CLOCK_BEHIND_IN_ANSWERS:
            moment -= SKEW
        return epoch_microseconds(moment) // 1000

    def handle(self, request: Request) -> Response | None:
        """Answer a POST to one of the functions; None: there is no such function."""
        name = self._names.get(request.path)
        if name is None or name == "qr" or request.method != "POST":
            return None
        with self.memory.lock:
            try:
                return self._answered(name, request)
            except Failed as failed:
                return _envelope(failed.code, None)

    def _answered(self, name: str, request: Request) -> Response:
        self._authenticate(request)
        if self.fail is not None and name == self.fail_at:
            raise Failed(self.fail)
        if name == "key":
            return _envelope(SUCCESS, self._key_answer())
        if name == "revoke_key":
            self.memory.key = None
            return _envelope(SUCCESS, None)
        key = self._key_in_force()
        answer = self._functions[name](self._opened(key, request.body))
        return _envelope(SUCCESS, self._sealed(name, key, answer))

    def _authenticate(self, request: Request) -> None:
        """Who asks, and that this request was not made before."""
        if request.header("clientid") != self.registration.client_id:
            raise Failed("D20003")
        try:
            timestamp, nonce = check_signature(
                self.registration.client_secret,
                self.registration.client_id,
                request.headers,
                request.body,
            )
        except Refused as refused:
            raise Failed(_SIGNATURE_CODES[refused.reason]) from None
        skewed = self.fault in (
            IamSmartFault.CLOCK_AHEAD_IN_ANSWERS,
            IamSmartFault.CLOCK_BEHIND_IN_ANSWERS,
        )
        present = epoch_microseconds(self._clock.now()) // 1000 if skewed else self.now()
        if timestamp < self.memory.timestamp or abs(timestamp - present) > WINDOW:
            raise Failed("D20003")
        if nonce in self.memory.nonces:
            raise Failed("D20004")
        self.memory.nonces.add(nonce)
        self.memory.timestamp = timestamp

    # Keys

    def _key_answer(self) -> dict[str, Any]:
        now = self.now()
        key = self.memory.key
        if key is None or now >= self.memory.key_made_at + KEY_LIFE:
            key = self.memory.new_key(now)
        lasts = self.memory.key_made_at + KEY_LIFE - now
        absolute = self.fault is IamSmartFault.KEY_ABSOLUTE_EXPIRY
        to = self._other if self.fault is IamSmartFault.KEY_TO_ANOTHER_CERTIFICATE else None
        return {
            "secretKey": self.enciphered(key, to),
            "pubKey": "",
            "issueAt": now,
            "expiresIn": now + lasts if absolute else lasts,
        }

    def enciphered(self, key: bytes, to: rsa.RSAPrivateKey | None = None) -> str:
        """A content key under a public key: as Base64 text of 44 characters, padded by PKCS #1 v1.5."""
        plain = key if self.fault is IamSmartFault.KEY_RAW else base64.b64encode(key)
        public = (to or self.registration.kek).public_key()
        return base64.b64encode(public.encrypt(plain, padding.PKCS1v15())).decode()

    def _key_in_force(self) -> bytes:
        if self.fault is IamSmartFault.KEY_FORGOTTEN:
            self.fault, self.memory.key = None, None
        key = self.memory.key
        if key is None or self.now() >= self.memory.key_made_at + KEY_LIFE:
            raise Failed("D30002")
        return key

    def _opened(self, key: bytes, body: bytes) -> dict[str, Any]:
        try:
            content = canonical_json.loads_object(body)["content"]
        except (HkeidError, KeyError):
            raise Failed("D20001") from None
        try:
            return open_content(key, content)
        except HkeidError:
            raise Failed("D30004") from None

    def _sealed(self, name: str, key: bytes, answer: Mapping[str, Any]) -> Any:
        if name == "token" and self.fault is IamSmartFault.TOKEN_CONTENT_CLEAR:
            return dict(answer)
        sealed = seal_content(key, answer, secrets.token_bytes(12))
        if name == "token" and self.fault is IamSmartFault.TOKEN_CONTENT_ALTERED:
            return altered(sealed)
        return sealed

    # Functions

    def _token(self, members: dict[str, Any]) -> dict[str, Any]:
        code = self.memory.codes.get(str(members.get("code")))
        if members.get("grantType") != "authorization_code":
            raise Failed("D20003")
        if code is None or code.used or self._clock.now() > code.made_at + CODE_LIFE:
            raise Failed("D40004")
        code.used = True
        token = secrets.token_hex(16)
        self.memory.tokens[token] = code.persona
        stale = 7_200_000 if self.fault is IamSmartFault.TOKEN_STALE else 0
        encoded = self.fault is IamSmartFault.OPEN_ID_ENCODED
        person = accounts.open_id(code.persona, self.registration.client_id)
        return {
            "accessToken": token,
            "tokenType": "Bearer",
            "issueAt": self.now() - stale,
            "expiresIn": 14_400_000,
            "openID": _percent(person) if encoded else person,
            "lastModifiedDate": 1_700_000_000_000,
            "userType": "sign" if accounts.signs(code.persona) else "default",
            "scope": "eidapi_formFilling"
            if self.fault is IamSmartFault.SCOPE_WITHOUT_LOGIN
            else code.scope,
        }

    def _profiles(self, members: dict[str, Any]) -> dict[str, Any]:
        persona = self._person(members)
        return self.fields(persona, members)

    def fields(self, persona: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that a request names."""
        asked = {*members.get("profileFields", []), *members.get("eMEFields", [])}
        if not asked:
            raise Failed("D20002")
        if "chName" in asked:
            asked.add("chNameVerified")
        found = {
            name: value for name, value in accounts.fields_of(persona).items() if name in asked
        }
        if self.fault is IamSmartFault.NUMBER_WRONG and "idNo" in found:
            wrong = "0" if found["idNo"]["CheckDigit"] != "0" else "1"
            found["idNo"] = {**found["idNo"], "CheckDigit": wrong}
        return found

    def _person(self, members: Mapping[str, Any]) -> Any:
        persona = self.memory.tokens.get(str(members.get("accessToken")))
        if persona is None:
            raise Failed("D20009")
        if members.get("openID") != accounts.open_id(persona, self.registration.client_id):
            raise Failed("D20010")
        return persona

    def _call(self, kind: str, members: dict[str, Any]) -> dict[str, Any]:
        """Take a call on: it waits in the person's app."""
        persona = self._person(members)
        business_id = members.get("businessID")
        if not isinstance(business_id, str) or not 0 < len(business_id) <= 36:
            raise Failed("D20003")
        if business_id in self.memory.calls:
            raise Failed("D20011")
        self.memory.calls[business_id] = Call(kind=kind, members=members, persona=persona)
        if members.get("source") == "PC_Browser":
            return {"authByQR": True}
        return {"authByQR": False, "ticketID": secrets.token_hex(16)}

    def _signing(self, members: dict[str, Any]) -> dict[str, Any]:
        persona = self._person(members)
        if not accounts.signs(persona):
            raise Failed("D70004")
        if members.get("HKICHash") != number_hash(persona.hkic_number):
            raise Failed("D70005")
        return self._call("signing", members)

    def _acknowledgement(self, members: dict[str, Any]) -> dict[str, Any]:
        business_id, result = members.get("businessID"), members.get("signingResult")
        if business_id not in self.memory.calls or result not in ("SR001", "SR002", "SR003"):
            raise Failed("D70006")
        self.memory.acknowledged[str(business_id)] = str(result)
        return {}


def known_codes() -> tuple[str, ...]:
    """Every return code that can be switched on."""
    return tuple(CODES)


def altered(sealed: str) -> str:
    """Sealed content with its last bit turned."""
    raw = bytearray(base64.b64decode(sealed))
    raw[-1] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def _percent(text: str) -> str:
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def _envelope(code: str, content: Any) -> Response:
    members = {
        "txID": f"<T={secrets.token_hex(16)}>",
        "code": code,
        "message": "SUCCESS" if code == SUCCESS else "FAILED",
    }
    if content is not None:
        members["content"] = content
    return Response(
        status=200,
        headers=(("Content-Type", "application/json"),),
        body=canonical_json.dumps(members),
    )
