"""The parts that prove who somebody is, as far as this installation has them.

What is not installed is not there, and registration says that it is not offered; what is configured
wrongly stops the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hkeid.enrolment import Registration, RegistrationHooks, RegistrationParts, RegistrationSettings
from hkeid.enrolment.proofing_policy import ProofingPolicy, parse_policy, shipped_policy
from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid.ports.documents import DocumentReader
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.faces import FaceMatcher, LivenessCheck
from hkeid.ports.registry import PersonRegistry
from hkeid_server.config import Config
from hkeid_server.config.proofing import FAKE, NONE, PERSONAS
from hkeid_server.journal import Journal
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.opening import MEMORY, vault_url

if TYPE_CHECKING:
    from hkeid.adapters.evidence import SealedEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingParts:
    """Outside parts of proofing; None where this installation has none."""

    registry: PersonRegistry | None
    reader: DocumentReader | None
    matcher: FaceMatcher | None
    liveness: LivenessCheck | None


def open_proofing(config: Config, clock: Clock, journal: Journal) -> ProofingParts:
    """Open what the configuration names and the installation has.

    :raises hkeid.kernel.errors.ConfigurationError: a part is configured wrongly.
    """
    matcher = _or_none("faces", lambda: open_matcher(config), journal)
    return ProofingParts(
        registry=open_registry(config, matcher),
        reader=_or_none("documents", lambda: open_reader(config, clock), journal),
        matcher=matcher,
        liveness=_or_none("liveness", lambda: open_liveness(config), journal),
    )


def open_evidence(
    config: Config, store: Store[Any], keys: KeyStore, clock: Clock, random: Random
) -> SealedEvidence:
    """Where pictures and particulars lie until the decision."""
    from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence

    evidence_keys: Any = MemoryEvidenceKeys()
    if config.vault.url != MEMORY:
        from hkeid.adapters.evidence import SqlEvidenceKeys

        evidence_keys = SqlEvidenceKeys(vault_url(config))
    return SealedEvidence(store, evidence_keys, keys, clock, random)


def make_registration(
    base: Foundation, parts: ProofingParts, evidence: EvidenceVault, *, hooks: RegistrationHooks
) -> Registration:
    """The journey.

    :param hooks: are told what was decided.
    """
    return Registration(
        RegistrationParts(
            store=base.store,
            passkeys=base.passkeys,
            fields=base.fields,
            broker=base.broker,
            keys=base.keys,
            clock=base.clock,
            random=base.random,
            evidence=evidence,
            policy=proofing_policy(base.config),
            registry=parts.registry,
            reader=parts.reader,
            matcher=parts.matcher,
            liveness=parts.liveness,
            settings=registration_settings(base.config),
            hooks=hooks,
        )
    )


def proofing_policy(config: Config) -> ProofingPolicy:
    """The policy in force.

    :raises hkeid.kernel.errors.ConfigurationError: ``policy_malformed``, ``policy_unsound``,
        ``policy_unreadable``; ``production_refuses``: a sandbox policy under the production profile.
    """
    if not config.registration.policy:
        return shipped_policy("production" if config.production else "sandbox")
    try:
        text = config.path(config.registration.policy).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("policy_unreadable", detail=type(error).__name__) from None
    policy = parse_policy(text)
    if config.production and not policy.production:
        raise ConfigurationError("production_refuses", detail="registration.policy: a sandbox one")
    return policy


def registration_settings(config: Config) -> RegistrationSettings:
    """Windows, tries and budgets."""
    section = config.registration
    return RegistrationSettings(
        statement=section.statement,
        window=timedelta(minutes=section.window_minutes),
        binding=timedelta(minutes=section.binding_minutes),
        review_wait=timedelta(days=section.review_days),
        guardian_wait=timedelta(days=section.guardian_days),
        accepted_wait=timedelta(days=section.return_days),
        tries=section.tries,
        network_attempts=section.network_attempts,
        network_open=section.network_open,
        most_open=section.most_open,
        recovery_reserve=section.recovery_reserve,
        network_share=section.network_share,
        register_age=timedelta(hours=section.register_hours),
        cooling=timedelta(hours=section.cooling_hours),
        kept=timedelta(days=section.kept_days),
        # Whoever keeps records for less cannot look back further.
        repeats_window=timedelta(days=min(30, section.kept_days)),
    )


def _or_none(name: str, open_part: Any, journal: Journal) -> Any:
    """A part, or None where its packages are missing, which the log says."""
    try:
        return open_part()
    except MissingExtra as error:
        journal.event(f"proofing:{name}:missing", level="warning", detail=error.detail)
        return None


def _need(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise MissingExtra(module, extra)


def open_registry(config: Config, matcher: FaceMatcher | None) -> PersonRegistry | None:
    """The register of persons; None where none is configured.

    :param matcher: compares faces for a register of test persons.
    :raises hkeid.kernel.errors.ConfigurationError: it is configured wrongly.
    """
    section = config.registry
    if not section.url:
        return None
    if section.url == PERSONAS:
        return _register_of_personas(config, matcher)
    from hkeid.adapters.registry import HttpPersonRegistry, MutualTls

    tls = None
    if section.url.startswith("https://"):
        tls = MutualTls(
            certificate=config.path(section.client_certificate),
            key=config.path(section.client_key),
            authority=config.path(section.authority),
        )
    return HttpPersonRegistry(section.url, tls, timeout=section.timeout_seconds)


def _register_of_personas(config: Config, matcher: FaceMatcher | None) -> PersonRegistry:
    _only_in_the_sandbox(config, "registry.url")
    from hkeid.testing.fakes_proofing import FakePersonRegistry

    if config.faces.matcher == FAKE and matcher is not None:
        return FakePersonRegistry(compare=matcher.compare)
    if matcher is None:
        return FakePersonRegistry()
    from hkeid.testing.portraits import has_face, portrait

    return FakePersonRegistry(
        compare=matcher.compare, portrait=lambda key: portrait(key) if has_face(key) else None
    )


def open_reader(config: Config, clock: Clock) -> DocumentReader | None:
    """Reads photographs of cards; None where none is configured.

    :raises hkeid.kernel.errors.ConfigurationError: it is configured wrongly.
    :raises hkeid.kernel.errors.MissingExtra: its packages are not installed.
    """
    section = config.documents
    if section.reader == NONE:
        return None
    if section.reader == FAKE:
        _only_in_the_sandbox(config, "documents.reader")
        from hkeid.testing.fakes_proofing import FakeDocumentReader

        return FakeDocumentReader()
    _need("rapidocr", "ocr")
    from hkeid.adapters.documents import reader_in_worker

    return reader_in_worker(
        clock=clock,
        threads=section.threads,
        timeout=section.timeout_seconds,
        memory_mib=section.memory_mib,
    )


def open_matcher(config: Config) -> FaceMatcher | None:
    """Compares faces; None where none is configured.

    :raises hkeid.kernel.errors.ConfigurationError: it is configured wrongly.
    :raises hkeid.kernel.errors.MissingExtra: its packages are not installed.
    """
    section = config.faces
    if section.matcher == NONE:
        return None
    if section.matcher == FAKE:
        _only_in_the_sandbox(config, "faces.matcher")
        from hkeid.testing.fakes_proofing import FakeFaceMatcher

        return FakeFaceMatcher()
    if config.production and not section.calibration:
        return None  # an officer looks at every case
    _need("deepface", "face")
    from hkeid.adapters.faces import DeepfaceMatcher, load_calibration

    settings: dict[str, Any] = {
        "model": section.model,
        "folder": config.path(section.weights) if section.weights else None,
        "timeout": section.timeout_seconds,
        "memory_mib": section.memory_mib,
    }
    record = load_calibration(config.path(section.calibration)) if section.calibration else None
    if config.production:
        return DeepfaceMatcher.production(calibration=record, **settings)
    return DeepfaceMatcher.sandbox(calibration=record, **settings)


def open_liveness(config: Config) -> LivenessCheck | None:
    """Says whether somebody is there; None where none is configured.

    :raises hkeid.kernel.errors.ConfigurationError: it is configured wrongly.
    :raises hkeid.kernel.errors.MissingExtra: its packages are not installed.
    """
    section = config.liveness
    check = section.check or (NONE if config.production else "head-turn")
    if check == NONE:
        return None
    if check == FAKE:
        _only_in_the_sandbox(config, "liveness.check")
        from hkeid.testing.fakes_proofing import FakeLiveness

        return FakeLiveness()
    _need("dlib", "face")
    from hkeid.adapters.liveness import HeadTurnCheck

    return HeadTurnCheck(
        folder=config.path(config.faces.weights) if config.faces.weights else None,
        timeout=section.timeout_seconds,
        memory_mib=section.memory_mib,
    )


def _only_in_the_sandbox(config: Config, name: str) -> None:
    if config.production:
        raise ConfigurationError("production_refuses", detail=f"{name}: for the sandbox only")
