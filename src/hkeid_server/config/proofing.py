"""What may be configured about proving who somebody is. Docstrings are the reference: docs quote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hkeid.kernel.errors import ConfigurationError

NONE = "none"
FAKE = "fake"
PERSONAS = "personas"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSection:
    """``[registration]``: getting an eID without coming to a counter.

    :ivar policy: TOML file of the proofing policy; empty: the one that comes with the profile.
    :ivar statement: version of the collection statement and biometric consent in force.
    :ivar window_minutes: from the beginning to the selfie, 5 to 120.
    :ivar binding_minutes: from the decision to the device, at most 10.
    :ivar review_days: how long a referred case may wait for an officer, at most 30.
    :ivar guardian_days: how long a guardian may take, at most 30.
    :ivar return_days: how long somebody whose case waited may take to come back, at most 30.
    :ivar tries: photographs, and selfies, before an officer looks.
    :ivar network_attempts: registrations begun from one network within an hour.
    :ivar network_open: registrations from one network that may be open at once, waiting ones included.
    :ivar most_open: registrations with a picture that may be open at once in all.
    :ivar recovery_reserve: recoveries that may be open beyond ``most_open``.
    :ivar network_share: registrations with a picture from one network that may be open when there is no
        room in all.
    :ivar register_hours: how old the register's answer may be when the device is bound, or when officers
        accept, 1 to 168; one that is older is asked for again.
    :ivar cooling_hours: how long an eID that was recovered gives basic logins only, 24 to 72.
    :ivar kept_days: how long the record of a registration that led to nothing is kept.
    """

    policy: str = ""
    statement: str = "2026-11"
    window_minutes: int = 30
    binding_minutes: int = 10
    review_days: int = 30
    guardian_days: int = 14
    return_days: int = 7
    tries: int = 3
    network_attempts: int = 30
    network_open: int = 200
    most_open: int = 20_000
    recovery_reserve: int = 2_000
    network_share: int = 5
    register_hours: int = 24
    cooling_hours: int = 48
    kept_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySection:
    """``[registry]``: the register of persons that decides whether particulars are true.

    :ivar url: base address (https); empty: nobody can be registered. Sandbox: ``personas`` for a
        register of the test persons inside this process, or ``http://localhost:8010`` for the simulator.
    :ivar client_certificate: our certificate chain (PEM), needed with https.
    :ivar client_key: its private key (PEM).
    :ivar authority: certificates that the register's must chain to (PEM); no others are trusted.
    :ivar timeout_seconds: for one enquiry, 1 to 60.
    """

    url: str = ""
    client_certificate: str = ""
    client_key: str = ""
    authority: str = ""
    timeout_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesSection:
    """``[faces]``: comparing selfie and card, in a process of its own (``hkeid[face]``).

    :ivar matcher: ``deepface``, ``none`` (an officer looks at every case), or in the sandbox ``fake``.
    :ivar model: of deepface; the default is for the sandbox.
    :ivar weights: folder with weights that no package brings.
    :ivar calibration: calibration record (``hkeid check faces DIR --record FILE``). Without one
        production uses no matcher, and an officer looks at every case.
    :ivar timeout_seconds: for one comparison, 5 to 120.
    :ivar memory_mib: most memory of the process.
    """

    matcher: str = "deepface"
    model: str = "Dlib"
    weights: str = ""
    calibration: str = ""
    timeout_seconds: int = 30
    memory_mib: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsSection:
    """``[documents]``: reading photographs of cards, in a process of its own (``hkeid[ocr]``).

    :ivar reader: ``rapidocr``, ``none``, or in the sandbox ``fake``.
    :ivar threads: of the models.
    :ivar timeout_seconds: for one photograph, 5 to 120.
    :ivar memory_mib: most memory of the process.
    """

    reader: str = "rapidocr"
    threads: int = 1
    timeout_seconds: int = 45
    memory_mib: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessSection:
    """``[liveness]``: whether somebody is there.

    :ivar check: ``head-turn``, ``none``, or in the sandbox ``fake``. Empty: ``head-turn`` in the
        sandbox, ``none`` in production. Head turns claim nothing: with them policy sends every case of
        production to an officer.
    :ivar timeout_seconds: for one answer, 5 to 120.
    :ivar memory_mib: most memory of the process.
    """

    check: str = ""
    timeout_seconds: int = 60
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingSections:
    """The five sections together, for those who work with all of them."""

    registration: RegistrationSection
    registry: RegistrySection
    faces: FacesSection
    documents: DocumentsSection
    liveness: LivenessSection


def check_proofing(sections: ProofingSections) -> None:
    """Refuse values that cannot be meant.

    :raises ConfigurationError: ``config_value_invalid``.
    """
    choices = {
        "faces.matcher": (sections.faces.matcher, ("deepface", NONE, FAKE)),
        "documents.reader": (sections.documents.reader, ("rapidocr", NONE, FAKE)),
        "liveness.check": (sections.liveness.check, ("", "head-turn", NONE, FAKE)),
    }
    for name, (value, known) in choices.items():
        if value not in known:
            raise _invalid(name, f"one of {', '.join(repr(word) for word in known)}")
    registration = sections.registration
    ranges = {
        "registration.window_minutes": (registration.window_minutes, 5, 120),
        "registration.binding_minutes": (registration.binding_minutes, 1, 10),
        "registration.review_days": (registration.review_days, 1, 30),
        "registration.guardian_days": (registration.guardian_days, 1, 30),
        "registration.return_days": (registration.return_days, 1, 30),
        "registration.tries": (registration.tries, 1, 10),
        "registration.network_attempts": (registration.network_attempts, 1, 10_000),
        "registration.most_open": (registration.most_open, 1, 10_000_000),
        "registration.recovery_reserve": (registration.recovery_reserve, 0, 10_000_000),
        "registration.network_share": (registration.network_share, 0, 1_000),
        "registration.network_open": (registration.network_open, 1, registration.most_open),
        "registration.register_hours": (registration.register_hours, 1, 168),
        "registration.cooling_hours": (registration.cooling_hours, 24, 72),
        "registration.kept_days": (registration.kept_days, 1, 3650),
        "registry.timeout_seconds": (sections.registry.timeout_seconds, 1, 60),
        "faces.timeout_seconds": (sections.faces.timeout_seconds, 5, 120),
        "faces.memory_mib": (sections.faces.memory_mib, 256, 65_536),
        "documents.threads": (sections.documents.threads, 1, 32),
        "documents.timeout_seconds": (sections.documents.timeout_seconds, 5, 120),
        "documents.memory_mib": (sections.documents.memory_mib, 256, 65_536),
        "liveness.timeout_seconds": (sections.liveness.timeout_seconds, 5, 120),
        "liveness.memory_mib": (sections.liveness.memory_mib, 256, 65_536),
    }
    for name, (number, low, high) in ranges.items():
        if not low <= number <= high:
            raise _invalid(name, f"between {low} and {high}")
    if not registration.statement.strip():
        raise _invalid("registration.statement", "a version")
    registry = sections.registry
    if registry.url.startswith("https://") and not (
        registry.client_certificate and registry.client_key and registry.authority
    ):
        raise _invalid("registry", "complete: client_certificate, client_key and authority")


def proofing_refusals(sections: ProofingSections) -> Iterator[str]:
    """What production does not have."""
    fakes = {
        "faces.matcher": sections.faces.matcher,
        "documents.reader": sections.documents.reader,
        "liveness.check": sections.liveness.check,
    }
    for name, value in fakes.items():
        if value == FAKE:
            yield f"{name}: fakes prove nothing"
    url = sections.registry.url
    if url and not url.startswith("https://"):
        yield "registry.url: must be https, to a register of real persons"


def path_or_none(folder: Path, text: str) -> Path | None:
    """A path that may be left out."""
    return folder / text if text else None


def _invalid(name: str, expected: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"{name!r} must be {expected}")
