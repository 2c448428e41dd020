"""Signing a document: at once, or in two steps with the signature value from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationSource
from hkeid.ports.pdf import (
    Certification,
    PdfEngine,
    PdfParts,
    PlannedField,
    SignatureRequest,
    Stamp,
)
from hkeid.ports.timestamps import TimestampAuthority
from hkeid.signing.cms import longest_signed_data, signed_attributes, signed_data
from hkeid.signing.credentials import Signer, SignerIdentity
from hkeid.signing.defaults import default_engine, present
from hkeid.signing.errors import DocumentRefused
from hkeid.signing.gap import covered, filled
from hkeid.signing.input_policy import InputPolicy
from hkeid.signing.levels import Level
from hkeid.signing.long_term import long_term_updates
from hkeid.signing.prepared import Prepared

T = TypeVar("T")

TOKEN_ROOM = 8192
"""Bytes kept free for a time-stamp token with its certificates."""


_EVERYTHING_REFUSED = InputPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What completes a signature beyond B-B.

    :ivar timestamp_authority: from B-T on.
    :ivar revocation: from B-LT on.
    :ivar timestamp_room: bytes for one token; more where the authority sends a long chain.
    """

    timestamp_authority: TimestampAuthority | None = None
    revocation: RevocationSource | None = None
    timestamp_room: int = TOKEN_ROOM

    def require_for(self, level: Level) -> None:
        """Everything is there that ``level`` needs.

        :raises hkeid.kernel.errors.ConfigurationError: ``timestamp_authority_missing``,
            ``revocation_missing``.
        """
        if level.timestamped and self.timestamp_authority is None:
            raise ConfigurationError("timestamp_authority_missing", detail=f"{level} needs one")
        if level.with_material and self.revocation is None:
            raise ConfigurationError("revocation_missing", detail=f"{level} needs a source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the signature shall be.

    :ivar reason: stands in the signature dictionary, as ``location`` does.
    :ivar field: the field's name; without it the first prepared field that is empty, or a new one.
    :ivar stamp: see :func:`hkeid.signing.signature_stamp`.
    :ivar certify: what may happen afterwards; only the first signature can say that. True is
        :attr:`hkeid.ports.pdf.Certification.NO_CHANGES`.
    """

    level: Level = Level.B_B
    reason: str | None = None
    location: str | None = None
    field: str | None = None
    stamp: Stamp | None = None
    certify: Certification | bool = False
    policy: InputPolicy = _EVERYTHING_REFUSED

    @property
    def certification(self) -> Certification | None:
        """``certify`` as one kind of value."""
        if self.certify is True:
            return Certification.NO_CHANGES
        return self.certify or None


def sign_pdf(
    pdf: bytes,
    signer: Signer,
    *,
    level: Level | str = Level.B_B,
    timestamp_authority: TimestampAuthority | None = None,
    revocation: RevocationSource | None = None,
    reason: str | None = None,
    location: str | None = None,
    field: str | None = None,
    stamp: Stamp | None = None,
    certify: Certification | bool = False,
    policy: InputPolicy | None = None,
    engine: PdfEngine | None = None,
    at: Instant | None = None,
    timestamp_room: int = TOKEN_ROOM,
) -> bytes:
    """Sign a PDF (ETSI EN 319 142-1); the file with its signature.

    :param level: ``B-B``, ``B-T``, ``B-LT`` or ``B-LTA``.
    :param reason: stands in the signature dictionary, as ``location`` does.
    :param field: a prepared field's name, or a new one's; see :class:`Wishes`.
    :param certify: see :class:`Wishes`.
    :param policy: which documents may be signed; without it none whose look can change.
    :param engine: :func:`hkeid.adapters.pdf.default_engine` where none is named.
    :param at: the claimed time; now, where none is named.
    :param timestamp_room: bytes kept free for the time-stamp token, from B-T on.
    :raises hkeid.signing.DocumentRefused: what may not be signed, see :class:`hkeid.ports.pdf.PdfTrait`;
        ``pdf_too_large``, ``pdf_certified_final``, ``pdf_signed_already``, ``field_absent``,
        ``field_signed``, ``field_locked``, ``field_out_of_order``, ``field_invisible``,
        ``page_absent``, ``signature_space_too_small`` …
    :raises hkeid.signing.DocumentMalformed: ``pdf_malformed``.
    :raises hkeid.signing.CredentialRefused: ``certificate_expired``, ``signature_wrong`` …
    :raises hkeid.kernel.errors.ConfigurationError: ``timestamp_authority_missing``,
        ``revocation_missing``, ``level_unknown``, ``stamp_font_missing``.
    :raises hkeid.kernel.errors.Unavailable: ``pdf_engine_busy``, ``pdf_engine_failed``, and what token,
        time-stamp authority and revocation source raise.
    """
    wishes = Wishes(
        level=Level.named(level),
        reason=reason,
        location=location,
        field=field,
        stamp=stamp,
        certify=certify,
        policy=policy or InputPolicy(),
    )
    services = Services(
        timestamp_authority=timestamp_authority,
        revocation=revocation,
        timestamp_room=timestamp_room,
    )
    return b"".join((pdf, *signature_updates(pdf, signer, wishes, services, engine=engine, at=at)))


def signature_updates(
    pdf: bytes | memoryview,
    signer: Signer,
    wishes: Wishes,
    services: Services,
    *,
    engine: PdfEngine | None = None,
    at: Instant | None = None,
) -> tuple[bytes, ...]:
    """What goes after the file, one update after another: for files too large to be copied.

    :raises hkeid.kernel.errors.HkeidError: as :func:`sign_pdf`.
    """
    # Before a token is asked for a signature that nobody could complete.
    services.require_for(wishes.level)
    now = at or present()
    chosen = engine or default_engine()
    prepared = _prepare(pdf, signer.identity, wishes, services, chosen, now)
    signature = signer.sign(prepared.signed_attributes)
    return _completed((pdf,), prepared, signature, services, chosen, now)


def prepare_pdf(
    pdf: bytes,
    signer: SignerIdentity,
    *,
    level: Level | str = Level.B_B,
    reason: str | None = None,
    location: str | None = None,
    field: str | None = None,
    stamp: Stamp | None = None,
    certify: Certification | bool = False,
    policy: InputPolicy | None = None,
    engine: PdfEngine | None = None,
    at: Instant | None = None,
    timestamp_room: int = TOKEN_ROOM,
) -> Prepared:
    """The first step of signing with a key elsewhere: what is to be signed, and the state to keep.

    Parameters and errors are those of :func:`sign_pdf`, but for what completes the signature: that is given to
    :func:`complete_pdf`. :attr:`Prepared.to_be_signed` goes to the signer.

    :param signer: who will sign; the key is elsewhere.
    :param timestamp_room: bytes kept free for the token that :func:`complete_pdf` will get, from B-T on.
    """
    wishes = Wishes(
        level=Level.named(level),
        reason=reason,
        location=location,
        field=field,
        stamp=stamp,
        certify=certify,
        policy=policy or InputPolicy(),
    )
    services = Services(timestamp_room=timestamp_room)
    return _prepare(pdf, signer, wishes, services, engine or default_engine(), at or present())


def complete_pdf(
    pdf: bytes,
    prepared: Prepared,
    signature: bytes,
    *,
    timestamp_authority: TimestampAuthority | None = None,
    revocation: RevocationSource | None = None,
    engine: PdfEngine | None = None,
    at: Instant | None = None,
    timestamp_room: int = TOKEN_ROOM,
) -> bytes:
    """The second step: the file with the signature in it.

    :param pdf: the file that was prepared, unchanged.
    :param signature: over the signed attributes; ECDSA as DER
        (:meth:`hkeid.signing.SignatureAlgorithm.from_raw` makes it from R‖S).
    :param at: the time of the revocation material; now, where none is named.
    :param timestamp_room: bytes kept free for the document time-stamp of B-LTA.
    :raises hkeid.signing.DocumentRefused: ``pdf_changed``: not the file that was prepared.
    :raises hkeid.signing.CredentialRefused: ``signature_wrong``.
    :raises hkeid.kernel.errors.HkeidError: as :func:`sign_pdf`.
    """
    services = Services(
        timestamp_authority=timestamp_authority,
        revocation=revocation,
        timestamp_room=timestamp_room,
    )
    _require_same(pdf, prepared)
    prepared.signer.require_signature(signature, prepared.signed_attributes)
    engine = engine or (default_engine() if prepared.level.with_material else None)
    updates = _completed((pdf,), prepared, signature, services, engine, at or present())
    return b"".join((pdf, *updates))


def prepare_fields(
    pdf: bytes,
    fields: Sequence[PlannedField],
    *,
    policy: InputPolicy | None = None,
    engine: PdfEngine | None = None,
) -> bytes:
    """The file with empty signature fields, for several signers; done before anybody signs.

    :raises hkeid.signing.DocumentRefused: ``field_exists``, ``field_named_badly``, ``page_absent``,
        ``pdf_signed_already``, ``pdf_too_large``, and what may not be signed.
    :raises hkeid.signing.DocumentMalformed: ``pdf_malformed``.
    """
    policy = policy or InputPolicy()
    policy.require_size(len(pdf))
    engine = engine or default_engine()
    answer = engine.prepare_fields((pdf,), tuple(fields), policy.refused)
    policy.require(answer.traits)
    return pdf + _made(answer.update)


def _prepare(
    pdf: bytes | memoryview,
    signer: SignerIdentity,
    wishes: Wishes,
    services: Services,
    engine: PdfEngine,
    at: Instant,
) -> Prepared:
    signer.require_valid(at)
    wishes.policy.require_size(len(pdf))
    request = SignatureRequest(
        refused=wishes.policy.refused,
        room=longest_signed_data(
            attributes=signed_attributes(signer.algorithm.digest(), signer.certificate),
            algorithm=signer.algorithm,
            certificate=signer.certificate,
            chain=signer.chain,
            timestamp_room=services.timestamp_room if wishes.level.timestamped else 0,
        ),
        signed_at=at,
        field=wishes.field,
        reason=wishes.reason,
        location=wishes.location,
        certification=wishes.certification,
        stamp=wishes.stamp,
        edwards=signer.algorithm.kind == "ed25519",
    )
    answer = engine.prepare_signature((pdf,), request)
    wishes.policy.require(answer.traits)
    update = _made(answer.update)
    return Prepared(
        signer=signer,
        level=wishes.level,
        document_digest=signer.algorithm.digest(*covered((pdf,), update)),
        size=len(pdf),
        update=update,
        field=answer.field,
    )


def _made(update: T | None) -> T:
    """What an engine made where it found nothing to refuse."""
    if update is None:
        raise Unavailable("pdf_engine_failed", detail="neither a trait nor an update")
    return update


def _completed(
    parts: PdfParts,
    prepared: Prepared,
    signature: bytes,
    services: Services,
    engine: PdfEngine | None,
    at: Instant,
) -> tuple[bytes, ...]:
    """The updates: the one with the signature, and those that the level adds."""
    level, signer = prepared.level, prepared.signer
    services.require_for(level)
    token = None
    if services.timestamp_authority is not None and level.timestamped:
        digest = signer.algorithm.digest(signature)
        token = services.timestamp_authority.stamp(digest, hash_name=prepared.hash_name)
    content = signed_data(
        attributes=prepared.signed_attributes,
        signature=signature,
        algorithm=signer.algorithm,
        certificate=signer.certificate,
        chain=signer.chain,
        timestamp=token,
    )
    signed = filled(prepared.update, content)
    if not level.with_material:
        return (signed,)
    return (
        signed,
        *long_term_updates(
            (*parts, signed),
            level=level,
            signer=signer,
            token=cast("bytes", token),
            engine=cast("PdfEngine", engine),
            revocation=cast("RevocationSource", services.revocation),
            authority=cast("TimestampAuthority", services.timestamp_authority),
            timestamp_room=services.timestamp_room,
            at=at,
        ),
    )


def _require_same(pdf: bytes, prepared: Prepared) -> None:
    """The file is the one that was prepared, and the state still belongs to it."""
    digest = prepared.signer.algorithm.digest(*covered((pdf,), prepared.update))
    if len(pdf) != prepared.size or digest != prepared.document_digest:
        raise DocumentRefused("pdf_changed", detail="not the file that was prepared")
