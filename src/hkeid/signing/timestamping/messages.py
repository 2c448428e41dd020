"""TimeStampReq, TimeStampResp and TSTInfo (RFC 3161 §2.4), written and read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing import der
from hkeid.signing.algorithms import hash_identifier
from hkeid.signing.certificates.encoding import (
    BOOLEAN,
    GENERALIZED_TIME,
    UTF8_STRING,
    bit_string,
    boolean,
    generalized_time,
    implicit,
    read_generalized_time,
    read_integer,
    read_oid,
    utf8,
)
from hkeid.signing.certificates.errors import RequestMalformed

LONGEST_REQUEST = 16_384
"""Most bytes of a request."""
LONGEST_NONCE = 64
"""Most octets of a nonce."""
HASH_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Octets of each hash that is accepted, by the names of ``hashlib``."""
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_MICROSECOND = timedelta(microseconds=1)


class FailureInfo(IntEnum):
    """PKIFailureInfo: numbers of the bits (RFC 3161 §2.4.2)."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADD_INFO_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRequest:
    """What is asked of an authority.

    :ivar hash_name: as ``hashlib`` spells it; "" where we do not accept it.
    :ivar policy: OID that the token must be made under, or "".
    :ivar certificate_wanted: whether the token shall carry certificates.
    :ivar extensions: whether there were any; none is known.
    """

    digest: bytes
    hash_name: str = "sha256"
    policy: str = ""
    nonce: int | None = None
    certificate_wanted: bool = True
    extensions: bool = False

    def encoded(self) -> bytes:
        """TimeStampReq, DER."""
        return der.sequence(
            der.integer(1),
            message_imprint(self.digest, self.hash_name),
            der.oid(self.policy) if self.policy else b"",
            b"" if self.nonce is None else der.integer(self.nonce),
            boolean(value=True) if self.certificate_wanted else b"",
        )


def message_imprint(digest: bytes, hash_name: str) -> bytes:
    """MessageImprint, DER."""
    return der.sequence(hash_identifier(hash_name), der.octet_string(digest))


def read_request(request: bytes) -> TimestampRequest:
    """Read a TimeStampReq.

    :raises RequestMalformed: ``timestamp_request_malformed``.
    """
    try:
        if len(request) > LONGEST_REQUEST:
            raise MalformedInput("der_malformed", detail="too long")
        return _read_request(request)
    except MalformedInput as error:
        raise RequestMalformed("timestamp_request_malformed", detail=error.detail) from None


def _read_request(request: bytes) -> TimestampRequest:
    fields = _Fields(request)
    if read_integer(fields.need(der.INTEGER)) != 1:
        raise MalformedInput("der_malformed", detail="version")
    hash_name, digest = _read_imprint(fields.need(der.SEQUENCE))
    policy = fields.take(der.OBJECT_IDENTIFIER)
    nonce = fields.take(der.INTEGER)
    wanted = fields.take(BOOLEAN)
    extensions = fields.take(0xA0)
    fields.end()
    if wanted not in {None, b"\xff"}:
        raise MalformedInput("der_malformed", detail="certReq")
    return TimestampRequest(
        digest=digest,
        hash_name=hash_name,
        policy="" if policy is None else read_oid(policy),
        nonce=None if nonce is None else read_integer(nonce, longest=LONGEST_NONCE),
        certificate_wanted=wanted is not None,
        extensions=extensions is not None,
    )


def _read_imprint(content: bytes) -> tuple[str, bytes]:
    """Name of the hash ("" where it is not accepted) and digest."""
    parts = der.elements(content)
    if [one[0] for one in parts] != [der.SEQUENCE, der.OCTET_STRING]:
        raise MalformedInput("der_malformed", detail="MessageImprint")
    algorithm = der.elements(parts[0][1])
    if not algorithm or algorithm[0][0] != der.OBJECT_IDENTIFIER:
        raise MalformedInput("der_malformed", detail="AlgorithmIdentifier")
    name = _HASHES.get(read_oid(algorithm[0][1]), "")
    if name and len(parts[1][1]) != HASH_SIZES[name]:
        raise MalformedInput("der_malformed", detail="digest of another length")
    return name, parts[1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TstInfo:
    """What a token says (TSTInfo, RFC 3161 §2.4.2).

    :ivar accuracy: how far the time may be off to either side; None where the token does not say.
    :ivar ordering: whether tokens of this authority are ordered by their times alone.
    """

    policy: str
    digest: bytes
    hash_name: str
    serial: int
    time: Instant
    accuracy: timedelta | None = None
    ordering: bool = False
    nonce: int | None = None

    def encoded(self) -> bytes:
        """TSTInfo, DER."""
        return der.sequence(
            der.integer(1),
            der.oid(self.policy),
            message_imprint(self.digest, self.hash_name),
            der.integer(self.serial),
            generalized_time(self.time, fraction=True),
            b"" if self.accuracy is None else _accuracy(self.accuracy),
            boolean(value=True) if self.ordering else b"",
            b"" if self.nonce is None else der.integer(self.nonce),
        )


def _accuracy(value: timedelta) -> bytes:
    """Accuracy: seconds, [0] millis, [1] micros; what is zero is left out."""
    total = value // _MICROSECOND
    seconds, rest = divmod(total, 1_000_000)
    millis, micros = divmod(rest, 1000)
    return der.sequence(
        der.integer(seconds) if seconds else b"",
        implicit(0, der.integer(millis)[2:]) if millis else b"",
        implicit(1, der.integer(micros)[2:]) if micros else b"",
    )


def read_tst_info(encoded: bytes) -> TstInfo:
    """Read a TSTInfo.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    fields = _Fields(encoded)
    if read_integer(fields.need(der.INTEGER)) != 1:
        raise MalformedInput("der_malformed", detail="version")
    policy = read_oid(fields.need(der.OBJECT_IDENTIFIER))
    hash_name, digest = _read_imprint(fields.need(der.SEQUENCE))
    serial = read_integer(fields.need(der.INTEGER))
    time = read_generalized_time(fields.need(GENERALIZED_TIME))
    accuracy = fields.take(der.SEQUENCE)
    ordering = fields.take(BOOLEAN)
    nonce = fields.take(der.INTEGER)
    fields.take(0xA0)  # tsa: only a hint
    if fields.take(0xA1) is not None:
        raise MalformedInput("der_malformed", detail="extensions that we do not know")
    fields.end()
    return TstInfo(
        policy=policy,
        digest=digest,
        hash_name=hash_name,
        serial=serial,
        time=time,
        accuracy=None if accuracy is None else _read_accuracy(accuracy),
        ordering=ordering == b"\xff",
        nonce=None if nonce is None else read_integer(nonce, longest=LONGEST_NONCE),
    )


def _read_accuracy(content: bytes) -> timedelta:
    fields = _Fields(der.sequence(content))
    seconds, millis, micros = (fields.take(tag) for tag in (der.INTEGER, 0x80, 0x81))
    fields.end()
    values = [0 if one is None else read_integer(one) for one in (seconds, millis, micros)]
    if min(values) < 0 or values[0] > 86_400 or max(values[1:]) > 999:
        raise MalformedInput("der_malformed", detail="Accuracy")
    return timedelta(seconds=values[0], milliseconds=values[1], microseconds=values[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampResponse:
    """What an authority answers.

    :ivar status: PKIStatus: 0 granted, 1 granted with changes; others are refusals.
    :ivar token: ContentInfo of the token, DER, where it was granted.
    :ivar failure: PKIFailureInfo as far as we know it.
    :ivar text: what it says about the refusal, for logs.
    """

    status: int
    token: bytes | None = field(default=None, repr=False)
    failure: FailureInfo | None = None
    text: str = ""

    def encoded(self) -> bytes:
        """TimeStampResp, DER."""
        status = der.sequence(
            der.integer(self.status),
            der.sequence(utf8(self.text)) if self.text else b"",
            b"" if self.failure is None else _failure_bits(self.failure),
        )
        return der.sequence(status, self.token or b"")


def _failure_bits(failure: FailureInfo) -> bytes:
    """A BIT STRING of named bits (X.690 §11.2.2)."""
    unused = -(failure + 1) % 8
    return bit_string((1 << unused).to_bytes((failure + 8) // 8, "big"), unused)


def read_response(encoded: bytes) -> TimestampResponse:
    """Read a TimeStampResp; the token is not looked at.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    fields = _Fields(encoded)
    about = _Fields(der.sequence(fields.need(der.SEQUENCE)))
    token = fields.whole(der.SEQUENCE)
    fields.end()
    status = read_integer(about.need(der.INTEGER))
    texts = about.take(der.SEQUENCE)
    failure = about.take(der.BIT_STRING)
    about.end()
    return TimestampResponse(
        status=status, token=token, failure=_read_failure(failure), text=_read_text(texts)
    )


def _read_failure(content: bytes | None) -> FailureInfo | None:
    if content is None:
        return None
    bits = int.from_bytes(content[1:], "big")
    length = 8 * len(content[1:])
    return next(
        (one for one in FailureInfo if one < length and bits >> (length - 1 - one) & 1), None
    )


def _read_text(content: bytes | None) -> str:
    """PKIFreeText, the part that can be printed."""
    if content is None:
        return ""
    texts = [
        value.decode("utf-8", "replace")
        for tag, value, _ in der.elements(content)
        if tag == UTF8_STRING
    ]
    return "".join(one for one in " ".join(texts)[:200] if one.isprintable())


class _Fields:
    """The fields of a SEQUENCE in their order, some of which may be absent."""

    def __init__(self, encoded: bytes) -> None:
        tag, content = der.only_element(encoded)
        if tag != der.SEQUENCE:
            raise MalformedInput("der_malformed", detail="not a SEQUENCE")
        self._left = der.elements(content)

    def take(self, tag: int) -> bytes | None:
        """Contents of the next field if it has this tag."""
        if not self._left or self._left[0][0] != tag:
            return None
        return self._left.pop(0)[1]

    def whole(self, tag: int) -> bytes | None:
        """The next field itself if it has this tag."""
        if not self._left or self._left[0][0] != tag:
            return None
        return self._left.pop(0)[2]

    def need(self, tag: int) -> bytes:
        """Contents of the next field, which must have this tag."""
        found = self.take(tag)
        if found is None:
            raise MalformedInput("der_malformed", detail=f"a field with tag {tag:#x} is missing")
        return found

    def end(self) -> None:
        """There is nothing more."""
        if self._left:
            raise MalformedInput("der_malformed", detail="fields that do not belong here")
