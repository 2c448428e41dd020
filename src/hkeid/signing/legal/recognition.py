"""Section 6(1A)(c) to (e): a recognised certificate, its validity when the signature was made, its terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hkeid.kernel.instants import Instant
from hkeid.signing.legal.context import LegalContext
from hkeid.signing.legal.facts import CertificateFacts, SignatureFacts
from hkeid.signing.legal.opinion import LegalReason, defeats, leaves_open, note, supports
from hkeid.signing.legal.periods import Window, held
from hkeid.signing.legal.signing_time import certificate_time, window_of
from hkeid.signing.legal.trust_list import (
    Authority,
    CertificateType,
    Issuer,
    Recognition,
    TrustList,
    Use,
)

_SUPPORTED = "s.6(1A)(c)"
_VALIDITY = "s.6(1A)(d), s.6(2)"
_TERMS = "s.6(1A)(e)"
_ISSUER_KEY = "certificate.issuer_key"
_SIGNING_USES = frozenset({"digital_signature", "non_repudiation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What the rules look at together."""

    facts: SignatureFacts
    certificate: CertificateFacts
    context: LegalContext
    trust_list: TrustList
    at: Instant
    window: Window | None


def recognised_certificate(
    facts: SignatureFacts, context: LegalContext, trust_list: TrustList, at: Instant
) -> Iterator[LegalReason]:
    """The three limbs that a signature needs where a government entity is a party."""
    certificate = facts.certificate
    if certificate is None:
        yield leaves_open("certificate_missing", _SUPPORTED, missing=("signature.certificate",))
        return
    case = _Case(
        facts=facts, certificate=certificate, context=context, trust_list=trust_list, at=at,
        window=window_of(facts, certificate, at),
    )  # fmt: skip
    yield from certificate_time(facts, certificate, at)
    if certificate.embedded_authority:
        # First and last word: no list, key or context makes it recognised.
        yield defeats("embedded_authority", _SUPPORTED, "certificate.embedded_authority")
        return
    found = trust_list.issuer_of(certificate)
    if found is None:
        yield _stranger(case)
        yield from _arrangements(case, listed=False)
        return
    yield from _issued_by(case, *found)


def _stranger(case: _Case) -> LegalReason:
    """An issuer that the list does not know by its key."""
    certificate = case.certificate
    name = certificate.issuer_name
    if certificate.issuer_key is None:
        return leaves_open("issuer_key_missing", _SUPPORTED, missing=(_ISSUER_KEY,), issuer=name)
    if case.trust_list.complete:
        return defeats("issuer_not_recognised", _SUPPORTED, _ISSUER_KEY, issuer=name)
    wanted = ("trust_list.authorities",)
    if case.trust_list.names(certificate):
        return leaves_open(
            "issuer_not_pinned", _SUPPORTED, _ISSUER_KEY, missing=wanted, issuer=name
        )
    return leaves_open("issuer_not_listed", _SUPPORTED, _ISSUER_KEY, missing=wanted, issuer=name)


def _arrangements(case: _Case, *, listed: bool) -> Iterator[LegalReason]:
    """Mutual recognition: a mark beside recognition, and no recognition under s.22 by itself."""
    for arrangement in case.trust_list.arrangements:
        if not arrangement.marks(case.certificate):
            continue
        if listed:
            yield note("mutual_recognition", "s.22", "certificate.policies", name=arrangement.name)
        else:
            yield leaves_open(
                "mutual_recognition_elsewhere", "s.22", "certificate.policies",
                missing=("trust_list.authorities",), name=arrangement.name,
            )  # fmt: skip


def _issued_by(case: _Case, authority: Authority, issuer: Issuer) -> Iterator[LegalReason]:
    yield from _in_force(case, authority.recognition, authority.name, "authority")
    kinds = [kind for kind in authority.types if kind.covers(case.certificate, issuer)]
    if not kinds:
        if case.trust_list.complete:
            yield defeats("type_not_recognised", "s.22", "certificate.policies")
        else:
            yield leaves_open(
                "type_not_listed", "s.22", "certificate.policies",
                missing=("trust_list.authorities",),
            )  # fmt: skip
    else:
        # The first that fits; a list names the narrower type first.
        yield from _of_type(case, kinds[0])
    yield from _arrangements(case, listed=True)
    if case.facts.proved_time is not None and not case.trust_list.covered_at(
        case.facts.proved_time, case.at
    ):
        yield leaves_open(
            "trust_list_out_of_date", _VALIDITY, "signature.proved_time",
            missing=("trust_list.next_update",),
            as_of=_day(case.trust_list.as_of), next_update=_day(case.trust_list.next_update),
        )  # fmt: skip


def _of_type(case: _Case, kind: CertificateType) -> Iterator[LegalReason]:
    yield from _in_force(case, kind.recognition, kind.name, "type")
    yield from _terms(case, kind)
    if case.certificate.reliance_limit_hkd is None:
        yield from _published_limit(case.context, kind)


def _in_force(case: _Case, recognition: Recognition, name: str, what: str) -> Iterator[LegalReason]:
    """Section 6(2)(a) and (b): recognition granted, in its period, neither suspended nor revoked."""
    if case.window is None:
        return
    section = f"{recognition.section}, s.6(2)(a), (b)"
    fact = f"trust_list.{what}"
    answer = held(recognition.periods, case.window)
    if answer is False:
        yield defeats(f"{what}_recognition_not_in_force", section, fact, name=name)
    elif case.facts.proved_time is None:
        # Without a proved time certificate_time() has said what is missing.
        yield note(f"{what}_recognised_some_time", section, fact, name=name)
    elif answer is None:
        yield leaves_open(
            f"{what}_recognition_changed", section, fact,
            missing=("signature.not_earlier_than",), name=name,
        )  # fmt: skip
    else:
        yield supports(f"{what}_recognised", section, fact, name=name)
    if recognition.counsel is not None:
        yield leaves_open(
            f"{what}_needs_counsel", section, fact, name=name, note=recognition.counsel
        )
    limit = recognition.confirmed_until
    if limit is not None and case.window.latest >= limit:
        yield leaves_open(
            f"{what}_unconfirmed", section, fact,
            missing=(fact,), name=name, until=_day(limit),
        )  # fmt: skip


def _terms(case: _Case, kind: CertificateType) -> Iterator[LegalReason]:
    """Section 6(1A)(e): used by the terms of the certificate."""
    fact = "context.certificate_terms_followed"
    usage = case.certificate.key_usage
    if usage and not usage & _SIGNING_USES:
        yield defeats("key_not_for_signing", _TERMS, "certificate.key_usage")
    if kind.use is Use.NOT_FOR_DOCUMENTS:
        yield defeats("type_not_for_documents", _TERMS, "trust_list.type", name=kind.name)
    elif case.context.certificate_terms_followed is False:
        yield defeats("terms_not_followed", _TERMS, fact)
    elif case.context.certificate_terms_followed:
        yield supports("terms_followed", _TERMS, fact)
    elif kind.use is Use.GENERAL:
        yield supports("terms_general", _TERMS, "trust_list.type", name=kind.name)
    else:
        yield leaves_open("terms_missing", _TERMS, missing=(fact,), name=kind.name)


def _published_limit(context: LegalContext, kind: CertificateType) -> Iterator[LegalReason]:
    """The reliance limit published for the type, where the certificate states none."""
    minor = bool(context.signer_is_minor) and kind.reliance_limit_minor_hkd is not None
    limit = kind.reliance_limit_minor_hkd if minor else kind.reliance_limit_hkd
    amount = context.amount_hkd
    if limit == 0:
        yield note("reliance_limit_zero", "s.42(2)", "trust_list.type")
    elif limit is not None and amount is not None and amount > limit:
        yield note(
            "reliance_limit_exceeded", "s.42(2)", "trust_list.type", "context.amount_hkd",
            limit=f"{limit:,}", amount=f"{amount:,}",
        )  # fmt: skip


def _day(moment: Instant) -> str:
    return moment.date().isoformat()
