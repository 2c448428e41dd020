"""Attacks on the CMS and its time-stamps, and on certification."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from asn1crypto import cms, core
from cryptography import x509

from hkeid.kernel.errors import MissingExtra
from hkeid.signing.validation import FindingCode
from hkeid.testing.pdf_attacks.bench import PLACE, Attack, Bench
from hkeid.testing.pdf_attacks.updates import contents, with_contents
from hkeid.testing.signing_authority import SpecimenTimestamps, key_usage

try:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field
except ImportError:
    raise MissingExtra("pyhanko", "signing") from None

_UNFIT = frozenset({FindingCode.CERTIFICATE_UNFIT})
_FORBIDDEN = frozenset({FindingCode.CHANGE_FORBIDDEN})


def _message(bench: Bench) -> cms.ContentInfo:
    return cms.ContentInfo.load(contents(bench.stamped))


def _enveloping(bench: Bench) -> bytes:
    """The CMS brings a content of its own."""
    message = _message(bench)
    message["content"]["encap_content_info"]["content"] = core.OctetString(b"another text")
    return with_contents(bench.stamped, message.dump())


def _two_signers(bench: Bench) -> bytes:
    message = _message(bench)
    infos = message["content"]["signer_infos"]
    infos.append(infos[0].copy())
    return with_contents(bench.stamped, message.dump())


def _no_signer(bench: Bench) -> bytes:
    message = _message(bench)
    message["content"]["signer_infos"] = cms.SignerInfos([])
    return with_contents(bench.stamped, message.dump())


def _another_certificate(bench: Bench) -> bytes:
    """The signer's certificate is exchanged for another of the same authority."""
    message = _message(bench)
    other = bench.authority.signer()
    listed = message["content"]["certificates"]
    exchanged = cms.CertificateChoices.load(other.identity.certificate)
    message["content"]["certificates"] = cms.CertificateSet(
        [exchanged, *(one for one in list(listed)[1:])]
    )
    return with_contents(bench.stamped, message.dump())


def _another_document(bench: Bench) -> bytes:
    """The genuine signature of another document."""
    other = bench.sign(bench.prepared, level="B-T")
    return with_contents(bench.stamped, contents(other).rstrip(b"\x00"))


def _copied_signature_stamp(bench: Bench) -> bytes:
    return bench.sign(bench.plain, level="B-T", timestamp_authority=bench.misstamped(honest=0))


def _copied_document_stamp(bench: Bench) -> bytes:
    return bench.sign(bench.plain, level="B-LTA", timestamp_authority=bench.misstamped(honest=1))


def _purpose(kind: str, *, usage: str = "content_commitment") -> Callable[[Bench], bytes]:
    """The trusted authority's certificate is for something else than documents."""

    def make(bench: Bench) -> bytes:
        purpose = x509.ObjectIdentifier(kind) if kind else None
        signer = bench.authority.signer(usage=key_usage(usage), purpose=purpose)
        return bench.sign(bench.plain, signer=signer, level="B-T")

    return make


def _stamped_by_a_person(bench: Bench) -> bytes:
    """Whoever has a certificate for documents makes the time too."""
    stamps = SpecimenTimestamps(bench.authority, usage="content_commitment", purpose=None)
    return bench.sign(bench.plain, level="B-T", timestamp_authority=stamps)


def _field_added(base: bytes, *, visible: bool) -> bytes:
    """An empty signature field, made by what knows the format."""
    import io

    writer = IncrementalPdfFileWriter(io.BytesIO(base))
    box = tuple(int(one) for one in PLACE) if visible else None
    append_signature_field(writer, SigFieldSpec("Director", box=box))  # type: ignore[arg-type,unused-ignore]
    kept = io.BytesIO()
    writer.write(kept)  # type: ignore[no-untyped-call]
    return kept.getvalue()


CMS: Mapping[str, Attack] = {
    "cms_enveloping": Attack(_enveloping, frozenset({FindingCode.CMS_NOT_DETACHED})),
    "cms_two_signers": Attack(_two_signers, frozenset({FindingCode.SIGNATURE_UNREADABLE})),
    "cms_no_signer": Attack(_no_signer, frozenset({FindingCode.SIGNATURE_UNREADABLE})),
    "cms_another_certificate": Attack(
        _another_certificate, frozenset({FindingCode.CERTIFICATE_ABSENT})
    ),
    "cms_of_another_document": Attack(_another_document, frozenset({FindingCode.DIGEST_MISMATCH})),
    "copied_signature_timestamp": Attack(
        _copied_signature_stamp, frozenset({FindingCode.TIMESTAMP_WRONG})
    ),
    "copied_document_timestamp": Attack(
        _copied_document_stamp, frozenset({FindingCode.DOCUMENT_TIMESTAMP_NOT_VALID})
    ),
    "signed_by_a_web_server": Attack(_purpose("1.3.6.1.5.5.7.3.1"), _UNFIT),
    "signed_by_a_time_stamp_unit": Attack(_purpose("1.3.6.1.5.5.7.3.8"), _UNFIT),
    "signed_by_a_responder": Attack(_purpose("1.3.6.1.5.5.7.3.9"), _UNFIT),
    "signed_by_a_key_for_logging_in": Attack(_purpose("", usage="digital_signature"), _UNFIT),
    "stamped_by_a_person": Attack(_stamped_by_a_person, frozenset({FindingCode.TIMESTAMP_WRONG})),
    "certified_visible_field_added": Attack(
        lambda bench: _field_added(bench.first_of_two, visible=True), _FORBIDDEN
    ),
    "certified_final_field_added": Attack(
        lambda bench: _field_added(bench.final, visible=True), _FORBIDDEN
    ),
    "approved_visible_field_added": Attack(
        lambda bench: _field_added(bench.signed, visible=True),
        frozenset({FindingCode.FIELDS_CHANGED}),
    ),
}
"""By name."""
