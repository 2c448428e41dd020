"""A time-stamp unit: it makes tokens (RFC 3161, RFC 5816, ETSI EN 319 422)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.signing import der
from hkeid.signing.algorithms import hash_identifier
from hkeid.signing.certificates.errors import CertificateRefused, RequestMalformed
from hkeid.signing.certificates.events import TimestampSerialsReserved
from hkeid.signing.certificates.keys import Credential, algorithm_of, key_identifier
from hkeid.signing.certificates.profiles import TIME_STAMPING
from hkeid.signing.certificates.reading import read_certificate
from hkeid.signing.certificates.records import CertificatesTransaction
from hkeid.signing.cms.attributes import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE_V2,
    attribute,
)
from hkeid.signing.cms.certificate_names import issuer_and_serial
from hkeid.signing.cms.content_info import SIGNED_DATA
from hkeid.signing.timestamping.errors import TimestampRefused
from hkeid.signing.timestamping.messages import (
    HASH_SIZES,
    FailureInfo,
    TimestampRequest,
    TimestampResponse,
    TstInfo,
    read_request,
)

TST_INFO = "1.2.840.113549.1.9.16.1.4"
"""id-ct-TSTInfo."""
_GRANTED, _REJECTION = 0, 2
_VERSION_3 = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampUnitSettings:
    """How a unit works.

    :ivar policy: OID of the time-stamp policy it stamps under.
    :ivar accuracy: how far its clock may be off; the operator vouches for it.
    :ivar ordering: tokens are ordered by their times alone. Each then takes its number from the store, which
        refuses a time that is not later than all before.
    :ivar block: how many serial numbers are taken from the store at once, without ``ordering``.
    """

    policy: str
    accuracy: timedelta = timedelta(seconds=1)
    ordering: bool = False
    block: int = 1000


class TimestampUnit:
    """Makes tokens with one key.

    Serial numbers come from the store in blocks: no number is given out twice, also when a process dies, whose
    numbers then stay unused.

    :param credential: key, certificate (``timeStamping``, sole and critical) and chain.
    :raises CertificateRefused: ``authority_unfit``.
    """

    def __init__(
        self,
        store: Store[CertificatesTransaction],
        credential: Credential,
        clock: Clock,
        settings: TimestampUnitSettings,
    ) -> None:
        own = read_certificate(credential.certificate)
        if own.public_key != credential.key.public_key:
            raise CertificateRefused("authority_unfit", detail="the key is another's")
        if own.purposes != frozenset({TIME_STAMPING}) or not own.purposes_critical:
            raise CertificateRefused("authority_unfit", detail="RFC 3161 §2.3: timeStamping alone")
        self.settings = settings
        self.certificate = own
        self._store = store
        self._clock = clock
        self._id = key_identifier(own.public_key).hex()
        self._writer = TokenWriter(credential)
        self._numbers: tuple[int, int] = (1, 1)
        self._taking = Lock()

    def token(self, request: TimestampRequest) -> bytes:
        """A token for a request whose hash and policy were looked at; ContentInfo, DER.

        :raises hkeid.kernel.errors.Unavailable: ``time_not_ordered``: the clock went back;
            ``timestamp_certificate_ended``; the store or the key cannot be reached.
        """
        serial, time = self._number()
        if not self.certificate.valid_at(time):
            raise Unavailable("timestamp_certificate_ended", detail=str(self.certificate.not_after))
        info = TstInfo(
            policy=self.settings.policy,
            digest=request.digest,
            hash_name=request.hash_name,
            serial=serial,
            time=time,
            accuracy=self.settings.accuracy,
            ordering=self.settings.ordering,
            nonce=request.nonce,
        )
        return self._writer.token(info.encoded(), with_chain=request.certificate_wanted)

    def stamp(self, digest: bytes, *, hash_name: str = "sha256", nonce: int | None = None) -> bytes:
        """:class:`hkeid.ports.NoncedTimestampAuthority` within this process: nothing travels that would need
        a nonce of our own.

        :raises hkeid.kernel.errors.Unavailable: ``timestamp_unavailable``.
        :raises hkeid.kernel.errors.Refused: ``timestamp_refused``.
        """
        if HASH_SIZES.get(hash_name) != len(digest):
            raise TimestampRefused("badAlg", hash_name)
        try:
            return self.token(TimestampRequest(digest=digest, hash_name=hash_name, nonce=nonce))
        except Unavailable as error:
            raise Unavailable("timestamp_unavailable", detail=error.reason) from None

    def answer(self, request: bytes) -> bytes:
        """Answer a TimeStampReq, DER, with a TimeStampResp. Whatever comes, there is an answer."""
        try:
            asked = read_request(request)
        except RequestMalformed:
            return _refusal(FailureInfo.BAD_DATA_FORMAT)
        if not asked.hash_name:
            return _refusal(FailureInfo.BAD_ALG)
        if asked.policy not in {"", self.settings.policy}:
            return _refusal(FailureInfo.UNACCEPTED_POLICY)
        if asked.extensions:
            return _refusal(FailureInfo.UNACCEPTED_EXTENSION)
        try:
            token = self.token(asked)
        except Unavailable as error:
            late = error.reason in {"time_not_ordered", "timestamp_certificate_ended"}
            return _refusal(FailureInfo.TIME_NOT_AVAILABLE if late else FailureInfo.SYSTEM_FAILURE)
        except HkeidError:
            return _refusal(FailureInfo.SYSTEM_FAILURE)
        return TimestampResponse(status=_GRANTED, token=token).encoded()

    def _number(self) -> tuple[int, Instant]:
        """A serial number and a moment."""
        if self.settings.ordering:
            now = self._clock.now()
            return self._reserve(1, now, in_order=True), now
        with self._taking:
            following, end = self._numbers
            if following == end:
                count = self.settings.block
                following = self._reserve(count, self._clock.now(), in_order=False)
                end = following + count
            self._numbers = (following + 1, end)
        return following, self._clock.now()

    def _reserve(self, count: int, at: Instant, *, in_order: bool) -> int:
        name = f"timestamp {self._id}"
        with self._store.transaction() as tx:
            first = tx.serial_counters.reserve(name, count, at, in_order=in_order)
            if first is None:
                raise Unavailable("time_not_ordered", detail="not later than the last token")
            tx.audit.append(TimestampSerialsReserved(unit=self._id, first=first, count=count))
        return first


class TokenWriter:
    """Puts TSTInfo into SignedData; what is the same in every token is made once."""

    def __init__(self, credential: Credential) -> None:
        algorithm = algorithm_of(credential.key.public_key)
        named = issuer_and_serial(credential.certificate)
        identifier = der.sequence(
            der.octet_string(hashlib.sha256(credential.certificate).digest()),
            named.as_issuer_serial(),
        )
        digest = hash_identifier(algorithm.hash_name)
        chain = {
            credential.certificate,
            # The root is the verifier's own affair.
            *(one for one in credential.chain if not read_certificate(one).self_issued),
        }
        self._key = credential.key
        self._hash_name = algorithm.hash_name
        self._content_type = attribute(CONTENT_TYPE, der.oid(TST_INFO))
        # ESSCertIDv2 (RFC 5816 §2.2.1); its hash is SHA-256, the default, and so not written.
        self._named = attribute(SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(identifier)))
        self._signer = der.integer(1) + named.encoded() + digest
        self._signed_with = algorithm.identifier
        self._head = der.integer(_VERSION_3) + der.set_of((digest,))
        self._chain = der.set_of(chain, tag=0xA0)

    def token(self, info: bytes, *, with_chain: bool) -> bytes:
        """TimeStampToken (RFC 3161 §2.4.2), DER.

        :param info: TSTInfo, DER.
        :param with_chain: carry certificates; where nobody asked, they must be absent (RFC 3161 §2.4.1).
        """
        digest = hashlib.new(self._hash_name, info).digest()
        attributes = der.set_of(
            (
                self._content_type,
                attribute(MESSAGE_DIGEST, der.octet_string(digest)),
                self._named,
            )
        )
        signer = der.sequence(
            self._signer,
            b"\xa0" + attributes[1:],
            self._signed_with,
            der.octet_string(self._key.sign(attributes)),
        )
        content = der.sequence(
            self._head,
            der.sequence(der.oid(TST_INFO), der.tagged(0, der.octet_string(info))),
            self._chain if with_chain else b"",
            der.set_of((signer,)),
        )
        return der.sequence(der.oid(SIGNED_DATA), der.tagged(0, content))


def _refusal(failure: FailureInfo) -> bytes:
    return TimestampResponse(status=_REJECTION, failure=failure).encoded()
